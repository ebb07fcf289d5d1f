//! `[schedule]`: when `highwater serve` runs a cycle.

use std::num::NonZeroU32;

use serde::Deserialize;
use service::InvalidSchedule;

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
const USUAL_MINUTES: Whole<1, 10_080> = Whole::of::<60>();

impl Schedule {
    /// The schedule as the service keeps it, without jitter.
    ///
    /// # Errors
    /// [`InvalidSchedule`] when `cron` or `time_zone` is none.
    pub fn times(&self) -> Result<service::Schedule, InvalidSchedule> {
        match &self.cron {
            Some(cron) => service::Schedule::cron(cron, &self.time_zone),
            None => Ok(service::Schedule::every(self.minutes())),
        }
    }

    fn minutes(&self) -> NonZeroU32 {
        let minutes = self.every_minutes.unwrap_or(USUAL_MINUTES).get();
        u32::try_from(minutes).ok().and_then(NonZeroU32::new).unwrap_or(NonZeroU32::MIN)
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
