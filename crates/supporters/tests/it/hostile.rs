//! Whatever stands in a row, nothing panics, nothing is misread, and what cannot be read is not written over.

use model::{Cell, Email, FieldType, InvalidValue, SupporterId};
use proptest::prelude::*;
use supporters::conformance::{between, id, read_all, text};
use supporters::{Applied, ContactIdWrite, MAX_CELL_BYTES, RefusalCode, Sqlite, SupporterWrite, Supporters};

use crate::support::File;

const SCHEMA: &str =
    "CREATE TABLE people (id INTEGER PRIMARY KEY, modified, contact_id, email, a, b TEXT, c REAL)";

async fn cells(supporters: &Sqlite, row: u32) -> Vec<Cell> {
    supporters.get(&[id(row)]).await.unwrap()[0].clone().unwrap().cells
}

fn rewrite(row: u32, place: usize, from: &Cell, to: Cell) -> SupporterWrite {
    SupporterWrite::Update {
        id: id(row),
        set: vec![(place, to)],
        expect: vec![(place, from.clone())],
        contact_id: None,
    }
}

#[tokio::test]
async fn blobs_and_broken_text_are_absent_and_stay() {
    let file = File::new(SCHEMA).await;
    file.run(
        "INSERT INTO people (id, email, a, b) VALUES (1, 'j@x.org', x'fffe00', CAST(x'6aff6f' AS TEXT))",
    )
    .await;
    let supporters = file.open(&["email", "a", "b"]).await;
    assert_eq!(cells(&supporters, 1).await, [text("j@x.org"), Cell::Absent, Cell::Absent]);
    let applied = supporters.apply(&[rewrite(1, 1, &Cell::Absent, text("x"))]).await.unwrap();
    assert!(matches!(applied[..], [Applied::Refused { code: RefusalCode::Unreadable, .. }]));
    // A guess that the cell is empty does not hold either.
    let applied = supporters.apply(&[rewrite(1, 1, &Cell::Empty, text("x"))]).await.unwrap();
    assert_eq!(applied, [Applied::ChangedMeanwhile]);
    assert_eq!(file.text("SELECT hex(a) || hex(b) FROM people").await.unwrap(), "FFFE006AFF6F");
}

#[tokio::test]
async fn a_huge_text_arrives_cut_and_is_refused_by_every_field() {
    let file = File::new(SCHEMA).await;
    file.run("INSERT INTO people (id, a, b) VALUES (1, printf('%.*c', 5000000, 'x'), zeroblob(5000000))")
        .await;
    let supporters = file.open(&["a", "b"]).await;
    let read = cells(&supporters, 1).await;
    let held = read[0].text().unwrap().len();
    assert!(held > MAX_CELL_BYTES && held < MAX_CELL_BYTES + 10, "{held}");
    assert_eq!(FieldType::TextArea.normalize(&read[0], None), Err(InvalidValue::TooLong));
    assert_eq!(read[1], Cell::Absent);
    let applied = supporters.apply(&[rewrite(1, 0, &read[0], text("x"))]).await.unwrap();
    assert_eq!(applied, [Applied::ChangedMeanwhile], "the cut text is not what the row holds");
}

#[tokio::test]
async fn a_nul_is_part_of_a_text() {
    let file = File::new(SCHEMA).await;
    file.run("INSERT INTO people (id, email, b) VALUES (1, 'joe@x.org' || char(0), 'a' || char(0) || 'b')")
        .await;
    let supporters = file.open(&["email", "b"]).await;
    let read = cells(&supporters, 1).await;
    assert_eq!(read[1], text("a\0b"));
    assert!(supporters.by_emails(&[Email::parse("joe@x.org").unwrap()]).await.unwrap().is_empty());
    assert_eq!(
        supporters.apply(&[rewrite(1, 1, &text("a"), text("x"))]).await.unwrap(),
        [Applied::ChangedMeanwhile]
    );
    let applied = supporters.apply(&[rewrite(1, 1, &read[1], text("x\0y"))]).await.unwrap();
    assert!(matches!(applied[..], [Applied::Done { .. }]));
    assert_eq!(cells(&supporters, 1).await[1], text("x\0y"));
}

#[tokio::test]
async fn numbers_are_read_exactly_and_compared_as_they_were_read() {
    let file = File::new(SCHEMA).await;
    file.run(
        "INSERT INTO people (id, a, c) VALUES (1, 9223372036854775807, 0.1), (2, 1e300, 12), (3, -0.0, 5e-324),
            (4, 9e999, -9e999), (5, 123456789.123456789, 100000000000000000000.0), (6, '5', 5)",
    )
    .await;
    let supporters = file.open(&["a", "c"]).await;
    assert_eq!(cells(&supporters, 1).await, [text("9223372036854775807"), text("0.1")]);
    assert_eq!(cells(&supporters, 6).await, [text("5"), text("5")]);
    for row in 1..=6 {
        let read = cells(&supporters, row).await;
        let writes = [rewrite(row, 0, &read[0], text("7")), rewrite(row, 1, &read[1], text("7"))];
        let applied = supporters.apply(&writes).await.unwrap();
        assert!(
            matches!(applied[..], [Applied::Done { .. }, Applied::Done { .. }]),
            "row {row}: {applied:?}"
        );
        assert_eq!(cells(&supporters, row).await, [text("7"), text("7")]);
    }
}

