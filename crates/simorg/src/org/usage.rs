//! Use of the daily allowances, over a rolling 24 hours in steps of an hour.

use crate::value::Stamp;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};

/// What is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Allowance {
    /// API requests.
    ApiRequests,
    /// Bulk batches.
    BulkBatches,
    /// Bulk query jobs.
    QueryJobs,
}

#[derive(Clone, Copy, Debug, Default)]
struct Hour {
    number: i64,
    used: [u64; 3],
}

/// Counters by hour; at most 25 of them are kept.
#[derive(Debug, Default)]
pub(crate) struct Usage(Mutex<VecDeque<Hour>>);

impl Usage {
    fn with<T>(&self, now: Stamp, work: impl FnOnce(&mut VecDeque<Hour>) -> T) -> T {
        let mut hours = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let number = now.0.div_euclid(3_600_000);
        hours.retain(|hour| hour.number > number - 24);
        if hours.back().is_none_or(|last| last.number != number) {
            hours.push_back(Hour { number, used: [0; 3] });
        }
        work(&mut hours)
    }

    /// Adds to a counter and answers its sum over the last day.
    pub(crate) fn add(&self, now: Stamp, what: Allowance, amount: u64) -> u64 {
        self.with(now, |hours| {
            if let Some(used) = hours.back_mut().and_then(|hour| hour.used.get_mut(what as usize)) {
                *used += amount;
            }
            sum(hours, what)
        })
    }

    /// The sum over the last day.
    pub(crate) fn used(&self, now: Stamp, what: Allowance) -> u64 {
        self.with(now, |hours| sum(hours, what))
    }
}

fn sum(hours: &VecDeque<Hour>, what: Allowance) -> u64 {
    hours.iter().filter_map(|hour| hour.used.get(what as usize)).sum()
}

#[cfg(test)]
mod tests {
    use super::{Allowance, Usage};
    use crate::value::Stamp;

    #[test]
    fn use_older_than_a_day_is_forgotten() {
        let usage = Usage::default();
        assert_eq!(usage.add(Stamp(0), Allowance::ApiRequests, 2), 2);
        assert_eq!(usage.add(Stamp(3_600_000), Allowance::ApiRequests, 1), 3);
        assert_eq!(usage.used(Stamp(24 * 3_600_000), Allowance::ApiRequests), 1);
        assert_eq!(usage.used(Stamp(24 * 3_600_000), Allowance::BulkBatches), 0);
    }
}
