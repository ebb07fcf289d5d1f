//! The bytes of the rows, format by format, pinned: a change of any stored shape shows here first, and then needs a new format and a step.

use model::{CaseKind, CycleId, Digest, DirtyReason, Evidence, Link, PlanId, RuleKey, Side, Subject};
use state::{Changes, Scan, State, Tree};

use crate::cases::case;
use crate::history::conflict;
use crate::journal::{block, entry, intent};
use crate::support::{at, commit, contact, link, subject, supporter};

const STORED: &str = include_str!("fixture-format-7.txt");
/// With what was put off not counted.
const STORED_6: &str = include_str!("fixture-format-6.txt");
/// With conflicts in JSON.
const STORED_5: &str = include_str!("fixture-format-5.txt");
/// With the supporter before the field in a conflict.
const STORED_4: &str = include_str!("fixture-format-4.txt");
/// With the Contact Id before evidence in words.
const STORED_3: &str = include_str!("fixture-format-3.txt");
/// With people in postcard.
const STORED_2: &str = include_str!("fixture-format-2.txt");
/// With an index of plans, which the step to format 2 removes.
const STORED_1: &str = include_str!("fixture-format-1.txt");

/// One of everything.
fn fill(changes: &mut Changes) {
    changes
        .put_link(link(1, 1))
        .set_bases(&supporter(1), &[(RuleKey(3), Digest(4)), (RuleKey(1), Digest(2))]);
    changes.put_outcome(&supporter(1), CycleId(1), "upserted");
    let reasons = vec!["email_exact".to_owned()];
    let evidence = Evidence::EmailAndName { strength: "strong".to_owned(), reasons };
    changes.put_link(Link { evidence, ..link(2, 2) });
    changes.put_link(Link { evidence: Evidence::MergedFrom { contact: contact(9) }, ..link(3, 3) });
    changes.put_link(Link { evidence: Evidence::Administrator, ..link(4, 4) });
    changes.set_link_life(&supporter(4), model::LinkLife::SupporterDeleted);
    changes.put_intent(&supporter(2), intent(Some(PlanId(1)))).put_journal(entry(PlanId(1)));
    changes.put_block(&supporter(3), block(1));
    changes.mark_dirty(subject(1), DirtyReason::MapChanged, Some(at(1)));
    changes.mark_dirty(Subject::Contact(contact(5)), DirtyReason::ContactGone, None);
    changes.open_case(case(CaseKind::Systemic, 1, 1)).log_conflict(conflict(1, 1)).audit("service", "act");
    changes.raise_watermark(Side::Supporter, at(10)).note_seen(Side::Supporter, "1", at(9));
    changes.put_summary(CycleId(1), serde_json::json!({ "pushed": 1 })).set_map(Digest(7));
}

fn dump(state: &State) -> String {
    let rows = Tree::ALL.into_iter().flat_map(|tree| {
        let rows = state.store().scan(tree, Scan::default(), 99).unwrap();
        rows.into_iter().map(move |(key, mut value)| {
            if tree.is_packed() {
                let crc = checksum(tree, &key, &value);
                value.extend_from_slice(&crc);
            }
            format!("{tree} {} {}\n", hex::encode(key), hex::encode(value))
        })
    });
    rows.collect()
}

/// Rows are pinned with their checksums, as exports have them, wherever they lie.
fn checksum(tree: Tree, key: &[u8], value: &[u8]) -> [u8; 4] {
    crc32fast::hash(&[&[tree.number()], key, &[0], value].concat()).to_le_bytes()
}

#[tokio::test]
async fn the_stored_bytes_have_not_changed() {
    let store = state::MemoryStore::new(1);
    let state = State::over_memory(store, 1, model::Clock::held(at(1))).unwrap();
    let receipt = commit(&state, fill).await;
    assert!(receipt.refused.is_empty());
    let dump = dump(&state);
    if std::env::var_os("HIGHWATER_WRITE_FIXTURE").is_some() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/fixture-format-7.txt");
        std::fs::write(path, &dump).unwrap();
    }
    assert_eq!(dump, STORED, "a stored shape changed: add a format and an upgrade step");
}

#[test]
fn a_state_of_any_format_is_read() {
    is_read(STORED_1);
    is_read(STORED_2);
    is_read(STORED_3);
    is_read(STORED_4);
    is_read(STORED_5);
    is_read(STORED_6);
    is_read(STORED);
}

fn is_read(stored: &str) {
    let store = state::MemoryStore::new(1);
    let mut batch = state::Batch::new();
    for row in stored.lines() {
        let mut words = row.split(' ');
        let tree =
            words.next().and_then(|name| Tree::ALL.into_iter().find(|tree| tree.name() == name)).unwrap();
        let mut bytes = || hex::decode(words.next().unwrap()).unwrap();
        let (key, mut value) = (bytes(), bytes());
        if tree.is_packed() {
            let crc = value.split_off(value.len() - 4);
            assert_eq!(crc, checksum(tree, &key, &value));
        }
        batch.put(tree, key, value);
    }
    state::Store::commit_blocking(&store, batch).unwrap();
    let state = State::over_memory(store, 1, model::Clock::system()).unwrap();
    let links = state.links_page(None, 9).unwrap();
    assert_eq!(links.iter().map(|link| link.contact).collect::<Vec<_>>(), [1, 2, 3, 4].map(contact));
    assert_eq!(links[2].evidence, Evidence::MergedFrom { contact: contact(9) });
    assert_eq!(state.bases_of(&supporter(1)).unwrap().get(RuleKey(3)), Some(Digest(4)));
    assert_eq!(state.intents_of_plan(PlanId(1), None, 9).unwrap().len(), 1);
    assert_eq!(state.blocks_page(None, 9).unwrap(), [(supporter(3), block(1))]);
    assert_eq!(state.dirty_page(None, 9).unwrap().len(), 2);
    assert_eq!(state.cases_page(None, 9).unwrap(), [case(CaseKind::Systemic, 1, 1)]);
    assert_eq!(state.conflicts_page(None, 9).unwrap(), [(1, conflict(1, 1))]);
    assert_eq!(state.audits(9).unwrap().len(), 1);
    assert_eq!(state.watermark(Side::Supporter).unwrap(), Some(at(10)));
    assert!(state.recently_seen(Side::Supporter, "1", at(9)).unwrap());
}
