//! Watermarks only move forward, and what was seen just below them is remembered.

use model::Side;
use proptest::prelude::*;

use crate::support::{at, block_on, commit, in_memory};

proptest! {
    #[test]
    fn a_watermark_never_moves_back(raises in prop::collection::vec((any::<bool>(), 0_i64..50), 1..30)) {
        let state = in_memory();
        block_on(async {
            for (which, to) in raises {
                let side = if which { Side::Supporter } else { Side::Salesforce };
                let before = state.watermark(side).unwrap();
                let other = state.watermark(side.other()).unwrap();
                let receipt = commit(&state, |changes| {
                    changes.raise_watermark(side, at(to));
                })
                .await;
                let now = state.watermark(side).unwrap();
                assert_eq!(now, before.max(Some(at(to))));
                assert_eq!(receipt.watermark(side), now);
                assert_eq!(state.watermark(side.other()).unwrap(), other);
            }
        });
    }
}

#[tokio::test]
async fn only_an_explicit_rewind_lowers_a_watermark_and_it_is_audited() {
    let state = in_memory();
    let _ = commit(&state, |changes| {
        changes.raise_watermark(Side::Salesforce, at(1_000));
    })
    .await;
    let receipt = commit(&state, |changes| {
        changes.rewind_watermark(Side::Salesforce, at(500), "administrator", "re-read after a restore");
    })
    .await;
    assert_eq!(receipt.watermark(Side::Salesforce), Some(at(500)));
    let audits = state.audits(9).unwrap();
    assert_eq!(audits.len(), 1);
    assert_eq!(audits[0].who, "administrator");
    assert!(audits[0].what.contains("salesforce watermark"), "{}", audits[0].what);
    assert!(audits[0].what.ends_with("re-read after a restore"));
}

#[tokio::test]
async fn what_was_seen_is_remembered_down_to_the_overlap_and_no_further() {
    let state = in_memory(); // two hours of overlap
    let hours = |n: i64| at(n * 3_600);
    let _ = commit(&state, |changes| {
        changes.note_seen(Side::Supporter, "1", hours(7)).note_seen(Side::Supporter, "2", hours(9));
        changes.note_seen(Side::Salesforce, "2", hours(9));
        changes.raise_watermark(Side::Supporter, hours(10));
    })
    .await;
    assert!(!state.recently_seen(Side::Supporter, "1", hours(7)).unwrap());
    assert!(state.recently_seen(Side::Supporter, "2", hours(9)).unwrap());
    assert!(!state.recently_seen(Side::Supporter, "2", hours(8)).unwrap());
    assert!(
        !state.recently_seen(Side::Salesforce, "2", hours(9)).unwrap(),
        "no watermark, nothing to repeat"
    );
    let _ = commit(&state, |changes| {
        changes.raise_watermark(Side::Supporter, hours(12));
    })
    .await;
    assert!(!state.recently_seen(Side::Supporter, "2", hours(9)).unwrap());
    assert!(state.store().scan(state::Tree::Seen, state::Scan::default(), 9).unwrap().is_empty());
}

#[tokio::test]
async fn more_than_one_commit_forgets_is_forgotten_by_the_next_ones() {
    let state = in_memory();
    let hours = |n: i64| at(n * 3_600);
    let _ = commit(&state, |changes| {
        changes.raise_watermark(Side::Salesforce, hours(10));
        for n in 0..6_000 {
            changes.note_seen(Side::Salesforce, &n.to_string(), hours(9));
        }
    })
    .await;
    assert!(!state.has_seen_too_much(Side::Salesforce).unwrap(), "all of it is needed");
    let mut left = Vec::new();
    for _ in 0..3 {
        let receipt = commit(&state, |changes| {
            changes.raise_watermark(Side::Salesforce, hours(20));
        })
        .await;
        left.push((receipt.forgotten_seen, state.has_seen_too_much(Side::Salesforce).unwrap()));
    }
    assert_eq!(left, [(5_000, true), (1_000, false), (0, false)]);
    assert!(!state.has_seen_too_much(Side::Supporter).unwrap(), "no watermark, nothing to forget");
}
