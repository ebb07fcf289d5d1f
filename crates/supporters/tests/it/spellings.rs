//! What the field map's rules mean for how values are spelled in columns: yes and no, times without an offset, and texts that a
//! column for numbers would change.

use model::field_map::plain_rule;
use model::{Cell, FieldMap, FieldRule, FieldType, TechnicalFields};
use supporters::conformance::{id, text};
use supporters::{Applied, RefusalCode, Sqlite, SupporterWrite, Supporters, Table};

use crate::support::File;

const SCHEMA: &str = "CREATE TABLE people (id INTEGER PRIMARY KEY, modified TEXT, contact_id TEXT, email TEXT, last_name TEXT, \
     opt_out INTEGER, post_out BOOLEAN, call_out TEXT, any_out, joined DATETIME, postcode STRING, given REAL); \
     INSERT INTO people VALUES (1, '2025-10-05T12:00:01Z', NULL, 'a@x.org', 'Ash', 0, 0, 'N', 0, \
     '2026-01-01 12:00:00', 'AB1 2CD', 7.5)";

/// The places of the columns, in the order of the rules.
const COLUMNS: [&str; 9] =
    ["email", "last_name", "opt_out", "post_out", "call_out", "any_out", "joined", "postcode", "given"];

fn map() -> FieldMap {
    let rule = |field: &str, column: usize, kind| plain_rule(field, COLUMNS[column], kind);
    let rules: Vec<FieldRule> = vec![
        rule("Email", 0, FieldType::Email),
        rule("LastName", 1, FieldType::Text),
        rule("HasOptedOutOfEmail", 2, FieldType::Boolean),
        rule("No_Post__c", 3, FieldType::Boolean),
        rule("DoNotCall", 4, FieldType::Boolean),
        rule("No_Sms__c", 5, FieldType::Boolean),
        rule("Joined__c", 6, FieldType::DateTime),
        rule("MailingPostalCode", 7, FieldType::Text),
        rule("Given__c", 8, FieldType::Number),
    ];
    let technical = TechnicalFields { supporter_id: "Id__c".into(), account_id: None, push_marker: None };
    FieldMap::new(rules, technical).unwrap()
}

async fn open(file: &File, zone: &str) -> Sqlite {
    let table = Table { zone: zone.parse().unwrap(), ..file.table() };
    Sqlite::open(&table, map().columns()).await.unwrap().for_map(&map())
}

async fn cells(supporters: &Sqlite) -> Vec<Cell> {
    supporters.get(&[id(1)]).await.unwrap().remove(0).unwrap().cells
}

/// Writes one value as a cycle does: over what was read.
async fn write(supporters: &Sqlite, place: usize, to: &str) -> Applied {
    let expect = vec![(place, cells(supporters).await[place].clone())];
    let set = vec![(place, text(to))];
    let update = SupporterWrite::Update { id: id(1), set, expect, contact_id: None };
    supporters.apply(&[update]).await.unwrap().remove(0)
}

fn is_done(applied: &Applied) -> bool {
    matches!(applied, Applied::Done { .. })
}

#[tokio::test]
async fn a_refusal_is_written_so_that_whoever_asks_for_it_finds_it() {
    let file = File::new(SCHEMA).await;
    let supporters = open(&file, "UTC").await;
    for place in 2..=5 {
        assert!(is_done(&write(&supporters, place, "true").await), "{place}");
    }
    let refused =
        "SELECT count(*) FROM people WHERE opt_out = 1 AND post_out = 1 AND call_out = 'Y' AND any_out = 1";
    assert_eq!(file.number(refused).await, 1);
    for (place, rule) in map().rules().iter().enumerate().filter(|(_, rule)| rule.kind == FieldType::Boolean)
    {
        let read = &cells(&supporters).await[place];
        assert_eq!(rule.from_columns(&[read]), Ok(text("true")), "{place}");
    }
    // It can be taken back, and a new row is spelled by its columns.
    assert!(is_done(&write(&supporters, 2, "false").await));
    assert_eq!(file.number("SELECT count(*) FROM people WHERE opt_out = 0").await, 1);
    let mut new = vec![Cell::Absent; COLUMNS.len()];
    new[2..=4].fill(text("true"));
    let new = SupporterWrite::Create { cells: new, contact_id: None };
    assert!(is_done(&supporters.apply(&[new]).await.unwrap()[0]));
    let found =
        "SELECT count(*) FROM people WHERE id <> 1 AND opt_out = 1 AND post_out = 1 AND call_out = 'true'";
    assert_eq!(file.number(found).await, 1);
}

