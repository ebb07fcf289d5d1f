//! The contract of `Store`, the same cases for every implementation.

use state::{Batch, Fatal, MAX_VALUE_BYTES, MemoryStore, Scan, SledStore, Store, Tree};

use crate::support::block_on;

/// The epoch row of a writer, as the state writes it when it takes a store over.
fn take_over(epoch: u64) -> Batch {
    // format byte, number, CRC-32 over tree number, key, zero, and these bytes
    let mut value = vec![1];
    value.extend_from_slice(&epoch.to_le_bytes());
    let mut sum = vec![Tree::Meta.number()];
    sum.extend_from_slice(b"epoch\0");
    sum.extend_from_slice(&value);
    value.extend_from_slice(&crc32fast::hash(&sum).to_le_bytes());
    let mut batch = Batch::new();
    batch.put(Tree::Meta, b"epoch", value);
    batch
}

fn put(tree: Tree, key: &[u8], value: &[u8]) -> Batch {
    let mut batch = Batch::new();
    batch.put(tree, key, value);
    batch
}

fn keys(store: &dyn Store, tree: Tree, prefix: &[u8], after: Option<&[u8]>, limit: usize) -> Vec<Vec<u8>> {
    let rows = store.scan(tree, Scan { prefix, after }, limit).unwrap();
    rows.into_iter().map(|(key, _)| key).collect()
}

fn a_commit_is_visible_in_all_its_trees(store: &dyn Store) {
    let mut batch = Batch::new();
    batch.put(Tree::People, b"a", b"1").put(Tree::Cases, b"a", b"2").put(Tree::People, b"b", b"");
    store.commit_blocking(batch).unwrap();
    assert_eq!(store.get(Tree::People, b"a").unwrap().as_deref(), Some(&b"1"[..]));
    assert_eq!(store.get(Tree::Cases, b"a").unwrap().as_deref(), Some(&b"2"[..]));
    assert_eq!(store.get(Tree::People, b"b").unwrap().as_deref(), Some(&b""[..]));
    assert_eq!(store.get(Tree::Dirty, b"a").unwrap(), None);
}

fn several_values_are_shown_with_the_places_of_their_keys(store: &dyn Store) {
    for tree in [Tree::People, Tree::Cases] {
        let mut batch = Batch::new();
        batch.put(tree, b"a", b"1").put(tree, b"b", b"").put(tree, b"d", b"3");
        store.commit_blocking(batch).unwrap();
        let mut seen = Vec::new();
        let mut see = |at, value: &[u8]| {
            seen.push((at, value.to_vec()));
            Ok(())
        };
        store.get_each(tree, &[b"b", b"c", b"a", b"b"], &mut see).unwrap();
        seen.sort();
        assert_eq!(seen, [(0, vec![]), (2, b"1".to_vec()), (3, vec![])]);
        // In ascending order where the keys are, and no further than whoever looks can bear.
        let mut order = Vec::new();
        store
            .get_each(tree, &[b"a", b"b", b"c", b"d"], &mut |at, _| {
                order.push(at);
                Ok(())
            })
            .unwrap();
        assert_eq!(order, [0, 1, 3]);
        assert!(matches!(
            store.get_each(tree, &[b"a"], &mut |_, _| Err(Fatal::Stopped)),
            Err(Fatal::Stopped)
        ));
        let mut rows = 0;
        let scan = Scan { prefix: b"", after: Some(b"a") };
        store
            .scan_each(tree, scan, 1, &mut |key, value| {
                assert_eq!((key, value), (&b"b"[..], &b""[..]));
                rows += 1;
                Ok(())
            })
            .unwrap();
        assert_eq!(rows, 1);
        assert!(store.scan_each(tree, scan, 9, &mut |_, _| Err(Fatal::Stopped)).is_err());
    }
}

fn the_last_change_of_a_key_counts(store: &dyn Store) {
    let mut batch = Batch::new();
    batch.put(Tree::Log, b"k", b"1").delete(Tree::Log, b"k").put(Tree::Log, b"k", b"2");
    batch.put(Tree::Log, b"gone", b"1").delete(Tree::Log, b"gone").delete(Tree::Log, b"never");
    store.commit_blocking(batch).unwrap();
    assert_eq!(store.get(Tree::Log, b"k").unwrap().as_deref(), Some(&b"2"[..]));
    assert_eq!(store.get(Tree::Log, b"gone").unwrap(), None);
}

fn a_scan_is_ordered_bounded_and_stays_in_its_tree(store: &dyn Store) {
    let mut batch = Batch::new();
    for key in [&b"b2"[..], b"a", b"b", b"b1", b"c", b"\xff", b"\xff\xff"] {
        batch.put(Tree::Index, key, b"x");
    }
    batch.put(Tree::Cases, b"b3", b"x").put(Tree::Journal, b"b0", b"x");
    store.commit_blocking(batch).unwrap();
    assert_eq!(
        keys(store, Tree::Index, b"", None, 99),
        [&b"a"[..], b"b", b"b1", b"b2", b"c", b"\xff", b"\xff\xff"]
    );
    assert_eq!(keys(store, Tree::Index, b"b", None, 99), [&b"b"[..], b"b1", b"b2"]);
    assert_eq!(keys(store, Tree::Index, b"b", Some(b"b"), 1), [b"b1"]);
    assert_eq!(keys(store, Tree::Index, b"b", Some(b"a"), 1), [b"b"]);
    assert_eq!(keys(store, Tree::Index, b"b", Some(b"b2"), 9), [] as [&[u8]; 0]);
    assert_eq!(keys(store, Tree::Index, b"\xff", Some(b"\xff"), 9), [b"\xff\xff"]);
    assert_eq!(keys(store, Tree::Index, b"", None, 0), [] as [&[u8]; 0]);
}

