//! What joins a supporter and a Contact, and on what evidence.

use serde::{Deserialize, Serialize};

use crate::{ContactId, CycleId, Stamp, SupporterId};

/// One supporter ↔ one Contact. One to one: the state refuses a second link on either end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// The supporter.
    pub supporter: SupporterId,
    /// The Contact.
    pub contact: ContactId,
    /// When it was made, by the server's time of that cycle.
    pub made_at: Stamp,
    /// The cycle that made it.
    pub cycle: CycleId,
    /// Why the two are one person.
    pub evidence: Evidence,
    /// Whether both ends are still there.
    pub life: LinkLife,
}

/// Whether a link is live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkLife {
    /// Both records are there.
    Live,
    /// The Contact was deleted without a survivor. It is not created again without an administrator's word.
    ContactDeleted,
    /// The supporter is gone. The Contact stays as it is.
    SupporterDeleted,
}

/// Why two records are one person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Evidence {
    /// The supporter's row carried the Contact's Id.
    StoredContactId,
    /// The Contact carried the supporter's id in our external id field.
    ExternalId,
    /// Equal e-mail address and matching names; the matcher's strength and reason codes.
    EmailAndName {
        /// `probable`, `strong` or `exact`.
        strength: String,
        /// The matcher's reason codes.
        reasons: Vec<String>,
    },
    /// highwater created the Contact from the supporter.
    CreatedContact,
    /// highwater created the supporter from the Contact.
    CreatedSupporter,
    /// The linked Contact was merged into this one.
    MergedFrom {
        /// The Contact that was merged away.
        contact: ContactId,
    },
    /// An administrator said so.
    Administrator,
    /// The org's own duplicate rule named the Contact, and names and address do not speak against it.
    DuplicateRule {
        /// Developer name of the rule.
        rule: String,
        /// `probable`, `strong` or `exact`, by our matcher.
        strength: String,
        /// The matcher's reason codes.
        reasons: Vec<String>,
    },
    /// The supporter who had the link was merged into this one.
    SupporterMerged {
        /// The supporter that was merged away.
        supporter: SupporterId,
    },
}

impl Evidence {
    /// A stable word for reports.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::StoredContactId => "stored_contact_id",
            Self::ExternalId => "external_id",
            Self::EmailAndName { .. } => "email_and_name",
            Self::CreatedContact => "created_contact",
            Self::CreatedSupporter => "created_supporter",
            Self::MergedFrom { .. } => "merged_from",
            Self::Administrator => "administrator",
            Self::DuplicateRule { .. } => "duplicate_rule",
            Self::SupporterMerged { .. } => "supporter_merged",
        }
    }
}