#[tokio::test]
async fn errors_and_debug_output_hold_no_value() {
    let file = File::new(SCHEMA).await;
    file.run(
        "INSERT INTO people (id, email, a) VALUES (1, 'canary@example.org', 'canary');
         CREATE TRIGGER t BEFORE UPDATE ON people BEGIN SELECT RAISE(ABORT, 'canary is not welcome'); END",
    )
    .await;
    let supporters = file.open(&["email", "a"]).await;
    let read = supporters.get(&[id(1)]).await.unwrap();
    let applied = supporters.apply(&[rewrite(1, 1, &text("canary"), text("canary 2"))]).await.unwrap();
    let printed = format!("{read:?} {applied:?} {supporters:?}");
    assert!(!printed.contains("canary"), "{printed}");
    assert!(
        matches!(&applied[..], [Applied::Refused { code: RefusalCode::Trigger, message }] if message.contains("not welcome"))
    );
}

/// Any value SQLite can hold.
#[derive(Debug, Clone)]
enum Value {
    Null,
    Int(i64),
    Real(f64),
    Text(String),
    Blob(Vec<u8>),
    BrokenText(Vec<u8>),
}

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        Just(Value::Null),
        any::<i64>().prop_map(Value::Int),
        (1_700_000_000_i64..1_800_000_000).prop_map(Value::Int),
        any::<f64>().prop_map(Value::Real),
        "(?s).{0,30}".prop_map(Value::Text),
        "[ A-Za-z]{0,3}[a-c]@[x-z]\\.org[ \n]{0,2}".prop_map(Value::Text),
        "[ ]?003RM0000068xVC(YAY|yay)?[ ]?".prop_map(Value::Text),
        "20[0-9]{2}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}:[0-9]{2}(\\.[0-9]{0,9})?(Z|[+-][0-9]{2}:?[0-9]{2})?"
            .prop_map(Value::Text),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Value::Blob),
        proptest::collection::vec(any::<u8>(), 0..20).prop_map(Value::BrokenText),
    ]
}

async fn insert(file: &File, row: &[Value]) {
    let mut sql =
        sqlx::QueryBuilder::new("INSERT INTO people (id, modified, contact_id, email, a, b, c) VALUES (");
    for (at, value) in row.iter().enumerate() {
        if at > 0 {
            sql.push(", ");
        }
        match value {
            Value::Null => sql.push("NULL"),
            Value::Int(number) => sql.push_bind(*number),
            Value::Real(number) => sql.push_bind(*number),
            Value::Text(text) => sql.push_bind(text.clone()),
            Value::Blob(bytes) => sql.push_bind(bytes.clone()),
            Value::BrokenText(bytes) => sql.push("CAST(").push_bind(bytes.clone()).push(" AS TEXT)"),
        };
    }
    // Ids may collide: such a row is simply not there.
    let _ = sql.push(")").build().execute(&file.pool).await.unwrap();
}

/// Everything there is to call, on rows of anything.
async fn exercise(rows: Vec<Vec<Value>>) {
    let file =
        File::new("CREATE TABLE people (id TEXT, modified, contact_id, email, a, b TEXT, c REAL)").await;
    for row in &rows {
        insert(&file, row).await;
    }
    file.run("DELETE FROM people WHERE rowid NOT IN (SELECT min(rowid) FROM people GROUP BY id)").await;
    let supporters = file.open(&["email", "a", "b", "c"]).await;
    let ids = supporters.ids(None, 1_000).await.unwrap();
    let shape = supporters.shape().await.unwrap();
    assert!(ids.len() as u64 <= shape.rows);
    let read: Vec<_> = supporters.get(&ids).await.unwrap().into_iter().map(Option::unwrap).collect();
    // What has a name is in a window that spans all time, once, in pages of any size.
    let all = model::Window {
        from: model::Stamp::EPOCH,
        until: supporters.now().await.unwrap().plus(std::time::Duration::from_secs(200_000)),
    };
    let mut changed: Vec<SupporterId> =
        read_all(&supporters, &all, 3).await.into_iter().map(|c| c.id).collect();
    changed.sort();
    let mut sorted = ids.clone();
    sorted.sort();
    assert_eq!(changed, sorted);
    let _ = read_all(&supporters, &between(0, 10), 3).await;
    // What is read can be found, and the compare holds for what was read.
    for row in &read {
        if let Some(email) = row.cells[0].text().and_then(|text| Email::parse(text).ok()) {
            let found = supporters.by_emails(&[email]).await.unwrap();
            assert!(found.iter().any(|found| found.id == row.id));
        }
        let readable = |(at, cell): (usize, &Cell)| (!cell.is_absent()).then(|| (at, cell.clone()));
        let write = SupporterWrite::Update {
            id: row.id.clone(),
            set: vec![],
            expect: row.cells.iter().enumerate().filter_map(readable).collect(),
            contact_id: (!row.contact_id.is_absent())
                .then(|| ContactIdWrite { expected: row.contact_id.clone(), to: None }),
        };
        let applied = supporters.apply(&[write]).await.unwrap();
        assert!(matches!(applied[..], [Applied::Done { .. }]), "{applied:?} {row:?}");
    }
    let contact = model::ContactId::parse("003RM0000068xVCYAY").unwrap();
    assert!(supporters.by_contact_ids(&[contact]).await.unwrap().is_empty(), "all were cleared");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, ..ProptestConfig::default() })]

    #[test]
    fn rows_of_anything_are_read_found_and_compared(rows in proptest::collection::vec(proptest::collection::vec(value(), 7), 0..8)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(exercise(rows));
    }
}
