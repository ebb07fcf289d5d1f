//! Columns of every type: read, compared, written, and refused where a value does not fit.

use model::Cell;
use supporters::conformance::{id, text};
use supporters::{Error, SupporterWrite, Supporters, Table};

use super::server::Database;
use super::support::{codes, database, open, owned, table};

const COLUMNS: [&str; 16] = [
    "email", "short", "filled", "small", "money", "ratio", "flag", "day", "local", "instant", "uuid", "mood",
    "ghost", "positive", "bytes", "json",
];

const SCHEMA: &str = "CREATE EXTENSION citext;
    CREATE TYPE mood AS ENUM ('happy', 'sad');
    CREATE DOMAIN short AS varchar(5);
    CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
    CREATE COLLATION ghost (provider = icu, locale = 'und-u-ks-level2', deterministic = false);
    CREATE TABLE people (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), modified timestamptz DEFAULT now(),
        contact_id char(18), email citext, short short, filled char(5), small smallint, money numeric(10, 2),
        ratio double precision, flag boolean, day date, local timestamp, instant timestamptz, uuid uuid, mood mood,
        ghost text COLLATE ghost, positive positive, bytes bytea, json jsonb);
    INSERT INTO people VALUES ('6f1c2c1e-6a5f-4c39-8f5e-000000000001', '2025-10-05 12:00:00.25+00', '003RM0000068xVC',
        'Ann@X.org', 'abc', 'ab', 7, 12.5, 0.1, true, '1980-05-05', '1980-05-05 00:00:00',
        '2025-01-01 00:00:00+00', '6F1C2C1E-6A5F-4C39-8F5E-00000000000A', 'happy', 'José', 3, '\\xff00', '{\"a\": 1}')";

const ID: &str = "6f1c2c1e-6a5f-4c39-8f5e-000000000001";

fn the_id() -> model::SupporterId {
    model::SupporterId::parse(ID).unwrap()
}

fn place(column: &str) -> usize {
    COLUMNS.iter().position(|known| *known == column).unwrap()
}

fn set(column: &str, from: Cell, to: Cell) -> SupporterWrite {
    SupporterWrite::Update {
        id: the_id(),
        set: vec![(place(column), to)],
        expect: vec![(place(column), from)],
        contact_id: None,
    }
}

async fn sydney() -> (Database, supporters::Postgres) {
    let database = database(SCHEMA).await;
    let supporters = open(&database, &table(), Some("Australia/Sydney"), &COLUMNS).await;
    (database, supporters)
}

async fn cells(supporters: &supporters::Postgres) -> Vec<Cell> {
    supporters.get(&[the_id()]).await.unwrap().remove(0).unwrap().cells
}

#[tokio::test]
async fn every_type_is_read_as_text_that_a_field_of_its_kind_understands() {
    let (_database, supporters) = sydney().await;
    let read = supporters.get(&[the_id()]).await.unwrap().remove(0).unwrap();
    assert_eq!(read.modified.to_string(), "2025-10-05T12:00:00.250Z");
    assert_eq!(read.contact_id, text("003RM0000068xVC"));
    let expected = [
        "Ann@X.org",
        "abc",
        "ab",
        "7",
        "12.50",
        "0.1",
        "true",
        "1980-05-05",
        // The right instant, and its first ten characters are the right day.
        "1980-05-05T00:00:00+10:00",
        "2025-01-01T11:00:00+11:00",
        "6f1c2c1e-6a5f-4c39-8f5e-00000000000a",
        "happy",
        "José",
        "3",
    ];
    for (at, expected) in expected.into_iter().enumerate() {
        assert_eq!(read.cells[at].text(), Some(expected), "{}", COLUMNS[at]);
    }
    assert_eq!((&read.cells[14], &read.cells[15]), (&Cell::Absent, &text("{\"a\": 1}")));
}