fn the_generation_grows_by_one_per_commit(store: &dyn Store) {
    let first = store.commit_blocking(put(Tree::Log, b"g", b"1")).unwrap().generation;
    let second = block_on(store.commit(put(Tree::Log, b"g", b"2"))).unwrap().generation;
    assert_eq!(second, first + 1);
}

fn a_value_that_is_too_large_is_refused_and_harms_nothing(store: &dyn Store) {
    let mut batch = put(Tree::Log, b"small", b"1");
    batch.put(Tree::Log, b"large", vec![0; MAX_VALUE_BYTES + 1]);
    assert!(matches!(store.commit_blocking(batch), Err(Fatal::TooLarge { tree: Tree::Log, .. })));
    assert_eq!(store.get(Tree::Log, b"small").unwrap(), None);
    store.commit_blocking(put(Tree::Log, b"large", &vec![7; MAX_VALUE_BYTES])).unwrap();
    assert_eq!(store.get(Tree::Log, b"large").unwrap().unwrap().len(), MAX_VALUE_BYTES);
}

fn only_the_writer_that_took_over_last_is_admitted(store: &dyn Store) {
    let mine = |epoch, value: &[u8]| {
        let mut batch = Batch::fenced(epoch);
        batch.put(Tree::Log, b"fenced", value);
        batch
    };
    assert!(matches!(store.commit_blocking(mine(1, b"nobody")), Err(Fatal::Fenced)));
    store.commit_blocking(take_over(1)).unwrap();
    store.commit_blocking(mine(1, b"one")).unwrap();
    store.commit_blocking(take_over(2)).unwrap();
    assert!(matches!(store.commit_blocking(mine(1, b"late")), Err(Fatal::Fenced)));
    assert_eq!(store.get(Tree::Log, b"fenced").unwrap().as_deref(), Some(&b"one"[..]));
    store.commit_blocking(mine(2, b"two")).unwrap();
}

fn commits_from_many_tasks_all_arrive(store: &dyn Store) {
    std::thread::scope(|scope| {
        for task in 0..8_u8 {
            scope.spawn(move || {
                for n in 0..50_u8 {
                    let mut batch = Batch::new();
                    for part in 0..9_u8 {
                        batch.put(Tree::Dirty, [task, n, part], [n]);
                    }
                    store.commit_blocking(batch).unwrap();
                }
            });
        }
    });
    assert_eq!(keys(store, Tree::Dirty, b"", None, 9_999).len(), 8 * 50 * 9);
}

macro_rules! conformance {
    ($($case:ident)*) => {
        mod memory_store {
            $(#[test] fn $case() { super::$case(&super::MemoryStore::new(1)); })*
        }
        mod sled_store {
            $(#[test] fn $case() {
                let dir = tempfile::tempdir().unwrap();
                super::$case(&super::SledStore::open(dir.path()).unwrap());
            })*
        }
    };
}

conformance! {
    a_commit_is_visible_in_all_its_trees
    several_values_are_shown_with_the_places_of_their_keys
    the_last_change_of_a_key_counts
    a_scan_is_ordered_bounded_and_stays_in_its_tree
    the_generation_grows_by_one_per_commit
    a_value_that_is_too_large_is_refused_and_harms_nothing
    only_the_writer_that_took_over_last_is_admitted
    commits_from_many_tasks_all_arrive
}

#[test]
fn sled_and_our_drain_use_one_epoch_collector() {
    // Draining the garbage of another copy of the library would drain nothing.
    let lock = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.lock")).unwrap();
    assert_eq!(lock.matches("name = \"crossbeam-epoch\"\n").count(), 1);
}

#[test]
fn a_closed_database_opens_with_what_was_committed() {
    let dir = tempfile::tempdir().unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    let generation = store.commit_blocking(put(Tree::People, b"k", b"v")).unwrap().generation;
    drop(store);
    let store = SledStore::open(dir.path()).unwrap();
    assert_eq!(store.get(Tree::People, b"k").unwrap().as_deref(), Some(&b"v"[..]));
    assert_eq!(store.commit_blocking(put(Tree::People, b"k", b"w")).unwrap().generation, generation + 1);
}

#[test]
fn after_a_failed_commit_nothing_is_written_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let store = SledStore::open(dir.path()).unwrap();
    store.commit_blocking(put(Tree::People, b"k", b"1")).unwrap();
    // Something the commit has to look at is gone, as on a disk that fails.
    let blobs = dir.path().join("blobs");
    std::fs::remove_dir(&blobs).unwrap();
    assert!(matches!(store.commit_blocking(put(Tree::People, b"k", b"2")), Err(Fatal::Io { .. })));
    std::fs::create_dir(&blobs).unwrap();
    assert!(matches!(store.commit_blocking(put(Tree::People, b"k", b"3")), Err(Fatal::Stopped)));
    assert!(matches!(block_on(store.commit(put(Tree::People, b"k", b"3"))), Err(Fatal::Stopped)));
}
