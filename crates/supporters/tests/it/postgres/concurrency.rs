//! Others at work in the same rows at the same time.

use std::time::Duration;

use model::Cell;
use sqlx::Executor as _;
use supporters::conformance::{id, text};
use supporters::{Applied, Error, Postgres, SupporterWrite, Supporters};

use super::server::Database;
use super::support::{codes, database, login, open, owned, table};

const COLUMNS: [&str; 3] = ["email", "name", "city"];

const TABLE: &str =
    "CREATE TABLE people (id bigint PRIMARY KEY, modified timestamptz DEFAULT now(), contact_id text, email text,
        name text, city text);
     INSERT INTO people (id, email, name, city) VALUES (1, 'a@x.org', 'Ann', 'Perth'), (2, 'b@x.org', 'Bob', 'Hobart')";

/// The same as a view whose writes a trigger carries out, without comparing anything.
const VIEW: &str =
    "CREATE TABLE base (id bigint PRIMARY KEY, modified timestamptz DEFAULT now(), contact_id text, email text,
        name text, city text);
     INSERT INTO base (id, email, name, city) VALUES (1, 'a@x.org', 'Ann', 'Perth'), (2, 'b@x.org', 'Bob', 'Hobart');
     CREATE VIEW people AS SELECT * FROM base WHERE id > 0 LIMIT 1000000;
     CREATE FUNCTION write_people() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
        UPDATE base SET email = new.email, name = new.name, city = new.city WHERE id = old.id; RETURN new; END $$;
     CREATE TRIGGER write INSTEAD OF UPDATE ON people FOR EACH ROW EXECUTE FUNCTION write_people()";

fn rename(row: u32, from: &str, to: &str) -> SupporterWrite {
    SupporterWrite::Update {
        id: id(row),
        set: vec![(1, text(to))],
        expect: vec![(1, text(from))],
        contact_id: None,
    }
}

