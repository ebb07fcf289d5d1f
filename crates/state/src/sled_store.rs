//! The store on disk. The only module that names sled 0.34, so that it can be replaced.
//!
//! One sled tree holds all of ours: a key is the tree's number and the key, so that any commit is one atomic batch. The rows of
//! trees of many small rows lie in leaves (see `packing.rs`), under a number of their own. One thread
//! owns all writes. A commit is: apply, `flush`, `fdatasync` on a handle of our own (sled's flush alone loses acknowledged
//! commits on a power cut), then the epoch garbage is drained (without it large batches grow the process without bound).
//! sled panics on some damaged files; no panic leaves this module.

use std::collections::BTreeMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::oneshot;

use crate::durable_files::DurableFiles;
use crate::error::Fatal;
use crate::packing::{self, Kept, KeyWrite, Leaves};
use crate::store::{Batch, Durable, Row, Scan, Store, Write};
use crate::takeover::{self, EPOCH, GENERATION};
use crate::tree::Tree;
use crate::unfinished;
use crate::upgrade;

/// Pages sled keeps in memory, in bytes; its own default is 1 GiB. A first load of 100,000 takes no more time than with four times that.
const CACHE_BYTES: u64 = 8 * 1024 * 1024;
/// How often each row of a scan is read again. sled turns pages out only when 64 reads have met one of the 256 parts of its cache,
/// and a scan meets a page once, however many rows lie in it: walking once through a large tree would leave all of it in memory.
const SCAN_TOUCHES: usize = 2;
/// Queued batches are merged up to this many keys. A larger batch is still one commit.
const MERGED_KEYS: usize = 1_000;
/// How often an opening waits for sled to give up the lock of an earlier one, and how long each time: two seconds in all.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// How many single reads may leave garbage behind before some is freed.
const READS_PER_DRAIN: usize = 8;
/// Added to the number of a tree whose rows lie in leaves.
const PACKED: u8 = 64;
/// Rows of format 1 that one commit moves into leaves.
const MOVED: usize = 2_000;

/// A store in a directory of its own. Dropping it waits for the last commit.
pub struct SledStore {
    db: Arc<sled::Db>,
    jobs: Option<Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    stopped: Arc<AtomicBool>,
    reads: AtomicUsize,
}

type Done = Box<dyn FnOnce(Result<Durable, Fatal>) + Send>;

struct Job {
    batch: Batch,
    done: Done,
}

impl SledStore {
    /// Opens or makes the database in `dir`. Blocks; recovering a large one takes seconds. Nobody else may have it open:
    /// [`crate::State::open`] sees to that.
    ///
    /// # Errors
    /// [`Fatal`] when the files are damaged or cannot be read.
    pub fn open(dir: &Path) -> Result<Self, Fatal> {
        let path = dir.to_path_buf();
        let opening = std::thread::Builder::new().name("state-open".into()).spawn(move || open_db(&path));
        let opening = opening.map_err(|e| Fatal::io("starting a thread", &e))?;
        let (db, sync) = opening.join().map_err(|_| Fatal::Panicked { operation: "opening" })??;
        let db = Arc::new(db);
        move_into_leaves(&db, &sync)?;
        let stopped = Arc::new(AtomicBool::new(false));
        let generation = read_number(&db, GENERATION)?.unwrap_or(0);
        let (jobs, queue) = channel();
        let mut writer =
            Writer { db: Arc::clone(&db), sync, stopped: Arc::clone(&stopped), generation, left_over: None };
        let writer = std::thread::Builder::new()
            .name("state-writer".into())
            .spawn(move || writer.run(&queue))
            .map_err(|e| Fatal::io("starting a thread", &e))?;
        Ok(Self { db, jobs: Some(jobs), writer: Some(writer), stopped, reads: AtomicUsize::new(0) })
    }

    fn submit(&self, batch: Batch, done: Done) {
        if self.stopped.load(Ordering::SeqCst) {
            return done(Err(Fatal::Stopped));
        }
        if let Err(fatal) = batch.check_sizes() {
            return done(Err(fatal));
        }
        let job = Job { batch, done };
        let refused = match &self.jobs {
            Some(jobs) => jobs.send(job).map_err(|refused| refused.0).err(),
            None => Some(job),
        };
        if let Some(job) = refused {
            (job.done)(Err(Fatal::Stopped));
        }
    }
}

impl Drop for SledStore {
    fn drop(&mut self) {
        drop(self.jobs.take());
        if let Some(writer) = self.writer.take() {
            // Its panics are caught inside; there is nobody left to tell.
            let _ = writer.join();
        }
    }
}

