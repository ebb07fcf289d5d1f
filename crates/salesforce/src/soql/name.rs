//! Checked names.

use std::fmt;

/// The text is no name of an object or field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a name is a letter followed by letters, digits and underscores")]
pub struct InvalidName;

const MAX_NAME: usize = 120;

fn is_identifier(raw: &str) -> bool {
    raw.len() <= MAX_NAME
        && raw.bytes().next().is_some_and(|b| b.is_ascii_alphabetic())
        && raw.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// The API name of an object: `Contact`, `npsp__Trigger_Handler__c`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectName(Box<str>);

impl ObjectName {
    /// Accepts an identifier of at most 120 characters.
    ///
    /// # Errors
    /// [`InvalidName`] otherwise.
    pub fn parse(raw: &str) -> Result<Self, InvalidName> {
        if is_identifier(raw) { Ok(Self(raw.into())) } else { Err(InvalidName) }
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ObjectName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A field, or a field of the record one relationship up: `Email`, `Account.Name`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct FieldPath(Box<str>);

impl FieldPath {
    /// Accepts one identifier, or two joined by a dot.
    ///
    /// # Errors
    /// [`InvalidName`] otherwise.
    pub fn parse(raw: &str) -> Result<Self, InvalidName> {
        let fits = match raw.split_once('.') {
            None => is_identifier(raw),
            Some((relationship, field)) => is_identifier(relationship) && is_identifier(field),
        };
        if fits { Ok(Self(raw.into())) } else { Err(InvalidName) }
    }

    /// The path as written.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The relationship, if the path has one, and the field.
    #[must_use]
    pub fn parts(&self) -> (Option<&str>, &str) {
        match self.0.split_once('.') {
            None => (None, &self.0),
            Some((relationship, field)) => (Some(relationship), field),
        }
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl AsRef<str> for FieldPath {
    fn as_ref(&self) -> &str {
        &self.0
    }
}
