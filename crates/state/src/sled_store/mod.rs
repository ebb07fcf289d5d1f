//! The store on disk, on sled 0.34, which nothing outside this folder names, so that it can be replaced.
//!
//! One thread owns all writes. A commit is: apply, `flush`, `fdatasync` on a handle of our own (sled's flush alone loses acknowledged
//! commits on a power cut), then the epoch garbage is drained (without it large batches grow the process without bound).

mod db;
mod filling;
mod writer;
pub(crate) mod written_anew;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel, sync_channel};
use std::thread::JoinHandle;

use async_trait::async_trait;
use tokio::sync::oneshot;

use crate::durable_files::DurableFiles;
use crate::error::Fatal;
use crate::keys;
use crate::leaf;
use crate::packing;
use crate::sled_store::db::{
    SCAN_TOUCHES, Shelf, apply, drain, guarded, numbered, open_aside, physical, put, read_number, touch,
};
use crate::sled_store::writer::{Done, Job, Writer};
use crate::sled_store::written_anew::WrittenAnew;
use crate::store::{Batch, Durable, Row, Scan, SeeRow, SeeValue, Store};
use crate::takeover::GENERATION;
use crate::tree::Tree;
use crate::upgrade;

/// How many single reads may leave garbage behind before some is freed.
const READS_PER_DRAIN: usize = 8;
/// Rows that one commit moves into leaves.
const MOVED: usize = 2_000;

/// A store in a directory of its own. Dropping it waits for the last commit.
pub struct SledStore {
    shelf: Arc<Shelf>,
    jobs: Option<Sender<Job>>,
    writer: Option<JoinHandle<()>>,
    stopped: Arc<AtomicBool>,
    reads: AtomicUsize,
}

impl SledStore {
    /// Opens or makes the database in `dir`. Blocks; recovering a large one takes seconds. Nobody else may have it open:
    /// [`crate::State::open`] sees to that.
    ///
    /// # Errors
    /// [`Fatal`] when the files are damaged or cannot be read.
    pub fn open(dir: &Path) -> Result<Self, Fatal> {
        let (db, sync) = open_aside(dir)?;
        move_into_leaves(&db, &sync)?;
        let stopped = Arc::new(AtomicBool::new(false));
        let generation = read_number(&db, GENERATION)?.unwrap_or(0);
        let (jobs, queue) = channel();
        let shelf = Arc::new(Shelf::holding(dir, db));
        let mut writer = Writer::new(Arc::clone(&shelf), sync, Arc::clone(&stopped), generation);
        let writer = std::thread::Builder::new()
            .name("state-writer".into())
            .spawn(move || writer.run(&queue))
            .map_err(|e| Fatal::io("starting a thread", &e))?;
        Ok(Self { shelf, jobs: Some(jobs), writer: Some(writer), stopped, reads: AtomicUsize::new(0) })
    }

