//! When the next run is due. Pure: the same schedule, last start and present give the same answer.
//!
//! A schedule is a set of *slots*. A run that began at or after a slot covers it, so slots that were missed (the machine
//! was off, a run took long) collapse into one run, at once. Slots are found from the last start only and always forward.

mod interval;
mod jitter;

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use chrono::{DateTime, Utc};
use chrono_tz::Tz;
use croner::Cron;
use croner::parser::{CronParser, Seconds, Year};
use model::Stamp;

/// How far the wall clock may have been set back since the last start before that start stops counting.
const CLOCK_STEP: Duration = Duration::from_secs(600);

/// Why a cron text is no schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSchedule {
    /// Cron text that cannot be read, with the reason.
    #[error("the cron text {text:?} cannot be read: {reason}")]
    Cron {
        /// The text.
        text: String,
        /// What the cron parser says.
        reason: String,
    },
    /// Cron text that names no date of any year, like the 30th of February.
    #[error("the cron text {0:?} names a date that no year has")]
    Never(String),
    /// Not the name of a time zone.
    #[error("{0:?} is not a time zone name like Europe/London")]
    Zone(String),
}

/// When runs are due.
#[derive(Clone)]
pub struct Schedule {
    rule: Rule,
    jitter: Duration,
    name: String,
}

#[derive(Clone)]
enum Rule {
    Every(Duration),
    Cron { text: String, cron: Box<Cron>, zone: Tz },
}

/// A run that is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Due {
    /// The slot it belongs to.
    pub slot: Stamp,
    /// When it should begin: the slot plus its jitter, and never in the past.
    pub at: Stamp,
    /// The slot's own time is over: the run makes up for it, and for every slot missed since.
    pub overdue: bool,
}

impl Schedule {
    /// So often. Intervals count from midnight UTC of 1970-01-01: 60 minutes mean every full hour.
    #[must_use]
    pub fn every(minutes: NonZeroU32) -> Self {
        Self::of(Rule::Every(Duration::from_secs(u64::from(minutes.get()) * 60)))
    }

    /// Reads a cron text of five fields or a nickname (`@daily`), which is taken in the time zone `zone` (IANA name).
    ///
    /// # Errors
    /// [`InvalidSchedule`] says what is wrong; a cron text that can never fire is refused here and not later.
    pub fn cron(text: &str, zone: &str) -> Result<Self, InvalidSchedule> {
        Rule::cron(text.trim(), zone_of(zone)?).map(Self::of)
    }

    /// Whether there is such a time zone, for a schedule that is in none.
    ///
    /// # Errors
    /// [`InvalidSchedule::Zone`] when not.
    pub fn check_zone(zone: &str) -> Result<(), InvalidSchedule> {
        zone_of(zone).map(drop)
    }

    const fn of(rule: Rule) -> Self {
        Self { rule, jitter: Duration::ZERO, name: String::new() }
    }

    /// Delays each slot by up to `most`, so that many installations do not call at the same second. How much is drawn from
    /// `name` and the slot: always the same for the same slot. Never more than half the way to the following slot.
    #[must_use]
    pub fn with_jitter(mut self, most: Duration, name: &str) -> Self {
        self.jitter = most;
        name.clone_into(&mut self.name);
        self
    }

    /// The next run, given when the last one began (`None`: never) and what time it is.
    ///
    /// Without a last run the first slot after `now` is next. `None` only at the end of the calendar.
    #[must_use]
    pub fn next_due(&self, last: Option<Stamp>, now: Stamp) -> Option<Due> {
        // A clock that was set back a little must not run a slot twice; one that was far ahead must not silence us.
        let from = match last {
            Some(last) if last <= now.plus(CLOCK_STEP) => last,
            Some(_) | None => now,
        };
        let slot = self.slot_after(from)?;
        let due = slot.plus(self.delay(slot));
        Some(Due { slot, at: due.max(now), overdue: due < now })
    }

    /// The first slot later than `from`.
    fn slot_after(&self, from: Stamp) -> Option<Stamp> {
        match &self.rule {
            Rule::Every(every) => interval::slot_after(*every, from),
            Rule::Cron { cron, zone, .. } => {
                let from = from.to_utc()?.with_timezone(zone);
                let slot = cron.find_next_occurrence(&from, false).ok()?;
                Some(slot.with_timezone(&Utc).into())
            }
        }
    }

    fn delay(&self, slot: Stamp) -> Duration {
        if self.jitter.is_zero() {
            return Duration::ZERO;
        }
        let gap = self.slot_after(slot).map_or(Duration::MAX, |next| next.since(slot));
        jitter::delay(&self.name, slot, self.jitter.min(gap / 2))
    }
}

fn zone_of(name: &str) -> Result<Tz, InvalidSchedule> {
    Tz::from_str(name.trim()).map_err(|_| InvalidSchedule::Zone(name.to_owned()))
}

impl Rule {
    fn cron(text: &str, zone: Tz) -> Result<Self, InvalidSchedule> {
        let parser = CronParser::builder().seconds(Seconds::Disallowed).year(Year::Disallowed).build();
        let cron = parser
            .parse(text)
            .map_err(|why| InvalidSchedule::Cron { text: text.to_owned(), reason: why.to_string() })?;
        // The parser takes 30 February; only a search finds that it never comes.
        cron.find_next_occurrence(&DateTime::<Utc>::UNIX_EPOCH, false)
            .map_err(|_| InvalidSchedule::Never(text.to_owned()))?;
        Ok(Self::Cron { text: text.to_owned(), cron: Box::new(cron), zone })
    }
}

impl fmt::Display for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.rule {
            Rule::Every(every) => write!(f, "every {}", interval::text(*every)),
            Rule::Cron { text, zone, .. } => write!(f, "cron {text} in {zone}"),
        }
    }
}

impl fmt::Debug for Schedule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Schedule({self}, jitter {:?})", self.jitter)
    }
}
