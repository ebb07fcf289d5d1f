//! Conflicts, audit lines, summaries, progress, bookmarks: what is only appended or replaced, and its bounds.

use model::{CycleId, Digest, Policy, Side};
use serde_json::json;
use state::{Conflict, Finished, MAX_AUDITS, MAX_SUMMARIES, Progress};

use crate::support::{at, commit, contact, in_memory, supporter};

pub(crate) fn conflict(n: u32, seconds: i64) -> Conflict {
    Conflict {
        cycle: CycleId(1),
        at: at(seconds),
        supporter: supporter(n),
        contact: contact(n),
        field: "Phone".to_owned(),
        kept: Some(Side::Salesforce),
        policy: Policy::Salesforce,
        supporter_value: "1".to_owned(),
        contact_value: "2".to_owned(),
        blind: false,
    }
}

#[tokio::test]
async fn the_conflict_log_is_pruned_from_its_old_end() {
    let state = in_memory();
    let _ = commit(&state, |changes| {
        (1..=10).for_each(|n| {
            changes.log_conflict(conflict(n, i64::from(n)));
        });
    })
    .await;
    let receipt = commit(&state, |changes| {
        changes.prune_conflicts(at(4));
    })
    .await;
    assert_eq!(receipt.pruned, 3);
    let page = state.conflicts_page(None, 4).unwrap();
    assert_eq!(page[0], (4, conflict(4, 4)));
    assert_eq!(state.conflicts_page(Some(page[3].0), 9).unwrap().len(), 3);
}

#[tokio::test]
async fn a_conflict_over_long_values_is_kept_with_a_visible_cut() {
    let state = in_memory();
    let mut long = conflict(1, 1);
    long.supporter_value = "\u{1}".repeat(40_000);
    long.contact_value = long.supporter_value.clone();
    assert!(!format!("{long:?}").contains('\u{1}'));
    let _ = commit(&state, |changes| {
        changes.log_conflict(long);
    })
    .await;
    let page = state.conflicts_page(None, 1).unwrap();
    assert!(page[0].1.supporter_value.ends_with("[cut here, 40000 bytes in all]"));
    // A summary that is too large must not fail the commit it comes with.
    let receipt = commit(&state, |changes| {
        changes.put_summary(CycleId(1), json!("x".repeat(70_000)));
    })
    .await;
    assert!(receipt.generation > 0);
    assert_eq!(state.summaries().unwrap()[0].value, json!({ "too_large_bytes": 70_002 }));
}

#[tokio::test]
async fn the_last_fifty_summaries_are_kept_newest_first() {
    let state = in_memory();
    for cycle in 1..=60 {
        let _ = commit(&state, |changes| {
            changes.put_summary(CycleId(cycle), json!({ "pushed": cycle }));
        })
        .await;
    }
    let summaries = state.summaries().unwrap();
    assert_eq!(summaries.len(), MAX_SUMMARIES);
    assert_eq!((summaries[0].cycle, summaries[49].cycle), (CycleId(60), CycleId(11)));
    assert_eq!(summaries[0].value, json!({ "pushed": 60 }));
}

#[tokio::test]
async fn the_audit_trail_is_bounded() {
    let state = in_memory();
    let _ = commit(&state, |changes| {
        (0..MAX_AUDITS).for_each(|n| {
            changes.audit("service", &format!("act {n}"));
        });
    })
    .await;
    let _ = commit(&state, |changes| {
        changes.audit("administrator", "the last act");
    })
    .await;
    let audits = state.audits(usize::MAX >> 1).unwrap();
    assert_eq!(audits.len() as u64, MAX_AUDITS);
    assert_eq!(audits[0].what, "the last act");
    assert_eq!(state.audits(2).unwrap().len(), 2);
}

#[tokio::test]
async fn single_rows_are_replaced_and_removed() {
    let state = in_memory();
    let progress = Progress { pull: Some(Finished { cycle: CycleId(3), at: at(9) }), ..Progress::default() };
    let _ = commit(&state, |changes| {
        changes
            .set_progress(progress)
            .set_map(Digest(u64::MAX))
            .put_bookmark("pull.query", json!({ "locator": "x" }));
        changes.put_outcome(&supporter(1), CycleId(3), &"long".repeat(40));
    })
    .await;
    assert_eq!(state.progress().unwrap(), progress);
    assert_eq!(state.map_digest().unwrap(), Some(Digest(u64::MAX)));
    assert_eq!(state.bookmark("pull.query").unwrap(), Some(json!({ "locator": "x" })));
    assert_eq!(state.last_outcome(&supporter(1)).unwrap(), Some((CycleId(3), "long".repeat(16))));
    let _ = commit(&state, |changes| {
        changes.remove_bookmark("pull.query");
    })
    .await;
    assert_eq!(state.bookmark("pull.query").unwrap(), None);
}

#[tokio::test]
async fn a_commit_that_changes_nothing_writes_nothing() {
    let state = in_memory();
    let fill = |changes: &mut state::Changes| {
        changes.set_bases(&supporter(1), &[(model::RuleKey(1), Digest(1))]);
        changes.raise_watermark(Side::Supporter, at(5));
    };
    let first = commit(&state, fill).await.generation;
    assert_eq!(commit(&state, fill).await.generation, first);
}