    fn submit(&self, batch: Batch, done: Done) {
        if self.stopped.load(Ordering::SeqCst) {
            return done(Err(Fatal::Stopped));
        }
        if let Err(fatal) = batch.check_sizes() {
            return done(Err(fatal));
        }
        let job = Job::Commit { batch, done };
        let refused = match &self.jobs {
            Some(jobs) => jobs.send(job).map_err(|refused| refused.0).err(),
            None => Some(job),
        };
        if let Some(Job::Commit { done, .. }) = refused {
            done(Err(Fatal::Stopped));
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

/// A state of format 1 has these rows one by one, and up to format 4 conflicts stand so. Moved in commits of their own, each of which
/// leaves every row in exactly one place, so that being cut off costs nothing; the first of them also says that older versions are
/// to keep away.
fn move_into_leaves(db: &sled::Db, sync: &DurableFiles) -> Result<(), Fatal> {
    let since = |tree: Tree| tree.packed_since().map(|format| (format, tree));
    let mut trees: Vec<(u32, Tree)> = Tree::ALL.into_iter().filter_map(since).collect();
    // The format only ever grows.
    trees.sort();
    for (format, tree) in trees {
        while move_some(db, sync, tree, format)? {}
    }
    Ok(())
}

/// Moves the first rows of a tree that stand one by one. `false`: there are none.
fn move_some(db: &sled::Db, sync: &DurableFiles, tree: Tree, format: u32) -> Result<bool, Fatal> {
    let loose = numbered(tree.number(), &[])..numbered(tree.number() + 1, &[]);
    let rows = guarded("reading", || db.range(loose).take(MOVED).collect::<sled::Result<Vec<_>>>())?;
    if rows.is_empty() {
        return Ok(false);
    }
    let writes: Vec<_> = rows
        .iter()
        .map(|(key, value)| (key[1..].to_vec(), Some(value.to_vec())))
        .filter(|(key, _)| !(tree == Tree::Index && key.starts_with(keys::PLAN_PREFIX)))
        .collect();
    let mut batch = sled::Batch::default();
    for (key, value) in packing::change(db, tree, &writes, leaf::sealed_row)? {
        put(&mut batch, physical(tree, &key), value);
    }
    for (key, _) in &rows {
        batch.remove(key.clone());
    }
    let (key, value) = upgrade::row(format)?;
    batch.insert(physical(Tree::Meta, &key), value);
    apply(db, sync, batch)?;
    drain(rows.len());
    Ok(true)
}

/// Rows that stand one by one, by their physical keys.
fn plain_rows(db: &sled::Db, prefix: &[u8], after: Option<Vec<u8>>, limit: usize) -> Result<Vec<Row>, Fatal> {
    let rows: Vec<(sled::IVec, sled::IVec)> = guarded("reading", || {
        let rows = match after {
            // The least key greater than `after` is `after` with a zero byte.
            Some(mut after) => {
                after.push(0);
                db.range(after..)
            }
            None => db.range(prefix..),
        };
        let mine = |row: &sled::Result<(sled::IVec, sled::IVec)>| {
            row.as_ref().map_or(true, |(key, _)| key.starts_with(prefix))
        };
        rows.take(limit).take_while(mine).collect()
    })?;
    rows.iter().try_for_each(|(key, _)| touch(db, key, SCAN_TOUCHES))?;
    Ok(rows.into_iter().map(|(key, value)| (key[1..].to_vec(), value.to_vec())).collect())
}

#[async_trait]
impl Store for SledStore {
    fn get(&self, tree: Tree, key: &[u8]) -> Result<Option<Vec<u8>>, Fatal> {
        let value = if tree.is_packed() {
            self.shelf.read(|db| packing::get(db, tree, key))?
        } else {
            let key = physical(tree, key);
            self.shelf.read(|db| guarded("reading", || db.get(key)))?.map(|value| value.to_vec())
        };
        // Reading loads pages and turns others out, which leaves garbage too.
        if self.reads.fetch_add(1, Ordering::Relaxed).is_multiple_of(READS_PER_DRAIN) {
            drain(0);
        }
        Ok(value)
    }

    fn get_each(&self, tree: Tree, keys: &[&[u8]], see: SeeValue<'_>) -> Result<(), Fatal> {
        if tree.is_packed() {
            self.shelf.read(|db| packing::get_each(db, tree, keys, see))?;
            drain(keys.len() / READS_PER_DRAIN);
            return Ok(());
        }
        for (at, key) in keys.iter().enumerate() {
            if let Some(value) = self.get(tree, key)? {
                see(at, &value)?;
            }
        }
        Ok(())
    }

    fn scan_each(&self, tree: Tree, scan: Scan<'_>, limit: usize, see: SeeRow<'_>) -> Result<(), Fatal> {
        if tree.is_packed() {
            let mut shown = 0;
            self.shelf.read(|db| {
                packing::scan(db, tree, scan, limit, &mut |key, value| {
                    shown += 1;
                    see(key, value)
                })
            })?;
            drain(shown / READS_PER_DRAIN);
            return Ok(());
        }
        let prefix = physical(tree, scan.prefix);
        let after = scan.after.map(|after| physical(tree, after)).filter(|after| *after >= prefix);
        let rows = self.shelf.read(|db| plain_rows(db, &prefix, after, limit))?;
        drain(rows.len());
        rows.iter().try_for_each(|(key, value)| see(key, value))
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

    fn write_anew(&self, small_bytes: u64) -> Result<Option<WrittenAnew>, Fatal> {
        let (done, told) = sync_channel(1);
        let asked =
            self.jobs.as_ref().is_some_and(|jobs| jobs.send(Job::WriteAnew { small_bytes, done }).is_ok());
        if asked { told.recv().unwrap_or(Err(Fatal::Stopped)) } else { Err(Fatal::Stopped) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seal;
    use crate::sled_store::db::{PACKED, open_db};

    /// A database as format 1 had it: one value per row.
    fn format_1(dir: &Path, rows: u32) -> Vec<(Vec<u8>, Vec<u8>)> {
        let (db, sync) = open_db(dir).unwrap();
        let row = |n: u32| (format!("{n:07}").into_bytes(), n.to_le_bytes().repeat(20));
        let rows: Vec<(Vec<u8>, Vec<u8>)> = (0..rows).map(row).collect();
        let mut batch = sled::Batch::default();
        for (key, value) in &rows {
            let sealed = |tree: Tree| seal::seal(tree, key, value[0], &value[1..]);
            batch.insert(numbered(Tree::People.number(), key), sealed(Tree::People));
            batch.insert(numbered(Tree::Dirty.number(), key), sealed(Tree::Dirty));
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
            let (loose, all) = store
                .shelf
                .read(|db| {
                    let loose = numbered(Tree::People.number(), &[])..numbered(PACKED, &[]);
                    Ok((db.range(loose).count(), db.len()))
                })
                .unwrap();
            assert_eq!(loose, 0);
            assert!(all < 10_000 / 25, "{all} values for 10,000 rows");
            assert!(format_row(&store).is_some(), "older versions keep away");
        }
    }

    #[test]
    fn conflicts_of_format_4_are_found_in_leaves_afterwards_and_older_versions_keep_away() {
        let dir = tempfile::tempdir().unwrap();
        let key = |n: u64| n.to_be_bytes().to_vec();
        {
            let (db, sync) = open_db(dir.path()).unwrap();
            let mut batch = sled::Batch::default();
            for n in 1..=5_000 {
                let value = seal::seal(Tree::Conflicts, &key(n), 0, format!("conflict {n}").as_bytes());
                batch.insert(numbered(Tree::Conflicts.number(), &key(n)), value);
            }
            let (row, value) = upgrade::row(4).unwrap();
            batch.insert(physical(Tree::Meta, &row), value);
            apply(&db, &sync, batch).unwrap();
        }
        for _ in 0..2 {
            let store = SledStore::open(dir.path()).unwrap();
            let rows = store.scan(Tree::Conflicts, Scan::default(), usize::MAX).unwrap();
            assert_eq!(rows.len(), 5_000);
            assert_eq!(rows[4_999], (key(5_000), b"\0conflict 5000".to_vec()));
            assert_eq!(format_row(&store), Some(upgrade::row(5).unwrap().1));
            let all = store.shelf.read(|db| Ok(db.len())).unwrap();
            assert!(all < 100, "{all} values for 5,000 rows");
        }
    }

    #[test]
    fn what_is_written_anew_says_the_same_in_less_and_what_was_damaged_is_so_afterwards() {
        let dir = tempfile::tempdir().unwrap();
        let key = |n: u32| n.to_be_bytes().to_vec();
        let at = dir.path().join("db");
        let store = SledStore::open(&at).unwrap();
        for chunk in (0..40_000_u32).collect::<Vec<_>>().chunks(1_000) {
            let mut batch = Batch::new();
            for &n in chunk {
                // As people have them: half of the bytes are their own, half are many others', too.
                let own = (u64::from(n) + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15).to_be_bytes();
                batch.put(Tree::People, key(n), [own, [n.to_be_bytes()[3] % 9; 8]].as_flattened().to_vec());
            }
            store.commit_blocking(batch).unwrap();
        }
        let sizes = |store: &SledStore| {
            let leaves = numbered(PACKED, &[])..numbered(2 * PACKED, &[]);
            store
                .shelf
                .read(|db| Ok(db.range(leaves).map(|leaf| leaf.unwrap().1.len()).collect::<Vec<_>>()))
                .unwrap()
        };
        let rows = store.scan(Tree::People, Scan::default(), usize::MAX).unwrap();
        let before = sizes(&store);
        let broken = store.shelf.read(|db| {
            let (at, mut value) = db.range(physical(Tree::People, &key(20_000))..).next().unwrap().unwrap();
            value[9] ^= 1;
            db.insert(&at, value).unwrap();
            Ok(at[1..].to_vec())
        });
        assert!(store.write_anew(0).unwrap().is_some());
        let after = sizes(&store);
        assert_eq!(after.len(), before.len());
        assert!(
            after.iter().sum::<usize>() < before.iter().sum::<usize>() * 9 / 10,
            "{} of {}",
            after.iter().sum::<usize>(),
            before.iter().sum::<usize>()
        );
        let broken = broken.unwrap();
        assert!(matches!(store.get(Tree::People, &broken), Err(Fatal::Damaged { .. })));
        let sound = rows.iter().take_while(|(key, _)| *key < broken).count();
        assert!(sound > 19_000);
        assert_eq!(store.scan(Tree::People, Scan::default(), sound).unwrap(), rows[..sound]);
        let last = store.get(Tree::People, &key(39_999)).unwrap();
        assert_eq!(last.as_ref(), rows.last().map(|(_, value)| value));
    }

    #[test]
    fn the_index_of_plans_of_format_1_is_left_behind() {
        let dir = tempfile::tempdir().unwrap();
        {
            let (db, sync) = open_db(dir.path()).unwrap();
            let mut batch = sled::Batch::default();
            for key in [b"b1".as_slice(), b"p1", b"p2", b"z"] {
                let value = seal::seal(Tree::Index, key, 0, b"x");
                batch.insert(numbered(Tree::Index.number(), key), value);
            }
            apply(&db, &sync, batch).unwrap();
        }
        let store = SledStore::open(dir.path()).unwrap();
        let rows = store.scan(Tree::Index, Scan::default(), 9).unwrap();
        assert_eq!(rows.iter().map(|(key, _)| key.as_slice()).collect::<Vec<_>>(), [b"b1".as_slice(), b"z"]);
    }

    #[test]
    fn a_move_that_was_cut_off_goes_on_where_it_was() {
        let dir = tempfile::tempdir().unwrap();
        let rows = format_1(dir.path(), 4_500);
        // WHEN only the first commit of the move was made
        {
            let (db, sync) = open_db(dir.path()).unwrap();
            let sealed = |(key, value): &(Vec<u8>, Vec<u8>)| {
                (key.clone(), Some(seal::seal(Tree::People, key, value[0], &value[1..])))
            };
            let first: Vec<_> = rows[..MOVED].iter().map(sealed).collect();
            let mut batch = sled::Batch::default();
            for (key, value) in packing::change(&db, Tree::People, &first, leaf::sealed_row).unwrap() {
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
