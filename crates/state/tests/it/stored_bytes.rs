//! Whatever bytes lie in the store, reading gives a value or an error that names tree and key; never a panic.

use model::{CaseKind, PlanId, Side, Subject};
use proptest::prelude::*;
use state::{Batch, Error, Fatal, MemoryStore, State, Store, Tree};

use crate::support::{at, contact, subject, supporter};

/// Asks every question there is; hands back the errors.
fn read_everything(state: &State) -> Vec<Error> {
    let mut errors = Vec::new();
    let mut note = |result: Result<(), Error>| errors.extend(result.err());
    let id = supporter(1);
    note(state.link_of(&id).map(drop));
    note(state.bases_of(&id).map(drop));
    note(state.intent_of(&id).map(drop));
    note(state.block_of(&id).map(drop));
    note(state.last_outcome(&id).map(drop));
    note(state.links_page(None, 9).map(drop));
    note(state.supporter_of(&contact(1)).map(drop));
    note(state.intents_of_plan(PlanId(1), None, 9).map(drop));
    note(state.blocks_page(None, 9).map(drop));
    note(state.dirty_page(None, 9).map(drop));
    note(state.dirty_of(&subject(1)).map(drop));
    note(state.dirty_count().map(drop));
    note(state.journal().map(drop));
    note(state.case_of(CaseKind::Blocked, &Subject::Contact(contact(1))).map(drop));
    note(state.cases_page(None, 9).map(drop));
    note(state.conflicts_page(None, 9).map(drop));
    note(state.recently_seen(Side::Supporter, "1", at(1)).map(drop));
    note(state.summaries().map(drop));
    note(state.audits(9).map(drop));
    note(state.watermark(Side::Salesforce).map(drop));
    note(state.progress().map(drop));
    note(state.last_cycle().map(drop));
    note(state.map_digest().map(drop));
    errors
}

/// Keys that the state itself uses, and anything else.
fn key() -> impl Strategy<Value = Vec<u8>> {
    let real: Vec<Vec<u8>> = vec![
        b"1".to_vec(),
        b"s1".to_vec(),
        b"b1".to_vec(),
        contact(1).as_str().into(),
        [b"c", contact(1).as_str().as_bytes()].concat(),
        [b"c", contact(1).as_str().as_bytes(), b"\0blocked"].concat(),
        b"p\0\0\0\0\0\0\0\x011".to_vec(),
        vec![0, 0, 0, 0, 0, 0, 0, 1],
        b"s\0\0\0\0\0\0\0\x01".to_vec(),
        b"a\0\0\0\0\0\0\0\x01".to_vec(),
        b"counts".to_vec(),
        b"watermark/salesforce".to_vec(),
        b"progress".to_vec(),
        b"map".to_vec(),
        b"cycle".to_vec(),
    ];
    prop_oneof![4 => prop::sample::select(real), 1 => prop::collection::vec(any::<u8>(), 0..12)]
}

/// Any bytes, half of them with the right envelope.
fn value(tree: Tree, key: &[u8], format: u8, payload: &[u8], sealed: bool) -> Vec<u8> {
    let mut value = vec![format];
    value.extend_from_slice(payload);
    // What lies in leaves has no checksum of its own.
    if sealed && !tree.is_packed() {
        let sum = [&[tree.number()], key, &[0], &value].concat();
        value.extend_from_slice(&crc32fast::hash(&sum).to_le_bytes());
    }
    value
}

/// Payloads: noise, and JSON of the wrong shape.
fn payload() -> impl Strategy<Value = Vec<u8>> {
    let json =
        ["{}", "[]", "null", "-1", "1e99", "\"x\"", "{\"links\":-1}", "{\"cases\":{\"no_such_kind\":1}}"];
    prop_oneof![
        3 => prop::collection::vec(any::<u8>(), 0..80),
        1 => prop::sample::select(json.to_vec()).prop_map(|json| json.as_bytes().to_vec()),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn any_bytes_give_a_value_or_an_error_that_names_them(
        tree in prop::sample::select(Tree::ALL.to_vec()),
        key in key(),
        format in prop_oneof![4 => 1_u8..=3, 1 => any::<u8>()],
        payload in payload(),
        sealed: bool,
    ) {
        let store = MemoryStore::new(1);
        let state = State::over_memory(store.clone(), 1, model::Clock::system()).unwrap();
        let mut batch = Batch::new();
        batch.put(tree, key.clone(), value(tree, &key, format, &payload, sealed));
        store.commit_blocking(batch).unwrap();
        for error in read_everything(&state) {
            let names_the_tree = matches!(&error, Error::Fatal(Fatal::Damaged { tree: t, .. }) if *t == tree);
            prop_assert!(names_the_tree, "{error}");
        }
    }
}

#[test]
fn a_flipped_bit_and_a_value_under_another_key_are_noticed() {
    let store = MemoryStore::new(1);
    let state = State::over_memory(store.clone(), 1, model::Clock::system()).unwrap();
    let good = value(Tree::Meta, b"cycle", 1, b"5", true);
    let put = |key: &[u8], value: &[u8]| {
        let mut batch = Batch::new();
        batch.put(Tree::Meta, key, value);
        store.commit_blocking(batch).unwrap();
    };
    put(b"cycle", &good);
    assert_eq!(state.last_cycle().unwrap().0, 5);
    let mut flipped = good.clone();
    flipped[1] ^= 1;
    put(b"cycle", &flipped);
    let error = state.last_cycle().unwrap_err().to_string();
    assert_eq!(error, "state: value of cycle in tree meta is damaged: checksum does not fit");
    put(b"map", &good);
    assert!(state.map_digest().is_err());
}
