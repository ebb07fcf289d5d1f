//! Tables as people make them: odd names, odd keys, views, and configurations that do not fit.

use model::{Cell, Email, SupporterId};
use supporters::conformance::{between, id, read_all};
use supporters::{Applied, Error, ErrorKind, NewId, Note, Sqlite, SupporterWrite, Supporters, Table};

use crate::support::{File, open, owned};

const PLAIN: &str = "CREATE TABLE people (id INTEGER PRIMARY KEY, modified TEXT, contact_id TEXT, email TEXT, \
                     first_name TEXT)";

async fn refusal(table: &Table, columns: &[&str]) -> Error {
    Sqlite::open(table, &owned(columns)).await.expect_err("the table does not fit")
}

#[tokio::test]
async fn names_with_spaces_quotes_and_keywords_are_names() {
    let file = File::new(
        r#"CREATE TABLE "select ""all"" from [here]" ("the `""id""" TEXT PRIMARY KEY, "when'" TEXT,
           "order by" TEXT, "e-mail; --" TEXT, "group" TEXT, "größe" TEXT);
           INSERT INTO "select ""all"" from [here]" VALUES ('a', '2025-10-05T12:00:01Z', NULL, 'Joe@Example.org', 'Joe', 'x')"#,
    )
    .await;
    let table = Table {
        table: r#"select "all" from [here]"#.into(),
        id: r#"the `"id""#.into(),
        modified: "when'".into(),
        contact_id: Some("order by".into()),
        email: "e-mail; --".into(),
        new_id: NewId::Uuid,
        ..file.table()
    };
    let supporters = open(&table, &["e-mail; --", "group", "größe"]).await;
    let joe = SupporterId::parse("a").unwrap();
    assert_eq!(read_all(&supporters, &between(0, 10), 5).await.len(), 1);
    assert_eq!(supporters.by_emails(&[Email::parse("joe@example.org").unwrap()]).await.unwrap().len(), 1);
    let write = SupporterWrite::Update {
        id: joe.clone(),
        set: vec![(1, Cell::Value("Jo".into()))],
        expect: vec![(1, Cell::Value("Joe".into()))],
        contact_id: None,
    };
    let new = SupporterWrite::Create { cells: vec![Cell::Empty; 3], contact_id: None };
    let applied = supporters.apply(&[write, new]).await.unwrap();
    assert!(matches!(applied[..], [Applied::Done { .. }, Applied::Done { .. }]), "{applied:?}");
    assert_eq!(supporters.get(&[joe]).await.unwrap()[0].as_ref().unwrap().cells[1], Cell::Value("Jo".into()));
    assert_eq!(supporters.ids(None, 10).await.unwrap().len(), 2);
    assert_eq!(supporters.shape().await.unwrap().rows, 2);
}

#[tokio::test]
async fn names_are_found_in_any_case_and_only_if_they_are_there() {
    let file = File::new(PLAIN).await;
    let shouted = Table { table: "PEOPLE".into(), id: "ID".into(), ..file.table() };
    assert_eq!(open(&shouted, &["Email"]).await.shape().await.unwrap().table, "people");

    let missing = refusal(&Table { table: "persons".into(), ..file.table() }, &[]).await;
    assert_eq!(missing, Error::MissingTable { table: "persons".into(), existing: vec!["people".into()] });
    // A name in quotes that is no column is a text to SQLite: it must never get that far.
    let missing = refusal(&file.table(), &["email", "shoe_size"]).await;
    assert!(
        matches!(&missing, Error::MissingColumn { column, role, existing, .. }
        if column == "shoe_size" && *role == "field map" && existing.len() == 5),
        "{missing}"
    );
    let missing = refusal(&Table { contact_id: Some("sf".into()), ..file.table() }, &[]).await;
    assert!(missing.advice().unwrap().contains("ALTER TABLE"));
}

#[tokio::test]
async fn a_file_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("none.db");
    let file = File::new(PLAIN).await;
    let table = Table { url: path.display().to_string(), ..file.table() };
    assert_eq!(refusal(&table, &[]).await.kind(), ErrorKind::Unreachable);
    assert!(!path.exists());
    for url in ["", "sqlite::memory:", "file:x?mode=memory"] {
        let table = Table { url: url.into(), ..file.table() };
        assert_eq!(refusal(&table, &[]).await.kind(), ErrorKind::Unreachable, "{url}");
    }
    std::fs::write(
        &path,
        "this is not a database, and it is longer than a header of one hundred bytes would be........",
    )
    .unwrap();
    let table = Table { url: path.display().to_string(), ..file.table() };
    assert_eq!(refusal(&table, &[]).await.kind(), ErrorKind::Database);
}