#[tokio::test]
async fn what_was_read_compares_equal_in_every_type_and_anything_else_does_not() {
    let (database, supporters) = sydney().await;
    let read = cells(&supporters).await;
    for (at, column) in COLUMNS.iter().enumerate().filter(|(at, _)| *at != place("bytes")) {
        let nothing = |expected: Cell| SupporterWrite::Update {
            id: the_id(),
            set: vec![],
            expect: vec![(at, expected)],
            contact_id: None,
        };
        assert_eq!(
            codes(&supporters.apply(&[nothing(read[at].clone())]).await.unwrap()),
            ["done"],
            "{column}"
        );
        for other in ["", "zzz", "ann@x.org", "AB", "JOSÉ", "12.5", "1"] {
            let other = Cell::from_nullable(Some(other));
            assert_eq!(codes(&supporters.apply(&[nothing(other)]).await.unwrap()), ["changed"], "{column}");
        }
        database.run(&format!("UPDATE people SET \"{column}\" = NULL")).await;
        let applied = supporters.apply(&[nothing(Cell::Empty), nothing(read[at].clone())]).await.unwrap();
        assert_eq!(codes(&applied), ["done", "changed"], "{column}");
    }
}

#[tokio::test]
async fn values_are_written_in_their_type_and_what_does_not_fit_is_refused_and_never_cut() {
    let (database, supporters) = sydney().await;
    let read = cells(&supporters).await;
    let from = |column: &str| read[place(column)].clone();
    let fine = [
        ("email", "bea@x.org", "bea@x.org"),
        ("short", "defgh", "defgh"),
        ("filled", "xyz", "xyz"),
        ("small", "-8", "-8"),
        ("money", "7.25", "7.25"),
        ("flag", "false", "false"),
        ("day", "1990-12-31", "1990-12-31"),
        ("local", "2025-07-01T00:30:00Z", "2025-07-01 10:30:00"),
        ("instant", "2025-07-01T00:30:00Z", "2025-07-01 00:30:00+00"),
        ("mood", "sad", "sad"),
        ("positive", "9", "9"),
        ("json", "[1]", "[1]"),
    ];
    for (column, to, stored) in fine {
        let applied = supporters.apply(&[set(column, from(column), text(to))]).await.unwrap();
        assert_eq!(codes(&applied), ["done"], "{column}: {applied:?}");
        let sql = format!("SELECT \"{column}\"::text FROM people");
        assert_eq!(database.text(&sql).await.as_deref(), Some(stored), "{column}");
    }
    for (column, to, code) in [
        ("short", "too long", "too_big"),
        ("filled", "too long", "too_big"),
        ("small", "99999", "type"),
        ("money", "123456789.01", "type"),
        ("flag", "perhaps", "type"),
        ("day", "2025-02-30", "type"),
        ("mood", "angry", "type"),
        ("positive", "-1", "check"),
        ("uuid", "1", "type"),
        ("json", "{", "type"),
        ("email", "a\u{0}b", "type"),
    ] {
        let write = SupporterWrite::Update {
            id: the_id(),
            set: vec![(place(column), text(to))],
            expect: vec![],
            contact_id: None,
        };
        assert_eq!(codes(&supporters.apply(&[write]).await.unwrap()), [code], "{column}");
    }
}

#[tokio::test]
async fn ids_that_are_no_uuid_find_nobody_and_refuse_nothing() {
    let (_database, supporters) = sydney().await;
    let asked: Vec<model::SupporterId> =
        ["x", "7", &ID.to_uppercase(), ID].iter().map(|id| model::SupporterId::parse(id).unwrap()).collect();
    let found = supporters.get(&asked).await.unwrap();
    assert_eq!(found.iter().map(Option::is_some).collect::<Vec<_>>(), [false, false, false, true]);
    let gone = SupporterWrite::Update { id: id(7), set: vec![], expect: vec![], contact_id: None };
    assert_eq!(codes(&supporters.apply(&[gone]).await.unwrap()), ["gone"]);
}

#[tokio::test]
async fn where_null_is_not_allowed_empty_is_the_empty_text_or_refused() {
    let database = database(
        "CREATE TABLE people (id bigint PRIMARY KEY, modified timestamptz, contact_id text, email text NOT NULL,
            flag boolean NOT NULL, twice text GENERATED ALWAYS AS (email || email) STORED);
         INSERT INTO people VALUES (1, now(), NULL, 'a@x.org', true)",
    )
    .await;
    let supporters = open(&database, &table(), None, &["email", "flag", "twice"]).await;
    let empty = |at| SupporterWrite::Update {
        id: id(1),
        set: vec![(at, Cell::Empty)],
        expect: vec![],
        contact_id: None,
    };
    let applied = supporters.apply(&[empty(0), empty(1), empty(2)]).await.unwrap();
    assert_eq!(codes(&applied), ["done", "not_null", "generated"]);
    assert_eq!(database.text("SELECT email || flag FROM people").await.as_deref(), Some("true"));
    let shape = supporters.shape().await.unwrap();
    assert!(shape.columns.iter().any(|column| column.name == "twice" && column.generated));
}