#[tokio::test]
async fn that_a_contact_was_deleted_is_said_as_a_number_where_the_column_is_for_numbers() {
    let file = File::new(SCHEMA).await;
    file.run("ALTER TABLE people ADD COLUMN contact_gone INTEGER NOT NULL DEFAULT 0").await;
    let (map, place) = map().with_contact_deleted("contact_gone");
    let supporters = Sqlite::open(&file.table(), map.columns()).await.unwrap().for_map(&map);
    for (said, held) in [("true", 1), ("false", 0)] {
        let set = vec![(place, text(said))];
        let flag = SupporterWrite::Update { id: id(1), set, expect: Vec::new(), contact_id: None };
        assert!(is_done(&supporters.apply(&[flag]).await.unwrap()[0]));
        assert_eq!(
            file.number("SELECT contact_gone = 1 AND typeof(contact_gone) = 'integer' FROM people").await,
            held
        );
    }
}

#[tokio::test]
async fn a_row_with_letters_in_a_column_for_yes_and_no_keeps_them() {
    let file = File::new(SCHEMA).await;
    file.run("UPDATE people SET post_out = 'n', call_out = 'No'").await;
    let supporters = open(&file, "UTC").await;
    for place in [3, 4] {
        assert!(is_done(&write(&supporters, place, "true").await));
    }
    assert_eq!(file.text("SELECT post_out || call_out FROM people").await.as_deref(), Some("yYes"));
}

#[tokio::test]
async fn a_time_without_an_offset_is_of_the_zone_when_it_is_read_compared_and_written() {
    let file = File::new(SCHEMA).await;
    let supporters = open(&file, "+10:00").await;
    let map = map();
    let rule = &map.rules()[6];
    let read = &cells(&supporters).await[6];
    assert_eq!(rule.from_columns(&[read]), Ok(text("2026-01-01T02:00:00Z")));
    assert!(is_done(&write(&supporters, 6, "2026-07-01T00:30:00Z").await));
    let joined = "SELECT joined FROM people";
    assert_eq!(file.text(joined).await.as_deref(), Some("2026-07-01 10:30:00"));
    // A row that says its offset is left to say it.
    file.run("UPDATE people SET joined = '2026-01-01T12:00:00+01:00'").await;
    assert_eq!(rule.from_columns(&[&cells(&supporters).await[6]]), Ok(text("2026-01-01T11:00:00Z")));
    assert!(is_done(&write(&supporters, 6, "2026-07-01T00:30:00Z").await));
    assert_eq!(file.text(joined).await.as_deref(), Some("2026-07-01T00:30:00Z"));
    // Somebody else's edit is one, whatever its form.
    let stale = SupporterWrite::Update {
        id: id(1),
        set: vec![(6, text("2026-08-01T00:00:00Z"))],
        expect: vec![(6, text("2026-01-01 12:00:00+10:00"))],
        contact_id: None,
    };
    assert_eq!(supporters.apply(&[stale]).await.unwrap(), [Applied::ChangedMeanwhile]);
}

#[tokio::test]
async fn a_text_that_a_column_for_numbers_would_change_is_refused() {
    let file = File::new(SCHEMA).await;
    let supporters = open(&file, "UTC").await;
    for changed in ["01234", "+447700900123", "1e5"] {
        let applied = write(&supporters, 7, changed).await;
        assert!(
            matches!(applied, Applied::Refused { code: RefusalCode::Type, .. }),
            "{changed}: {applied:?}"
        );
    }
    let mut new = vec![Cell::Absent; COLUMNS.len()];
    new[7] = text("01234");
    let new = SupporterWrite::Create { cells: new, contact_id: None };
    assert!(matches!(
        supporters.apply(&[new]).await.unwrap()[..],
        [Applied::Refused { code: RefusalCode::Type, .. }]
    ));
    assert_eq!(file.text("SELECT postcode FROM people").await.as_deref(), Some("AB1 2CD"));
    for (place, kept) in
        [(7, "1234"), (7, "SW1A 1AA"), (8, "12.5"), (8, "12.50"), (8, "1000000"), (8, "-0.125")]
    {
        assert!(is_done(&write(&supporters, place, kept).await), "{kept}");
        let rule = map().rules()[place].clone();
        let read = cells(&supporters).await[place].clone();
        assert_eq!(rule.from_columns(&[&read]), rule.from_contact(&text(kept)), "{kept}");
    }
}
