//! Many small rows in one stored value: what keeps a store of one record per person from costing a tree walk per person.
//!
//! A leaf holds the rows of one tree from its own key (its *lower bound*) up to the next leaf's. Rows stand in ascending order. Of a
//! key what the key before begins with alike is left out, of a value what one of the last four values does. A leaf is sealed as a
//! whole; its rows have no checksum of their own.
//!
//! ```text
//! per row: key shared | key's rest | 4 times value shared, + with how many rows further back than the one before
//!          | twice the value's rest, + 1: no checksum of its own    (lengths LEB128)
//!          | rest of the key | rest of the value
//! ```

use std::borrow::Cow;

use crate::error::{Damage, Fatal};
use crate::tree::Tree;
use crate::{seal, varint};

/// Format byte of a leaf's seal. Rows that stand alone have another: neither is ever taken for the other.
const FORMAT: u8 = 66;
/// The same at rest: its rows compressed (LZ4), as a copy of the whole database leaves them. When it changes it is written plain again.
const AT_REST: u8 = 67;
/// The same of state format 3: values written whole, all of it compressed (LZ4).
const PACKED: u8 = 65;
/// The same up to state format 2: not compressed, every checksum in its place.
const PLAIN: u8 = 64;
/// A leaf that would be larger is cut. A row that is larger by itself has a leaf of its own.
pub(crate) const MOST: usize = 3 * 1024;
/// Where a leaf is cut, unless all that is new lies behind what was there: what comes in order fills one leaf after the other, what
/// comes anywhere finds room in both halves.
const FILL: usize = 2 * 1024;
/// The most a leaf of state format 3 unpacks to: the largest row there can be, and its key.
const UNPACKED: usize = 2 * crate::MAX_VALUE_BYTES;
/// More than the lengths before a row take.
const LENGTHS: usize = 16;

/// The value of a row as it lies in a leaf.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value<'l> {
    bytes: &'l [u8],
    /// It has no checksum of its own.
    bare: bool,
}

/// A row of today.
pub(crate) const fn row<'v>(_: Tree, _: &[u8], value: &'v [u8]) -> Value<'v> {
    Value { bytes: value, bare: true }
}

/// A row of state format 1, which stood alone with a checksum. One that does not fit is kept, and found where the row is read.
pub(crate) fn sealed_row<'v>(tree: Tree, key: &[u8], value: &'v [u8]) -> Value<'v> {
    match seal::bare(tree, key, value) {
        Some(bytes) => Value { bytes, bare: true },
        None => Value { bytes: value, bare: false },
    }
}

impl<'l> Value<'l> {
    /// The row's value.
    ///
    /// # Errors
    /// [`Fatal::Damaged`] where it has a checksum of its own that does not fit.
    pub(crate) fn read(self, tree: Tree, key: &[u8]) -> Result<&'l [u8], Fatal> {
        if self.bare {
            return Ok(self.bytes);
        }
        seal::bare(tree, key, self.bytes).ok_or_else(|| Fatal::damaged(tree, key, Damage::Checksum))
    }
}

/// How the rows of a leaf are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Coding {
    Plain,
    Packed,
    Shared,
}

/// A leaf that was opened.
pub(crate) struct Leaf<'l> {
    tree: Tree,
    lower: &'l [u8],
    coding: Coding,
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
        let (coding, rows) = match format {
            FORMAT => (Coding::Shared, Cow::Borrowed(rest)),
            AT_REST => (Coding::Shared, Cow::Owned(unpacked(rest).ok_or_else(|| damaged(Damage::Content))?)),
            PACKED => (Coding::Packed, Cow::Owned(unpacked(rest).ok_or_else(|| damaged(Damage::Content))?)),
            PLAIN => (Coding::Plain, Cow::Borrowed(rest)),
            _ => return Err(damaged(Damage::Format(format))),
        };
        Ok(Self { tree, lower, coding, rows })
    }

    /// Its rows, from before the first on.
    pub(crate) fn rows(&self) -> Rows<'_> {
        Rows {
            tree: self.tree,
            coding: self.coding,
            rest: &self.rows,
            key: self.lower.to_vec(),
            values: Values::default(),
            bare: true,
        }
    }
}

/// A leaf as it lies where it is not expected to change soon; `None` for one that is so already, would not be smaller, or is damaged.
pub(crate) fn at_rest(tree: Tree, lower: &[u8], value: &[u8]) -> Option<Vec<u8>> {
    let (FORMAT, rows) = seal::open(tree, lower, value).ok()? else { return None };
    let packed = lz4_flex::block::compress_prepend_size(rows);
    (packed.len() < rows.len()).then(|| seal::seal(tree, lower, AT_REST, &packed))
}