#[tokio::test]
async fn constraints_triggers_and_policies_refuse_their_row_and_the_others_are_written() {
    let database = database(
        "CREATE TABLE branch (code text PRIMARY KEY); INSERT INTO branch VALUES ('N');
         CREATE TABLE people (id bigint PRIMARY KEY, modified timestamptz DEFAULT now(), contact_id text,
            email text UNIQUE, name text CHECK (name <> 'bad'),
            branch text REFERENCES branch DEFERRABLE INITIALLY DEFERRED);
         CREATE FUNCTION guard() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            IF new.name = 'Zed' THEN RAISE EXCEPTION 'no Zed for %', new.email; END IF;
            IF new.name = 'Shy' THEN RETURN NULL; END IF; RETURN new; END $$;
         CREATE TRIGGER guard BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION guard();
         INSERT INTO people (id, email, name) SELECT n, n || '@x.org', 'Ann' FROM generate_series(1, 6) AS n",
    )
    .await;
    let supporters = open(&database, &table(), None, &["email", "name", "branch"]).await;
    let write = |row, at, to: &str| SupporterWrite::Update {
        id: id(row),
        set: vec![(at, text(to))],
        expect: vec![],
        contact_id: None,
    };
    let batch = [
        write(1, 1, "Anna"),
        write(2, 1, "bad"),
        write(3, 0, "1@x.org"),
        write(4, 1, "Zed"),
        write(5, 1, "Shy"),
        write(6, 1, "Anna"),
    ];
    let applied = supporters.apply(&batch).await.unwrap();
    assert_eq!(codes(&applied), ["done", "check", "unique", "trigger", "ignored", "done"]);
    assert!(!format!("{applied:?}").contains("@x.org"), "what a trigger says stays out of logs");
    let late = [write(1, 2, "nowhere"), write(2, 2, "N")];
    assert_eq!(codes(&supporters.apply(&late).await.unwrap()), ["foreign_key", "done"]);
    let all = "SELECT string_agg(name || coalesce(branch, ''), ',' ORDER BY id) FROM people";
    assert_eq!(database.text(all).await.as_deref(), Some("Anna,AnnN,Ann,Ann,Ann,Anna"));
}

#[tokio::test]
async fn a_right_that_is_missing_stops_the_call_and_a_policy_only_its_row() {
    let database = database(
        "CREATE TABLE people (id bigint PRIMARY KEY, modified timestamptz DEFAULT now(), contact_id text, email text,
            name text);
         INSERT INTO people (id, name) VALUES (1, 'Ann'), (2, 'Bob');
         ALTER TABLE people ENABLE ROW LEVEL SECURITY;
         CREATE POLICY no_zed ON people USING (true) WITH CHECK (name <> 'Zed')",
    )
    .await;
    let role = format!("r_{}", database.name);
    database.run(&format!("CREATE ROLE {role} LOGIN; GRANT SELECT, UPDATE (name) ON people TO {role}")).await;
    let login = supporters::postgres::Login::parse(&database.url_as(&role)).unwrap();
    let columns = owned(&["email", "name"]);
    let supporters = supporters::Postgres::open(&login, &table(), None, &columns).await.unwrap();
    let write = |row, at, to: &str| SupporterWrite::Update {
        id: id(row),
        set: vec![(at, text(to))],
        expect: vec![],
        contact_id: None,
    };
    let applied = supporters.apply(&[write(1, 1, "Zed"), write(2, 1, "Rob")]).await.unwrap();
    assert_eq!(codes(&applied), ["check", "done"]);
    let error = supporters.apply(&[write(1, 0, "a@x.org")]).await.unwrap_err();
    assert!(matches!(error, Error::ReadOnly { .. }), "{error}");
    database.run(&format!("REVOKE UPDATE (name) ON people FROM {role}")).await;
    let supporters = supporters::Postgres::open(&login, &table(), None, &columns).await.unwrap();
    assert!(supporters.read_only().is_some());
}

