//! A no that must not be lost in a merge.

use std::collections::BTreeSet;

use model::field_map::{Consent as Meaning, is_opt_out};

use super::member::{Member, folded};
use crate::Options;

/// One consent that somebody in the group refused, or that the members do not agree on.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ConsentLine {
    /// The Contact field's name.
    pub(crate) field: String,
    /// The value that must be on the survivors.
    pub(crate) must_be: String,
    /// Who says so.
    pub(crate) said_by: Vec<String>,
    /// Who says otherwise, or nothing.
    pub(crate) not_by: Vec<String>,
}

/// Every consent that one of the records refuses. A checkbox is consent unless the map says otherwise, as in a cycle.
pub(super) fn lines(members: &[Member], options: &Options) -> Vec<ConsentLine> {
    let records: Vec<&Member> = members.iter().filter(|member| member.record().is_some()).collect();
    let names: BTreeSet<&str> = records
        .iter()
        .filter_map(|member| member.record())
        .flat_map(|record| record.fields.iter().map(|(name, _)| name.as_str()))
        .collect();
    let mut lines = Vec::new();
    for field in names.into_iter().filter(|name| is_consent(name, &records, options)) {
        // Of an opt-out the yes is the no.
        let no = says_no(field, options);
        let refuses = |member: &&&Member| member.value(field).is_some_and(|value| is(value, no));
        let said_by: Vec<String> = records.iter().filter(refuses).map(|m| m.subject.to_string()).collect();
        if said_by.is_empty() {
            continue;
        }
        let others = records.iter().filter(|member| !refuses(member));
        let not_by = others.map(|member| member.subject.to_string()).collect();
        let must_be = if no { "true" } else { "false" }.to_owned();
        lines.push(ConsentLine { field: field.to_owned(), must_be, said_by, not_by });
    }
    lines
}

/// Whether a tick is the no.
fn says_no(field: &str, options: &Options) -> bool {
    let meant = options.consent.meant.iter().find(|(name, _)| name.eq_ignore_ascii_case(field));
    meant.map_or_else(|| is_opt_out(field), |(_, meaning)| *meaning == Meaning::OptOut)
}

fn is_consent(field: &str, records: &[&Member], options: &Options) -> bool {
    let listed = |list: &[String]| list.iter().any(|name| name.eq_ignore_ascii_case(field));
    if listed(&options.consent.never) {
        return false;
    }
    let mut values = records.iter().filter_map(|member| member.value(field)).peekable();
    let is_checkbox = values.peek().is_some() && values.all(|value| is(value, true) || is(value, false));
    let meant = options.consent.meant.iter().any(|(name, _)| name.eq_ignore_ascii_case(field));
    is_checkbox || meant || listed(&options.consent.fields)
}

fn is(value: &str, what: bool) -> bool {
    let words: [&str; 4] = if what { ["true", "yes", "y", "1"] } else { ["false", "no", "n", "0"] };
    words.contains(&folded(value).as_str())
}