fn unpacked(packed: &[u8]) -> Option<Vec<u8>> {
    let (size, packed) = packed.split_first_chunk::<4>()?;
    let size = usize::try_from(u32::from_le_bytes(*size)).ok().filter(|size| *size <= UNPACKED)?;
    lz4_flex::block::decompress(packed, size).ok().filter(|rows| rows.len() == size)
}

/// How many rows back a value may be told from.
const BACK: usize = 4;

/// Values of fewer bytes are only told from the row before: there is little to be had.
const SHORT: usize = 40;

/// As what a value begins: so many bytes of the value that many rows further back than the one before.
#[derive(Debug, Clone, Copy, Default)]
struct Like {
    back: usize,
    bytes: usize,
}

/// The last values.
#[derive(Default)]
struct Values {
    kept: [Vec<u8>; BACK],
    last: usize,
}

impl Values {
    fn last(&self) -> &[u8] {
        &self.kept[self.last]
    }

    fn back(&self, back: usize) -> &[u8] {
        &self.kept[(self.last + BACK - back) % BACK]
    }

    /// Adds a value that begins like an earlier one.
    fn add(&mut self, like: Like, rest: &[u8]) {
        let next = (self.last + 1) % BACK;
        // The oldest makes room, and may itself be the one.
        let mut value = std::mem::take(&mut self.kept[next]);
        if like.back == BACK - 1 {
            value.truncate(like.bytes);
        } else {
            value.clear();
            value.extend_from_slice(&self.back(like.back)[..like.bytes]);
        }
        value.extend_from_slice(rest);
        (self.kept[next], self.last) = (value, next);
    }

    /// The one of the last `known` values that a value begins most alike with; the first that is good enough.
    fn like(&self, known: usize, value: &[u8]) -> Like {
        let mut best = Like::default();
        let known = if value.len() < SHORT { known.min(1) } else { known };
        for back in 0..known {
            let bytes = alike(self.back(back), value);
            if bytes > best.bytes {
                best = Like { back, bytes };
            }
            if 2 * bytes >= value.len() {
                break;
            }
        }
        best
    }
}

/// The rows of a leaf, one after the other.
pub(crate) struct Rows<'l> {
    tree: Tree,
    coding: Coding,
    rest: &'l [u8],
    key: Vec<u8>,
    values: Values,
    bare: bool,
}

impl Rows<'_> {
    /// Goes on to the next row; `false`: there is none.
    ///
    /// # Errors
    /// [`Fatal::Damaged`] when the bytes are no rows.
    pub(crate) fn advance(&mut self) -> Result<bool, Fatal> {
        if self.rest.is_empty() {
            return Ok(false);
        }
        self.read().map(|()| true).ok_or_else(|| Fatal::damaged(self.tree, &self.key, Damage::Content))
    }

    /// The key of this row.
    pub(crate) fn key(&self) -> &[u8] {
        &self.key
    }

    /// Its value.
    pub(crate) fn value(&self) -> Value<'_> {
        Value { bytes: self.values.last(), bare: self.bare }
    }

    /// Its value, taken apart from its checksum if it has one.
    ///
    /// # Errors
    /// As [`Value::read`].
    pub(crate) fn read_value(&self) -> Result<&[u8], Fatal> {
        self.value().read(self.tree, &self.key)
    }

    fn read(&mut self) -> Option<()> {
        let mut rest = self.rest;
        let shared = varint::take_len(&mut rest)?;
        let own = varint::take_len(&mut rest)?;
        let alike = if self.coding == Coding::Shared { varint::take_len(&mut rest)? } else { 0 };
        let like = Like { back: alike % BACK, bytes: alike / BACK };
        let size = varint::take_len(&mut rest)?;
        let (size, bare) =
            if self.coding == Coding::Plain { (size, false) } else { (size / 2, size % 2 == 1) };
        let (own, rest) = rest.split_at_checked(own)?;
        let (bytes, rest) = rest.split_at_checked(size)?;
        if shared > self.key.len() || like.bytes > self.values.back(like.back).len() {
            return None;
        }
        self.key.truncate(shared);
        self.key.extend_from_slice(own);
        self.values.add(like, bytes);
        (self.rest, self.bare) = (rest, bare);
        Some(())
    }
}

/// A leaf as it is stored: its lower bound, and its sealed rows.
pub(crate) type Stored = (Vec<u8>, Vec<u8>);

/// The row at which a leaf is cut if it grows too large.
struct Cut {
    begins: usize,
    ends: usize,
    key: Vec<u8>,
    value: Vec<u8>,
    bare: bool,
}

/// Rows in ascending order, made into leaves.
pub(crate) struct Builder {
    tree: Tree,
    lower: Vec<u8>,
    /// The last row's key, and the last values, of which so many may be told from.
    last: Vec<u8>,
    values: Values,
    known: usize,
    payload: Vec<u8>,
    /// What comes is new and lies behind what was there.
    appending: bool,
    cut: Option<Cut>,
    done: Vec<Stored>,
}

