//! One cycle at a time.

use model::{Clock, CycleId};
use state::{MemoryStore, State};

use crate::support::at;

#[tokio::test]
async fn a_second_cycle_is_refused_until_the_first_is_over() {
    let store = MemoryStore::new(1);
    let state = State::over_memory(store.clone(), 1, Clock::held(at(50))).unwrap();
    let first = state.begin_cycle().await.unwrap().unwrap();
    let refused = state.clone().begin_cycle().await.unwrap().unwrap_err();
    assert_eq!((refused.since, refused.cycle), (at(50), Some(CycleId(1))));
    drop(first);
    let second = state.begin_cycle().await.unwrap().unwrap();
    assert_eq!(second.id, CycleId(2));
    // After a restart the numbers go on.
    let state = State::over_memory(store.crash(), 1, Clock::held(at(60))).unwrap();
    assert_eq!(state.begin_cycle().await.unwrap().unwrap().id, CycleId(3));
}

#[tokio::test]
async fn a_cycle_that_could_not_begin_does_not_block_the_next() {
    let store = MemoryStore::new(1);
    let state = State::over_memory(store.clone(), 1, Clock::held(at(50))).unwrap();
    store.set_full(true);
    assert!(state.begin_cycle().await.is_err());
    assert!(state.begin_cycle().await.is_err(), "still the store's error, not a running cycle");
}
