//! The lower layer: an ordered key-value store over [`Tree`]s with atomic, durable commits.

use async_trait::async_trait;

use crate::{Fatal, KeyText, Tree, WrittenAnew};

/// The largest value a store accepts, in bytes. Larger ones would be written to side files by sled.
pub const MAX_VALUE_BYTES: usize = 64 * 1024;

/// One change of one key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Write {
    /// Which tree.
    pub tree: Tree,
    /// Which key.
    pub key: Vec<u8>,
    /// The new value; `None` removes the key.
    pub value: Option<Vec<u8>>,
}

/// Changes that become durable together or not at all. For one key the last change counts.
#[derive(Debug, Clone, Default)]
pub struct Batch {
    pub(crate) writes: Vec<Write>,
    pub(crate) epoch: Option<u64>,
}

impl Batch {
    /// An empty batch that any process may commit.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty batch that is refused unless the store's epoch row still says `epoch`.
    #[must_use]
    pub fn fenced(epoch: u64) -> Self {
        Self { writes: Vec::new(), epoch: Some(epoch) }
    }

    /// Sets a key.
    pub fn put(&mut self, tree: Tree, key: impl Into<Vec<u8>>, value: impl Into<Vec<u8>>) -> &mut Self {
        self.writes.push(Write { tree, key: key.into(), value: Some(value.into()) });
        self
    }

    /// Removes a key; absent already is fine.
    pub fn delete(&mut self, tree: Tree, key: impl Into<Vec<u8>>) -> &mut Self {
        self.writes.push(Write { tree, key: key.into(), value: None });
        self
    }

    /// How many changes it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.writes.len()
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.writes.is_empty()
    }

    /// Refuses values that are too large, before anything is written.
    pub(crate) fn check_sizes(&self) -> Result<(), Fatal> {
        for write in &self.writes {
            let bytes = write.value.as_ref().map_or(0, Vec::len);
            if bytes > MAX_VALUE_BYTES {
                return Err(Fatal::TooLarge { tree: write.tree, key: KeyText::of(&write.key), bytes });
            }
        }
        Ok(())
    }
}

/// Proof that a batch is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Durable {
    /// Counts commits over the whole life of the state; never goes back.
    pub generation: u64,
}

/// A key and its value.
pub type Row = (Vec<u8>, Vec<u8>);

/// Looks at a value where it lies: the place of its key among those asked for, and the value.
/// The store waits meanwhile, and is not to be asked anything.
pub type SeeValue<'s> = &'s mut dyn FnMut(usize, &[u8]) -> Result<(), Fatal>;

/// Looks at a row where it lies: its key, and its value.
/// The store waits meanwhile, and is not to be asked anything.
pub type SeeRow<'s> = &'s mut dyn FnMut(&[u8], &[u8]) -> Result<(), Fatal>;

/// Which keys a scan visits, in ascending order.
#[derive(Debug, Clone, Copy, Default)]
pub struct Scan<'a> {
    /// Only keys that begin so.
    pub prefix: &'a [u8],
    /// Only keys greater than this one.
    pub after: Option<&'a [u8]>,
}

/// An ordered key-value store over a fixed set of trees.
///
/// Values of trees whose rows lie together ([`Tree::is_packed`]) have no checksum of their own: the store watches over them.
/// Contract, checked by one conformance suite for every implementation:
/// a commit is atomic over all its trees; it is durable when it returns; after a crash the store holds the effect of the
/// first *n* commits for some *n* that includes every commit that returned; the row `generation` of [`Tree::Meta`] grows
/// with every commit; after the first failed commit every further one fails with [`Fatal::Stopped`], while a batch that is
/// refused beforehand ([`Fatal::TooLarge`], [`Fatal::Fenced`]) changes nothing.
#[async_trait]
pub trait Store: Send + Sync {
    /// One value.
    ///
    /// # Errors
    /// [`Fatal`] when the store cannot be read.
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, Fatal>;

    /// Shows several values of one tree where they lie, those that are there, each with its key's place in `keys`; in ascending
    /// order where `keys` are.
    ///
    /// # Errors
    /// [`Fatal`] when the store cannot be read; what `see` fails with.
    fn get_each(&self, tree: Tree, keys: &[&[u8]], see: SeeValue<'_>) -> Result<(), Fatal> {
        for (at, key) in keys.iter().enumerate() {
            if let Some(value) = self.get(tree, key)? {
                see(at, &value)?;
            }
        }
        Ok(())
    }

    /// Shows at most `limit` rows where they lie, in ascending order of their keys.
    ///
    /// # Errors
    /// [`Fatal`] when the store cannot be read; what `see` fails with.
    fn scan_each(&self, tree: Tree, scan: Scan<'_>, limit: usize, see: SeeRow<'_>) -> Result<(), Fatal>;

    /// At most `limit` rows, in ascending order of their keys.
    ///
    /// # Errors
    /// [`Fatal`] when the store cannot be read.
    fn scan(&self, tree: Tree, scan: Scan<'_>, limit: usize) -> Result<Vec<Row>, Fatal> {
        let mut rows = Vec::new();
        self.scan_each(tree, scan, limit, &mut |key, value| {
            rows.push((key.to_vec(), value.to_vec()));
            Ok(())
        })?;
        Ok(rows)
    }

    /// Makes a batch durable. Dropping the future does not take the batch back.
    ///
    /// # Errors
    /// [`Fatal`]; nothing of the batch may be relied upon then.
    async fn commit(&self, batch: Batch) -> Result<Durable, Fatal>;

    /// The same, blocking this thread until the batch is durable.
    ///
    /// # Errors
    /// As [`Store::commit`].
    fn commit_blocking(&self, batch: Batch) -> Result<Durable, Fatal>;

    /// Gives back the room of what was replaced and removed, where there is much of it and the database has at least
    /// `small_bytes`. Content and generation stay as they are.
    /// Blocks; commits and reads may wait meanwhile, about a second for a million people.
    ///
    /// # Errors
    /// [`Fatal`]: nothing can be read or written any more.
    fn write_anew(&self, _small_bytes: u64) -> Result<Option<WrittenAnew>, Fatal> {
        Ok(None)
    }
}
