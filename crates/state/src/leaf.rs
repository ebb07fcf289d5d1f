//! Many small rows in one stored value: what keeps a store of one record per person from costing a tree walk per person.
//!
//! A leaf holds the rows of one tree from its own key (its *lower bound*) up to the next leaf's. Rows stand in ascending order,
//! each key written as what it does not share with the key before it. A leaf is compressed and sealed as a whole; a row's own
//! checksum is left out where it is right, and is there again when the row is read.
//!
//! ```text
//! per row: shared length | rest length | twice the value's length, + 1: checksum left out | rest of the key | value     (lengths LEB128)
//! ```

use std::borrow::Cow;

use crate::error::{Damage, Fatal};
use crate::tree::Tree;
use crate::{seal, varint};

/// Format byte of a leaf's seal. Rows that stand alone have another: neither is ever taken for the other.
const FORMAT: u8 = 65;
/// The same up to state format 2: not compressed, every checksum in its place.
const PLAIN: u8 = 64;
/// A leaf that would be larger before it is compressed is cut into several. A row that is larger by itself has a leaf of its own.
pub(crate) const MOST: usize = 12 * 1024;
/// What a leaf is filled to when it is cut.
const FILL: usize = 8 * 1024;
/// The most a leaf unpacks to: the largest row there can be, and its key.
const UNPACKED: usize = 2 * crate::MAX_VALUE_BYTES;

/// The value of a row as it lies in a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value<'l> {
    bytes: &'l [u8],
    /// The checksum is left out.
    bare: bool,
}

impl<'l> Value<'l> {
    /// A value as it is to lie in a leaf.
    pub(crate) fn of(tree: Tree, key: &[u8], value: &'l [u8]) -> Self {
        match seal::bare(tree, key, value) {
            Some(bytes) => Self { bytes, bare: true },
            None => Self { bytes: value, bare: false },
        }
    }

    /// The value as it was.
    pub(crate) fn whole(self, tree: Tree, key: &[u8]) -> Vec<u8> {
        if self.bare { seal::again(tree, key, self.bytes) } else { self.bytes.to_vec() }
    }

    /// Its bytes here, for an estimate.
    pub(crate) const fn len(self) -> usize {
        self.bytes.len()
    }
}

/// A row as it lies in a leaf: its key, and its value.
type Found<'r, 'l> = (&'r [u8], Value<'l>);

/// A leaf that was opened.
pub(crate) struct Leaf<'l> {
    tree: Tree,
    lower: &'l [u8],
    packed: bool,
    rows: Cow<'l, [u8]>,
}

impl<'l> Leaf<'l> {
    /// Opens a stored leaf.
    ///
    /// # Errors
    /// [`Fatal::Damaged`] when the value is no leaf under this key.
    pub(crate) fn open(tree: Tree, lower: &'l [u8], value: &'l [u8]) -> Result<Self, Fatal> {
        let damaged = |damage| Fatal::damaged(tree, lower, damage);
        let (format, rest) = seal::open(tree, lower, value)?;
        let (packed, rows) = match format {
            FORMAT => (true, Cow::Owned(unpacked(rest).ok_or_else(|| damaged(Damage::Content))?)),
            PLAIN => (false, Cow::Borrowed(rest)),
            _ => return Err(damaged(Damage::Format(format))),
        };
        Ok(Self { tree, lower, packed, rows })
    }

    /// Its rows, from the first on.
    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows { tree: self.tree, packed: self.packed, rest: &self.rows, key: self.lower.to_vec() }
    }
}

fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    let (size, packed) = packed.split_first_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*size)).ok().filter(|size| *size <= UNPACKED)?;
    lz4_flex::block::decompress(packed, size).ok().filter(|rows| rows.len() == size)
}

/// The rows of a leaf, one after the other.
pub(crate) struct Rows<'l> {
    tree: Tree,
    packed: bool,
    rest: &'l [u8],
    key: Vec<u8>,
}

impl<'l> Rows<'l> {
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

    fn read(&mut self) -> Option<Value<'l>> {
        let mut rest = self.rest;
        let shared = varint::take_len(&mut rest)?;
        let own = varint::take_len(&mut rest)?;
        let size = varint::take_len(&mut rest)?;
        let (size, bare) = if self.packed { (size / 2, size % 2 == 1) } else { (size, false) };
        let (own, rest) = rest.split_at_checked(own)?;
        let (bytes, rest) = rest.split_at_checked(size)?;
        if shared > self.key.len() {
            return None;
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(own);
        self.rest = rest;
        Some(Value { bytes, bare })
    }
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
    pub(crate) fn push(&mut self, key: &[u8], value: Value<'_>) {
        let full = self.payload.len() >= self.fill || self.payload.len() + key.len() + value.len() > MOST;
        if !self.payload.is_empty() && full {
            self.cut();
            self.lower = key.to_vec();
            self.last = key.to_vec();
        }
        let shared = self.last.iter().zip(key).take_while(|(a, b)| a == b).count();
        varint::push(&mut self.payload, shared as u64);
        varint::push(&mut self.payload, (key.len() - shared) as u64);
        varint::push(&mut self.payload, 2 * value.bytes.len() as u64 + u64::from(value.bare));
        self.payload.extend_from_slice(&key[shared..]);
        self.payload.extend_from_slice(value.bytes);
        self.last.clear();
        self.last.extend_from_slice(key);
    }

