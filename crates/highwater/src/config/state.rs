//! `[state]`: where highwater keeps what it must not forget.

use std::path::PathBuf;

use serde::Deserialize;

use super::bounded::Whole;

/// Where the state is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StateOptions {
    /// The directory, on a local disk. One per org.
    pub dir: PathBuf,
    /// How many days each person's story is kept, for `highwater why`; 0: none is kept.
    pub history_days: Whole<0, 3650>,
}

impl Default for StateOptions {
    fn default() -> Self {
        Self { dir: PathBuf::from("highwater-state"), history_days: Whole::of::<90>() }
    }
}
