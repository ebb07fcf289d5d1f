//! Tables that answer back: constraints, triggers, locks.

use model::Cell;
use supporters::conformance::{id, text};
use supporters::{Applied, Error, SupporterWrite, Supporters, Table};

use crate::support::{File, open};

const COLUMNS: [&str; 3] = ["email", "name", "age"];

const SCHEMA: &str = "CREATE TABLE people (id INTEGER PRIMARY KEY, modified TEXT, contact_id TEXT,
    email TEXT UNIQUE ON CONFLICT REPLACE, name TEXT NOT NULL CHECK (name <> 'bad'), age INTEGER);
    INSERT INTO people (id, email, name, age) VALUES (1, 'a@x.org', 'Ann', 30), (2, 'b@x.org', 'Bob', 31), (3, 'c@x.org', 'Cy', 32);";

fn set(row: u32, place: usize, to: Cell) -> SupporterWrite {
    SupporterWrite::Update { id: id(row), set: vec![(place, to)], expect: vec![], contact_id: None }
}

fn codes(applied: &[Applied]) -> Vec<&'static str> {
    let code = |applied: &Applied| match applied {
        Applied::Done { .. } => "done",
        Applied::ChangedMeanwhile => "changed",
        Applied::Gone => "gone",
        Applied::Refused { code, .. } => code.as_str(),
        Applied::AlreadyThere(_) => "there",
    };
    applied.iter().map(code).collect()
}

#[tokio::test]
async fn a_constraint_refuses_its_row_and_the_others_are_written() {
    let file = File::new(SCHEMA).await;
    let supporters = file.open(&COLUMNS).await;
    let batch = [
        set(1, 1, text("Anna")),
        set(2, 1, text("bad")),
        // The table would delete row 3 to make room: we do not let it.
        set(2, 0, text("c@x.org")),
        set(3, 2, text("33")),
    ];
    assert_eq!(codes(&supporters.apply(&batch).await.unwrap()), ["done", "check", "unique", "done"]);
    assert_eq!(file.number("SELECT count(*) FROM people").await, 3);
    assert_eq!(file.text("SELECT group_concat(name || age) FROM people").await.unwrap(), "Anna30,Bob31,Cy33");
    assert_eq!(file.text("SELECT typeof(age) FROM people WHERE id = 3").await.unwrap(), "integer");
}

#[tokio::test]
async fn where_null_is_not_allowed_empty_is_the_empty_text() {
    let file = File::new(SCHEMA).await;
    let supporters = file.open(&COLUMNS).await;
    let batch = [set(1, 1, Cell::Empty), set(1, 2, Cell::Empty)];
    assert_eq!(codes(&supporters.apply(&batch).await.unwrap()), ["done", "done"]);
    assert_eq!(
        file.text("SELECT name || ifnull(age, 'null') FROM people WHERE id = 1").await.unwrap(),
        "null"
    );
}

#[tokio::test]
async fn a_trigger_that_ends_the_transaction_harms_only_its_row() {
    let file = File::new(SCHEMA).await;
    file.run(
        "CREATE TRIGGER no BEFORE UPDATE ON people WHEN new.name = 'Zed' BEGIN SELECT RAISE(ROLLBACK, 'no Zed'); END;
         CREATE TRIGGER shy BEFORE UPDATE ON people WHEN new.name = 'Shy' BEGIN SELECT RAISE(IGNORE); END;",
    )
    .await;
    let supporters = file.open(&COLUMNS).await;
    let batch =
        [set(1, 1, text("Anna")), set(2, 1, text("Zed")), set(3, 1, text("Shy")), set(3, 2, text("33"))];
    let applied = supporters.apply(&batch).await.unwrap();
    assert_eq!(codes(&applied), ["done", "trigger", "ignored", "done"]);
    assert_eq!(file.text("SELECT group_concat(name || age) FROM people").await.unwrap(), "Anna30,Bob31,Cy33");
    // The adapter is still of use.
    assert_eq!(codes(&supporters.apply(&[set(1, 1, text("Ann"))]).await.unwrap()), ["done"]);
}

#[tokio::test]
async fn a_constraint_that_waits_for_the_commit_harms_only_its_row() {
    let file = File::new(
        "CREATE TABLE branch (code TEXT PRIMARY KEY); INSERT INTO branch VALUES ('N');
         CREATE TABLE people (id INTEGER PRIMARY KEY, modified TEXT, contact_id TEXT, email TEXT, name TEXT,
            age TEXT REFERENCES branch (code) DEFERRABLE INITIALLY DEFERRED);
         INSERT INTO people (id, age) VALUES (1, 'N'), (2, 'N');",
    )
    .await;
    let supporters = file.open(&COLUMNS).await;
    let batch = [set(1, 2, text("nowhere")), set(2, 1, text("Bob"))];
    assert_eq!(codes(&supporters.apply(&batch).await.unwrap()), ["foreign_key", "done"]);
    assert_eq!(
        file.text("SELECT group_concat(age || ifnull(name, '')) FROM people").await.unwrap(),
        "N,NBob"
    );
}

#[tokio::test]
async fn what_the_database_computes_or_will_not_hold_is_refused() {
    let file = File::new(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, modified TEXT, contact_id TEXT, email TEXT,
            name TEXT GENERATED ALWAYS AS (upper(email)), age INTEGER) STRICT;
         INSERT INTO people (id, email) VALUES (1, 'a@x.org')",
    )
    .await;
    let supporters = file.open(&COLUMNS).await;
    assert_eq!(supporters.get(&[id(1)]).await.unwrap()[0].as_ref().unwrap().cells[1], text("A@X.ORG"));
    let batch = [set(1, 1, text("B")), set(1, 2, text("old")), set(1, 2, text("40"))];
    assert_eq!(codes(&supporters.apply(&batch).await.unwrap()), ["generated", "type", "done"]);
}

