//! The envelope of every stored value: one format byte, the payload, a CRC-32 over tree, key, format and payload.
//!
//! Tree and key take part so that a value found under another key (a page of an older file, a copy gone wrong) is noticed. A row that
//! lies in a leaf has the format byte alone: the leaf's own checksum is over all of its rows and their keys.

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

/// Wraps the payload of a row, as the tree's rows are wrapped.
pub(crate) fn wrap(tree: Tree, key: &[u8], format: u8, payload: &[u8]) -> Vec<u8> {
    let mut value = Vec::with_capacity(payload.len() + 5);
    value.push(format);
    value.extend_from_slice(payload);
    finish(tree, key, &mut value);
    value
}

/// Ends the envelope of a row that begins with its format byte.
pub(crate) fn finish(tree: Tree, key: &[u8], value: &mut Vec<u8>) {
    if !tree.is_packed() {
        let crc = checksum(tree, key, value);
        value.extend_from_slice(&crc.to_le_bytes());
    }
}

/// Takes the envelope off a row: format byte and payload.
pub(crate) fn unwrap<'v>(tree: Tree, key: &[u8], value: &'v [u8]) -> Result<(u8, &'v [u8]), Fatal> {
    if !tree.is_packed() {
        return open(tree, key, value);
    }
    let (format, payload) = value.split_first().ok_or_else(|| Fatal::damaged(tree, key, Damage::Short))?;
    Ok((*format, payload))
}

/// A row of a tree as it is written out, always with its checksum.
pub(crate) fn written_out(tree: Tree, key: &[u8], value: Vec<u8>) -> Vec<u8> {
    if tree.is_packed() { again(tree, key, &value) } else { value }
}

/// What [`written_out`] wrote, as the tree's rows are wrapped.
pub(crate) fn read_in(tree: Tree, key: &[u8], mut value: Vec<u8>) -> Result<Vec<u8>, Fatal> {
    open(tree, key, &value)?;
    if tree.is_packed() {
        value.truncate(value.len() - 4);
    }
    Ok(value)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_in_a_leaf_has_no_checksum_until_it_is_written_out() {
        for tree in Tree::ALL {
            let row = wrap(tree, b"k", 7, b"payload");
            assert_eq!(row.len(), if tree.is_packed() { 8 } else { 12 });
            assert_eq!(unwrap(tree, b"k", &row).unwrap(), (7, &b"payload"[..]));
            let mut text = written_out(tree, b"k", row.clone());
            assert_eq!(text, seal(tree, b"k", 7, b"payload"));
            assert_eq!(read_in(tree, b"k", text.clone()).unwrap(), row);
            text[3] ^= 1;
            assert!(read_in(tree, b"k", text).is_err());
        }
    }
}