    fn cut(&mut self) {
        let packed = lz4_flex::block::compress_prepend_size(&self.payload);
        let value = seal::seal(self.tree, &self.lower, FORMAT, &packed);
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
            let leaf = Leaf::open(Tree::People, lower, value).unwrap();
            let mut rows = leaf.rows();
            while let Some((key, value)) = rows.next().unwrap() {
                assert!(key >= lower.as_slice());
                all.push((key.to_vec(), value.whole(Tree::People, key)));
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
                builder.push(key, Value::of(Tree::People, key, value));
            }
            let leaves = builder.finish();
            // What cannot be compressed grows by a byte in 255.
            prop_assert!(leaves.iter().all(|(_, value)| value.len() <= MOST + MOST / 128 + 32));
            prop_assert!(leaves.is_sorted_by(|a, b| a.0 < b.0));
            prop_assert_eq!(rows_of(&leaves), rows.into_iter().collect::<Vec<_>>());
        }

        #[test]
        fn any_bytes_are_rows_or_an_error_that_names_the_place(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            for (format, bytes) in [
                (PLAIN, bytes.clone()),
                (FORMAT, bytes.clone()),
                (FORMAT, lz4_flex::block::compress_prepend_size(&bytes)),
            ] {
                let sealed = seal::seal(Tree::Dirty, b"k", format, &bytes);
                if let Ok(leaf) = Leaf::open(Tree::Dirty, b"k", &sealed) {
                    let mut rows = leaf.rows();
                    while let Ok(Some(_)) = rows.next() {}
                }
            }
            let _ = Leaf::open(Tree::Dirty, b"k", &bytes);
        }

        #[test]
        fn a_sealed_row_is_whole_again_and_any_other_is_left_as_it_is(
            key in proptest::collection::vec(any::<u8>(), 0..6), payload in proptest::collection::vec(any::<u8>(), 0..40),
        ) {
            let sealed = seal::seal(Tree::People, &key, 7, &payload);
            let value = Value::of(Tree::People, &key, &sealed);
            prop_assert_eq!(value.len() + 4, sealed.len());
            prop_assert_eq!(value.whole(Tree::People, &key), sealed);
            prop_assert_eq!(Value::of(Tree::People, &key, &payload).whole(Tree::People, &key), payload);
        }
    }

    #[test]
    fn leaves_of_state_format_2_are_read() {
        let sealed = seal::seal(Tree::Dirty, b"ab1", 1, b"x");
        let rows = [&[2, 1, 6][..], b"1", &sealed, &[2, 1, 1], b"2", b"y"].concat();
        let stored = seal::seal(Tree::Dirty, b"ab", PLAIN, &rows);
        let leaf = Leaf::open(Tree::Dirty, b"ab", &stored).unwrap();
        let mut rows = leaf.rows();
        let (key, value) = rows.next().unwrap().unwrap();
        assert_eq!((key, value.whole(Tree::Dirty, key)), (&b"ab1"[..], sealed));
        let (key, value) = rows.next().unwrap().unwrap();
        assert_eq!((key, value.whole(Tree::Dirty, key)), (&b"ab2"[..], b"y".to_vec()));
        assert_eq!(rows.next().unwrap(), None);
    }

    #[test]
    fn a_leaf_that_says_it_is_huge_is_refused_before_it_is_unpacked() {
        let huge = [&u32::MAX.to_le_bytes()[..], &[0; 20]].concat();
        assert!(Leaf::open(Tree::Dirty, b"k", &seal::seal(Tree::Dirty, b"k", FORMAT, &huge)).is_err());
    }

    #[test]
    fn a_leaf_under_another_key_and_a_row_that_stands_alone_are_refused() {
        let mut builder = Builder::new(Tree::Dirty, b"a".to_vec(), 10, false);
        builder.push(b"a", Value::of(Tree::Dirty, b"a", b"1"));
        let leaves = builder.finish();
        assert!(Leaf::open(Tree::Dirty, b"b", &leaves[0].1).is_err());
        assert!(Leaf::open(Tree::People, b"a", &leaves[0].1).is_err());
        assert!(Leaf::open(Tree::Dirty, b"a", &seal::seal(Tree::Dirty, b"a", 1, b"x")).is_err());
    }
}
