//! Branches that only a fault, a crash or a collision leads to. A simulation that never meets one has not tried it.

macro_rules! branches {
    ($($name:ident $code:literal)*) => {
        /// A branch worth counting.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Branch {
            $(#[doc = $code] $name,)*
        }

        impl Branch {
            /// How many there are.
            pub const COUNT: usize = [$(Self::$name),*].len();

            /// All of them.
            pub const ALL: [Self; Self::COUNT] = [$(Self::$name),*];

            /// The name under which it is counted.
            #[must_use]
            pub const fn code(self) -> &'static str {
                match self { $(Self::$name => $code),* }
            }
        }
    };
}

branches! {
    Retried "R: a call was repeated after a passing fault"
    Questioned "Q: what became of a call was asked before anything else"
    SignedInAgain "A: a session ended and was made anew"
    Deferred "S: the cycle stopped cleanly"
    Refused "X: a refusal that only a person can lift stopped the cycle"
    Blocked "B: a row was set aside"
    Rejected "V: an answer was incomplete or no answer, and was fetched again"
    JobRecovered "J: a job was settled from the journal"
    PlanDropped "recovery: a plan whose job never began was dropped"
    OrphanSearched "recovery: jobs of ours were searched for one whose id was lost"
    OrphanAborted "recovery: such a job was found and aborted"
    OpenJobAborted "recovery: a job that was never closed was aborted"
    CloseUncertain "recovery: a close whose answer was lost had been done"
    PollResumed "recovery: a job that was running was waited for again"
    FilesFetchedAgain "recovery: a job's end was durable and its files were not"
    SettledFromDisk "recovery: a job was settled from the files on this machine"
    JobLost "recovery: a job was gone, its rows are looked up"
    JobFailed "recovery: a job failed or was aborted, what it saved was read"
    DeadlinePassed "recovery: a job ran past its deadline and was aborted"
    OutcomeUnknown "settle: rows stood in none of the result sets"
    Unprocessed "settle: rows were not reached by their job"
    TransientRow "settle: a row was refused in passing"
    StaleRow "settle: a row named a Contact that is gone"
    DuplicateRow "settle: a duplicate rule refused a row"
    Claimed "settle: an external id led to somebody else's Contact"
    Circuit "settle: too much of a job failed for one reason"
    Relinked "link: a merge was followed to its survivor"
    LinkEnded "link: a person was deleted on one side"
    Revived "link: a deleted person came back"
    LinkRefused "link: a second link to one person was refused"
    Held "decision: both sides changed, a person decides"
    Overwrote "decision: both sides changed, a policy decided"
    OwnWriteMet "decision: a value we sent earlier was met again"
    ChangedMeanwhile "write: a supporter changed between reading and writing"
    BlockLifted "block: an edit or a new map lifted it"
    Swept "sweep: somebody who is gone was found by looking for everybody"
    HistoryRead "blind window: the history of what was written was read"
    BlindOverwrite "blind window: an edit that nobody had seen was overwritten, and is logged"
    QueryResumed "window: a query job that was broken off was gone on with"
    LagAlone "window: without an answer about what is committed the lag holds"
}

/// The branch was taken.
#[cfg(feature = "kill-points")]
pub fn met(branch: Branch) {
    crate::stage::met(branch);
}

/// The branch was taken.
#[cfg(not(feature = "kill-points"))]
#[inline(always)]
pub const fn met(_: Branch) {}
