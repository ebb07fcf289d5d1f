//! What is written to one supporter, and what became of it.

use std::fmt;

use model::{Cell, ContactId, SupporterId};

use crate::RefusalCode;

/// A change of the Contact Id column.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ContactIdWrite {
    /// What the column held when it was read.
    pub expected: Cell,
    /// What it shall hold; `None` clears it.
    pub to: Option<ContactId>,
}

/// One write.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SupporterWrite {
    /// Changes an existing row, if it still holds what was read.
    Update {
        /// The row.
        id: SupporterId,
        /// Places in [`model::FieldMap::columns`] and what to write there. [`Cell::Absent`] leaves the column alone.
        set: Vec<(usize, Cell)>,
        /// Places in [`model::FieldMap::columns`] and what they held when they were read. A cell that was read as
        /// [`Cell::Absent`] cannot be compared: the write is refused.
        expect: Vec<(usize, Cell)>,
        /// The Contact Id, where it changes.
        contact_id: Option<ContactIdWrite>,
    },
    /// Adds a row, unless one with the same Contact Id or e-mail address is there.
    Create {
        /// The cells of [`model::FieldMap::columns`]; [`Cell::Absent`] leaves the column to its default.
        cells: Vec<Cell>,
        /// The Contact the new row belongs to.
        contact_id: Option<ContactId>,
    },
}

/// What became of one write.
#[derive(Clone, PartialEq, Eq)]
pub enum Applied {
    /// Written.
    Done {
        /// The row; for a new one, its new id.
        id: SupporterId,
    },
    /// The row no longer holds what was expected. Nothing was written: read again and decide again.
    ChangedMeanwhile,
    /// The row is not there.
    Gone,
    /// The database refuses this row: a constraint, a trigger, a value it cannot hold. Nothing was written.
    Refused {
        /// Why.
        code: RefusalCode,
        /// The database's own words, cut to [`Applied::MAX_MESSAGE_CHARS`] and without control characters. The words of a
        /// trigger may quote data: show them to the administrator, do not log them.
        message: String,
    },
    /// A new row was asked for, and this row already has that Contact Id or e-mail address.
    AlreadyThere(SupporterId),
}

impl Applied {
    /// The longest message that is kept, in characters.
    pub const MAX_MESSAGE_CHARS: usize = 200;

    /// A refusal with a message made safe to show.
    #[must_use]
    pub(crate) fn refused(code: RefusalCode, message: &str) -> Self {
        Self::Refused { code, message: crate::error::bounded(message) }
    }
}

impl fmt::Debug for Applied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Done { id } => f.debug_struct("Done").field("id", id).finish(),
            Self::ChangedMeanwhile => f.write_str("ChangedMeanwhile"),
            Self::Gone => f.write_str("Gone"),
            Self::Refused { code, .. } => {
                f.debug_struct("Refused").field("code", code).finish_non_exhaustive()
            }
            Self::AlreadyThere(id) => f.debug_tuple("AlreadyThere").field(id).finish(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_hides_the_databases_words_when_printed_and_bounds_them() {
        let refused =
            Applied::refused(RefusalCode::Trigger, &format!("jo@example.org\n{}", "x".repeat(1_000)));
        assert!(!format!("{refused:?}").contains("example.org"));
        let Applied::Refused { message, .. } = refused else { panic!("not refused") };
        assert_eq!(message.chars().count(), Applied::MAX_MESSAGE_CHARS);
        assert!(!message.contains('\n'));
    }
}
