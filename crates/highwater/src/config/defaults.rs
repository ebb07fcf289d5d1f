//! The shipped file: every key, what it means, and its default.

/// `config/highwater.toml`, as it was when this program was built.
pub const COMMENTED_DEFAULTS: &str = include_str!("../../../../config/highwater.toml");
