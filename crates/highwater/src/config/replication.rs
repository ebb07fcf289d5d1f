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
    /// How often the service replicates; 0: only by hand; 60 where neither this nor `cron` is given.
    pub every_minutes: Option<Whole<0, 10_080>>,
    /// Or when: minute, hour, day of month, month, day of week, in the time zone of `[schedule]`.
    pub cron: Option<String>,
}

/// Every hour.
const USUAL_MINUTES: u64 = 60;

impl Replication {
    /// So long between two runs of the service, where `cron` does not say when; 0: only by hand.
    #[must_use]
    pub fn minutes(&self) -> u64 {
        self.every_minutes.map_or(USUAL_MINUTES, Whole::get)
    }
}

impl Default for Replication {
    fn default() -> Self {
        Self { keep_updated: true, batch_people: Whole::of::<1_000>(), every_minutes: None, cron: None }
    }
}
