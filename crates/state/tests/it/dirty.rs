//! The dirty set.

use model::{CycleId, DirtyReason, Subject};

use crate::support::{at, commit, contact, in_memory, subject};

#[tokio::test]
async fn marking_again_adds_the_reason_and_keeps_the_later_stamp() {
    let state = in_memory();
    let guard = state.begin_cycle().await.unwrap().unwrap();
    let _ = commit(&state, |changes| {
        changes.mark_dirty(subject(1), DirtyReason::SupporterChanged, Some(at(20)));
        changes.bump_attempts(&subject(1)).bump_attempts(&subject(2));
    })
    .await;
    let _ = commit(&state, |changes| {
        changes.mark_dirty(subject(1), DirtyReason::Retry, Some(at(10)));
    })
    .await;
    let dirty = state.dirty_of(&subject(1)).unwrap().unwrap();
    assert_eq!(dirty.reasons.iter().collect::<Vec<_>>(), [DirtyReason::SupporterChanged, DirtyReason::Retry]);
    assert_eq!((dirty.stamp, dirty.attempts, dirty.first_cycle), (Some(at(20)), 1, guard.id));
    assert_eq!(guard.id, CycleId(1));
    assert_eq!(state.dirty_count().unwrap(), 1);
    assert!(!state.is_dirty(&subject(2)).unwrap());
}

#[tokio::test]
async fn a_mark_set_after_it_was_read_survives_its_clearing() {
    let state = in_memory();
    let mark = async |reason| {
        let _ = commit(&state, |changes| {
            changes.mark_dirty(subject(1), reason, None);
        })
        .await;
    };
    mark(DirtyReason::SupporterChanged).await;
    let read = state.dirty_of(&subject(1)).unwrap().unwrap();
    mark(DirtyReason::Resync).await;
    let _ = commit(&state, |changes| {
        changes.clear_dirty_seen(&read);
    })
    .await;
    let again = state.dirty_of(&subject(1)).unwrap().unwrap();
    assert!(again.reasons.contains(DirtyReason::Resync));
    let _ = commit(&state, |changes| {
        changes.clear_dirty_seen(&again);
    })
    .await;
    assert_eq!(state.dirty_count().unwrap(), 0);
}

#[tokio::test]
async fn pages_cover_everybody_once() {
    let state = in_memory();
    let _ = commit(&state, |changes| {
        for n in 1..=30 {
            changes.mark_dirty(subject(n), DirtyReason::Backfill, None);
            changes.mark_dirty(Subject::Contact(contact(n)), DirtyReason::ContactChanged, None);
        }
        changes.clear_dirty(&subject(30));
    })
    .await;
    let mut all = Vec::new();
    loop {
        let page = state.dirty_page(all.last(), 7).unwrap();
        if page.is_empty() {
            break;
        }
        all.extend(page.into_iter().map(|dirty| dirty.subject));
    }
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!((count, all.len(), state.dirty_count().unwrap()), (59, 59, 59));
}
