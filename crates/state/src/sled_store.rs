//! The store on disk. The only module that names sled 0.34, so that it can be replaced.
//!
//! One sled tree holds all of ours: a key is the tree's number and the key, so that any commit is one atomic batch. One thread
//! owns all writes. A commit is: apply, `flush`, `fdatasync` on a handle of our own (sled's flush alone loses acknowledged
//! commits on a power cut), then the epoch garbage is drained (without it large batches grow the process without bound).
//! sled panics on some damaged files; no panic leaves this module.

use std::fs::File;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel, sync_channel};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::oneshot;

use crate::error::Fatal;
use crate::store::{Batch, Durable, Row, Scan, Store};
use crate::takeover::{self, EPOCH, GENERATION};
use crate::tree::Tree;

/// Pages sled keeps in memory, in bytes; its own default is 1 GiB.
const CACHE_BYTES: u64 = 32 * 1024 * 1024;
/// Queued batches are merged up to this many keys. A larger batch is still one commit.
const MERGED_KEYS: usize = 1_000;
/// How often an opening waits for sled to give up the lock of an earlier one, and how long each time: two seconds in all.
const LOCK_TRIES: u32 = 100;
const LOCK_PAUSE: Duration = Duration::from_millis(20);
/// How many single reads may leave garbage behind before some is freed.
const READS_PER_DRAIN: usize = 8;
/// Name of the file inside sled's directory that all commits go to.
const DB_FILE: &str = "db";
/// Name of the directory that sled writes values over its page size to.
const BLOB_DIR: &str = "blobs";

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

fn open_db(path: &Path) -> Result<(sled::Db, Sync), Fatal> {
    let config = sled::Config::new().path(path).cache_capacity(CACHE_BYTES).flush_every_ms(None);
    let db = open_once_released(&config)?;
    let sync = Sync::open(path).map_err(|e| Fatal::io("opening the database file", &e))?;
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

/// Our own handles of sled's files, to make durable what sled only hands to the kernel.
struct Sync {
    file: File,
    blobs: PathBuf,
}

impl Sync {
    fn open(dir: &Path) -> std::io::Result<Self> {
        let file = File::open(dir.join(DB_FILE))?;
        let blobs = dir.join(BLOB_DIR);
        // The names and sled's small files, once: they do not change while it runs.
        for entry in std::fs::read_dir(dir)? {
            File::open(entry?.path())?.sync_all()?;
        }
        File::open(dir)?.sync_all()?;
        Ok(Self { file, blobs })
    }

    fn now(&self) -> std::io::Result<()> {
        // sled syncs a blob's content itself, not its name.
        if std::fs::read_dir(&self.blobs)?.next().is_some() {
            File::open(&self.blobs)?.sync_all()?;
        }
        self.file.sync_data()
    }
}

/// Frees what sled has put aside for after `touched` keys were read or written. Each call frees a few pieces only.
fn drain(touched: usize) {
    for _ in 0..=touched / 8 {
        crossbeam_epoch::pin().flush();
    }
}

fn physical(tree: Tree, key: &[u8]) -> Vec<u8> {
    let mut physical = Vec::with_capacity(key.len() + 1);
    physical.push(tree.number());
    physical.extend_from_slice(key);
    physical
}

fn read_number(db: &sled::Db, key: &[u8]) -> Result<Option<u64>, Fatal> {
    let value = guarded("reading", || db.get(physical(Tree::Meta, key)))?;
    value.map(|value| takeover::number_of(key, &value)).transpose()
}

/// The thread that owns all writes.
struct Writer {
    db: Arc<sled::Db>,
    sync: Sync,
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
        for write in batches.into_iter().flat_map(|batch| batch.writes) {
            keys += 1;
            let key = physical(write.tree, &write.key);
            match write.value {
                Some(value) => merged.insert(key, value),
                None => merged.remove(key),
            }
        }
        let counter = takeover::number_value(GENERATION, generation);
        merged.insert(physical(Tree::Meta, GENERATION), counter);
        guarded("commit", || self.db.apply_batch(merged))?;
        drill::reached(drill::KillPoint::K36);
        guarded("commit", || self.db.flush())?;
        drill::reached(drill::KillPoint::K37);
        if !drill::planted(drill::Mistake::NoSync) {
            self.sync.now().map_err(|e| Fatal::io("commit", &e))?;
        }
        drain(keys);
        self.generation = generation;
        Ok(())
    }
}

#[async_trait]
impl Store for SledStore {
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, Fatal> {
        let value = guarded("reading", || self.db.get(physical(tree, key)))?;
        // Reading loads pages and turns others out, which leaves garbage too.
        if self.reads.fetch_add(1, Ordering::Relaxed).is_multiple_of(READS_PER_DRAIN) {
            drain(0);
        }
        Ok(value.map(|value| value.to_vec()))
    }

    fn scan(&self, tree: Tree, scan: Scan<'_>, limit: usize) -> Result<Vec<Row>, Fatal> {
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
