//! `[budget]`: how much of the org's daily requests highwater may use.

use serde::Deserialize;

use super::Whole;

/// The org's daily requests are everybody's: integrations, apps and reports of others use them, too.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Budget {
    /// So many in a hundred of the org's daily requests are highwater's.
    pub share_percent: Whole<1, 100>,
    /// While fewer than so many in a hundred are left, whoever used them, highwater begins nothing.
    pub reserve_percent: Whole<0, 90>,
}

impl Default for Budget {
    fn default() -> Self {
        Self { share_percent: Whole::of::<20>(), reserve_percent: Whole::of::<10>() }
    }
}

#[cfg(test)]
mod tests {
    use super::Budget;
    use crate::config::{COMMENTED_DEFAULTS, parse};

    #[test]
    fn the_shipped_defaults_are_the_programs() {
        assert_eq!(parse("highwater.toml", COMMENTED_DEFAULTS).unwrap().budget, Budget::default());
    }
}
