//! Where a window ends while others write, and times that clocks pass twice or never.

use model::{Stamp, Window};
use sqlx::Executor as _;
use supporters::conformance::{id, read_all};
use supporters::postgres::Login;
use supporters::{Note, Postgres, Supporters, Table};

use super::server::Database;
use super::support::{database, open, owned, table};

const COLUMNS: [&str; 2] = ["email", "name"];

const TABLE: &str = "CREATE TABLE people (id bigint PRIMARY KEY, modified timestamptz DEFAULT now(), contact_id text,
        email text, name text);
     CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.modified := now(); RETURN new; END $$;
     CREATE TRIGGER touch BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION touch();
     INSERT INTO people (id, email, name) SELECT n, n || '@x.org', 'Ann' FROM generate_series(1, 3) AS n";

async fn began(somebody: &mut sqlx::postgres::PgConnection) -> Stamp {
    let sql = "SELECT (extract(epoch FROM now()) * 1000000)::bigint";
    Stamp::from_micros(sqlx::query_scalar(sql).fetch_one(somebody).await.unwrap())
}

#[tokio::test]
async fn a_row_that_commits_late_is_in_the_next_window_without_any_overlap() {
    // GIVEN somebody who stamps a row with the beginning of his transaction, and does not commit
    let database = database(TABLE).await;
    let supporters = open(&database, &table(), None, &COLUMNS).await;
    let mut somebody = database.connect().await;
    somebody.execute("BEGIN").await.unwrap();
    somebody.execute("UPDATE people SET name = 'Anna' WHERE id = 2").await.unwrap();
    let his = began(&mut somebody).await;
    // WHEN a window is read meanwhile
    let until = supporters.now().await.unwrap();
    assert!(until <= his, "{until} {his}");
    let first = read_all(&supporters, &Window { from: Stamp::EPOCH, until }, 100).await;
    // THEN, after his commit, the next one begins where that ended and finds the row
    somebody.execute("COMMIT").await.unwrap();
    let next = Window { from: until, until: supporters.now().await.unwrap() };
    assert!(next.until > his);
    let found = read_all(&supporters, &next, 100).await;
    assert!(
        found.iter().any(|changed| changed.id == id(2) && changed.modified == his),
        "{first:?} {found:?}"
    );
}

#[tokio::test]
async fn who_only_reads_holds_nothing_back_and_a_prepared_transaction_does() {
    let database = database(TABLE).await;
    let supporters = open(&database, &table(), None, &COLUMNS).await;
    let mut reader = database.connect().await;
    reader.execute("BEGIN").await.unwrap();
    let his = began(&mut reader).await;
    reader.execute("SELECT * FROM people").await.unwrap();
    assert!(supporters.now().await.unwrap() > his);

    let mut writer = database.connect().await;
    writer.execute("BEGIN").await.unwrap();
    writer.execute("UPDATE people SET name = 'Anna' WHERE id = 2").await.unwrap();
    let prepare = format!("PREPARE TRANSACTION 'of {}'", database.name);
    writer.execute(sqlx::AssertSqlSafe(prepare)).await.unwrap();
    let held = supporters.now().await.unwrap();
    assert_eq!(supporters.now().await.unwrap(), held, "time stands still for windows");
    database.run(&format!("COMMIT PREPARED 'of {}'", database.name)).await;
    assert!(supporters.now().await.unwrap() > held);
}

#[tokio::test]
async fn a_user_who_may_not_see_others_transactions_is_told_so() {
    let database = database(TABLE).await;
    let role = format!("r_{}", database.name);
    database.run(&format!("CREATE ROLE {role} LOGIN; GRANT SELECT, UPDATE (name) ON people TO {role}")).await;
    let login = Login::parse(&database.url_as(&role)).unwrap();
    let supporters = Postgres::open(&login, &table(), None, &owned(&COLUMNS)).await.unwrap();
    let notes = supporters.shape().await.unwrap().notes;
    assert!(notes.contains(&Note::WritersUnseen { user: role.clone() }), "{notes:?}");
    assert!(notes.contains(&Note::NoRight { column: "email".into() }), "{notes:?}");
    assert!(!notes.contains(&Note::NoRight { column: "name".into() }), "{notes:?}");

    let mut somebody = database.connect().await;
    somebody.execute("BEGIN").await.unwrap();
    somebody.execute("UPDATE people SET name = 'Anna' WHERE id = 2").await.unwrap();
    let his = began(&mut somebody).await;
    assert!(supporters.now().await.unwrap() > his, "he is not seen");
    database.run(&format!("GRANT pg_read_all_stats TO {role}")).await;
    assert!(supporters.now().await.unwrap() <= his, "he is seen");
    assert_eq!(
        supporters.shape().await.unwrap().notes,
        [Note::NoRight { column: "email".into() }, Note::NoRight { column: "contact_id".into() },]
    );
}

