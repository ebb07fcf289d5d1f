//! Crashes of the memory store leave a prefix of the commits, and the typed layer over it stays whole.

use model::{DirtyReason, Side};
use proptest::prelude::*;
use state::{Batch, Changes, Error, Fatal, MemoryStore, State, Store, Tree};

use crate::support::{at, block_on, commit, link, subject};

fn number(store: &dyn Store, key: &[u8]) -> u8 {
    store.get(Tree::Log, key).unwrap().map_or(0, |value| value[0])
}

proptest! {
    #[test]
    fn a_crash_leaves_a_prefix_of_the_commits_and_every_acknowledged_one(
        seed: u64,
        acknowledged in 0_u8..20,
        in_flight in 0_usize..6,
    ) {
        let store = MemoryStore::new(seed);
        let batch = |n: u8| {
            let mut batch = Batch::new();
            batch.put(Tree::Log, b"a", [n]).put(Tree::Log, b"b", [n]).put(Tree::Seen, [n], []);
            batch
        };
        for n in 1..=acknowledged {
            store.commit_blocking(batch(n)).unwrap();
        }
        // WHEN more commits were applied whose callers were never told
        block_on(async {
            for n in 0..in_flight {
                let mut commit = Box::pin(store.commit(batch(acknowledged + 1 + n as u8)));
                let first_poll = std::future::poll_fn(|cx| std::task::Poll::Ready(commit.as_mut().poll(cx)));
                assert!(first_poll.await.is_pending());
            }
        });
        let survivor = store.crash();
        // THEN both keys show the same commit, not older than the last acknowledged one
        let found = number(&survivor, b"a");
        prop_assert_eq!(found, number(&survivor, b"b"));
        prop_assert!(found >= acknowledged);
        prop_assert!(usize::from(found) <= usize::from(acknowledged) + in_flight);
        let rows = survivor.scan(Tree::Seen, state::Scan::default(), 99).unwrap();
        prop_assert_eq!(rows.len(), usize::from(found));
        let generation = survivor.commit_blocking(batch(0)).unwrap().generation;
        prop_assert_eq!(generation, u64::from(found) + 1);
    }

    #[test]
    fn after_a_crash_the_state_is_as_after_one_of_its_commits(seed: u64, crash_at in 1_u32..12) {
        let store = MemoryStore::new(seed);
        let state = State::over_memory(store.clone(), seed, model::Clock::held(at(1))).unwrap();
        store.crash_at_commit(crash_at);
        let mut acknowledged = 0;
        block_on(async {
            for n in 1..=10 {
                let mut changes = Changes::new();
                changes.put_link(link(n, n)).mark_dirty(subject(n), DirtyReason::Backfill, None);
                changes.raise_watermark(Side::Supporter, at(i64::from(n)));
                match state.commit(changes).await {
                    Ok(receipt) => { let _ = receipt.all_linked().unwrap(); acknowledged = n; }
                    Err(error) => { assert!(error.is_fatal()); break; }
                }
            }
        });
        let state = State::over_memory(store.crash(), seed, model::Clock::held(at(1))).unwrap();
        // THEN marks, links, counters and watermark all tell of the same commit
        let links = state.links_page(None, 99).unwrap().len() as u64;
        prop_assert!(links == u64::from(acknowledged) || links == u64::from(acknowledged) + 1);
        prop_assert_eq!(state.link_count().unwrap(), links);
        prop_assert_eq!(state.dirty_count().unwrap(), links);
        prop_assert_eq!(state.dirty_page(None, 99).unwrap().len() as u64, links);
        let watermark = state.watermark(Side::Supporter).unwrap();
        prop_assert_eq!(watermark, (links > 0).then(|| at(links as i64)));
    }
}

#[tokio::test]
async fn a_full_disk_stops_the_state_for_good() {
    let store = MemoryStore::new(1);
    let state = State::over_memory(store.clone(), 1, model::Clock::system()).unwrap();
    store.set_full(true);
    let mut changes = Changes::new();
    changes.put_link(link(1, 1));
    assert!(matches!(state.commit(changes.clone()).await, Err(Error::Fatal(Fatal::Io { .. }))));
    store.set_full(false);
    assert!(matches!(state.commit(changes.clone()).await, Err(Error::Fatal(Fatal::Stopped))));
    // A restart on the freed disk goes on.
    let state = State::over_memory(store.crash(), 1, model::Clock::system()).unwrap();
    let _ = state.commit(changes).await.unwrap();
}

#[tokio::test]
async fn a_state_whose_store_was_taken_over_cannot_write() {
    let store = MemoryStore::new(1);
    let old = State::over_memory(store.clone(), 1, model::Clock::system()).unwrap();
    let new = State::over_memory(store, 1, model::Clock::system()).unwrap();
    let _ = commit(&new, |changes| {
        changes.put_link(link(1, 1));
    })
    .await;
    let mut changes = Changes::new();
    changes.put_link(link(2, 2));
    assert!(matches!(old.commit(changes).await, Err(Error::Fatal(Fatal::Fenced))));
}
