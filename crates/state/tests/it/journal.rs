//! Jobs in flight, intents and blocks.

use model::{
    Block, CycleId, Digest, DirtyReason, Intent, IntentField, JournalEntry, Lane, Phase, PlanId, RuleKey,
};
use state::{Changes, Error, MemoryStore, State};

use crate::support::{at, commit, in_memory, subject, supporter};

pub(crate) fn entry(plan: PlanId) -> JournalEntry {
    JournalEntry {
        plan,
        cycle: CycleId(1),
        lane: Lane::Update,
        api_version: "66.0".to_owned(),
        planned_at: at(1),
        rows: 2,
        sha256: "00".to_owned(),
        phase: Phase::Planned,
        job: None,
        closed_at: None,
        ended: None,
    }
}

pub(crate) fn intent(plan: Option<PlanId>) -> Intent {
    let field = IntentField { rule: RuleKey(1), sent: Digest(2), seen: Digest(3) };
    Intent { plan, contact: None, record: Digest(4), fields: vec![field] }
}

pub(crate) fn block(map: u64) -> Block {
    Block {
        code: "STRING_TOO_LONG".to_owned(),
        fields: vec!["LastName".to_owned()],
        message: "data value too large".to_owned(),
        record: Digest(1),
        map: Digest(map),
        since: at(5),
        attempts: 1,
    }
}

#[tokio::test]
async fn a_plan_lists_its_rows_until_they_are_settled() {
    let state = in_memory();
    let (one, two) = (state.next_plan_id(), state.next_plan_id());
    let _ = commit(&state, |changes| {
        changes.put_journal(entry(one)).put_journal(entry(two));
        for n in 1..=5 {
            changes.put_intent(&supporter(n), intent(Some(one)));
        }
        changes.put_intent(&supporter(6), intent(Some(two))).put_intent(&supporter(7), intent(None));
    })
    .await;
    let first = state.intents_of_plan(one, None, 3).unwrap();
    let rest = state.intents_of_plan(one, Some(&first[2].0), 99).unwrap();
    assert_eq!((first.len(), rest.len()), (3, 2));
    assert_eq!(state.journal().unwrap().len(), 2);
    let _ = commit(&state, |changes| {
        (1..=5).for_each(|n| {
            changes.clear_intent(&supporter(n));
        });
        changes.remove_journal(one);
    })
    .await;
    assert!(state.intents_of_plan(one, None, 9).unwrap().is_empty());
    assert_eq!(state.intents_of_plan(two, None, 9).unwrap().len(), 1);
    assert_eq!(state.intent_of(&supporter(7)).unwrap(), Some(intent(None)));
    assert_eq!(state.journal().unwrap(), [entry(two)]);
}

#[tokio::test]
async fn nobody_is_in_two_unsettled_jobs() {
    let state = in_memory();
    let (one, two) = (state.next_plan_id(), state.next_plan_id());
    let _ = commit(&state, |changes| {
        changes.put_journal(entry(one)).put_intent(&supporter(1), intent(Some(one)));
    })
    .await;
    let mut second = Changes::new();
    second.put_journal(entry(two)).put_intent(&supporter(1), intent(Some(two)));
    assert!(matches!(state.commit(second.clone()).await, Err(Error::InFlight { plan, .. }) if plan == one));
    assert_eq!(state.journal().unwrap().len(), 1, "the refused commit left something behind");
    // Dropping the first plan frees its rows.
    let _ = commit(&state, |changes| {
        changes.remove_journal(one);
    })
    .await;
    let _ = state.commit(second).await.unwrap();
}

#[tokio::test]
async fn plan_numbers_that_became_durable_are_never_given_out_again() {
    let store = MemoryStore::new(1);
    let state = State::over_memory(store.clone(), 1, model::Clock::system()).unwrap();
    let _unused = state.next_plan_id();
    let used = state.next_plan_id();
    let _ = commit(&state, |changes| {
        changes.put_journal(entry(used)).remove_journal(used);
    })
    .await;
    let state = State::over_memory(store.crash(), 1, model::Clock::system()).unwrap();
    assert!(state.next_plan_id() > used);
}

#[tokio::test]
async fn a_new_map_lifts_the_blocks_of_the_old_one() {
    let state = in_memory();
    let _ = commit(&state, |changes| {
        for n in 1..=1_500 {
            changes.put_block(&supporter(n), block(1));
        }
        changes.put_block(&supporter(9_000), block(2));
    })
    .await;
    assert_eq!(state.block_count().unwrap(), 1_501);
    assert_eq!(state.blocks_page(Some(&supporter(1_499)), 2).unwrap().len(), 2);
    let receipt = commit(&state, |changes| {
        changes.lift_all_blocks_of_other_map(Digest(2));
    })
    .await;
    assert_eq!(receipt.lifted, 1_500);
    assert_eq!(state.blocks_page(None, 9).unwrap(), [(supporter(9_000), block(2))]);
    assert!(state.dirty_of(&subject(1)).unwrap().unwrap().reasons.contains(DirtyReason::MapChanged));
    assert_eq!(state.dirty_count().unwrap(), 1_500);
    let receipt = commit(&state, |changes| {
        changes.lift_block(&supporter(9_000)).lift_block(&supporter(1));
    })
    .await;
    assert_eq!((receipt.lifted, state.block_count().unwrap()), (1, 0));
    let nobody = state.store().scan(state::Tree::People, state::Scan::default(), 9).unwrap();
    assert!(nobody.is_empty(), "empty records are removed");
}
