//! Jobs in flight: what was planned, how far it got, and what each row carries.

use serde::{Deserialize, Serialize};

use crate::{ContactId, CycleId, Digest, JobId, RuleKey, Stamp};

/// The number of a planned job in one state directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PlanId(pub u64);

/// Which of the two ways a job takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Linked people: `update`, rows keyed by Id. It can never create anybody.
    Update,
    /// Never-linked people: `upsert` by the external id.
    Upsert,
}

impl Lane {
    /// A stable word for reports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::Upsert => "upsert",
        }
    }
}

/// How far a job got, as far as it is known durably. Each step is committed before the next effect begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Nothing is known to exist at Salesforce; an empty Open job may.
    Planned,
    /// The job exists, Open; data may or may not have arrived.
    Created,
    /// All data arrived; nothing is processed before the close.
    Uploaded,
    /// Closed: Salesforce processes it.
    Closed,
    /// Salesforce is done with it; its result sets are to be fetched.
    Terminal,
    /// The three result files lie complete on this machine.
    Stored,
    /// No job: the rows go out in calls of their own, and any of them may have arrived.
    Sending,
}

/// One job in flight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JournalEntry {
    /// Its number.
    pub plan: PlanId,
    /// The cycle that planned it.
    pub cycle: CycleId,
    /// Which lane.
    pub lane: Lane,
    /// The API version it was created with: results asked with another answer 409 (Bulk guide v66).
    pub api_version: String,
    /// When it was planned, by Salesforce's clock.
    pub planned_at: Stamp,
    /// Rows in the file.
    pub rows: u64,
    /// SHA-256 of the file, hexadecimal; empty where no file is sent.
    pub sha256: String,
    /// How far it got.
    pub phase: Phase,
    /// The job's id, once it is known.
    pub job: Option<JobId>,
    /// When it was closed, by Salesforce's clock.
    pub closed_at: Option<Stamp>,
    /// What it counted when it had ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<JobEnd>,
}

/// What an ended job says of its rows: how many its result sets hold (Bulk guide v66, "Get Job Info").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobEnd {
    /// Rows that were saved, where it counts them.
    pub succeeded: Option<u64>,
    /// Rows that were refused, where it counts them.
    pub failed: Option<u64>,
}

/// What one row of a job carries: enough to settle it, and to tell our own write from somebody's edit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    /// The job it belongs to; `None` for a write to the supporter database.
    pub plan: Option<PlanId>,
    /// The Contact the row is keyed by, for the update lane.
    pub contact: Option<ContactId>,
    /// Digest over all values of both sides when it was planned: what a block would remember.
    pub record: Digest,
    /// Per field: the value on its way.
    pub fields: Vec<IntentField>,
}

/// One field on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct IntentField {
    /// Which field.
    pub rule: RuleKey,
    /// The value sent.
    pub sent: Digest,
    /// The value the target held when it was planned.
    pub seen: Digest,
}
