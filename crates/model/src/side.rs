//! The two sides.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One of the two stores that are kept in step.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Side {
    /// The supporter database.
    Supporter,
    /// The Salesforce org.
    Salesforce,
}

impl Side {
    /// The side across.
    #[must_use]
    pub const fn other(self) -> Self {
        match self {
            Self::Supporter => Self::Salesforce,
            Self::Salesforce => Self::Supporter,
        }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Supporter => "supporter",
            Self::Salesforce => "salesforce",
        })
    }
}
