//! What a cycle works on: a person, named from whichever side is known.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::{ContactId, SupporterId};

/// A person that must be compared.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Known as a supporter.
    Supporter(SupporterId),
    /// Known only as a Contact so far.
    Contact(ContactId),
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Supporter(id) => write!(f, "supporter {id}"),
            Self::Contact(id) => write!(f, "Contact {id}"),
        }
    }
}

/// Why somebody was marked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DirtyReason {
    /// The supporter's row changed.
    SupporterChanged,
    /// The Contact changed.
    ContactChanged,
    /// The Contact was deleted or merged away.
    ContactGone,
    /// A full load names everybody.
    Backfill,
    /// Somebody asked for this person.
    Resync,
    /// An earlier attempt did not come to an end: the row failed in passing, or its outcome is unknown.
    Retry,
    /// The field map changed, or who is left out.
    MapChanged,
}
