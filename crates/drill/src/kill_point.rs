//! The forty named points at which a crash is tried.

use std::fmt;
use std::str::FromStr;

macro_rules! kill_points {
    ($($name:ident $meaning:literal)*) => {
        /// A point at which a process may die. The numbers are those of the recovery tables (`push::recover` and
        /// `docs/reliability.md`).
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum KillPoint {
            $(#[doc = $meaning] $name,)*
        }

        impl KillPoint {
            /// All of them, in order.
            pub const ALL: [Self; 40] = [$(Self::$name),*];

            /// `K01` to `K40`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Self::$name => stringify!($name)),* }
            }

            /// What is durable there, and what is not.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$name => $meaning),* }
            }
        }
    };
}

kill_points! {
    K01 "push: rows are chosen, the plan is not durable"
    K02 "push: the plan is durable, no job was asked for"
    K03 "push: the job is created, its id is not durable"
    K04 "push: the job's id is durable, nothing was uploaded"
    K05 "push: the rows were uploaded, this is not durable"
    K06 "push: the upload is durable, the job is not closed"
    K07 "push: the job is closed, this is not durable"
    K08 "push: the close is durable, the job was not looked at"
    K09 "push: between two looks at a running job"
    K10 "push: the job's end is seen and not durable"
    K11 "push: the job has ended, no result set was fetched"
    K12 "push: one or two of three result sets are fetched"
    K13 "push: all result sets are fetched and durable"
    K14 "push: rows are settled, this is not durable"
    K15 "push: rows are settled and durable"
    K16 "push: the job or its results are gone, its rows are not yet marked for a look"
    K17 "push: a job that failed or was aborted, before its result sets are read"
    K18 "pull: before the window"
    K19 "pull: the org's time is known, nothing was asked"
    K20 "pull: a query job is created, its id is not used yet"
    K21 "pull: the query job's id is known, the job was not looked at"
    K22 "pull: between two looks at a query job"
    K23 "discovery: a page was read, nobody on it is marked"
    K24 "discovery: a page's marks are durable"
    K25 "pull: between two pages"
    K26 "discovery: everybody is marked, the watermark is where it was"
    K27 "discovery: the watermark has moved"
    K28 "pull: what the org has committed was asked for, the answer is not used"
    K29 "sweep: half of all ids are marked"
    K30 "supporter write: decided, the intent is not durable"
    K31 "supporter write: the intent is durable, nothing was sent"
    K32 "supporter write: sent, the answer is not looked at"
    K33 "supporter write: applied, this is not durable"
    K34 "supporter write: applied and durable"
    K35 "supporter write: a supporter was created, its id is not durable"
    K36 "state: inside a commit"
    K37 "state: flushed and not synced"
    K38 "state: synced, the manifest is where it was"
    K39 "state: the manifest's new file is written and not in place"
    K40 "state: inside an upgrade or an import"
}

/// No kill point has this name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKillPoint;

impl fmt::Display for UnknownKillPoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a kill point is K01 to K40")
    }
}

impl std::error::Error for UnknownKillPoint {}

impl FromStr for KillPoint {
    type Err = UnknownKillPoint;

    fn from_str(name: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|point| point.name() == name).ok_or(UnknownKillPoint)
    }
}

/// The process is at this point; here it ends if a drill says so.
#[cfg(feature = "kill-points")]
pub fn reached(point: KillPoint) {
    crate::stage::reached(point);
}

/// The process is at this point; here it would end if a drill said so.
#[cfg(not(feature = "kill-points"))]
#[inline(always)]
pub const fn reached(_: KillPoint) {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_count_from_one_to_forty_and_parse() {
        for (point, nth) in KillPoint::ALL.into_iter().zip(1..) {
            assert_eq!(point.name(), format!("K{nth:02}"));
            assert_eq!(point.name().parse(), Ok(point));
        }
        assert_eq!("K41".parse::<KillPoint>(), Err(UnknownKillPoint));
        assert_eq!("k07".parse::<KillPoint>(), Err(UnknownKillPoint));
    }
}
