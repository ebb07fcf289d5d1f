//! The thread that owns all writes of a database on disk.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, SyncSender};

use crate::durable_files::DurableFiles;
use crate::error::Fatal;
use crate::leaf;
use crate::packing::{self, KeyWrite};
use crate::sled_store::db::{Shelf, apply, drain, guarded, physical, put};
use crate::sled_store::written_anew::{self, WrittenAnew};
use crate::store::{Batch, Durable};
use crate::takeover::{self, EPOCH, GENERATION};
use crate::tree::Tree;

/// Queued batches are merged up to this many keys. A larger batch is still one commit.
const MERGED_KEYS: usize = 1_000;

/// The last change of each key, tree by tree and in ascending order.
fn last_of_each(batches: Vec<Batch>) -> Vec<(Tree, Vec<KeyWrite>)> {
    let mut trees: Vec<(Tree, Vec<KeyWrite>)> = Tree::ALL.map(|tree| (tree, Vec::new())).into();
    for write in batches.into_iter().flat_map(|batch| batch.writes) {
        // Numbers begin at 1 and have no gaps.
        trees[usize::from(write.tree.number()) - 1].1.push((write.key, write.value));
    }
    for (_, writes) in &mut trees {
        if writes.is_sorted_by(|a, b| a.0 < b.0) {
            continue;
        }
        // Stable: of one key the last change comes last, and first after turning round.
        writes.sort_by(|a, b| a.0.cmp(&b.0));
        writes.reverse();
        writes.dedup_by(|later, earlier| later.0 == earlier.0);
        writes.reverse();
    }
    trees.retain(|(_, writes)| !writes.is_empty());
    trees
}

/// Who is told what became of a batch.
pub(crate) type Done = Box<dyn FnOnce(Result<Durable, Fatal>) + Send>;

/// What the thread is asked for.
pub(crate) enum Job {
    /// Makes a batch durable.
    Commit { batch: Batch, done: Done },
    /// Writes the database anew, if that is worth it.
    WriteAnew { small_bytes: u64, done: SyncSender<Result<Option<WrittenAnew>, Fatal>> },
}

type Asked = (Batch, Done);

/// The thread that owns all writes.
pub(crate) struct Writer {
    shelf: Arc<Shelf>,
    sync: DurableFiles,
    stopped: Arc<AtomicBool>,
    generation: u64,
    /// Taken from the queue, and not to be merged with what was taken before.
    left_over: Option<Job>,
}

impl Writer {
    pub(crate) const fn new(
        shelf: Arc<Shelf>,
        sync: DurableFiles,
        stopped: Arc<AtomicBool>,
        generation: u64,
    ) -> Self {
        Self { shelf, sync, stopped, generation, left_over: None }
    }

    /// Works until nobody can ask for anything any more.
    pub(crate) fn run(&mut self, queue: &Receiver<Job>) {
        while let Some(job) = self.left_over.take().or_else(|| queue.recv().ok()) {
            match job {
                Job::Commit { batch, done } => self.commit((batch, done), queue),
                Job::WriteAnew { small_bytes, done } => {
                    // Nobody is left to tell where the asker is gone; the database is written all the same.
                    let _ = done.send(self.write_anew(small_bytes));
                }
            }
        }
    }

    fn commit(&mut self, first: Asked, queue: &Receiver<Job>) {
        let asked = self.gather(first, queue);
        let admitted = self.admit(asked);
        if admitted.is_empty() {
            return;
        }
        let (batches, done): (Vec<Batch>, Vec<Done>) = admitted.into_iter().unzip();
        let first = self.generation;
        let result = self.write(batches);
        if result.is_err() {
            self.stopped.store(true, Ordering::SeqCst);
        }
        for (done, nth) in done.into_iter().zip(1..) {
            done(result.clone().map(|()| Durable { generation: first + nth }));
        }
    }

    /// Takes what else is queued, as far as it can be merged.
    fn gather(&mut self, first: Asked, queue: &Receiver<Job>) -> Vec<Asked> {
        let mut keys = first.0.len();
        let mut gathered = vec![first];
        while let Ok(job) = queue.try_recv() {
            match job {
                Job::Commit { batch, done } if keys + batch.len() <= MERGED_KEYS => {
                    keys += batch.len();
                    gathered.push((batch, done));
                }
                Job::Commit { .. } | Job::WriteAnew { .. } => {
                    self.left_over = Some(job);
                    break;
                }
            }
        }
        gathered
    }

    fn write_anew(&mut self, small_bytes: u64) -> Result<Option<WrittenAnew>, Fatal> {
        if self.stopped.load(Ordering::SeqCst) {
            return Err(Fatal::Stopped);
        }
        let written = written_anew::if_worth_it(&self.shelf, small_bytes);
        match written {
            Ok(None) => Ok(None),
            Ok(Some((written, sync))) => {
                self.sync = sync;
                Ok(Some(written))
            }
            Err(fatal) => {
                self.stopped.store(true, Ordering::SeqCst);
                Err(fatal)
            }
        }
    }

    /// Turns away the batches of earlier writers, and everybody once a commit has failed.
    fn admit(&self, asked: Vec<Asked>) -> Vec<Asked> {
        let mut epoch = self.shelf.read(|db| {
            let row = guarded("reading", || db.get(physical(Tree::Meta, EPOCH)))?;
            Ok(row.map(|row| row.to_vec()))
        });
        if self.stopped.load(Ordering::SeqCst) {
            epoch = Err(Fatal::Stopped);
        }
        let mut admitted = Vec::with_capacity(asked.len());
        for (batch, done) in asked {
            let verdict = epoch.clone().and_then(|epoch| takeover::admit(epoch.as_deref(), &batch));
            match verdict {
                Ok(()) => {
                    // A take-over inside the same group counts for the batches behind it.
                    let row = batch.writes.iter().rev().find(|w| w.tree == Tree::Meta && w.key == EPOCH);
                    if let Some(row) = row {
                        epoch = Ok(row.value.clone());
                    }
                    admitted.push((batch, done));
                }
                Err(fatal) => done(Err(fatal)),
            }
        }
        admitted
    }

    fn write(&mut self, batches: Vec<Batch>) -> Result<(), Fatal> {
        let generation = self.generation + batches.len() as u64;
        let sync = &self.sync;
        self.shelf.read(|db| {
            let mut merged = sled::Batch::default();
            let mut keys = 0_usize;
            for (tree, writes) in last_of_each(batches) {
                let writes =
                    if tree.is_packed() { packing::change(db, tree, &writes, leaf::row)? } else { writes };
                keys += writes.len();
                for (key, value) in writes {
                    put(&mut merged, physical(tree, &key), value);
                }
            }
            let counter = takeover::number_value(GENERATION, generation);
            merged.insert(physical(Tree::Meta, GENERATION), counter);
            apply(db, sync, merged)?;
            drain(keys);
            Ok(())
        })?;
        self.generation = generation;
        Ok(())
    }
}
