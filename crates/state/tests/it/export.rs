//! Export and import.

use std::io::BufReader;

use model::{CaseKind, Digest, DirtyReason, RuleKey, Side};
use state::{Error, Refusal, Scan, State, Tree};

use crate::cases::case;
use crate::support::{at, commit, link, options, subject, supporter};

async fn filled(dir: &std::path::Path) -> State {
    let state = State::open(dir, options()).unwrap();
    let _ = commit(&state, |changes| {
        for n in 1..=2_500 {
            changes.put_link(link(n, n)).set_bases(&supporter(n), &[(RuleKey(1), Digest(u64::from(n)))]);
        }
        changes.mark_dirty(subject(1), DirtyReason::Retry, None).open_case(case(CaseKind::Blocked, 1, 1));
        changes.raise_watermark(Side::Supporter, at(5));
    })
    .await;
    state
}

fn rows(state: &State) -> Vec<(Tree, Vec<u8>, Vec<u8>)> {
    let mut rows = Vec::new();
    for tree in Tree::ALL {
        let found = state.store().scan(tree, Scan::default(), usize::MAX).unwrap();
        rows.extend(found.into_iter().map(|(key, value)| (tree, key, value)));
    }
    rows.retain(|(_, key, _)| key != b"epoch" && key != b"generation");
    rows
}

#[tokio::test]
async fn an_import_holds_what_the_export_held_with_the_same_digest_key() {
    let dir = tempfile::tempdir().unwrap();
    let state = filled(&dir.path().join("a")).await;
    let mut text = Vec::new();
    let count = state.export(&mut text).unwrap();
    assert_eq!(count as usize, rows(&state).len());
    let copy = State::import(dir.path().join("b"), &mut BufReader::new(&text[..]), options()).unwrap();
    assert_eq!(rows(&copy), rows(&state));
    assert!(copy.digest_key() == state.digest_key());
    assert_eq!(copy.link_count().unwrap(), 2_500);
}

#[tokio::test]
async fn a_cut_or_changed_export_leaves_no_state_behind() {
    let dir = tempfile::tempdir().unwrap();
    let state = filled(&dir.path().join("a")).await;
    let mut text = Vec::new();
    state.export(&mut text).unwrap();
    let lines = text.iter().filter(|byte| **byte == b'\n').count();
    let without_line = |skip: usize| -> Vec<u8> {
        let kept = text.split_inclusive(|byte| *byte == b'\n').enumerate().filter(|(n, _)| *n != skip);
        kept.flat_map(|(_, line)| line.to_vec()).collect()
    };
    let mut longer = text.clone();
    longer.extend_from_slice(b"{}\n");
    for damaged in [
        text[..text.len() - 1].to_vec(),
        without_line(lines - 1),
        without_line(5),
        without_line(0),
        longer,
        Vec::new(),
        b"not an export\n".to_vec(),
    ] {
        let target = dir.path().join("b");
        let refused = State::import(&target, &mut BufReader::new(&damaged[..]), options());
        assert!(matches!(refused, Err(Error::Refused(Refusal::Export(_)))), "{refused:?}");
        assert!(!target.exists());
    }
    let refused = State::import(dir.path().join("a"), &mut BufReader::new(&text[..]), options());
    assert!(matches!(refused, Err(Error::Refused(Refusal::NotAStateDirectory(_)))));
}
