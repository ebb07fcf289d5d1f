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

#[cfg(test)]
mod tests {
    use super::*;

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
