//! What an organisation may decide about matching.

use crate::address::EmailEquivalence;
use crate::strength::Strength;

/// What happens when two Contacts fit a supporter equally well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OnTie {
    /// Nothing is linked; all of them go to the report as probable duplicates of each other.
    #[default]
    Report,
    /// The one created first.
    Oldest,
    /// The one created last.
    Newest,
    /// The one modified last.
    LastModified,
}

impl OnTie {
    /// Every choice.
    pub const ALL: [Self; 4] = [Self::Report, Self::Oldest, Self::Newest, Self::LastModified];

    /// Stable code, as configuration writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Report => "report",
            Self::Oldest => "oldest",
            Self::Newest => "newest",
            Self::LastModified => "last_modified",
        }
    }

    /// The choice with this code, if there is one.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|choice| choice.as_str() == code)
    }
}

/// The matcher's settings. The default is what the shipped configuration says.
///
/// ```
/// use matching::{Config, OnTie, Strength};
/// let cautious = Config { min_auto: Strength::Strong, ..Config::default() };
/// assert_eq!((cautious.min_auto, cautious.on_tie), (Strength::Strong, OnTie::Report));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Weakest verdict that links without a person having looked. `Review` and `None` are read as `Probable`.
    pub min_auto: Strength,
    /// Differences between addresses that are overlooked.
    pub email_equivalence: EmailEquivalence,
    /// What happens on a tie.
    pub on_tie: OnTie,
}

impl Default for Config {
    fn default() -> Self {
        Self {
            min_auto: Strength::Probable,
            email_equivalence: EmailEquivalence::default(),
            on_tie: OnTie::default(),
        }
    }
}

impl Config {
    /// Whether this verdict links by itself. `Review` never does, whatever was configured.
    #[must_use]
    pub fn links(&self, strength: Strength) -> bool {
        strength >= self.min_auto.max(Strength::Probable)
    }
}
