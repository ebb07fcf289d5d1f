//! Many small rows in one stored value: what keeps a store of one record per person from costing a tree walk per person.
//!
//! A leaf holds the rows of one tree from its own key (its *lower bound*) up to the next leaf's. Rows stand in ascending order,
//! each key written as what it does not share with the key before it. A leaf is sealed as a whole, and each row in it carries
//! its own seal besides, as it does in a store without leaves.
//!
//! ```text
//! per row: shared length | rest length | value length | rest of the key | value     (lengths LEB128)
//! ```

use crate::error::{Damage, Fatal};
use crate::seal;
use crate::tree::Tree;

/// Format byte of a leaf's seal. Rows that stand alone have 1: neither is ever taken for the other.
const FORMAT: u8 = 64;
/// A leaf that would be larger is cut into several. A row that is larger by itself has a leaf of its own.
pub(crate) const MOST: usize = 12 * 1024;
/// What a leaf is filled to when it is cut.
const FILL: usize = 8 * 1024;

/// A row as it lies in a leaf: its key, and its value.
type Found<'r, 'l> = (&'r [u8], &'l [u8]);

/// The rows of an opened leaf.
pub(crate) struct Rows<'l> {
    tree: Tree,
    rest: &'l [u8],
    key: Vec<u8>,
}

impl<'l> Rows<'l> {
    /// Opens a stored leaf.
    ///
    /// # Errors
    /// [`Fatal::Damaged`] when the value is no leaf under this key.
    pub(crate) fn open(tree: Tree, lower: &[u8], value: &'l [u8]) -> Result<Self, Fatal> {
        let (format, rest) = seal::open(tree, lower, value)?;
        if format != FORMAT {
            return Err(Fatal::damaged(tree, lower, Damage::Format(format)));
        }
        Ok(Self { tree, rest, key: lower.to_vec() })
    }

    /// The next row: its key, and its value.
    ///
    /// # Errors
    /// [`Fatal::Damaged`] when the bytes are no rows.
    pub(crate) fn next(&mut self) -> Result<Option<Found<'_, 'l>>, Fatal> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        match self.read() {
            Some(value) => Ok(Some((&self.key, value))),
            None => Err(Fatal::damaged(self.tree, &self.key, Damage::Content)),
        }
    }

    fn read(&mut self) -> Option<&'l [u8]> {
        let (shared, rest) = length(self.rest)?;
        let (own, rest) = length(rest)?;
        let (size, rest) = length(rest)?;
        let (own, rest) = rest.split_at_checked(own)?;
        let (value, rest) = rest.split_at_checked(size)?;
        if shared > self.key.len() {
            return None;
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(own);
        self.rest = rest;
        Some(value)
    }
}

/// Reads a LEB128 number of at most four bytes.
fn length(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let mut value = 0;
    for (at, byte) in bytes.iter().take(4).enumerate() {
        value |= usize::from(byte & 0x7f) << (7 * at);
        if byte & 0x80 == 0 {
            return Some((value, &bytes[at + 1..]));
        }
    }
    None
}

#[allow(clippy::cast_possible_truncation)] // the low seven bits
fn push_length(to: &mut Vec<u8>, mut value: usize) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// A leaf as it is stored: its lower bound, and its sealed rows.
pub(crate) type Stored = (Vec<u8>, Vec<u8>);

/// Rows in ascending order, made into leaves.
pub(crate) struct Builder {
    tree: Tree,
    lower: Vec<u8>,
    last: Vec<u8>,
    payload: Vec<u8>,
    fill: usize,
    done: Vec<Stored>,
}

