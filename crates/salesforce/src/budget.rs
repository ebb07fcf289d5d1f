//! How much of the org's daily requests this client may use. Others work in the same org: the share that is ours is kept over a
//! rolling day, across restarts, and the last part of the day's requests is left to everybody else.
//!
//! Every request is allowed here before it leaves. What would begin something stops first; what brings something begun to its
//! end may use the calls that were held back for it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use model::Stamp;
use serde::{Deserialize, Serialize};
use tokio::sync::Mutex;

use crate::call::{Call, Purpose};
use crate::error::{Error, ErrorKind};
use crate::usage::Meter;

/// Calls held back for what is already begun: a job's upload, close, polls over a quarter of an hour, and results. At most half
/// of the share.
const HELD_BACK: u64 = 40;

/// So many calls are written down before they are made, so that a crash forgets none.
const AHEAD: u64 = 32;

/// The hours that lie within the last 24 hours, the one that has just begun included.
const HOURS: i64 = 25;

/// No share is smaller: whoever may not ask at all never learns that the org's allowance is larger again.
const FEWEST: u64 = 10;

/// Older than this the org's own count is no reason to stop: the next answer brings a new one.
const COUNT_FRESH: Duration = Duration::from_secs(300);

/// What may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BudgetLimits {
    /// Of the org's daily requests, so many in a hundred are ours, over a rolling day.
    pub share_percent: u64,
    /// While fewer than so many in a hundred of the org's daily requests are left, whoever used them, nothing is begun.
    pub reserve_percent: u64,
}

/// What was used, as it is kept between processes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Spent {
    /// Requests by hour (hours since 1970, by the org's clock); the last 25.
    pub hours: BTreeMap<i64, u64>,
    /// The org's daily requests, as its answers last told.
    pub max: Option<u64>,
    /// What everybody used in the last 24 hours, as the org last told.
    pub used_by_all: Option<u64>,
}

impl Spent {
    /// Requests within the last 24 hours, as of this moment. Rounded up to the full hour.
    #[must_use]
    pub fn within_a_day(&self, now: Stamp) -> u64 {
        self.hours.iter().filter(|(hour, _)| is_near(**hour, hour_of(now))).map(|(_, calls)| calls).sum()
    }

    /// How many of the org's daily requests are ours; `None` before the org has told how many there are.
    #[must_use]
    pub fn share(&self, limits: BudgetLimits) -> Option<u64> {
        self.max.map(|max| (max.saturating_mul(limits.share_percent) / 100).max(FEWEST))
    }
}

/// Where [`Spent`] is kept.
#[async_trait]
pub trait Ledger: Send + Sync {
    /// Keeps it; durable when this returns.
    ///
    /// # Errors
    /// Why it could not be kept. No request leaves then.
    async fn keep(&self, spent: &Spent) -> Result<(), Box<dyn std::error::Error + Send + Sync>>;
}

/// The books of one client.
pub(crate) struct Budget {
    limits: BudgetLimits,
    ledger: Arc<dyn Ledger>,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    /// What was really used.
    spent: Spent,
    /// Which hour the ledger has calls written down for in advance, and up to which number.
    ahead: Option<(i64, u64)>,
}

impl Books {
    fn allows(&self, limits: BudgetLimits, call: Call, now: Stamp, meter: &Meter) -> Result<(), Error> {
        let Some(share) = self.spent.share(limits) else { return Ok(()) };
        let held_back = match call.purpose() {
            Purpose::SignsIn => return Ok(()),
            Purpose::Ends => 0,
            Purpose::Begins => HELD_BACK.min(share / 2),
        };
        if self.spent.within_a_day(now) >= share - held_back {
            return Err(Error::new(ErrorKind::ShareUsed, "our share of the day").during(call));
        }
        let left_to_others = call.purpose() == Purpose::Begins
            && meter.org_count_within(COUNT_FRESH).is_some_and(|(used, max)| {
                used.saturating_mul(100) >= max.saturating_mul(100 - limits.reserve_percent.min(100))
            });
        if left_to_others {
            return Err(Error::new(ErrorKind::ShareUsed, "what is left is for others").during(call));
        }
        Ok(())
    }
}

impl Budget {
    pub(crate) fn new(limits: BudgetLimits, spent: Spent, ledger: Arc<dyn Ledger>) -> Self {
        Self { limits, ledger, books: Mutex::new(Books { spent, ahead: None }) }
    }

    /// Whether a call of this kind may be made now. Nothing is counted.
    pub(crate) async fn allows(&self, call: Call, meter: &Meter) -> Result<(), Error> {
        let mut books = self.books.lock().await;
        read_counts(&mut books.spent, meter);
        books.allows(self.limits, call, now(&books.spent, meter), meter)
    }

    /// Counts a request that is about to leave; refused where the budget is used up.
    pub(crate) async fn take(&self, call: Call, meter: &Meter) -> Result<(), Error> {
        // Signing in does not count against the allowance (REST guide, "Limits").
        if call.purpose() == Purpose::SignsIn {
            return Ok(());
        }
        let mut books = self.books.lock().await;
        read_counts(&mut books.spent, meter);
        let now = now(&books.spent, meter);
        books.allows(self.limits, call, now, meter)?;
        let hour = hour_of(now);
        // Made before the org's clock was known.
        if let Some(undated) = books.spent.hours.remove(&0) {
            *books.spent.hours.entry(hour).or_default() += undated;
        }
        books.spent.hours.retain(|other, _| is_near(*other, hour));
        let used = books.spent.hours.get(&hour).copied().unwrap_or(0) + 1;
        if books.ahead.is_none_or(|(of, up_to)| of != hour || up_to < used) {
            let up_to = used + AHEAD - 1;
            let mut written = books.spent.clone();
            written.hours.insert(hour, up_to);
            self.write(&written).await?;
            books.ahead = Some((hour, up_to));
        }
        books.spent.hours.insert(hour, used);
        Ok(())
    }

    /// Writes down what was really used, without what was written down in advance.
    pub(crate) async fn close(&self, meter: &Meter) -> Result<(), Error> {
        let mut books = self.books.lock().await;
        if books.ahead.is_none() {
            return Ok(());
        }
        read_counts(&mut books.spent, meter);
        self.write(&books.spent).await?;
        books.ahead = None;
        Ok(())
    }

    async fn write(&self, spent: &Spent) -> Result<(), Error> {
        self.ledger.keep(spent).await.map_err(|why| Error::of_kind(ErrorKind::LocalFile).because(why))
    }
}

fn read_counts(spent: &mut Spent, meter: &Meter) {
    let usage = meter.usage();
    if usage.api_max.is_some() {
        spent.max = usage.api_max;
        spent.used_by_all = usage.api_used.map(|used| used.saturating_add(usage.since_header));
    }
}

/// The org's clock as far as it is known: this machine's may be wrong. Before the first answer, the last hour that was kept.
fn now(spent: &Spent, meter: &Meter) -> Stamp {
    let kept = || spent.hours.last_key_value().map_or(0, |(hour, _)| *hour);
    meter.server_time_now().unwrap_or_else(|| Stamp::from_seconds(kept().saturating_mul(3_600)))
}

fn hour_of(at: Stamp) -> i64 {
    at.micros().div_euclid(3_600_000_000)
}

/// Whether calls of that hour count in this one. One answer with a wrong date far ahead must not hold the budget for ever.
fn is_near(hour: i64, now: i64) -> bool {
    hour.abs_diff(now) < HOURS.unsigned_abs()
}