#[tokio::test]
async fn a_trigger_that_stamps_is_seen_and_our_own_stamp_is_in_the_columns_form() {
    let file = File::new(SCHEMA).await;
    file.run(
        "UPDATE people SET modified = '2025-10-05 12:00:00';
         CREATE TRIGGER touch AFTER UPDATE OF name ON people BEGIN
            UPDATE people SET modified = '2025-11-05 12:00:00' WHERE id = new.id; END;",
    )
    .await;
    let supporters = file.open(&COLUMNS).await;
    let applied = supporters.apply(&[set(1, 1, text("Anna")), set(2, 2, text("5"))]).await.unwrap();
    assert_eq!(codes(&applied), ["done", "done"]);
    let read = supporters.get(&[id(1), id(2)]).await.unwrap();
    let stamps: Vec<_> = read.iter().map(|row| row.as_ref().unwrap().modified.to_seconds_text()).collect();
    assert_eq!(stamps, ["2025-11-05T12:00:00Z", "2025-10-05T12:00:00Z"]);

    let supporters =
        open(&Table { touch_modified: true, zone: "+10:00".parse().unwrap(), ..file.table() }, &COLUMNS)
            .await;
    let now = supporters.now().await.unwrap();
    let applied = supporters.apply(&[set(3, 2, text("5"))]).await.unwrap();
    assert_eq!(codes(&applied), ["done"]);
    let modified = supporters.get(&[id(3)]).await.unwrap()[0].as_ref().unwrap().modified;
    assert!(modified >= now.floor_second() && modified.since(now).as_secs() < 60, "{modified} {now}");
    let glob = "SELECT modified GLOB '20[0-9][0-9]-*-* *:*:*.[0-9][0-9][0-9]' FROM people WHERE id = 3";
    assert_eq!(file.number(glob).await, 1);
}

#[tokio::test]
async fn a_default_is_used_for_what_is_absent_and_not_for_what_is_empty() {
    let file = File::new(
        "CREATE TABLE people (id INTEGER PRIMARY KEY, modified TEXT DEFAULT CURRENT_TIMESTAMP, contact_id TEXT,
            email TEXT DEFAULT 'Y', name TEXT DEFAULT 'Y', age TEXT DEFAULT 'Y')",
    )
    .await;
    let supporters = file.open(&COLUMNS).await;
    let new = SupporterWrite::Create { cells: vec![Cell::Empty, Cell::Absent, text("N")], contact_id: None };
    let applied = supporters.apply(&[new]).await.unwrap();
    assert_eq!(codes(&applied), ["done"]);
    let read = supporters.get(&[id(1)]).await.unwrap()[0].clone().unwrap();
    assert!(read.modified > supporters::UNDATED, "a new row has a stamp");
    assert_eq!(read.cells, [Cell::Empty, text("Y"), text("N")]);
}

#[tokio::test]
async fn a_new_row_without_an_id_is_refused_and_a_uuid_is_given_where_asked() {
    let file = File::new(
        "CREATE TABLE people (id TEXT PRIMARY KEY, modified TEXT, contact_id TEXT, email TEXT, name TEXT, age TEXT)",
    )
    .await;
    let new = [SupporterWrite::Create { cells: vec![Cell::Empty; 3], contact_id: None }];
    let supporters = file.open(&COLUMNS).await;
    assert_eq!(codes(&supporters.apply(&new).await.unwrap()), ["no_id"]);
    assert_eq!(file.number("SELECT count(*) FROM people").await, 0);
    let supporters = open(&Table { new_id: supporters::NewId::Uuid, ..file.table() }, &COLUMNS).await;
    assert_eq!(codes(&supporters.apply(&new).await.unwrap()), ["done"]);
    assert_eq!(file.number("SELECT length(id) FROM people").await, 36);
}

#[tokio::test]
async fn readers_do_not_wait_for_a_writer_and_see_no_half_of_his_work() {
    let file = File::new(SCHEMA).await;
    file.run("PRAGMA journal_mode = WAL").await;
    let supporters = file.open(&COLUMNS).await;
    let mut writer = file.pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    sqlx::query("UPDATE people SET name = 'half'").execute(&mut *writer).await.unwrap();
    let read = supporters.get(&[id(1)]).await.unwrap();
    assert_eq!(read[0].as_ref().unwrap().cells[1], text("Ann"));
    writer.commit().await.unwrap();
    let read = supporters.get(&[id(1)]).await.unwrap();
    assert_eq!(read[0].as_ref().unwrap().cells[1], text("half"));
    assert_eq!(file.text("PRAGMA journal_mode").await.unwrap(), "wal", "the mode is left as it was");
}

#[tokio::test]
async fn a_writer_waits_for_another_and_then_writes() {
    let file = File::new(SCHEMA).await;
    let supporters = file.open(&COLUMNS).await;
    let other = file.pool.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let ours = tokio::spawn(async move { supporters.apply(&[set(1, 1, text("Anna"))]).await });
    tokio::task::yield_now().await;
    other.rollback().await.unwrap();
    assert_eq!(codes(&ours.await.unwrap().unwrap()), ["done"]);
}

#[tokio::test]
async fn a_file_without_write_permission_is_read_only() {
    let file = File::new(SCHEMA).await;
    let supporters = file.open(&COLUMNS).await;
    file.run("PRAGMA query_only = ON").await;
    // Stands in for permissions, which root does not feel: a read-only connection.
    let read_only = open(&Table { read_only: true, ..file.table() }, &COLUMNS).await;
    assert!(matches!(read_only.apply(&[]).await, Err(Error::ReadOnly { .. })));
    assert_eq!(supporters.apply(&[]).await, Ok(vec![]));
}
