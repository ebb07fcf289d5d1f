//! `[replication]`: supporters as Leads, or as records of another object, one way.

use serde::Deserialize;

use super::Whole;

/// How supporters are replicated. Who, and to which fields of which object, stands in the one `[[actions]]` with
/// `on = { types = ["supporter"] }`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Replication {
    /// A replicated supporter that changes is written again.
    pub keep_updated: bool,
    /// Supporters handled at a time.
    pub batch_people: Whole<1, 10_000>,
    /// How often the service replicates; 0: only by hand.
    pub every_minutes: Whole<0, 10_080>,
}

impl Default for Replication {
    fn default() -> Self {
        Self { keep_updated: true, batch_people: Whole::of::<1_000>(), every_minutes: Whole::of::<60>() }
    }
}
