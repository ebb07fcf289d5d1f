//! What would be lost with the records that go.

use super::keep::Keep;
use super::member::{Member, folded};

/// A value that a record that goes has, and the one that remains on its side lacks or holds differently.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Gain {
    /// Whether supporters or Contacts.
    pub(crate) side: &'static str,
    /// The Contact field's name.
    pub(crate) field: String,
    /// The record that goes.
    pub(crate) from: String,
    /// What it holds.
    pub(crate) value: String,
    /// What the record that remains holds; empty: nothing.
    pub(crate) kept: String,
}

/// Goes over every record that goes. Records whose values are not known have nothing to say here.
pub(super) fn gains(members: &[Member], keep: &Keep) -> Vec<Gain> {
    let mut gains = Vec::new();
    for (survivor, supporters) in [(keep.supporter, true), (keep.contact, false)] {
        let Some(survivor) = survivor.and_then(|at| members.get(at)) else { continue };
        let losers = members.iter().filter(|member| {
            member.is_supporter() == supporters && member.subject != survivor.subject && !member.gone
        });
        for loser in losers {
            let Some(record) = loser.record() else { continue };
            for (field, _) in &record.fields {
                let Some(value) = loser.value(field) else { continue };
                let kept = survivor.value(field).unwrap_or_default();
                if folded(kept) != folded(value) {
                    gains.push(Gain {
                        side: if supporters { "supporter" } else { "salesforce" },
                        field: field.clone(),
                        from: loser.subject.to_string(),
                        value: value.to_owned(),
                        kept: kept.to_owned(),
                    });
                }
            }
        }
    }
    gains
}