/// Makes a read or write harmless: a panic or an error inside sled becomes ours.
fn guarded<T>(operation: &'static str, work: impl FnOnce() -> sled::Result<T>) -> Result<T, Fatal> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(done)) => Ok(done),
        Ok(Err(sled::Error::Io(e))) => Err(Fatal::io(operation, &e)),
        Ok(Err(sled::Error::Corruption { .. })) => Err(Fatal::Corrupt { operation }),
        Ok(Err(e)) => Err(Fatal::Backend { operation, reason: e.to_string() }),
        Err(_) => Err(Fatal::Panicked { operation }),
    }
}

fn open_db(path: &Path) -> Result<(sled::Db, DurableFiles), Fatal> {
    let config = sled::Config::new().path(path).cache_capacity(CACHE_BYTES).flush_every_ms(None);
    unfinished::remove_torn(path).map_err(|e| Fatal::io("looking for unfinished files", &e))?;
    let db = open_once_released(&config)?;
    let sync = DurableFiles::open(path).map_err(|e| Fatal::io("opening the database file", &e))?;
    Ok((db, sync))
}

/// sled gives up its own lock on the file a moment after a database of this process is dropped; ours is held already, so that
/// nobody else can be meant.
fn open_once_released(config: &sled::Config) -> Result<sled::Db, Fatal> {
    for _ in 0..LOCK_TRIES {
        match guarded("opening", || config.open()) {
            Err(Fatal::Io { kind: std::io::ErrorKind::Other, .. }) => std::thread::sleep(LOCK_PAUSE),
            opened => return opened,
        }
    }
    guarded("opening", || config.open())
}

/// Frees what sled has put aside for after `touched` keys were read or written. Each call frees a few pieces only.
fn drain(touched: usize) {
    for _ in 0..=touched / 8 {
        crossbeam_epoch::pin().flush();
    }
}

/// Lets sled see that a page was read, so that it turns another one out.
fn touch(db: &sled::Db, key: &[u8]) -> Result<(), Fatal> {
    for _ in 0..SCAN_TOUCHES {
        guarded("reading", || db.get(key))?;
    }
    drain(0);
    Ok(())
}

fn physical(tree: Tree, key: &[u8]) -> Vec<u8> {
    let number = if tree.is_packed() { tree.number() + PACKED } else { tree.number() };
    numbered(number, key)
}

