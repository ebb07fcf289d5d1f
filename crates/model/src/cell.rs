//! The three states of a field: not there, empty, a value. They stay three from the source to the CSV cell.

use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};

/// One field of one record, as read or as normalized. `Debug` shows the state, never the text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub enum Cell {
    /// The source does not hold this field, or it was not asked for: nothing may be concluded and nothing written.
    #[default]
    Absent,
    /// The field is there and holds nothing.
    Empty,
    /// The field holds this text. Most of what people are called is short, and lies in the cell itself.
    Value(CompactString),
}

impl Cell {
    /// A cell from a nullable column: `None` and the empty text are [`Cell::Empty`].
    #[must_use]
    pub fn from_nullable(text: Option<&str>) -> Self {
        match text {
            None | Some("") => Self::Empty,
            Some(text) => Self::Value(text.into()),
        }
    }

    /// The text, if there is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Value(text) => Some(text),
            Self::Absent | Self::Empty => None,
        }
    }

    /// Whether the field is there and holds nothing.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        matches!(self, Self::Empty)
    }

    /// Whether the source does not hold the field at all.
    #[must_use]
    pub const fn is_absent(&self) -> bool {
        matches!(self, Self::Absent)
    }
}

impl fmt::Debug for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Absent => f.write_str("Absent"),
            Self::Empty => f.write_str("Empty"),
            Self::Value(text) => write!(f, "Value(<{} bytes>)", text.len()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_shows_the_state_and_hides_the_text() {
        let cell = Cell::from_nullable(Some("jo@example.org"));
        assert_eq!(format!("{cell:?}"), "Value(<14 bytes>)");
        assert_eq!(Cell::from_nullable(Some("")), Cell::Empty);
    }
}
