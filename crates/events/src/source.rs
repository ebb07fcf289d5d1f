//! Who sends events.

use std::fmt;

/// The name of a source: a website, an app, a tenant. Written in logs and lists, so it is a plain word.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SourceName(String);

/// The text is no name of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a source's name is 1 to 40 lower-case letters, digits, \"-\" and \"_\"")]
pub struct InvalidSourceName;

impl SourceName {
    /// Accepts 1 to 40 of `a-z0-9_-`.
    ///
    /// # Errors
    /// [`InvalidSourceName`] for anything else.
    pub fn parse(raw: &str) -> Result<Self, InvalidSourceName> {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
        let fits = (1..=40).contains(&raw.len()) && raw.bytes().all(plain);
        if fits { Ok(Self(raw.to_owned())) } else { Err(InvalidSourceName) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SourceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
