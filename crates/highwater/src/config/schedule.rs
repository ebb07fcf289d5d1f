//! `[schedule]`: when `highwater serve` runs a cycle.

use serde::Deserialize;

use super::Whole;

/// When a cycle is due. Either `every_minutes` or `cron`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Schedule {
    /// So often; 60 where neither this nor `cron` is given.
    pub every_minutes: Option<Whole<1, 10_080>>,
    /// Minute, hour, day of month, month, day of week.
    pub cron: Option<String>,
    /// The time zone `cron` is read in.
    pub time_zone: String,
    /// Each start is put off by a random part of this, so that many installations do not call at once.
    pub jitter_seconds: Whole<0, 3_600>,
}

/// Every hour.
const USUAL_MINUTES: u64 = 60;

impl Schedule {
    /// The schedule as the service reads it: cron text, or an interval in minutes.
    #[must_use]
    pub fn text(&self) -> String {
        let minutes = || self.every_minutes.map_or(USUAL_MINUTES, Whole::get);
        self.cron.clone().unwrap_or_else(|| format!("{}m", minutes()))
    }
}

impl Default for Schedule {
    fn default() -> Self {
        Self {
            every_minutes: None,
            cron: None,
            time_zone: "UTC".to_owned(),
            jitter_seconds: Whole::of::<0>(),
        }
    }
}
