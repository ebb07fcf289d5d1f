//! The file with the digest key: random, made with the state, readable by its owner only.

use std::path::Path;

use model::{Cell, DigestKey, RuleKey};

use crate::error::{Error, Fatal, Refusal};
use crate::private_files;

const FILE: &str = "digest.key";

/// Reads the key of a state directory, or makes it when the state is new.
pub(crate) fn load(dir: &Path, new: bool) -> Result<DigestKey, Error> {
    let path = dir.join(FILE);
    let found = private_files::read_small(&path).map_err(|e| Fatal::io("reading the digest key", &e))?;
    match (found, new) {
        (Some(text), _) => parse(&text).ok_or_else(|| Refusal::DigestKey.into()),
        (None, false) => Err(Refusal::DigestKey.into()),
        (None, true) => {
            let mut bytes = [0; 16];
            getrandom::fill(&mut bytes)
                .map_err(|e| Fatal::Backend { operation: "making a key", reason: e.to_string() })?;
            store(dir, &DigestKey::new(bytes))?;
            Ok(DigestKey::new(bytes))
        }
    }
}

/// Writes a key that comes out of an export.
pub(crate) fn store(dir: &Path, key: &DigestKey) -> Result<(), Fatal> {
    private_files::replace(&dir.join(FILE), text(key).as_bytes())
        .map_err(|e| Fatal::io("writing the digest key", &e))
}

/// The key as text.
pub(crate) fn text(key: &DigestKey) -> String {
    hex::encode(key.expose())
}

/// Reads [`text`] back.
pub(crate) fn parse(text: &[u8]) -> Option<DigestKey> {
    let mut bytes = [0; 16];
    hex::decode_to_slice(text.trim_ascii(), &mut bytes).ok()?;
    Some(DigestKey::new(bytes))
}

/// What tells one key from another without telling the key.
pub(crate) fn check(key: &DigestKey) -> String {
    let digest = key.digest(RuleKey(0), &Cell::Value("highwater digest key".into()));
    format!("{:016x}", digest.0)
}