impl Builder {
    /// Leaves from `lower` on. `bytes`: about how much is to come; `appending`: all of it lies behind what was there.
    pub(crate) fn new(tree: Tree, lower: Vec<u8>, bytes: usize, appending: bool) -> Self {
        let pieces = if bytes <= MOST { 1 } else { bytes.div_ceil(FILL) };
        // Rows that come in order fill one leaf after the other; those that come anywhere leave room for the next.
        let fill = if appending { MOST } else { bytes.div_ceil(pieces).max(1) };
        Self {
            tree,
            last: lower.clone(),
            lower,
            payload: Vec::with_capacity(bytes.min(MOST) + 64),
            fill,
            done: Vec::new(),
        }
    }

    /// Adds the next row.
    pub(crate) fn push(&mut self, key: &[u8], value: &[u8]) {
        let full = self.payload.len() >= self.fill || self.payload.len() + key.len() + value.len() > MOST;
        if !self.payload.is_empty() && full {
            self.cut();
            self.lower = key.to_vec();
            self.last = key.to_vec();
        }
        let shared = self.last.iter().zip(key).take_while(|(a, b)| a == b).count();
        push_length(&mut self.payload, shared);
        push_length(&mut self.payload, key.len() - shared);
        push_length(&mut self.payload, value.len());
        self.payload.extend_from_slice(&key[shared..]);
        self.payload.extend_from_slice(value);
        self.last.clear();
        self.last.extend_from_slice(key);
    }

    fn cut(&mut self) {
        let value = seal::seal(self.tree, &self.lower, FORMAT, &self.payload);
        self.payload.clear();
        self.done.push((std::mem::take(&mut self.lower), value));
    }

    /// The leaves; none where there were no rows.
    pub(crate) fn finish(mut self) -> Vec<Stored> {
        if !self.payload.is_empty() {
            self.cut();
        }
        self.done
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn rows_of(leaves: &[Stored]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let mut all = Vec::new();
        for (lower, value) in leaves {
            let mut rows = Rows::open(Tree::People, lower, value).unwrap();
            while let Some((key, value)) = rows.next().unwrap() {
                assert!(key >= lower.as_slice());
                all.push((key.to_vec(), value.to_vec()));
            }
        }
        all
    }

    proptest! {
        #[test]
        fn what_is_packed_comes_out_in_order_whatever_its_size(
            rows in proptest::collection::btree_map(
                proptest::collection::vec(any::<u8>(), 0..6), proptest::collection::vec(any::<u8>(), 0..3_000), 0..40),
            appending in any::<bool>(),
        ) {
            let rows: BTreeMap<Vec<u8>, Vec<u8>> = rows;
            let bytes = rows.iter().map(|(key, value)| key.len() + value.len() + 3).sum();
            let mut builder = Builder::new(Tree::People, Vec::new(), bytes, appending);
            for (key, value) in &rows {
                builder.push(key, value);
            }
            let leaves = builder.finish();
            prop_assert!(leaves.iter().all(|(_, value)| value.len() <= MOST + 32));
            prop_assert!(leaves.is_sorted_by(|a, b| a.0 < b.0));
            prop_assert_eq!(rows_of(&leaves), rows.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_are_rows_or_an_error_that_names_the_place(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let sealed = seal::seal(Tree::Dirty, b"k", FORMAT, &bytes);
            let mut rows = Rows::open(Tree::Dirty, b"k", &sealed).unwrap();
            while let Ok(Some(_)) = rows.next() {}
            let _ = Rows::open(Tree::Dirty, b"k", &bytes);
        }
    }

    #[test]
    fn a_leaf_under_another_key_and_a_row_that_stands_alone_are_refused() {
        let mut builder = Builder::new(Tree::Dirty, b"a".to_vec(), 10, false);
        builder.push(b"a", b"1");
        let leaves = builder.finish();
        assert!(Rows::open(Tree::Dirty, b"b", &leaves[0].1).is_err());
        assert!(Rows::open(Tree::People, b"a", &leaves[0].1).is_err());
        assert!(Rows::open(Tree::Dirty, b"a", &seal::seal(Tree::Dirty, b"a", 1, b"x")).is_err());
    }
}