#[tokio::test]
async fn a_view_is_read_and_never_written() {
    let file = File::new(
        "CREATE TABLE base (id INTEGER PRIMARY KEY, modified TEXT, mail TEXT);
         INSERT INTO base VALUES (1, '2025-10-05T12:00:01Z', 'joe@example.org'), (2, NULL, ' ANN@example.org');
         CREATE VIEW people AS SELECT id, modified, NULL AS contact_id, trim(mail) AS email FROM base;",
    )
    .await;
    let supporters = file.open(&["email"]).await;
    assert_eq!(read_all(&supporters, &between(0, 10), 1).await.len(), 2);
    let ann = supporters.by_emails(&[Email::parse("ann@example.org").unwrap()]).await.unwrap();
    assert_eq!(ann[0].id, id(2));
    let write = SupporterWrite::Create { cells: vec![Cell::Empty], contact_id: None };
    assert!(matches!(supporters.apply(&[write]).await, Err(Error::ReadOnly { .. })));
    assert_eq!(supporters.shape().await.unwrap().read_only, Some("it is a view"));
}

#[tokio::test]
async fn a_configuration_that_says_read_only_is_obeyed() {
    let file = File::new(PLAIN).await;
    let supporters = open(&Table { read_only: true, ..file.table() }, &["email"]).await;
    let write = SupporterWrite::Create { cells: vec![Cell::Empty], contact_id: None };
    assert!(matches!(supporters.apply(&[write]).await, Err(Error::ReadOnly { .. })));
    assert_eq!(file.number("SELECT count(*) FROM people").await, 0);
}

#[tokio::test]
async fn an_id_that_is_not_unique_is_refused() {
    let schema = "CREATE TABLE people (id TEXT, modified TEXT, contact_id TEXT, email TEXT);
                  INSERT INTO people (id) VALUES ('a'), ('b'), ('a')";
    let file = File::new(schema).await;
    assert_eq!(refusal(&file.table(), &[]).await.kind(), ErrorKind::Unsuitable);
    file.run("DELETE FROM people WHERE rowid = 3; INSERT INTO people (id) VALUES (NULL), (NULL), (x'61'), (' '), ('')").await;
    let supporters = file.open(&["email"]).await;
    assert_eq!(supporters.ids(None, 10).await.unwrap().len(), 2, "what has no name is left out");
    let shape = supporters.shape().await.unwrap();
    assert_eq!((shape.rows, shape.unaddressable), (7, 5));
}

#[tokio::test]
async fn ids_that_cannot_be_ordered_or_named_are_refused() {
    let untyped = "CREATE TABLE people (id UNIQUE, modified, contact_id, email); \
                   INSERT INTO people (id) VALUES (1), ('1')";
    assert_eq!(refusal(&File::new(untyped).await.table(), &[]).await.kind(), ErrorKind::Unsuitable);
    let real = "CREATE TABLE people (id REAL UNIQUE, modified, contact_id, email); \
                INSERT INTO people (id) VALUES (1.5)";
    assert_eq!(refusal(&File::new(real).await.table(), &[]).await.kind(), ErrorKind::Unsuitable);
    let file = File::new(PLAIN).await;
    let uuid = Table { new_id: NewId::Uuid, ..file.table() };
    assert_eq!(refusal(&uuid, &[]).await.kind(), ErrorKind::Unsuitable);
}

#[tokio::test]
async fn untyped_numbers_and_texts_with_digits_are_found_as_they_are() {
    let numbers = "CREATE TABLE people (id UNIQUE, modified, contact_id, email); \
                   INSERT INTO people (id) VALUES (9), (10), (11)";
    let supporters = File::new(numbers).await.open_and_keep(&["email"]).await;
    let ids = supporters.1.ids(None, 10).await.unwrap();
    assert_eq!(ids, [id(9), id(10), id(11)]);
    assert_eq!(supporters.1.ids(Some(&id(9)), 10).await.unwrap(), [id(10), id(11)]);

    let texts = "CREATE TABLE people (id STRING UNIQUE, modified, contact_id, email); \
                 INSERT INTO people (id) VALUES ('0010'), ('A7'), ('9'), ('a7')";
    let supporters = File::new(texts).await.open_and_keep(&["email"]).await;
    // A column declared STRING keeps '0010' as the number 10: SQLite's doing, and we see what it kept.
    let ids = supporters.1.ids(None, 10).await.unwrap();
    let names: Vec<&str> = ids.iter().map(SupporterId::as_str).collect();
    assert_eq!(names, ["9", "10", "A7", "a7"]);
    assert!(supporters.1.get(&ids).await.unwrap().iter().all(Option::is_some));
    assert_eq!(supporters.1.ids(Some(&ids[1]), 10).await.unwrap(), ids[2..]);
}

#[tokio::test]
async fn a_table_without_a_contact_id_column_works_without_it() {
    let file = File::new(PLAIN).await;
    let supporters = open(&Table { contact_id: None, ..file.table() }, &["email"]).await;
    let contact = model::ContactId::parse("003RM0000068xVCYAY").unwrap();
    let new = SupporterWrite::Create { cells: vec![Cell::Empty], contact_id: Some(contact) };
    assert!(matches!(supporters.apply(&[new]).await.unwrap()[..], [Applied::Done { .. }]));
    assert_eq!(supporters.by_contact_ids(&[contact]).await.unwrap(), []);
    let ids = supporters.ids(None, 1).await.unwrap();
    assert_eq!(supporters.get(&ids).await.unwrap()[0].as_ref().unwrap().contact_id, Cell::Absent);
}

