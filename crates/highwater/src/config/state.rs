//! `[state]`: where highwater keeps what it must not forget.

use std::path::PathBuf;

use serde::Deserialize;

/// Where the state is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct StateOptions {
    /// The directory, on a local disk. One per org.
    pub dir: PathBuf,
}

impl Default for StateOptions {
    fn default() -> Self {
        Self { dir: PathBuf::from("highwater-state") }
    }
}
