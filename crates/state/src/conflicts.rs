//! The conflict log: every value that was overwritten or held because both sides had changed it.

use std::fmt;

use model::{ContactId, CycleId, Policy, Side, Stamp, SupporterId};
use serde::{Deserialize, Serialize};

use crate::State;
use crate::bounded_text::cut;
use crate::error::{Damage, Error};
use crate::record::{self, Coding, Record, decode_as};
use crate::store::Scan;
use crate::tree::Tree;

/// The longest value kept, in bytes of JSON; the cut is shown in the text.
const MAX_VALUE: usize = 24 * 1024;

/// One field that both sides had changed. Holds personal data: see [`crate::Changes::prune_conflicts`].
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// The cycle that decided.
    pub cycle: CycleId,
    /// When, by the server's time of that cycle.
    pub at: Stamp,
    /// The policy that decided.
    pub policy: Policy,
    /// The side whose value was kept; `None`: the field is held for a person to decide.
    pub kept: Option<Side>,
    /// The Contact field's API name.
    pub field: String,
    /// Whose record.
    pub supporter: SupporterId,
    /// And its Contact.
    pub contact: ContactId,
    /// The supporter's value, as text.
    pub supporter_value: String,
    /// The Contact's value, as text.
    pub contact_value: String,
    /// No policy decided: a row of ours overwrote the Contact's value before anybody could see it, as the org's field history tells.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub blind: bool,
}

impl fmt::Debug for Conflict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Conflict({} of supporter {}, cycle {})", self.field, self.supporter, self.cycle)
    }
}

impl Conflict {
    /// Cuts values that are too long for one record, saying so.
    pub(crate) fn bounded(mut self) -> Self {
        cut(&mut self.supporter_value, MAX_VALUE);
        cut(&mut self.contact_value, MAX_VALUE);
        cut(&mut self.field, 256);
        self
    }
}

/// A conflict as it lies on the disk (postcard). What many have alike stands first, because a row in a leaf is told from those before it;
/// the Contact Id in its binary form.
#[derive(Serialize, Deserialize)]
struct Row<'r> {
    cycle: CycleId,
    micros: i64,
    policy: Policy,
    kept: Option<Side>,
    blind: bool,
    #[serde(borrow)]
    field: &'r str,
    contact: [u8; 12],
    supporter: &'r str,
    supporter_value: &'r str,
    contact_value: &'r str,
}

impl<'r> From<&'r Conflict> for Row<'r> {
    fn from(conflict: &'r Conflict) -> Self {
        Self {
            cycle: conflict.cycle,
            micros: conflict.at.micros(),
            policy: conflict.policy,
            kept: conflict.kept,
            blind: conflict.blind,
            field: &conflict.field,
            contact: conflict.contact.packed(),
            supporter: conflict.supporter.as_str(),
            supporter_value: &conflict.supporter_value,
            contact_value: &conflict.contact_value,
        }
    }
}

impl Row<'_> {
    /// `None` where its ids are none.
    fn conflict(self) -> Option<Conflict> {
        Some(Conflict {
            cycle: self.cycle,
            at: Stamp::from_micros(self.micros),
            policy: self.policy,
            kept: self.kept,
            field: self.field.to_owned(),
            supporter: SupporterId::parse(self.supporter).ok()?,
            contact: ContactId::from_packed(self.contact)?,
            supporter_value: self.supporter_value.to_owned(),
            contact_value: self.contact_value.to_owned(),
            blind: self.blind,
        })
    }
}

/// A conflict under its running number.
impl Record for Conflict {
    type Key = u64;
    const TREE: Tree = Tree::Conflicts;
    const CODING: Coding = Coding::Json;
    const FORMAT: u8 = 2;
    fn key(number: &u64) -> Vec<u8> {
        number.to_be_bytes().to_vec()
    }

    fn size_hint(&self) -> usize {
        64 + self.field.len() + self.supporter_value.len() + self.contact_value.len()
    }

    fn encode(&self, to: &mut Vec<u8>) -> Option<()> {
        *to = postcard::to_extend(&Row::from(self), std::mem::take(to)).ok()?;
        Some(())
    }

    fn decode(format: u8, payload: &[u8]) -> Result<Self, Damage> {
        match format {
            // Up to state format 5.
            1 => decode_as(Self::CODING, payload),
            Self::FORMAT => match postcard::take_from_bytes::<Row<'_>>(payload) {
                Ok((row, [])) => row.conflict().ok_or(Damage::Content),
                Ok(_) | Err(_) => Err(Damage::Content),
            },
            _ => Err(Damage::Format(format)),
        }
    }
}

impl State {
    /// The log from its oldest entry on, each with its running number: at most `limit` of those after number `after`.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn conflicts_page(&self, after: Option<u64>, limit: usize) -> Result<Vec<(u64, Conflict)>, Error> {
        let after = after.map(|number| Conflict::key(&number));
        let scan = Scan { prefix: &[], after: after.as_deref() };
        let page = record::page::<Conflict>(self.store(), scan, limit)?;
        page.into_iter().map(|(key, conflict)| Ok((conflict_number(&key)?, conflict))).collect()
    }
}

fn conflict_number(key: &[u8]) -> Result<u64, crate::Fatal> {
    let bytes = <[u8; 8]>::try_from(key)
        .map_err(|_| crate::Fatal::damaged(Tree::Conflicts, key, crate::Damage::Key))?;
    Ok(u64::from_be_bytes(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_conflict_comes_back_as_it_was(
            (cycle, micros, blind) in (any::<u64>(), any::<i32>(), any::<bool>()),
            kept in prop_oneof![Just(None), Just(Some(Side::Supporter)), Just(Some(Side::Salesforce))],
            contact in "003[0-9A-Za-z]{12}",
            supporter in "[a-z0-9é]{1,30}",
            (field, supporter_value, contact_value) in (".*", ".*", ".*"),
        ) {
            let conflict = Conflict {
                cycle: CycleId(cycle),
                at: Stamp::from_micros(i64::from(micros)),
                policy: Policy::MostRestrictive,
                kept,
                field,
                supporter: SupporterId::parse(&supporter).unwrap(),
                contact: ContactId::parse(&contact).unwrap(),
                supporter_value,
                contact_value,
                blind,
            };
            let mut bytes = vec![9];
            conflict.encode(&mut bytes).unwrap();
            prop_assert_eq!(bytes[0], 9);
            prop_assert_eq!(Conflict::decode(2, &bytes[1..]), Ok(conflict.clone()));
            let json = serde_json::to_vec(&conflict).unwrap();
            prop_assert_eq!(Conflict::decode(1, &json), Ok(conflict));
        }

        #[test]
        fn any_bytes_are_a_conflict_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            let read = Conflict::decode(2, &bytes);
            prop_assert!(read.is_ok() || matches!(read, Err(Damage::Content)));
        }
    }
}
