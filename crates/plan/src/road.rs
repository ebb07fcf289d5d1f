//! By which road a lot of rows travels: in calls that save 200 records each, or as a Bulk API 2.0 job. The cheaper one in calls.

use salesforce::COLLECTION;

use crate::Settings;

/// What a job costs at the least: create, upload, close, one look, one result set (Bulk guide v66, "Walkthrough for Uploading
/// Data"). Longer ones are looked at more often, and refused rows are a second result set.
pub const JOB_CALLS: usize = 5;

/// The most data that goes in calls of its own, in bytes as they would stand in a job's file: a call takes as long as it takes.
pub const DIRECT_BYTES: u64 = 2_000_000;

/// How rows travel. What becomes of each row is the same on both roads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Road {
    /// Up to 200 rows in each call, answered at once.
    Direct,
    /// One file, and three result sets.
    Job,
}

impl Settings {
    /// The cheaper road for so many rows of so many bytes.
    #[must_use]
    pub const fn road(&self, rows: usize, bytes: u64) -> Road {
        if rows.div_ceil(COLLECTION) <= self.direct_calls && bytes <= DIRECT_BYTES {
            Road::Direct
        } else {
            Road::Job
        }
    }
}

/// Rows that would travel together.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Load {
    /// How many.
    pub rows: usize,
    /// How many bytes they would take in a job's file.
    pub bytes: u64,
}

impl Load {
    /// Adds a row.
    pub const fn add(&mut self, bytes: u32) {
        self.rows += 1;
        self.bytes += bytes as u64;
    }

    /// How they would travel, and what the other road would cost, in words; `None` for no rows.
    #[must_use]
    pub fn in_words(&self, settings: &Settings, what: &str) -> Option<String> {
        if self.rows == 0 {
            return None;
        }
        let (rows, calls) = (self.rows, self.rows.div_ceil(COLLECTION));
        let by_bytes = usize::try_from(self.bytes.div_ceil(settings.job_bytes.max(1))).unwrap_or(usize::MAX);
        let jobs = rows.div_ceil(settings.job_rows.max(1)).max(by_bytes);
        let of = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
        Some(match settings.road(rows, self.bytes) {
            Road::Direct => format!(
                "{} {what} would go in {} of up to {COLLECTION} rows; a job takes {JOB_CALLS} or more",
                of(rows, "row"),
                of(calls, "call")
            ),
            Road::Job => format!(
                "{} {what} would go in {} of Bulk API 2.0, of {JOB_CALLS} calls or more each; one by one it would be {}",
                of(rows, "row"),
                of(jobs, "job"),
                of(calls, "call")
            ),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plan_says_which_road_and_what_the_other_would_cost() {
        let settings = Settings { job_rows: 1_000, job_bytes: 1_000_000, ..Settings::default() };
        let mut load = Load::default();
        assert_eq!(load.in_words(&settings, "that update"), None);
        load.add(100);
        let one = load.in_words(&settings, "that update").unwrap();
        assert_eq!(one, "1 row that update would go in 1 call of up to 200 rows; a job takes 5 or more");
        let many = Load { rows: 2_500, bytes: 250_000 }.in_words(&settings, "that create").unwrap();
        assert!(many.starts_with("2500 rows that create would go in 3 jobs of Bulk API 2.0"), "{many}");
        assert!(many.ends_with("it would be 13 calls"), "{many}");
        let large = Load { rows: 10, bytes: 4_500_000 }.in_words(&settings, "that create").unwrap();
        assert!(large.starts_with("10 rows that create would go in 5 jobs"), "{large}");
    }

    #[test]
    fn a_lot_goes_as_a_job_as_soon_as_that_costs_fewer_calls() {
        let settings = Settings::default();
        assert_eq!(settings.road(1, 100), Road::Direct);
        assert_eq!(settings.road(COLLECTION * JOB_CALLS, 100), Road::Direct);
        assert_eq!(settings.road(COLLECTION * JOB_CALLS + 1, 100), Road::Job);
        assert_eq!(settings.road(1, DIRECT_BYTES + 1), Road::Job);
        let jobs_only = Settings { direct_calls: 0, ..settings };
        assert_eq!(jobs_only.road(1, 100), Road::Job);
    }
}
