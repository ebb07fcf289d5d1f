//! `[delivery]`: how events that were taken in become records.

use serde::Deserialize;

use super::{Share, Whole};

/// How the queue of events is worked off. Which records events become stands in `[[actions]]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct DeliveryOptions {
    /// Events delivered at a time.
    pub batch_events: Whole<1, 10_000>,
    /// For how long the service gathers events before it delivers them.
    pub gather_seconds: Whole<0, 3_600>,
    /// How often an event that fails in passing is tried before a person is asked.
    pub tries: Whole<1, 100>,
    /// How long such an event waits after the first try.
    pub retry_seconds: Whole<1, 3_600>,
    /// Records of one object that fit into so many calls of 200 go without a job; 0 sends everything it can as jobs.
    pub direct_calls: Whole<0, 50>,
    /// How often the service asks the org anew which fields there are; 0: before every delivery.
    pub describe_minutes: Whole<0, 1_440>,
    /// How much of the org's daily API requests may be used, by anybody, before events wait.
    pub api_share: Share,
}

impl Default for DeliveryOptions {
    fn default() -> Self {
        Self {
            batch_events: Whole::of::<2_000>(),
            gather_seconds: Whole::of::<5>(),
            tries: Whole::of::<12>(),
            retry_seconds: Whole::of::<30>(),
            direct_calls: Whole::of::<5>(),
            describe_minutes: Whole::of::<60>(),
            api_share: Share::FOUR_FIFTHS,
        }
    }
}
