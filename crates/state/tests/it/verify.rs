//! Verifying the whole state.

use model::{CaseKind, DirtyReason};
use state::{Batch, Error, Fatal, MemoryStore, State, Store, Tree};

use crate::cases::case;
use crate::journal::{block, intent};
use crate::support::{commit, contact, link, subject, supporter};

async fn filled(store: &MemoryStore) -> State {
    let state = State::over_memory(store.clone(), 1, model::Clock::system()).unwrap();
    let plan = state.next_plan_id();
    let _ = commit(&state, |changes| {
        for n in 1..=5 {
            changes.put_link(link(n, n)).put_intent(&supporter(n), intent(Some(plan)));
        }
        changes.put_block(&supporter(1), block(1)).open_case(case(CaseKind::Blocked, 1, 1));
        changes.mark_dirty(subject(1), DirtyReason::Retry, None).audit("service", "act");
        changes.put_summary(model::CycleId(1), 1.into());
    })
    .await;
    state
}

#[tokio::test]
async fn a_whole_state_verifies() {
    let verified = filled(&MemoryStore::new(1)).await.verify().unwrap();
    assert_eq!((verified.found, verified.findings), (0, Vec::new()));
    assert!(verified.rows > 15);
}

#[tokio::test]
async fn each_missing_part_is_found() {
    let parts = [
        (Tree::People, b"1".to_vec()),
        (Tree::ByContact, contact(1).as_str().into()),
        (Tree::Index, b"b1".to_vec()),
        (Tree::Dirty, b"s1".to_vec()),
        (Tree::Cases, b"s1\0blocked".to_vec()),
        (Tree::Meta, b"counts".to_vec()),
    ];
    for (tree, key) in parts {
        let store = MemoryStore::new(1);
        let state = filled(&store).await;
        assert!(store.get(tree, &key).unwrap().is_some(), "{tree} holds no such key");
        let mut batch = Batch::new();
        batch.delete(tree, key);
        store.commit_blocking(batch).unwrap();
        assert!(state.verify().unwrap().found > 0, "nothing missed in {tree}");
    }
}

#[tokio::test]
async fn a_damaged_row_is_named() {
    let store = MemoryStore::new(1);
    let state = filled(&store).await;
    let mut batch = Batch::new();
    batch.put(Tree::Log, b"a\0\0\0\0\0\0\0\x01", b"\x01noise");
    store.commit_blocking(batch).unwrap();
    assert!(matches!(state.verify(), Err(Error::Fatal(Fatal::Damaged { tree: Tree::Log, .. }))));
}
