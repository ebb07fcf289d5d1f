//! Places in a log.

use std::fmt;
use std::str::FromStr;

/// A place between two entries: everything before it has been seen. Ordered as the entries are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Cursor {
    /// Which segment, from 1 on.
    pub segment: u64,
    /// Where in its file, in bytes.
    pub offset: u64,
}

/// The text is no cursor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a log, such as 3:52")]
pub struct InvalidCursor;

impl Cursor {
    /// Before everything that is or was in any log.
    pub const START: Self = Self { segment: 0, offset: 0 };
}

/// `3:52`, which [`Cursor::from_str`] reads.
impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.segment, self.offset)
    }
}

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(raw: &str) -> Result<Self, InvalidCursor> {
        let (segment, offset) = raw.split_once(':').ok_or(InvalidCursor)?;
        let number = |text: &str| text.parse::<u64>().map_err(|_| InvalidCursor);
        Ok(Self { segment: number(segment)?, offset: number(offset)? })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_reads_what_it_writes_and_nothing_else() {
        let cursor = Cursor { segment: 3, offset: 52 };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
        for wrong in ["", "3", ":", "3:", "a:1", "1:2:3", "-1:0", "1:99999999999999999999"] {
            assert_eq!(wrong.parse::<Cursor>(), Err(InvalidCursor), "{wrong}");
        }
        assert!(Cursor::START < cursor && cursor < Cursor { segment: 4, offset: 0 });
    }
}