/// Rows stamped every ten minutes of local time around a moment, and what windows of one hour find.
async fn around(zone: &str, moment: &str, indexed: bool) -> (Database, Vec<usize>) {
    let index = if indexed { "CREATE INDEX ON people (modified);" } else { "" };
    let schema = format!(
        "CREATE TABLE people (id bigint PRIMARY KEY, modified timestamp, contact_id text, email text, name text); {index}
         INSERT INTO people (id, modified) SELECT n, timestamp '{moment}' + interval '10 minutes' * (n - 120)
            FROM generate_series(1, 240) AS n"
    );
    let database = database(&schema).await;
    let supporters = open(&database, &table(), Some(zone), &COLUMNS).await;
    let middle =
        database.number(&format!("SELECT extract(epoch FROM timestamptz '{moment} UTC')::bigint")).await;
    let at = |hour: i64| Stamp::from_seconds(middle + hour * 3_600);
    let mut found = vec![0; 241];
    let mut sequence = Vec::new();
    for hour in -60..60 {
        let changes = read_all(&supporters, &Window { from: at(hour), until: at(hour + 1) }, 3).await;
        for changed in &changes {
            found[changed.id.as_str().parse::<usize>().unwrap()] += 1;
        }
        sequence.extend(changes);
    }
    assert!(sequence.is_sorted_by_key(|changed| changed.modified.floor_second()), "{zone}");
    let whole = read_all(&supporters, &Window { from: at(-60), until: at(60) }, 64).await;
    assert_eq!(whole, sequence, "{zone}: one window finds what many find");
    (database, found)
}

#[tokio::test]
async fn every_local_time_lies_in_exactly_one_window_also_where_clocks_are_moved() {
    for (zone, moment) in [
        ("Europe/London", "2025-10-26 01:30:00"),
        ("Europe/London", "2025-03-30 01:30:00"),
        ("Australia/Lord_Howe", "2025-04-06 01:45:00"),
        ("America/New_York", "2025-03-09 02:30:00"),
        ("Pacific/Apia", "2011-12-30 12:00:00"),
    ] {
        let (_, found) = around(zone, moment, zone != "America/New_York").await;
        let lost: Vec<usize> = (1..=240).filter(|id| found[*id] != 1).collect();
        assert_eq!(lost, Vec::<usize>::new(), "{zone}: not found exactly once");
    }
}

#[tokio::test]
async fn a_trigger_that_stamps_local_time_writes_the_configured_zones() {
    // GIVEN stamps of local time, kept by a trigger that takes the session's zone for granted
    let database = database(
        "CREATE TABLE people (id bigint PRIMARY KEY, modified timestamp, contact_id text, email text, name text);
         CREATE FUNCTION touch() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN new.modified := now(); RETURN new; END $$;
         CREATE TRIGGER touch BEFORE UPDATE ON people FOR EACH ROW EXECUTE FUNCTION touch();
         INSERT INTO people (id, name) VALUES (1, 'Ann')",
    )
    .await;
    for (zone, offset) in [(Some("Australia/Brisbane"), "UTC"), (None, "+10:00")] {
        let table = Table { zone: offset.parse().unwrap(), ..table() };
        let supporters = open(&database, &table, zone, &COLUMNS).await;
        let before = supporters.now().await.unwrap();
        // WHEN we write THEN the stamp is of now, and not ten hours away
        let write = supporters::SupporterWrite::Update {
            id: id(1),
            set: vec![(1, supporters::conformance::text(offset))],
            expect: vec![],
            contact_id: None,
        };
        let applied = supporters.apply(&[write]).await.unwrap();
        assert!(matches!(applied[..], [supporters::Applied::Done { .. }]), "{applied:?}");
        let modified = supporters.get(&[id(1)]).await.unwrap()[0].as_ref().unwrap().modified;
        assert!(modified >= before && modified.since(before).as_secs() < 60, "{modified} {before}");
        let local = "SELECT (modified > timezone('UTC', now()) + interval '9 hours')::text FROM people";
        assert_eq!(database.text(local).await.as_deref(), Some("true"));
        let note = Note::NoOffset { column: "modified".into(), zone: zone.unwrap_or("<+1000>-10:00").into() };
        assert!(supporters.shape().await.unwrap().notes.contains(&note));
    }
}
