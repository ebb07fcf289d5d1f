//! The store in memory, for tests: same contract, and a model of what a crash leaves behind.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use rand_xoshiro::SplitMix64;
use rand_xoshiro::rand_core::{Rng as _, SeedableRng as _};

use crate::store::{Batch, Durable, Scan, SeeRow, Store};
use crate::takeover::{self, EPOCH, GENERATION};
use crate::{Fatal, Tree};

/// A store in memory. Clones share one medium, as two processes share one disk.
#[derive(Clone)]
pub struct MemoryStore(Arc<Mutex<Medium>>);

type MemoryKey = (Tree, Vec<u8>);

struct Medium {
    rows: BTreeMap<MemoryKey, Vec<u8>>,
    /// Per applied batch that is not synced yet: what it replaced, so that a crash can take it back.
    unsynced: Vec<Vec<(MemoryKey, Option<Vec<u8>>)>>,
    generation: u64,
    /// Commits until the scripted crash.
    crash_in: Option<u32>,
    full: bool,
    stopped: bool,
    random: SplitMix64,
}

impl Medium {
    fn new(random: SplitMix64) -> Self {
        Self {
            rows: BTreeMap::new(),
            unsynced: Vec::new(),
            generation: 0,
            crash_in: None,
            full: false,
            stopped: false,
            random,
        }
    }
}

impl MemoryStore {
    /// An empty store; `seed` decides what survives crashes.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(Arc::new(Mutex::new(Medium::new(SplitMix64::seed_from_u64(seed)))))
    }

    /// Lets the `nth` commit from now (1 is the next one) be applied but not synced: it fails, as does everything after it.
    pub fn crash_at_commit(&self, nth: u32) {
        self.medium().crash_in = Some(nth.max(1));
    }

    /// From now on every commit fails as on a full disk, until told otherwise. The store stays stopped once one failed.
    pub fn set_full(&self, full: bool) {
        self.medium().full = full;
    }

    /// What a restart finds: every commit that returned, and a random number of those that did not, oldest first. This
    /// handle and its clones are stopped.
    #[must_use]
    pub fn crash(&self) -> Self {
        let mut medium = self.medium();
        let pending = std::mem::take(&mut medium.unsynced);
        let random = medium.random.next_u64();
        let survive = usize::try_from(random % (pending.len() as u64 + 1)).unwrap_or(0);
        let mut rows = std::mem::take(&mut medium.rows);
        for undo in pending.into_iter().skip(survive).rev() {
            for (key, old) in undo.into_iter().rev() {
                set(&mut rows, key, old);
            }
        }
        medium.stopped = true;
        let generation = rows
            .get(&(Tree::Meta, GENERATION.to_vec()))
            .and_then(|value| takeover::number_of(GENERATION, value).ok())
            .unwrap_or(0);
        let random = SplitMix64::seed_from_u64(medium.random.next_u64());
        let survivor = Medium { rows, generation, ..Medium::new(random) };
        Self(Arc::new(Mutex::new(survivor)))
    }

    fn medium(&self) -> MutexGuard<'_, Medium> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Applies a batch without syncing it.
    fn apply(&self, batch: Batch) -> Result<u64, Fatal> {
        batch.check_sizes()?;
        let mut medium = self.medium();
        if medium.stopped {
            return Err(Fatal::Stopped);
        }
        takeover::admit(medium.rows.get(&(Tree::Meta, EPOCH.to_vec())).map(Vec::as_slice), &batch)?;
        if medium.full {
            medium.stopped = true;
            return Err(Fatal::Io { operation: "commit", kind: std::io::ErrorKind::StorageFull });
        }
        medium.apply(batch);
        if let Some(left) = medium.crash_in.as_mut() {
            *left -= 1;
            if *left == 0 {
                medium.stopped = true;
                return Err(Fatal::Io { operation: "commit", kind: std::io::ErrorKind::Interrupted });
            }
        }
        Ok(medium.generation)
    }

    /// Makes everything applied so far durable, as a file sync does.
    fn sync(&self, generation: u64) -> Result<Durable, Fatal> {
        let mut medium = self.medium();
        if medium.stopped {
            return Err(Fatal::Stopped);
        }
        medium.unsynced.clear();
        Ok(Durable { generation })
    }
}

impl Medium {
    fn apply(&mut self, batch: Batch) {
        self.generation += 1;
        let mut undo = Vec::with_capacity(batch.len() + 1);
        for write in batch.writes {
            let key = (write.tree, write.key);
            let old = set(&mut self.rows, key.clone(), write.value);
            undo.push((key, old));
        }
        let key = (Tree::Meta, GENERATION.to_vec());
        let value = takeover::number_value(GENERATION, self.generation);
        let old = self.rows.insert(key.clone(), value);
        undo.push((key, old));
        self.unsynced.push(undo);
    }
}

fn set(rows: &mut BTreeMap<MemoryKey, Vec<u8>>, key: MemoryKey, value: Option<Vec<u8>>) -> Option<Vec<u8>> {
    match value {
        Some(value) => rows.insert(key, value),
        None => rows.remove(&key),
    }
}

#[async_trait]
impl Store for MemoryStore {
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, Fatal> {
        let medium = self.medium();
        if medium.stopped {
            return Err(Fatal::Stopped);
        }
        Ok(medium.rows.get(&(tree, key.to_vec())).cloned())
    }

    fn scan_each(&self, tree: Tree, scan: Scan<'_>, limit: usize, see: SeeRow<'_>) -> Result<(), Fatal> {
        let medium = self.medium();
        if medium.stopped {
            return Err(Fatal::Stopped);
        }
        let from = match scan.after {
            Some(after) if after >= scan.prefix => Bound::Excluded((tree, after.to_vec())),
            Some(_) | None => Bound::Included((tree, scan.prefix.to_vec())),
        };
        let rows = medium.rows.range((from, Bound::Unbounded));
        let mine = rows.take_while(|((t, key), _)| *t == tree && key.starts_with(scan.prefix)).take(limit);
        mine.into_iter().try_for_each(|((_, key), value)| see(key, value))
    }

    async fn commit(&self, batch: Batch) -> Result<Durable, Fatal> {
        let generation = self.apply(batch)?;
        drill::reached(drill::KillPoint::K36);
        // A caller that is dropped here leaves the batch applied and not synced, as a killed process does.
        tokio::task::yield_now().await;
        drill::reached(drill::KillPoint::K37);
        self.sync(generation)
    }

    fn commit_blocking(&self, batch: Batch) -> Result<Durable, Fatal> {
        let generation = self.apply(batch)?;
        drill::reached(drill::KillPoint::K36);
        drill::reached(drill::KillPoint::K37);
        self.sync(generation)
    }
}
