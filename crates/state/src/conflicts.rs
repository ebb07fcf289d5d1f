//! The conflict log: every value that was overwritten or held because both sides had changed it.

use std::fmt;

use model::{ContactId, CycleId, Policy, Side, Stamp, SupporterId};
use serde::{Deserialize, Serialize};

use crate::State;
use crate::bounded_text::cut;
use crate::error::Error;
use crate::record::{self, Coding, Record};
use crate::store::Scan;
use crate::tree::Tree;

/// The longest value kept, in bytes of JSON; the cut is shown in the text.
const MAX_VALUE: usize = 24 * 1024;

/// One field that both sides had changed. Holds personal data: see [`crate::Changes::prune_conflicts`]. What many have alike stands first,
/// because a row in a leaf is told from those before it.
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

/// A conflict under its running number.
impl Record for Conflict {
    type Key = u64;
    const TREE: Tree = Tree::Conflicts;
    const CODING: Coding = Coding::Json;
    fn key(number: &u64) -> Vec<u8> {
        number.to_be_bytes().to_vec()
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
