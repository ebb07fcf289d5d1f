//! Who may send, and how a write key leads to a source.

use std::fmt;

use aws_lc_rs::constant_time::verify_slices_are_equal;
use secrecy::{ExposeSecret as _, SecretString};
use sha2::{Digest as _, Sha256};

use crate::source::SourceName;

/// Shortest write key, in characters: shorter ones can be guessed.
const MIN_KEY: usize = 16;
/// Longest write key, in characters.
const MAX_KEY: usize = 200;

/// A write key. Never shown.
#[derive(Clone)]
pub struct WriteKey(SecretString);

impl WriteKey {
    /// Accepts 16 to 200 visible ASCII characters without ":", which ends the user name of Basic authentication.
    #[must_use]
    pub fn parse(raw: SecretString) -> Option<Self> {
        let text = raw.expose_secret();
        let plain = text.bytes().all(|byte| byte.is_ascii_graphic() && byte != b':');
        ((MIN_KEY..=MAX_KEY).contains(&text.len()) && plain).then_some(Self(raw))
    }

    fn digest(&self) -> [u8; 32] {
        digest(self.0.expose_secret())
    }
}

impl fmt::Debug for WriteKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("WriteKey(<redacted>)")
    }
}

/// A source and its key.
#[derive(Debug, Clone)]
pub struct Source {
    /// Its name, kept with each of its events.
    pub name: SourceName,
    /// What it proves itself by.
    pub key: WriteKey,
}

/// Why sources do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourcesError {
    /// Nobody could send.
    #[error("there is no source")]
    Empty,
    /// Two have one name.
    #[error("two sources are called {0}")]
    SameName(SourceName),
    /// Two have one key: whose event is it?
    #[error("the sources {0} and {1} have the same write key")]
    SameKey(SourceName, SourceName),
}

/// All sources. Keys are kept as digests.
#[derive(Clone)]
pub struct Sources(Vec<(SourceName, [u8; 32])>);

impl Sources {
    /// Sources with names and keys of their own.
    ///
    /// # Errors
    /// [`SourcesError`].
    pub fn new(sources: impl IntoIterator<Item = Source>) -> Result<Self, SourcesError> {
        let mut known: Vec<(SourceName, [u8; 32])> = Vec::new();
        for Source { name, key } in sources {
            let digest = key.digest();
            for (other, theirs) in &known {
                if *other == name {
                    return Err(SourcesError::SameName(name));
                }
                if *theirs == digest {
                    return Err(SourcesError::SameKey(other.clone(), name));
                }
            }
            known.push((name, digest));
        }
        if known.is_empty() { Err(SourcesError::Empty) } else { Ok(Self(known)) }
    }

    /// Whose key it is. Takes as long for a wrong key as for a right one: digests are compared, all of them, each in constant
    /// time.
    pub(super) fn find(&self, key: &str) -> Option<&SourceName> {
        let digest = digest(key);
        let mut found = None;
        for (name, known) in &self.0 {
            if verify_slices_are_equal(known, &digest).is_ok() {
                found = Some(name);
            }
        }
        found
    }
}

impl fmt::Debug for Sources {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(name, _)| name)).finish()
    }
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text.as_bytes()).into()
}
