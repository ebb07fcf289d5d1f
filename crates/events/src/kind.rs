//! The calls of the tracking API.

use std::fmt;

/// Which call an event is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// Who somebody is: traits of a person.
    Identify,
    /// What organisation somebody belongs to: traits of a group.
    Group,
    /// What somebody did.
    Track,
    /// Which page of a website somebody saw.
    Page,
    /// Which screen of an app somebody saw.
    Screen,
    /// That two ids are one person.
    Alias,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 6] =
        [Self::Identify, Self::Group, Self::Track, Self::Page, Self::Screen, Self::Alias];

    /// The value of `type`, which is the last part of the path as well.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Identify => "identify",
            Self::Group => "group",
            Self::Track => "track",
            Self::Page => "page",
            Self::Screen => "screen",
            Self::Alias => "alias",
        }
    }

    /// From the value of `type`.
    #[must_use]
    pub fn of_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.word() == word)
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