/// Comes back when the adapter waits for somebody's lock.
async fn until_we_wait(database: &Database) {
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND application_name = 'highwater' AND wait_event_type = 'Lock'";
    while database.number(waiting).await == 0 {
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
}

async fn name_and_city(database: &Database, row: u32) -> String {
    database.text(&format!("SELECT name || ' ' || city FROM people WHERE id = {row}")).await.unwrap()
}

/// Somebody changes row 1 and has not committed; we write, and wait; he ends his transaction with `end`.
async fn meet(schema: &str, his: &'static str, end: &'static str) -> (Database, Vec<Applied>) {
    let database = database(schema).await;
    let supporters = open(&database, &table(), None, &COLUMNS).await;
    let mut somebody = database.connect().await;
    somebody.execute("BEGIN").await.unwrap();
    somebody.execute(his).await.unwrap();
    let batch = [rename(1, "Ann", "Anna"), rename(2, "Bob", "Rob")];
    let ours = tokio::spawn(async move { supporters.apply(&batch).await });
    until_we_wait(&database).await;
    somebody.execute(end).await.unwrap();
    let applied = ours.await.unwrap().unwrap();
    (database, applied)
}

#[tokio::test]
async fn an_edit_that_commits_while_we_wait_for_its_row_is_not_overwritten() {
    let edit = "UPDATE people SET name = 'Annika' WHERE id = 1";
    let (database, applied) = meet(TABLE, edit, "COMMIT").await;
    assert_eq!(codes(&applied), ["changed", "done"]);
    assert_eq!(name_and_city(&database, 1).await, "Annika Perth");
    assert_eq!(name_and_city(&database, 2).await, "Rob Hobart");
}

#[tokio::test]
async fn an_edit_that_is_taken_back_while_we_wait_does_not_stand_in_our_way() {
    let edit = "UPDATE people SET name = 'Annika' WHERE id = 1";
    let (database, applied) = meet(TABLE, edit, "ROLLBACK").await;
    assert_eq!(codes(&applied), ["done", "done"]);
    assert_eq!(name_and_city(&database, 1).await, "Anna Perth");
}

#[tokio::test]
async fn an_edit_of_another_column_stays_beside_ours() {
    let edit = "UPDATE people SET city = 'Darwin' WHERE id = 1";
    let (database, applied) = meet(TABLE, edit, "COMMIT").await;
    assert_eq!(codes(&applied), ["done", "done"]);
    assert_eq!(name_and_city(&database, 1).await, "Anna Darwin");
}

#[tokio::test]
async fn a_row_taken_away_while_we_wait_for_it_is_gone() {
    let (database, applied) = meet(TABLE, "DELETE FROM people WHERE id = 1", "COMMIT").await;
    assert_eq!(codes(&applied), ["gone", "done"]);
    assert_eq!(database.number("SELECT count(*) FROM people").await, 1);
}

#[tokio::test]
async fn a_trigger_that_writes_for_a_view_overwrites_no_edit_either() {
    for (edit, name, outcome) in [
        ("UPDATE base SET name = 'Annika' WHERE id = 1", "Annika Perth", "changed"),
        ("UPDATE base SET city = 'Darwin' WHERE id = 1", "Anna Darwin", "done"),
    ] {
        let (database, applied) = meet(VIEW, edit, "COMMIT").await;
        assert_eq!(codes(&applied), [outcome, "done"]);
        assert_eq!(name_and_city(&database, 1).await, name);
    }
}

#[tokio::test]
async fn the_databases_own_isolation_level_does_not_change_that() {
    for level in ["repeatable read", "serializable"] {
        let schema = format!(
            "{TABLE}; DO $$ BEGIN EXECUTE 'ALTER DATABASE ' || current_database() || \
             ' SET default_transaction_isolation = ''{level}'''; END $$"
        );
        let edit = "UPDATE people SET name = 'Annika' WHERE id = 1";
        let (database, applied) = meet(&schema, edit, "COMMIT").await;
        assert_eq!(codes(&applied), ["changed", "done"], "{level}");
        assert_eq!(name_and_city(&database, 1).await, "Annika Perth");
    }
}

#[tokio::test]
async fn a_row_that_somebody_keeps_locked_waits_for_the_next_cycle_and_holds_up_nobody() {
    let database = database(TABLE).await;
    let mut login = login(&database);
    login.lock_timeout = Duration::from_millis(50);
    let supporters = Postgres::open(&login, &table(), None, &owned(&COLUMNS)).await.unwrap();
    let mut somebody = database.connect().await;
    somebody.execute("BEGIN").await.unwrap();
    somebody.execute("SELECT 1 FROM people WHERE id = 1 FOR UPDATE").await.unwrap();
    let batch = [rename(1, "Ann", "Anna"), rename(2, "Bob", "Rob")];
    assert_eq!(codes(&supporters.apply(&batch).await.unwrap()), ["changed", "done"]);
    somebody.execute("ROLLBACK").await.unwrap();
    assert_eq!(codes(&supporters.apply(&batch).await.unwrap()), ["done", "changed"]);
    assert_eq!(name_and_city(&database, 1).await, "Anna Perth");
}

#[tokio::test]
async fn of_many_sessions_that_count_up_one_row_none_overwrites_another() {
    let database = database(TABLE).await;
    let mut sessions = Vec::new();
    for _ in 0..3 {
        let supporters = open(&database, &table(), None, &COLUMNS).await;
        sessions.push(tokio::spawn(async move {
            let (mut done, mut tried) = (0, 0);
            while done < 20 {
                tried += 1;
                assert!(tried < 10_000, "nobody gets anywhere");
                let row = supporters.get(&[id(1)]).await.unwrap().remove(0).unwrap();
                let from = row.cells[1].text().unwrap().to_owned();
                let applied = supporters.apply(&[rename(1, &from, &format!("{from}x"))]).await.unwrap();
                done += usize::from(codes(&applied) == ["done"]);
            }
        }));
    }
    for session in sessions {
        session.await.unwrap();
    }
    assert_eq!(database.number("SELECT length(name)::bigint FROM people WHERE id = 1").await, 3 + 60);
}

#[tokio::test]
async fn two_batches_of_ours_do_not_add_one_person_twice() {
    let database = database(TABLE).await;
    let new = || SupporterWrite::Create {
        cells: vec![text("new@x.org"), text("New"), Cell::Empty],
        contact_id: None,
    };
    database.run("ALTER TABLE people ALTER id SET DEFAULT (random() * 1e9)::bigint").await;
    let one = open(&database, &table(), None, &COLUMNS).await;
    let two = open(&database, &table(), None, &COLUMNS).await;
    let batch = [new()];
    let (one, two) = futures_util::future::join(one.apply(&batch), two.apply(&batch)).await;
    let mut outcomes = [codes(&one.unwrap()), codes(&two.unwrap())].concat();
    outcomes.sort_unstable();
    assert_eq!(outcomes, ["done", "there"]);
    assert_eq!(database.number("SELECT count(*) FROM people").await, 3);
}

#[tokio::test]
async fn a_lost_connection_is_named_and_the_next_call_has_a_new_one() {
    let database = database(&format!(
        "{TABLE}; CREATE VIEW slow AS SELECT p.* FROM people AS p, LATERAL pg_sleep(600 * p.id) AS s"
    ))
    .await;
    let described = supporters::Table { table: "slow".into(), read_only: true, ..table() };
    database.run("ALTER TABLE people RENAME TO hidden").await;
    database.run("CREATE VIEW people AS SELECT * FROM hidden").await;
    let (login, columns) = (login(&database), owned(&COLUMNS));
    let slow = Postgres::open(&login, &described, None, &columns);
    // Opening reads the view once, to see that its ids are unique: it never comes to an end by itself.
    let killer = async {
        let ours = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
            AND application_name = 'highwater' AND wait_event = 'PgSleep'";
        while database.number(ours).await == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        database
            .run(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'highwater' \
                  AND datname = current_database()",
            )
            .await;
    };
    let (opened, ()) = futures_util::future::join(slow, killer).await;
    let error = opened.unwrap_err();
    assert!(matches!(error, Error::Lost { .. }), "{error}");
    assert!(error.kind().is_transient() && error.advice().is_some());

    let supporters = open(&database, &table(), None, &COLUMNS).await;
    assert_eq!(supporters.count().await, Ok(2));
    database
        .run(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'highwater' \
              AND datname = current_database()",
        )
        .await;
    assert_eq!(supporters.count().await, Ok(2));
}

#[tokio::test]
async fn a_statement_that_takes_too_long_is_ended_and_named() {
    let database = database(&format!("{TABLE}; CREATE INDEX ON people (modified)")).await;
    database
        .run("CREATE FUNCTION slow() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(600); RETURN new; END $$;
              CREATE TRIGGER slow BEFORE UPDATE ON people FOR EACH ROW WHEN (old.id = 1) EXECUTE FUNCTION slow()")
        .await;
    let mut login = login(&database);
    login.statement_timeout = Duration::from_millis(300);
    let supporters = Postgres::open(&login, &table(), None, &owned(&COLUMNS)).await.unwrap();
    let error = supporters.apply(&[rename(1, "Ann", "Anna")]).await.unwrap_err();
    assert!(matches!(error, Error::TimedOut { .. }), "{error}");
    assert_eq!(codes(&supporters.apply(&[rename(2, "Bob", "Rob")]).await.unwrap()), ["done"]);
    assert_eq!(name_and_city(&database, 1).await, "Ann Perth");
}

#[tokio::test]
async fn a_call_that_is_given_up_leaves_nothing_behind_for_the_next() {
    let database = database(
        "CREATE TABLE people (id bigint PRIMARY KEY, modified timestamptz, contact_id text, email text, name text, city text);
         INSERT INTO people SELECT n, now(), NULL, n || '@x.org', repeat('n', 1000), 'Perth' FROM generate_series(1, 2000) AS n",
    )
    .await;
    let supporters = open(&database, &table(), None, &COLUMNS).await;
    let all: Vec<model::SupporterId> = (1..=2000).map(id).collect();
    for polls in 1..60 {
        // GIVEN a read that is dropped in the middle of its answer, and a write in the middle of its batch
        let mut read = Box::pin(supporters.get(&all));
        let batch: Vec<SupporterWrite> = (1..40).map(|row| rename(row, &"n".repeat(1000), "lost")).collect();
        let mut write = Box::pin(supporters.apply(&batch));
        for _ in 0..polls {
            let done = std::future::poll_fn(|context| {
                let done = read.as_mut().poll(context).is_ready() || write.as_mut().poll(context).is_ready();
                std::task::Poll::Ready(done)
            });
            if done.await {
                break;
            }
            tokio::task::yield_now().await;
        }
        drop((read, write));
        // THEN the next call has its own answer, and of the batch all or nothing is there
        let found = supporters.get(&[id(7), id(8)]).await.unwrap();
        let ids: Vec<&str> = found.iter().flatten().map(|found| found.id.as_str()).collect();
        assert_eq!(ids, ["7", "8"], "after {polls} steps");
        let lost = database.number("SELECT count(*) FROM people WHERE name = 'lost'").await;
        assert!(lost == 0 || lost == 39, "{lost} of 39 rows are written");
    }
}