impl Builder {
    /// Leaves from `lower` on.
    pub(crate) fn new(tree: Tree, lower: Vec<u8>) -> Self {
        Self {
            tree,
            last: lower.clone(),
            values: Values::default(),
            known: 0,
            lower,
            payload: Vec::with_capacity(MOST),
            appending: false,
            cut: None,
            done: Vec::new(),
        }
    }

    /// From here on everything is new.
    pub(crate) fn append(&mut self) {
        (self.appending, self.cut) = (true, None);
    }

    /// Adds the next row.
    pub(crate) fn push(&mut self, key: &[u8], value: Value<'_>) {
        let size = key.len() + value.bytes.len() + LENGTHS;
        if self.payload.len() + size > MOST {
            if let Some(cut) = self.cut.take() {
                self.split(cut);
            }
            if !self.payload.is_empty() && self.payload.len() + size > MOST {
                self.close(key.to_vec());
                (self.last, self.known) = (key.to_vec(), 0);
            }
        }
        let begins = self.payload.len();
        let (shared, like) = (alike(&self.last, key), self.values.like(self.known, value.bytes));
        push_row(&mut self.payload, (shared, key), (like, value));
        self.last.truncate(shared);
        self.last.extend_from_slice(&key[shared..]);
        self.values.add(like, &value.bytes[like.bytes..]);
        self.known = BACK.min(self.known + 1);
        if begins >= FILL && self.cut.is_none() && !self.appending {
            let (key, value, bare) = (key.to_vec(), value.bytes.to_vec(), value.bare);
            self.cut = Some(Cut { begins, ends: self.payload.len(), key, value, bare });
            // Nothing behind a cut is told from what lies before it.
            self.known = 1;
        }
    }

    /// Ends a leaf before the row of the cut, which begins the next one. Whatever follows is told from that row as before.
    fn split(&mut self, cut: Cut) {
        let behind = self.payload.split_off(cut.ends);
        self.payload.truncate(cut.begins);
        let value = Value { bytes: &cut.value, bare: cut.bare };
        self.close(cut.key.clone());
        push_row(&mut self.payload, (cut.key.len(), &cut.key), (Like::default(), value));
        self.payload.extend_from_slice(&behind);
    }

    /// Ends a leaf; the next one begins at `next`.
    fn close(&mut self, next: Vec<u8>) {
        let value = seal::seal(self.tree, &self.lower, FORMAT, &self.payload);
        self.payload.clear();
        self.done.push((std::mem::replace(&mut self.lower, next), value));
    }

    /// The leaves; none where there were no rows.
    pub(crate) fn finish(mut self) -> Vec<Stored> {
        if !self.payload.is_empty() {
            self.close(Vec::new());
        }
        self.done
    }
}

/// Appends a row, of which so many bytes of key and value are known from the row before.
fn push_row(to: &mut Vec<u8>, (shared, key): (usize, &[u8]), (like, value): (Like, Value<'_>)) {
    let (key, bytes) = (&key[shared..], &value.bytes[like.bytes..]);
    varint::push(to, shared as u64);
    varint::push(to, key.len() as u64);
    varint::push(to, (BACK * like.bytes + like.back) as u64);
    varint::push(to, 2 * bytes.len() as u64 + u64::from(value.bare));
    to.extend_from_slice(key);
    to.extend_from_slice(bytes);
}

/// How many bytes two texts begin alike with. Eight at a time: this is what writing a leaf is spent on.
fn alike(a: &[u8], b: &[u8]) -> usize {
    let most = a.len().min(b.len());
    let (a, b) = (&a[..most], &b[..most]);
    let mut at = 0;
    while let (Some(eight), Some(other)) = (a[at..].first_chunk::<8>(), b[at..].first_chunk::<8>()) {
        let differ = u64::from_le_bytes(*eight) ^ u64::from_le_bytes(*other);
        if differ != 0 {
            return at + differ.trailing_zeros() as usize / 8;
        }
        at += 8;
    }
    while at < most && a[at] == b[at] {
        at += 1;
    }
    at
}

/// A leaf as state format 3 had it, of rows of today.
#[cfg(test)]
pub(crate) fn of_format_3(tree: Tree, stored: &Stored) -> Stored {
    let leaf = Leaf::open(tree, &stored.0, &stored.1).unwrap();
    let (mut rows, mut packed) = (leaf.rows(), Vec::new());
    while rows.advance().unwrap() {
        varint::push(&mut packed, 0);
        varint::push(&mut packed, rows.key().len() as u64);
        varint::push(&mut packed, 2 * rows.value().bytes.len() as u64 + 1);
        packed.extend([rows.key(), rows.value().bytes].concat());
    }
    let packed = lz4_flex::block::compress_prepend_size(&packed);
    (stored.0.clone(), seal::seal(tree, &stored.0, PACKED, &packed))
}

#[cfg(test)]
mod tests;