fn numbered(number: u8, key: &[u8]) -> Vec<u8> {
    let mut physical = Vec::with_capacity(key.len() + 1);
    physical.push(number);
    physical.extend_from_slice(key);
    physical
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

/// A state of format 1 has these rows one by one. Moved in commits of their own, each of which leaves every row in exactly one
/// place, so that being cut off costs nothing; the first of them also says that older versions are to keep away.
fn move_into_leaves(db: &sled::Db, sync: &DurableFiles) -> Result<(), Fatal> {
    for tree in Tree::ALL.into_iter().filter(|tree| tree.is_packed()) {
        let (first, end) = (numbered(tree.number(), &[]), numbered(tree.number() + 1, &[]));
        loop {
            let rows = guarded("reading", || {
                db.range(first.clone()..end.clone()).take(MOVED).collect::<sled::Result<Vec<_>>>()
            })?;
            if rows.is_empty() {
                break;
            }
            let writes: Vec<_> =
                rows.iter().map(|(key, value)| (key[1..].to_vec(), Some(value.to_vec()))).collect();
            let mut batch = sled::Batch::default();
            for (key, value) in packing::change(db, tree, &writes)? {
                put(&mut batch, physical(tree, &key), value);
            }
            for (key, _) in &rows {
                batch.remove(key.clone());
            }
            let (key, value) = upgrade::row(upgrade::PACKED)?;
            batch.insert(physical(Tree::Meta, &key), value);
            apply(db, sync, batch)?;
            drain(rows.len());
        }
    }
    Ok(())
}

fn put(batch: &mut sled::Batch, key: Vec<u8>, value: Option<Vec<u8>>) {
    match value {
        Some(value) => batch.insert(key, value),
        None => batch.remove(key),
    }
}

/// Makes a batch durable.
fn apply(db: &sled::Db, sync: &DurableFiles, batch: sled::Batch) -> Result<(), Fatal> {
    guarded("commit", || db.apply_batch(batch))?;
    drill::reached(drill::KillPoint::K36);
    guarded("commit", || db.flush())?;
    drill::reached(drill::KillPoint::K37);
    if drill::planted(drill::Mistake::NoSync) {
        return Ok(());
    }
    sync.now().map_err(|e| Fatal::io("commit", &e))
}

/// The last change of each key, tree by tree and in ascending order.
fn last_of_each(writes: impl Iterator<Item = Write>) -> BTreeMap<Tree, Vec<KeyWrite>> {
    let mut trees: BTreeMap<Tree, Vec<KeyWrite>> = BTreeMap::new();
    for write in writes {
        trees.entry(write.tree).or_default().push((write.key, write.value));
    }
    for writes in trees.values_mut() {
        // Stable: of one key the last change comes last, and first after turning round.
        writes.sort_by(|a, b| a.0.cmp(&b.0));
        writes.reverse();
        writes.dedup_by(|later, earlier| later.0 == earlier.0);
        writes.reverse();
    }
    trees
}

fn read_number(db: &sled::Db, key: &[u8]) -> Result<Option<u64>, Fatal> {
    let value = guarded("reading", || db.get(physical(Tree::Meta, key)))?;
    value.map(|value| takeover::number_of(key, &value)).transpose()
}

/// The thread that owns all writes.
struct Writer {
    db: Arc<sled::Db>,
    sync: DurableFiles,
    stopped: Arc<AtomicBool>,
    generation: u64,
    /// Taken from the queue and too large to be merged.
    left_over: Option<Job>,
}

impl Writer {
    fn run(&mut self, queue: &Receiver<Job>) {
        while let Some(first) = self.left_over.take().or_else(|| queue.recv().ok()) {
            let jobs = self.gather(first, queue);
            let jobs = self.admit(jobs);
            if jobs.is_empty() {
                continue;
            }
            let (batches, done): (Vec<Batch>, Vec<Done>) =
                jobs.into_iter().map(|job| (job.batch, job.done)).unzip();
            let first = self.generation;
            let result = self.write(batches);
            if result.is_err() {
                self.stopped.store(true, Ordering::SeqCst);
            }
            for (done, nth) in done.into_iter().zip(1..) {
                done(result.clone().map(|()| Durable { generation: first + nth }));
            }
        }
    }

    /// Takes what else is queued, as far as it can be merged.
    fn gather(&mut self, first: Job, queue: &Receiver<Job>) -> Vec<Job> {
        let mut keys = first.batch.len();
        let mut jobs = vec![first];
        while let Ok(job) = queue.try_recv() {
            keys += job.batch.len();
            if keys > MERGED_KEYS {
                self.left_over = Some(job);
                break;
            }
            jobs.push(job);
        }
        jobs
    }

    /// Turns away the batches of earlier writers, and everybody once a commit has failed.
    fn admit(&self, jobs: Vec<Job>) -> Vec<Job> {
        let mut epoch = guarded("reading", || self.db.get(physical(Tree::Meta, EPOCH)))
            .map(|value| value.map(|value| value.to_vec()));
        if self.stopped.load(Ordering::SeqCst) {
            epoch = Err(Fatal::Stopped);
        }
        let mut admitted = Vec::with_capacity(jobs.len());
        for job in jobs {
            let verdict = epoch.clone().and_then(|epoch| takeover::admit(epoch.as_deref(), &job.batch));
            match verdict {
                Ok(()) => {
                    // A take-over inside the same group counts for the batches behind it.
                    let row = job.batch.writes.iter().rev().find(|w| w.tree == Tree::Meta && w.key == EPOCH);
                    if let Some(row) = row {
                        epoch = Ok(row.value.clone());
                    }
                    admitted.push(job);
                }
                Err(fatal) => (job.done)(Err(fatal)),
            }
        }
        admitted
    }

    fn write(&mut self, batches: Vec<Batch>) -> Result<(), Fatal> {
        let generation = self.generation + batches.len() as u64;
        let mut merged = sled::Batch::default();
        let mut keys = 0_usize;
        for (tree, writes) in last_of_each(batches.into_iter().flat_map(|batch| batch.writes)) {
            let writes = if tree.is_packed() { packing::change(&*self.db, tree, &writes)? } else { writes };
            keys += writes.len();
            for (key, value) in writes {
                put(&mut merged, physical(tree, &key), value);
            }
        }
        let counter = takeover::number_value(GENERATION, generation);
        merged.insert(physical(Tree::Meta, GENERATION), counter);
        apply(&self.db, &self.sync, merged)?;
        drain(keys);
        self.generation = generation;
        Ok(())
    }
}

#[async_trait]
impl Store for SledStore {
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, Fatal> {
        let value = if tree.is_packed() {
            packing::get(&*self.db, tree, key)?
        } else {
            guarded("reading", || self.db.get(physical(tree, key)))?.map(|value| value.to_vec())
        };
        // Reading loads pages and turns others out, which leaves garbage too.
        if self.reads.fetch_add(1, Ordering::Relaxed).is_multiple_of(READS_PER_DRAIN) {
            drain(0);
        }
        Ok(value)
    }

    fn get_many(&self, tree: Tree, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Fatal> {
        if !tree.is_packed() {
            return keys.iter().map(|key| self.get(tree, key)).collect();
        }
        let values = packing::get_many(&*self.db, tree, keys)?;
        drain(keys.len() / READS_PER_DRAIN);
        Ok(values)
    }

    fn scan(&self, tree: Tree, scan: Scan<'_>, limit: usize) -> Result<Vec<Row>, Fatal> {
        if tree.is_packed() {
            let rows = packing::scan(&*self.db, tree, scan, limit)?;
            drain(rows.len() / READS_PER_DRAIN);
            return Ok(rows);
        }
        let prefix = physical(tree, scan.prefix);
        let after = scan.after.map(|after| physical(tree, after)).filter(|after| *after >= prefix);
        let rows: Vec<Row> = guarded("reading", || {
            let rows = match after {
                // The least key greater than `after` is `after` with a zero byte.
                Some(mut after) => {
                    after.push(0);
                    self.db.range(after..)
                }
                None => self.db.range(prefix.clone()..),
            };
            rows.take(limit)
                .take_while(|row| row.as_ref().map_or(true, |(key, _)| key.starts_with(&prefix)))
                .map(|row| row.map(|(key, value)| (key[1..].to_vec(), value.to_vec())))
                .collect()
        })?;
        for (key, _) in &rows {
            touch(&self.db, &physical(tree, key))?;
        }
        drain(rows.len());
        Ok(rows)
    }

    async fn commit(&self, batch: Batch) -> Result<Durable, Fatal> {
        let (tell, told) = oneshot::channel();
        // Nobody listens when the caller was dropped; the commit stands all the same.
        self.submit(batch, Box::new(move |result| drop(tell.send(result))));
        told.await.unwrap_or(Err(Fatal::Stopped))
    }

    fn commit_blocking(&self, batch: Batch) -> Result<Durable, Fatal> {
        let (tell, told) = sync_channel(1);
        self.submit(batch, Box::new(move |result| drop(tell.send(result))));
        told.recv().unwrap_or(Err(Fatal::Stopped))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A database as format 1 had it: one value per row.
    fn format_1(dir: &Path, rows: u32) -> Vec<(Vec<u8>, Vec<u8>)> {
        let (db, sync) = open_db(dir).unwrap();
        let row = |n: u32| (format!("{n:07}").into_bytes(), n.to_le_bytes().repeat(20));
        let rows: Vec<_> = (0..rows).map(row).collect();
        let mut batch = sled::Batch::default();
        for (key, value) in &rows {
            batch.insert(numbered(Tree::People.number(), key), value.as_slice());
            batch.insert(numbered(Tree::Dirty.number(), key), b"".as_slice());
        }
        apply(&db, &sync, batch).unwrap();
        rows
    }

    fn format_row(store: &SledStore) -> Option<Vec<u8>> {
        store.get(Tree::Meta, b"format").unwrap()
    }

    #[test]
    fn rows_of_format_1_are_found_in_leaves_afterwards_and_nowhere_else() {
        let dir = tempfile::tempdir().unwrap();
        let rows = format_1(dir.path(), 5_000);
        for _ in 0..2 {
            let store = SledStore::open(dir.path()).unwrap();
            assert_eq!(store.scan(Tree::People, Scan::default(), usize::MAX).unwrap(), rows);
            assert_eq!(store.scan(Tree::Dirty, Scan::default(), usize::MAX).unwrap().len(), rows.len());
            assert_eq!(store.get(Tree::People, b"0004321").unwrap(), Some(rows[4_321].1.clone()));
            assert!(
                store.db.range(numbered(Tree::People.number(), &[])..numbered(PACKED, &[])).next().is_none()
            );
            assert!(store.db.len() < 200, "{} values for 10,000 rows", store.db.len());
            assert!(format_row(&store).is_some(), "older versions keep away");
        }
    }

    #[test]
    fn a_move_that_was_cut_off_goes_on_where_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let rows = format_1(dir.path(), 4_500);
        // WHEN only the first commit of the move was made
        {
            let (db, sync) = open_db(dir.path()).unwrap();
            let first: Vec<_> = rows[..MOVED].iter().map(|(k, v)| (k.clone(), Some(v.clone()))).collect();
            let mut batch = sled::Batch::default();
            for (key, value) in packing::change(&db, Tree::People, &first).unwrap() {
                put(&mut batch, physical(Tree::People, &key), value);
            }
            for (key, _) in &first {
                batch.remove(numbered(Tree::People.number(), key));
            }
            apply(&db, &sync, batch).unwrap();
        }
        // THEN the next opening finds every row once
        let store = SledStore::open(dir.path()).unwrap();
        assert_eq!(store.scan(Tree::People, Scan::default(), usize::MAX).unwrap(), rows);
    }
}
