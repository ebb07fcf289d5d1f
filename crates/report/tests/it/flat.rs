//! Blocks and conflicts.

use model::{Block, ContactId, CycleId, Digest, Evidence, Link, LinkLife, Policy, Side};
use report::{Format, conflicts, errors};
use serde_json::{Value, json};
use state::{Changes, Conflict, State};

use crate::people::{JOE, contact, options, rows, stamp, supporter, written};

fn block(code: &str, message: &str) -> Block {
    Block {
        code: code.to_owned(),
        fields: vec!["Birthdate".into(), "Email".into()],
        message: message.to_owned(),
        record: Digest(1),
        map: Digest(2),
        since: stamp("2026-10-05T12:34:56Z"),
        attempts: 3,
    }
}

fn link(id: &str, to: ContactId) -> Link {
    Link {
        supporter: supporter(id),
        contact: to,
        made_at: stamp("2026-10-01T00:00:00Z"),
        cycle: CycleId(1),
        evidence: Evidence::StoredContactId,
        life: LinkLife::Live,
    }
}

fn conflict(kept: Option<Side>, ours: &str, theirs: &str) -> Conflict {
    Conflict {
        cycle: CycleId(4),
        at: stamp("2026-10-05T12:34:56Z"),
        supporter: supporter("1042"),
        contact: contact(JOE),
        field: "Phone".into(),
        kept,
        policy: Policy::Salesforce,
        supporter_value: ours.to_owned(),
        contact_value: theirs.to_owned(),
        blind: false,
    }
}

/// A linked supporter that is blocked, and a conflict of theirs.
pub(crate) async fn state_with(code: &str, message: &str, value: &str) -> State {
    let state = State::in_memory(7).unwrap();
    let mut changes = Changes::new();
    changes
        .put_link(link("1042", contact(JOE)))
        .put_block(&supporter("1042"), block(code, message))
        .log_conflict(conflict(Some(Side::Salesforce), message, value));
    let receipt = state.commit(changes).await.unwrap();
    assert!(receipt.refused.is_empty());
    state
}

#[tokio::test]
async fn a_blocked_record_is_shown_with_what_to_correct_and_where() {
    let state = state_with("INVALID_EMAIL_ADDRESS", "Email: invalid", "x").await;
    let (count, text) = written(|to| errors(&state, &options(Format::Csv), to));
    let rows = rows(&text);
    assert_eq!((count, rows.len()), (1, 1));
    for (column, cell) in [
        ("supporter", "1042"),
        ("contact", JOE),
        ("since", "2026-10-05T12:34:56Z"),
        ("code", "INVALID_EMAIL_ADDRESS"),
        ("fields", "Birthdate Email"),
        ("message", "Email: invalid"),
        ("attempts", "3"),
        ("supporter_link", "https://db.example.org/people/1042"),
        ("contact_link", "https://org.example.com/003RM0000068xVCYAY/view"),
    ] {
        assert_eq!(rows[0][column], cell, "{column}");
    }
    let (_, text) = written(|to| errors(&state, &options(Format::Json), to));
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json[0]["fields"], json!(["Birthdate", "Email"]));
    let (_, text) = written(|to| errors(&state, &options(Format::Table), to));
    assert!(text.ends_with("1 blocked record\n"), "{text}");
}

#[tokio::test]
async fn blocks_are_paged_without_loss_or_repetition() {
    let state = State::in_memory(7).unwrap();
    let mut changes = Changes::new();
    for n in 0..1_001 {
        changes.put_block(&supporter(&n.to_string()), block("X", ""));
    }
    let receipt = state.commit(changes).await.unwrap();
    assert!(receipt.refused.is_empty());
    for format in [Format::Table, Format::Csv, Format::Json] {
        assert_eq!(written(|to| errors(&state, &options(format), to)).0, 1_001);
    }
    let (_, text) = written(|to| errors(&state, &options(Format::Csv), to));
    let ids: std::collections::HashSet<String> =
        rows(&text).iter().map(|row| row["supporter"].clone()).collect();
    assert_eq!(ids.len(), 1_001);
}

#[tokio::test]
async fn a_conflict_shows_both_values_and_who_was_kept() {
    let state = State::in_memory(7).unwrap();
    let mut changes = Changes::new();
    for kept in [Some(Side::Salesforce), Some(Side::Supporter), None] {
        changes.log_conflict(conflict(kept, "020 7946 0001", "020 7946 0002"));
    }
    let receipt = state.commit(changes).await.unwrap();
    assert!(receipt.refused.is_empty());
    let (count, text) = written(|to| conflicts(&state, &options(Format::Csv), to));
    let rows = rows(&text);
    assert_eq!(count, 3);
    assert_eq!(
        rows.iter().map(|row| row["kept"].as_str()).collect::<Vec<_>>(),
        ["salesforce", "supporter", "held"]
    );
    assert_eq!(rows[0]["supporter_value"], "020 7946 0001");
    assert_eq!(rows[0]["contact_value"], "020 7946 0002");
    assert_eq!((rows[0]["policy"].as_str(), rows[0]["field"].as_str()), ("salesforce", "Phone"));
    // THEN a table shows the number by which one is taken back, and the policy that decided
    let (_, text) = written(|to| conflicts(&state, &options(Format::Table), to));
    let head = text.lines().next().unwrap_or_default();
    for column in ["number", "policy", "kept"] {
        assert!(head.contains(column), "{text}");
    }
    assert!(!head.contains("cycle"), "{text}");
}

#[tokio::test]
async fn nothing_to_report_is_said() {
    let state = State::in_memory(7).unwrap();
    assert_eq!(written(|to| errors(&state, &options(Format::Table), to)), (0, "no blocked records\n".into()));
    assert_eq!(written(|to| conflicts(&state, &options(Format::Json), to)), (0, "[]\n".into()));
}