#[tokio::test]
async fn a_table_that_changes_its_shape_under_us_is_everybodys_failure() {
    let file = File::new(PLAIN).await;
    file.run("INSERT INTO people (id, email) VALUES (1, 'joe@example.org')").await;
    let supporters = file.open(&["email", "first_name"]).await;
    file.run("ALTER TABLE people RENAME COLUMN first_name TO given").await;
    // In double quotes, a name that is no column would be a text to SQLite, and every row would seem to hold it.
    assert_eq!(supporters.get(&[id(1)]).await.map_err(|error| error.kind()), Err(ErrorKind::Unsuitable));
    let write = SupporterWrite::Update {
        id: id(1),
        set: vec![(1, Cell::Empty)],
        expect: vec![(1, Cell::Value("first_name".into()))],
        contact_id: None,
    };
    assert_eq!(supporters.apply(&[write]).await.map_err(|error| error.kind()), Err(ErrorKind::Unsuitable));
}

#[tokio::test]
async fn writing_uses_the_index_of_the_id() {
    let file = File::new(PLAIN).await;
    for sql in [
        "EXPLAIN QUERY PLAN SELECT 1 FROM people WHERE id = '5' AND CAST(id AS TEXT) COLLATE BINARY = '5'",
        "EXPLAIN QUERY PLAN SELECT 1 FROM people WHERE id COLLATE BINARY > '5' ORDER BY id COLLATE BINARY LIMIT 5",
        "EXPLAIN QUERY PLAN SELECT 1 FROM people WHERE typeof(id) IN ('integer', 'text') AND id IN ('5', '6')",
    ] {
        let plan: Vec<(i64, i64, i64, String)> = sqlx::query_as(sql).fetch_all(&file.pool).await.unwrap();
        assert!(plan.iter().all(|step| !step.3.contains("SCAN") && !step.3.contains("TEMP")), "{plan:?}");
        assert!(plan.iter().any(|step| step.3.contains("PRIMARY KEY")), "{plan:?}");
    }
}

#[tokio::test]
async fn an_address_in_capitals_is_found_whoever_typed_it_and_whenever() {
    let file = File::new(PLAIN).await;
    file.run("INSERT INTO people (id, email) VALUES (1, 'joe@example.org'), (2, 'ann@example.org')").await;
    let supporters = file.open(&["email"]).await;
    let asked = [Email::parse("jo@example.org").unwrap()];
    let found = async || {
        let mut ids: Vec<_> =
            supporters.by_emails(&asked).await.unwrap().into_iter().map(|s| s.id.to_string()).collect();
        ids.sort();
        ids
    };
    assert!(found().await.is_empty());
    // WHEN somebody else types it THEN the next question finds it, and no longer when he takes it back
    file.run("UPDATE people SET email = 'Jo@Example.org' WHERE id = 1").await;
    assert_eq!(found().await, ["1"]);
    file.run("UPDATE people SET email = 'joe@example.org' WHERE id = 1").await;
    assert!(found().await.is_empty());
    // WHEN we write it ourselves
    let write = |to: &str| SupporterWrite::Update {
        id: id(2),
        set: vec![(0, Cell::Value(to.into()))],
        expect: vec![],
        contact_id: None,
    };
    supporters.apply(&[write("JO@example.org")]).await.unwrap();
    assert_eq!(found().await, ["2"]);
    supporters.apply(&[write("ann@example.org")]).await.unwrap();
    assert!(found().await.is_empty());
    // WHEN a trigger makes it of something else that we write
    file.run(
        "CREATE TRIGGER shout AFTER UPDATE ON people BEGIN
            UPDATE people SET email = ' Jo@example.org' WHERE id = 1; END",
    )
    .await;
    let supporters = file.open(&["email"]).await;
    assert!(supporters.by_emails(&asked).await.unwrap().is_empty());
    supporters.apply(&[write("anna@example.org")]).await.unwrap();
    assert_eq!(supporters.by_emails(&asked).await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_key_whose_numbers_are_given_out_again_is_named() {
    let tables = [
        ("CREATE TABLE people (id INTEGER PRIMARY KEY, modified TEXT, contact_id TEXT, email TEXT)", true),
        ("create table people (id integer primary key autoincrement, modified, contact_id, email)", false),
        ("CREATE TABLE people (id INTEGER PRIMARY KEY AUTOINCREMENT, modified, contact_id, email)", false),
        ("CREATE TABLE people (id INTEGER PRIMARY KEY DESC, modified, contact_id, email)", false),
        ("CREATE TABLE people (id TEXT PRIMARY KEY, modified, contact_id, email)", false),
        ("CREATE TABLE people (id INTEGER PRIMARY KEY, modified, contact_id, email) WITHOUT ROWID", false),
    ];
    for (table, again) in tables {
        let file = File::new(table).await;
        let notes = file.open(&["email"]).await.shape().await.unwrap().notes;
        let found = notes.contains(&Note::IdsGivenAgain { column: "id".into() });
        assert_eq!(found, again, "{table}: {notes:?}");
    }
}
