//! What a decision needs to know of one supporter.

use model::{Block, Intent, Link};

use crate::Bases;

/// What the state remembers of one supporter; all empty for somebody never met.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Known {
    /// The link, live or not.
    pub link: Option<Link>,
    /// What both sides last agreed on.
    pub bases: Bases,
    /// Values on their way.
    pub intent: Option<Intent>,
    /// Why the supporter is set aside.
    pub block: Option<Block>,
}
