//! The envelope of every stored value: one format byte, the payload, a CRC-32 over tree, key, format and payload.
//!
//! Tree and key take part so that a value found under another key (a page of an older file, a copy gone wrong) is noticed.

use crate::error::{Damage, Fatal};
use crate::tree::Tree;

/// Wraps a payload.
pub(crate) fn seal(tree: Tree, key: &[u8], format: u8, payload: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(payload.len() + 5);
    value.push(format);
    value.extend_from_slice(payload);
    let crc = checksum(tree, key, &value);
    value.extend_from_slice(&crc.to_le_bytes());
    value
}

/// The value without its checksum; `None` where that is not right.
pub(crate) fn bare<'v>(tree: Tree, key: &[u8], value: &'v [u8]) -> Option<&'v [u8]> {
    let (body, crc) = value.split_last_chunk::<4>()?;
    (!body.is_empty() && checksum(tree, key, body) == u32::from_le_bytes(*crc)).then_some(body)
}

/// What [`bare`] left, with its checksum.
pub(crate) fn again(tree: Tree, key: &[u8], body: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(body.len() + 4);
    value.extend_from_slice(body);
    value.extend_from_slice(&checksum(tree, key, body).to_le_bytes());
    value
}

/// Takes the envelope off: format byte and payload.
pub(crate) fn open<'v>(tree: Tree, key: &[u8], value: &'v [u8]) -> Result<(u8, &'v [u8]), Fatal> {
    let Some((body, crc)) = value.split_last_chunk::<4>() else {
        return Err(Fatal::damaged(tree, key, Damage::Short));
    };
    let Some((format, payload)) = body.split_first() else {
        return Err(Fatal::damaged(tree, key, Damage::Short));
    };
    if checksum(tree, key, body) != u32::from_le_bytes(*crc) {
        return Err(Fatal::damaged(tree, key, Damage::Checksum));
    }
    Ok((*format, payload))
}

fn checksum(tree: Tree, key: &[u8], body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[tree.number()]);
    hasher.update(key);
    hasher.update(&[0]);
    hasher.update(body);
    hasher.finalize()
}
