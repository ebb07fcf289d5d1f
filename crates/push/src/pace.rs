//! How long a job of so many rows takes at this org, learned from the jobs before it: a job is looked at when there is something
//! to see. Only an economy: what is wrong here costs a look or a moment.

use std::collections::BTreeMap;
use std::time::Duration;

use model::JournalEntry;
use plan::{Fatal, Sides};
use serde_json::Value;
use state::Changes;

/// Under which name it is kept in the state.
const BOOKMARK: &str = "job_pace";
/// The longest that is believed.
const LONGEST: Duration = Duration::from_secs(24 * 3_600);

/// Milliseconds by size class: jobs of up to twice as many rows are one class, so that there are few.
#[derive(Debug, Default, PartialEq, Eq)]
struct Pace(BTreeMap<u32, u64>);

/// The size class of a job.
const fn class(rows: u64) -> u32 {
    u64::BITS - rows.leading_zeros()
}

impl Pace {
    /// What is kept; anything else than that is nothing.
    fn read(value: Option<Value>) -> Self {
        let kept = value.and_then(|value| serde_json::from_value(value).ok());
        Self(kept.unwrap_or_default())
    }

    /// How long a job of so many rows is expected to take. Of a class nobody has seen, in proportion to the nearest smaller one.
    fn expected(&self, rows: u64) -> Duration {
        let known = self.0.range(..=class(rows)).next_back();
        let millis = known.map_or(0, |(at, millis)| millis.saturating_mul(1 << (class(rows) - at).min(20)));
        Duration::from_millis(millis).min(LONGEST)
    }

    /// Half of what is expected from now on is this job's time, the other half what was expected before.
    fn learn(&mut self, rows: u64, took: Duration) {
        let took = u64::try_from(took.min(LONGEST).as_millis()).unwrap_or(u64::MAX);
        let known = self.0.entry(class(rows)).or_insert(took);
        *known = (*known).midpoint(took);
    }
}

/// How long this job is expected to take still; zero when nobody knows.
///
/// # Errors
/// [`Fatal`] when the state fails.
pub(crate) fn expected(sides: &Sides, entry: &JournalEntry, spent: Duration) -> Result<Duration, Fatal> {
    let pace = Pace::read(sides.state.bookmark(BOOKMARK)?);
    Ok(pace.expected(entry.rows).saturating_sub(spent))
}

/// Remembers how long a job took that is over now, by the org's clock.
///
/// # Errors
/// [`Fatal`] when the state fails.
pub(crate) fn learned(sides: &Sides, changes: &mut Changes, entry: &JournalEntry) -> Result<(), Fatal> {
    let Some((closed, ended)) = entry.closed_at.zip(sides.org.server_time()) else { return Ok(()) };
    let mut pace = Pace::read(sides.state.bookmark(BOOKMARK)?);
    pace.learn(entry.rows, ended.since(closed));
    changes.put_bookmark(BOOKMARK, serde_json::to_value(&pace.0).unwrap_or_default());
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_is_expected_to_take_what_jobs_of_its_size_took() {
        let mut pace = Pace::default();
        assert_eq!(pace.expected(100_000), Duration::ZERO, "nobody knows");
        pace.learn(100_000, Duration::from_secs(80));
        assert_eq!(pace.expected(70_000), Duration::from_secs(80), "one class");
        pace.learn(90_000, Duration::from_secs(40));
        assert_eq!(pace.expected(100_000), Duration::from_secs(60));
        // WHEN larger jobs come, they take longer in proportion; of smaller ones nothing is known
        assert_eq!(pace.expected(200_000), Duration::from_secs(120));
        assert_eq!(pace.expected(1_000), Duration::ZERO);
    }

    #[test]
    fn what_is_kept_is_small_and_what_is_no_pace_is_nothing() {
        let mut pace = Pace::default();
        for rows in 0..150_000 {
            pace.learn(rows, Duration::from_secs(1_000_000));
        }
        let kept = serde_json::to_value(&pace.0).unwrap();
        assert!(kept.to_string().len() < 400, "{kept}");
        assert_eq!(Pace::read(Some(kept)), pace);
        assert_eq!(pace.expected(u64::MAX), LONGEST);
        for other in
            [Value::Null, Value::from("x"), serde_json::json!({"x": 1}), serde_json::json!({"3": -1})]
        {
            assert_eq!(Pace::read(Some(other)), Pace::default());
        }
    }
}
