//! What happened to somebody, as it is remembered: ids, codes and names of fields, and nothing of what a record holds.

use serde::{Deserialize, Serialize};

use crate::{
    CaseKind, ContactId, Decision, DirtyReason, Evidence, JobId, Lane, LinkLife, PlanId, Policy, Side, Stamp,
    Subject, Way,
};

/// One thing that happened. Kept as postcard: new variants are added at the end, and none is ever changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Happened {
    /// Marked "must be compared", for this reason.
    Marked(DirtyReason),
    /// Compared and decided: what is to be written, field by field.
    Decided {
        /// One stable word for the whole.
        action: String,
        /// The fields that are not equal.
        fields: Vec<Turn>,
    },
    /// The work of a cycle on this person ended so, without a job: the outcome's stable word.
    Ended(String),
    /// Linked, on this evidence.
    Linked {
        /// The Contact.
        contact: ContactId,
        /// Why the two are one person.
        evidence: Evidence,
    },
    /// A link was not made, because one end has another.
    LinkRefused {
        /// The Contact.
        contact: ContactId,
        /// Who stands in the way.
        by: Subject,
    },
    /// The link was removed.
    Unlinked(ContactId),
    /// One end of the link is gone, or is there again.
    LinkLife {
        /// The Contact.
        contact: ContactId,
        /// What the link is now.
        life: LinkLife,
    },
    /// A row of this planned job is theirs.
    Sent(PlanId),
    /// Salesforce saved the row.
    Saved {
        /// It is a new Contact.
        created: bool,
    },
    /// Salesforce refused the row.
    Refused {
        /// Its code.
        code: String,
        /// The fields it names.
        fields: Vec<String>,
    },
    /// Set aside after a permanent error.
    Blocked {
        /// The error's code.
        code: String,
        /// The fields it names.
        fields: Vec<String>,
    },
    /// No longer set aside.
    BlockLifted,
    /// A case was opened, or is about something else now.
    CaseOpened {
        /// Which kind.
        kind: CaseKind,
        /// The case's name.
        name: String,
        /// Reason codes and names of fields.
        reasons: Vec<String>,
        /// Everybody else it is about.
        with: Vec<Subject>,
    },
    /// A case is over.
    CaseClosed {
        /// Which kind.
        kind: CaseKind,
        /// The case's name.
        name: String,
    },
    /// An administrator did something about a case.
    Ruled {
        /// Which kind.
        kind: CaseKind,
        /// The case's name.
        name: String,
        /// What.
        act: Act,
    },
    /// An administrator's decision was carried out, or could not be.
    CarriedOut {
        /// The case's name.
        name: String,
        /// What was decided.
        way: Way,
        /// Who decided.
        by: String,
        /// `false`: the records had changed since.
        done: bool,
    },
    /// They are different people, and are not matched again.
    Apart(ContactId),
    /// They may be matched again.
    ApartEnded(ContactId),
    /// Both sides had changed a field, and a policy chose.
    Overwritten {
        /// Number of the entry in the conflict log, which keeps the values.
        number: u64,
        /// The Contact field's API name.
        field: String,
        /// Whose value was kept; `None`: held for a person to decide.
        kept: Option<Side>,
        /// The policy.
        policy: Policy,
    },
    /// A job came so far. Of everybody whose row is in it, and of nobody by name.
    Job {
        /// Its number here.
        plan: PlanId,
        /// Which lane.
        lane: Lane,
        /// How many rows.
        rows: u64,
        /// How far it got.
        step: JobStep,
        /// Salesforce's id, once it is known.
        job: Option<JobId>,
    },
    /// A row of ours overwrote an edit of the Contact that nobody had seen yet, as the org's field history tells.
    OverwrittenUnseen {
        /// Number of the entry in the conflict log, which keeps the values.
        number: u64,
        /// The Contact field's API name.
        field: String,
    },
    /// An administrator lifted a block; it is told again why they were set aside, which may be longer ago than is remembered.
    LiftedBy {
        /// The error's code.
        code: String,
        /// The fields it named.
        fields: Vec<String>,
        /// Since when they were set aside.
        since: Stamp,
        /// Who lifted it.
        by: String,
    },
    /// A link was not made, because an administrator said that they are different people.
    LinkOfApartRefused(ContactId),
}

/// What was decided about one field.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Turn {
    /// The Contact field's API name.
    pub field: String,
    /// What.
    pub decision: Decision,
}

/// What an administrator did about a case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Act {
    /// Decided; the next cycle carries it out.
    Decided {
        /// What.
        way: Way,
        /// Who.
        by: String,
    },
    /// Put off until this instant.
    Snoozed(Stamp),
    /// Ignored until something about it changes.
    Ignored,
    /// Took back what was done about it.
    Undone,
}

/// How far a job got, as far as the story tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JobStep {
    /// It exists at Salesforce.
    Created,
    /// It was closed: Salesforce works on it.
    Closed,
    /// Its results are here.
    Stored,
    /// Every row has its outcome, or the job was given up.
    Ended,
}

impl Happened {
    /// Whether it is also about `subject`, beside whoever it is told of.
    #[must_use]
    pub fn concerns(&self, subject: &Subject) -> bool {
        match self {
            Self::CaseOpened { with, .. } => with.contains(subject),
            Self::Linked { contact, .. }
            | Self::LinkRefused { contact, .. }
            | Self::Unlinked(contact)
            | Self::LinkLife { contact, .. }
            | Self::Apart(contact)
            | Self::ApartEnded(contact)
            | Self::LinkOfApartRefused(contact) => *subject == Subject::Contact(*contact),
            Self::Marked(_)
            | Self::Decided { .. }
            | Self::Ended(_)
            | Self::Sent(_)
            | Self::Saved { .. }
            | Self::Refused { .. }
            | Self::Blocked { .. }
            | Self::BlockLifted
            | Self::CaseClosed { .. }
            | Self::Ruled { .. }
            | Self::CarriedOut { .. }
            | Self::Overwritten { .. }
            | Self::OverwrittenUnseen { .. }
            | Self::LiftedBy { .. }
            | Self::Job { .. } => false,
        }
    }
}
