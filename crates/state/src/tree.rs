//! The fixed set of trees. A tree is an ordered map of its own; one commit may touch several.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The trees of the state, at most ten for ever. The numbers are on disk: they are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[repr(u8)]
pub enum Tree {
    /// Counters, watermarks, progress, bookmarks, epoch and generation.
    Meta = 1,
    /// One record per supporter: link, bases, intent, block, last outcome.
    People = 2,
    /// Contact Id to supporter id.
    ByContact = 3,
    /// Who must be compared.
    Dirty = 4,
    /// Jobs in flight.
    Journal = 5,
    /// Which supporters have an intent of a plan, and which are blocked.
    Index = 6,
    /// Open cases.
    Cases = 7,
    /// The conflict log.
    Conflicts = 8,
    /// Records already marked at a stamp, just below the watermark.
    Seen = 9,
    /// Cycle summaries and the audit trail.
    Log = 10,
}

impl Tree {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 10] = [
        Self::Meta,
        Self::People,
        Self::ByContact,
        Self::Dirty,
        Self::Journal,
        Self::Index,
        Self::Cases,
        Self::Conflicts,
        Self::Seen,
        Self::Log,
    ];

    /// The number that stands for it on disk.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Whether its rows are many and small: these are kept in leaves, many rows in one stored value, whose checksum they share.
    #[must_use]
    pub const fn is_packed(self) -> bool {
        self.packed_since().is_some()
    }

    /// The first format of the state in which its rows lie in leaves.
    pub(crate) const fn packed_since(self) -> Option<u32> {
        match self {
            Self::People | Self::ByContact | Self::Dirty | Self::Index | Self::Seen => Some(2),
            Self::Conflicts => Some(5),
            Self::Meta | Self::Journal | Self::Cases | Self::Log => None,
        }
    }

    /// The word that stands for it in errors and exports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Meta => "meta",
            Self::People => "people",
            Self::ByContact => "by_contact",
            Self::Dirty => "dirty",
            Self::Journal => "journal",
            Self::Index => "index",
            Self::Cases => "cases",
            Self::Conflicts => "conflicts",
            Self::Seen => "seen",
            Self::Log => "log",
        }
    }
}

impl fmt::Display for Tree {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
