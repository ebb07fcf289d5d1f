//! What is in flight at the org and not settled yet, from the state alone; the org is not asked.

use model::{CycleId, JobId, Lane, Phase, PlanId, Stamp};
use push::Recovery;
use state::{Error, State};

/// Which way the records travel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// An ingest job of Bulk API 2.0.
    Job(Lane),
    /// Calls that save up to 200 records each.
    Calls(Lane),
    /// A query job of Bulk API 2.0: a wide window of Contacts.
    Query,
}

impl Kind {
    /// A stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Job(Lane::Update) => "update_job",
            Self::Job(Lane::Upsert) => "upsert_job",
            Self::Calls(Lane::Update) => "update_calls",
            Self::Calls(Lane::Upsert) => "upsert_calls",
            Self::Query => "query_job",
        }
    }
}

/// What the next cycle does with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// As a push does with a job that it left behind.
    Recover(Recovery),
    /// Goes on with the query where it was broken off.
    GoOn,
}

impl Next {
    /// A stable word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Recover(Recovery::Drop) => "drop",
            Self::Recover(Recovery::Ask(_)) => "ask",
            Self::Recover(Recovery::Collect) => "collect",
            Self::Recover(Recovery::Settle) => "settle",
            Self::Recover(Recovery::ReadAgain) => "read_again",
            Self::GoOn => "go_on",
        }
    }

    /// The same in a sentence.
    #[must_use]
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::Recover(Recovery::Drop) => {
                "an empty job made for it is aborted; its people are planned anew"
            }
            Self::Recover(Recovery::Ask(_)) => {
                "the org is asked: an open job is aborted and its people planned anew, a closed one is collected"
            }
            Self::Recover(Recovery::Collect) => "its end is waited for; results are fetched and settled",
            Self::Recover(Recovery::Settle) => "its results lie on this machine and are settled",
            Self::Recover(Recovery::ReadAgain) => {
                "both sides are read: whoever was saved is recognised, the others are sent again"
            }
            Self::GoOn => "the query is gone on with; after six days it begins anew",
        }
    }
}

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InFlight {
    /// Our number; a query has none.
    pub plan: Option<PlanId>,
    /// The cycle that planned it.
    pub cycle: Option<CycleId>,
    /// Which way.
    pub kind: Kind,
    /// Salesforce's id, once it is known.
    pub job: Option<JobId>,
    /// How far it is known to have come.
    pub phase: Phase,
    /// Rows in it; of a query, rows that are marked already.
    pub rows: u64,
    /// Since when, by Salesforce's clock.
    pub since: Stamp,
    /// What the next cycle does with it.
    pub next: Next,
}

/// Everything that is in flight, in the order it was planned; a query comes last.
///
/// # Errors
/// [`Error`] when the state cannot be read.
pub fn in_flight(state: &State) -> Result<Vec<InFlight>, Error> {
    let entries = state.journal()?.into_iter().map(|entry| InFlight {
        plan: Some(entry.plan),
        cycle: Some(entry.cycle),
        kind: if entry.phase == Phase::Sending { Kind::Calls(entry.lane) } else { Kind::Job(entry.lane) },
        job: entry.job,
        rows: entry.rows,
        since: entry.planned_at,
        next: Next::Recover(Recovery::of(&entry)),
        phase: entry.phase,
    });
    let query = pull::query_in_flight(state)?.map(|query| InFlight {
        plan: None,
        cycle: None,
        kind: Kind::Query,
        job: Some(query.job),
        phase: Phase::Closed,
        rows: query.rows,
        since: query.begun_at,
        next: Next::GoOn,
    });
    Ok(entries.chain(query).collect())
}
