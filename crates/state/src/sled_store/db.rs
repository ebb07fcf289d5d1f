//! The database below the store: opened, read and written without a panic of sled's ever leaving here.
//!
//! One sled tree holds all of our trees: a key is the tree's number and the key, so that any commit is one atomic batch. The rows of
//! trees of many small rows lie in leaves (see `packing.rs`), under a number of their own.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use crate::durable_files::DurableFiles;
use crate::error::Fatal;
use crate::packing::{Kept, Leaves};
use crate::takeover;
use crate::tree::Tree;
use crate::unfinished;

/// Pages sled keeps in memory, in bytes; its own default is 1 GiB. A first load of 100,000 takes no more time than with four times that.
const CACHE_BYTES: u64 = 8 * 1024 * 1024;
/// The same while a copy is written.
const CACHE_BYTES_OF_A_COPY: u64 = 512 * 1024;
/// How often each row of a scan is read again. sled turns pages out only when 64 reads have met one of the 256 parts of its cache,
/// and a scan meets a page once, however many rows lie in it: walking once through a large tree would leave all of it in memory.
pub(crate) const SCAN_TOUCHES: usize = 2;
/// The same of a scan of everything, where what 64 reads of each part meet would be as large as the rest of the process.
pub(crate) const WALK_TOUCHES: usize = 6;
/// How often an opening waits for sled to give up the lock of an earlier one, and how long each time: two seconds in all.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// Added to the number of a tree whose rows lie in leaves.
pub(crate) const PACKED: u8 = 64;

/// The open database, which may be exchanged for one that says the same in less room.
pub(crate) struct Shelf {
    dir: PathBuf,
    db: RwLock<Option<sled::Db>>,
}

impl Shelf {
    pub(crate) fn holding(dir: &Path, db: sled::Db) -> Self {
        Self { dir: dir.to_path_buf(), db: RwLock::new(Some(db)) }
    }

    /// Where the database lies.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    /// Looks at the database, or writes to it.
    ///
    /// # Errors
    /// [`Fatal::Stopped`] where it could not be opened again after it was exchanged; otherwise what `look` finds.
    pub(crate) fn read<T>(&self, look: impl FnOnce(&sled::Db) -> Result<T, Fatal>) -> Result<T, Fatal> {
        let db = self.db.read().unwrap_or_else(PoisonError::into_inner);
        look(db.as_ref().ok_or(Fatal::Stopped)?)
    }

    /// Closes the database, lets `exchange` put another into its place, and opens that; whoever reads waits meanwhile.
    ///
    /// # Errors
    /// What `exchange` or the opening fail with: nothing can be read any more then.
    pub(crate) fn exchange(
        &self,
        exchange: impl FnOnce() -> Result<(), Fatal>,
    ) -> Result<DurableFiles, Fatal> {
        let mut place = self.db.write().unwrap_or_else(PoisonError::into_inner);
        drop(place.take());
        exchange()?;
        let (db, sync) = open_aside(&self.dir)?;
        *place = Some(db);
        Ok(sync)
    }
}

/// Opens a database on a thread of its own, because sled panics on some damaged files.
pub(crate) fn open_aside(dir: &Path) -> Result<(sled::Db, DurableFiles), Fatal> {
    open_with(dir, CACHE_BYTES)
}

/// The same for a database that is only written to, from one end to the other: what it wrote is not looked at again.
pub(crate) fn open_to_fill(dir: &Path) -> Result<(sled::Db, DurableFiles), Fatal> {
    open_with(dir, CACHE_BYTES_OF_A_COPY)
}

fn open_with(dir: &Path, cache_bytes: u64) -> Result<(sled::Db, DurableFiles), Fatal> {
    let path = dir.to_path_buf();
    let opening = move || open_cached(&path, cache_bytes);
    let opening = std::thread::Builder::new().name("state-open".into()).spawn(opening);
    let opening = opening.map_err(|e| Fatal::io("starting a thread", &e))?;
    opening.join().map_err(|_| Fatal::Panicked { operation: "opening" })?
}

/// Makes a read or write harmless: a panic or an error inside sled becomes ours.
pub(crate) fn guarded<T>(
    operation: &'static str,
    work: impl FnOnce() -> sled::Result<T>,
) -> Result<T, Fatal> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(sled::Error::Io(e))) => Err(Fatal::io(operation, &e)),
        Ok(Err(sled::Error::Corruption { .. })) => Err(Fatal::Corrupt { operation }),
        Ok(Err(e)) => Err(Fatal::Backend { operation, reason: e.to_string() }),
        Err(_) => Err(Fatal::Panicked { operation }),
    }
}

#[cfg(test)]
pub(crate) fn open_db(path: &Path) -> Result<(sled::Db, DurableFiles), Fatal> {
    open_cached(path, CACHE_BYTES)
}