#[tokio::test]
async fn a_row_is_added_with_a_uuid_of_ours_or_the_databases() {
    let database = database(
        "CREATE TABLE people (id uuid PRIMARY KEY, modified timestamptz, contact_id text, email text DEFAULT 'Y',
            name text DEFAULT 'Y')",
    )
    .await;
    let new = [SupporterWrite::Create { cells: vec![Cell::Empty, Cell::Absent], contact_id: None }];
    let supporters = open(&database, &table(), None, &["email", "name"]).await;
    assert_eq!(codes(&supporters.apply(&new).await.unwrap()), ["not_null"]);
    let ours = Table { new_id: supporters::NewId::Uuid, ..table() };
    let supporters = open(&database, &ours, None, &["email", "name"]).await;
    let applied = supporters.apply(&new).await.unwrap();
    let [supporters::Applied::Done { id }] = &applied[..] else { panic!("{applied:?}") };
    let read = supporters.get(std::slice::from_ref(id)).await.unwrap()[0].clone().unwrap();
    assert!(read.modified > supporters::UNDATED, "a new row has a stamp");
    // Absent leaves the default, empty does not: a default might be a consent.
    assert_eq!(
        database.text("SELECT coalesce(email, 'none') || name FROM people").await.as_deref(),
        Some("noneY")
    );
}

#[tokio::test]
async fn tables_that_cannot_serve_are_refused_with_the_reason() {
    let database = database(
        "CREATE TABLE people (id bigint, code text, modified timestamptz, day date, said text, ratio float8,
            contact_id text, email text);
         INSERT INTO people (id, code) VALUES (1, 'a'), (1, 'b')",
    )
    .await;
    let login = super::support::login(&database);
    let opened = async |table: Table| {
        supporters::Postgres::open(&login, &table, None, &owned(&["email"])).await.unwrap_err().to_string()
    };
    let has = |error: String, words: &str| assert!(error.contains(words), "{error}");
    has(opened(table()).await, "several rows share one id");
    has(opened(Table { id: "ratio".into(), ..table() }).await, "an id is a whole number, a text or a uuid");
    has(
        opened(Table { id: "code".into(), modified: "day".into(), ..table() }).await,
        "second change on one day",
    );
    has(opened(Table { id: "code".into(), modified: "said".into(), ..table() }).await, "timestamptz");
    has(opened(Table { id: "cod".into(), ..table() }).await, "it has: id, code, modified");
    has(opened(Table { table: "peple".into(), ..table() }).await, "the database has: people");
    let zone = "Europe/Nowhere".parse().unwrap();
    let error =
        supporters::Postgres::open(&login, &table(), Some(&zone), &owned(&["email"])).await.unwrap_err();
    has(error.to_string(), "does not know the time zone");
}

#[tokio::test]
async fn numbers_stamps_and_infinity_are_told_apart() {
    let database = database(
        "CREATE TABLE people (id bigint PRIMARY KEY, modified timestamptz, seconds numeric, contact_id text, email text);
         INSERT INTO people (id, modified, seconds) VALUES (1, 'infinity', 'NaN'), (2, '-infinity', 1e30),
            (3, '0044-03-15 BC', -1e30), (4, '2025-10-05 12:00:00.5Z', 1759665600.5), (5, NULL, NULL)",
    )
    .await;
    for modified in ["modified", "seconds"] {
        let described = Table { modified: modified.into(), ..table() };
        let supporters = open(&database, &described, None, &["modified", "email"]).await;
        let window = supporters::conformance::between(0, 10);
        let found = supporters::conformance::read_all(&supporters, &window, 2).await;
        let ids: Vec<&str> = found.iter().map(|changed| changed.id.as_str()).collect();
        assert_eq!(ids, ["1", "2", "3", "5", "4"], "{modified}");
        assert_eq!(found[4].modified.to_string(), "2025-10-05T12:00:00.500Z");
        let read = supporters.get(&[id(1), id(3)]).await.unwrap();
        assert_eq!(read[0].as_ref().unwrap().cells[0], text("infinity"));
        assert!(read[1].as_ref().unwrap().cells[0].text().unwrap().ends_with("BC"));
    }
}
