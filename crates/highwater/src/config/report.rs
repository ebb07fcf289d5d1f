//! `[report]`: where a person can open the records that a report names.

use serde::Deserialize;

/// Address patterns with `{id}` in them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Report {
    /// Where a supporter's record is shown.
    pub supporter_url: Option<String>,
    /// Where a Contact is shown; the org's own address where it is not given.
    pub contact_url: Option<String>,
}