fn open_cached(path: &Path, cache_bytes: u64) -> Result<(sled::Db, DurableFiles), Fatal> {
    let config = sled::Config::new().path(path).cache_capacity(cache_bytes).flush_every_ms(None);
    unfinished::remove_torn(path).map_err(|e| Fatal::io("looking for unfinished files", &e))?;
    let db = open_once_released(&config)?;
    let sync = DurableFiles::open(path).map_err(|e| Fatal::io("opening the database file", &e))?;
    Ok((db, sync))
}

/// sled gives up its own lock on the file a moment after a database of this process is dropped; ours is held already, so that
/// nobody else can be meant.
pub(crate) fn open_once_released(config: &sled::Config) -> Result<sled::Db, Fatal> {
    for _ in 0..LOCK_TRIES {
        match guarded("opening", || config.open()) {
            Err(Fatal::Io { kind: std::io::ErrorKind::Other, .. }) => std::thread::sleep(LOCK_PAUSE),
            opened => return opened,
        }
    }
    guarded("opening", || config.open())
}

/// Frees what sled has put aside for after `touched` keys were read or written. Each call frees a few pieces only.
pub(crate) fn drain(touched: usize) {
    for _ in 0..=touched / 8 {
        crossbeam_epoch::pin().flush();
    }
}

/// Lets sled see so many times that a page was read, so that it turns another one out.
pub(crate) fn touch(db: &sled::Db, key: &[u8], times: usize) -> Result<(), Fatal> {
    for _ in 0..times {
        guarded("reading", || db.get(key))?;
    }
    drain(0);
    Ok(())
}

pub(crate) fn physical(tree: Tree, key: &[u8]) -> Vec<u8> {
    let number = if tree.is_packed() { tree.number() + PACKED } else { tree.number() };
    numbered(number, key)
}

pub(crate) fn numbered(number: u8, key: &[u8]) -> Vec<u8> {
    let mut physical = Vec::with_capacity(key.len() + 1);
    physical.push(number);
    physical.extend_from_slice(key);
    physical
}

/// The tree and the lower bound of the leaf under a key; `None` where no leaf lies.
pub(crate) fn leaf_of(physical: &[u8]) -> Option<(Tree, &[u8])> {
    let (number, lower) = physical.split_first()?;
    let tree = Tree::ALL.into_iter().find(|tree| tree.is_packed() && tree.number() + PACKED == *number)?;
    Some((tree, lower))
}

/// Leaves lie under their tree's number and their lower bound.
impl Leaves for sled::Db {
    type Bytes = sled::IVec;

    fn floor(&self, tree: Tree, key: &[u8]) -> Result<Option<Kept<sled::IVec>>, Fatal> {
        let bounds = physical(tree, &[])..=physical(tree, key);
        let found = guarded("reading", || self.range(bounds).next_back().transpose())?;
        Ok(found.map(|(key, value)| (key[1..].to_vec(), value)))
    }

    fn above(&self, tree: Tree, key: &[u8]) -> Result<Option<Kept<sled::IVec>>, Fatal> {
        let mut from = physical(tree, key);
        // The least key greater than another is that one with a zero byte.
        from.push(0);
        let number = from[0];
        let found = guarded("reading", || self.range(from..).next().transpose())?;
        Ok(found
            .filter(|(key, _)| key.first() == Some(&number))
            .map(|(key, value)| (key[1..].to_vec(), value)))
    }

    fn all_above<'l>(
        &'l self,
        tree: Tree,
        key: &[u8],
    ) -> impl Iterator<Item = Result<Kept<sled::IVec>, Fatal>> + use<'l> {
        let mut from = physical(tree, key);
        from.push(0);
        let end = numbered(from[0] + 1, &[]);
        let mut leaves = self.range(from..end);
        std::iter::from_fn(move || {
            let found = guarded("reading", || leaves.next().transpose()).transpose()?;
            Some(found.map(|(key, value)| (key[1..].to_vec(), value)))
        })
    }
}

pub(crate) fn put(batch: &mut sled::Batch, key: Vec<u8>, value: Option<Vec<u8>>) {
    match value {
        Some(value) => batch.insert(key, value),
        None => batch.remove(key),
    }
}

/// Makes a batch durable.
pub(crate) fn apply(db: &sled::Db, sync: &DurableFiles, batch: sled::Batch) -> Result<(), Fatal> {
    guarded("commit", || db.apply_batch(batch))?;
    drill::reached(drill::KillPoint::K36);
    guarded("commit", || db.flush())?;
    drill::reached(drill::KillPoint::K37);
    if drill::planted(drill::Mistake::NoSync) {
        return Ok(());
    }
    sync.now().map_err(|e| Fatal::io("commit", &e))
}

pub(crate) fn read_number(db: &sled::Db, key: &[u8]) -> Result<Option<u64>, Fatal> {
    let value = guarded("reading", || db.get(physical(Tree::Meta, key)))?;
    value.map(|value| takeover::number_of(key, &value)).transpose()
}
