//! What the field map's rules mean for how values are spelled, and numbers that a column would change.

use model::field_map::plain_rule;
use model::{Cell, FieldMap, FieldType, TechnicalFields};
use supporters::conformance::{id, text};
use supporters::{Error, SupporterWrite, Supporters, Table};

use super::support::{codes, database, login, open, owned, table};

const COLUMNS: [&str; 8] =
    ["email", "last_name", "opt_out", "post_out", "call_out", "postcode", "given", "ratio"];

fn map() -> FieldMap {
    let rule = |field: &str, column: usize, kind| plain_rule(field, COLUMNS[column], kind);
    let rules = vec![
        rule("Email", 0, FieldType::Email),
        rule("LastName", 1, FieldType::Text),
        rule("HasOptedOutOfEmail", 2, FieldType::Boolean),
        rule("No_Post__c", 3, FieldType::Boolean),
        rule("DoNotCall", 4, FieldType::Boolean),
        rule("MailingPostalCode", 5, FieldType::Text),
        rule("Given__c", 6, FieldType::Number),
        rule("Ratio__c", 7, FieldType::Number),
    ];
    let technical = TechnicalFields { supporter_id: "Id__c".into(), account_id: None, push_marker: None };
    FieldMap::new(rules, technical).expect("a map")
}

fn set(place: usize, from: &str, to: &str) -> SupporterWrite {
    SupporterWrite::Update {
        id: id(1),
        set: vec![(place, text(to))],
        expect: vec![(place, text(from))],
        contact_id: None,
    }
}

#[tokio::test]
async fn yes_and_no_are_spelled_by_the_column_and_no_number_is_changed() {
    let database = database(
        "CREATE TABLE people (id bigint PRIMARY KEY, modified timestamptz DEFAULT now(), contact_id text, email text,
            last_name text, opt_out smallint, post_out boolean, call_out char(1), postcode integer,
            given numeric(10, 2), ratio double precision);
         INSERT INTO people VALUES (1, now(), NULL, 'a@x.org', 'Ash', 0, false, 'N', 1234, 1.00, 0.5)",
    )
    .await;
    let supporters = open(&database, &table(), None, &COLUMNS).await.for_map(&map());
    let yes = [set(2, "0", "true"), set(3, "false", "true"), set(4, "N", "true")];
    for write in yes {
        assert_eq!(codes(&supporters.apply(&[write]).await.unwrap()), ["done"]);
    }
    let refused = "SELECT count(*)::text FROM people WHERE opt_out = 1 AND post_out AND call_out = 'Y'";
    assert_eq!(database.text(refused).await.as_deref(), Some("1"));
    for (place, from, to, code) in [
        (5, "1234", "01234", "type"),
        (5, "1234", "+4477", "type"),
        (5, "1234", "4477", "done"),
        (6, "1.00", "12.345", "type"),
        (6, "1.00", "12.5", "done"),
        (7, "0.5", "0.125", "done"),
        (7, "0.125", "00.5", "type"),
    ] {
        let applied = supporters.apply(&[set(place, from, to)]).await.unwrap();
        assert_eq!(codes(&applied), [code], "{to}: {applied:?}");
    }
    let mut cells = vec![Cell::Absent; COLUMNS.len()];
    cells[2] = text("true");
    let new = |cells: &[Cell]| SupporterWrite::Create { cells: cells.to_vec(), contact_id: None };
    cells[5] = text("01234");
    assert_eq!(codes(&supporters.apply(&[new(&cells)]).await.unwrap()), ["type"]);
}

#[tokio::test]
async fn an_id_that_may_be_a_fraction_is_refused_and_no_page_is_read_for_ever() {
    let database = database(
        "CREATE TABLE whole (id numeric(18, 0) PRIMARY KEY, modified timestamptz DEFAULT now(), contact_id text, email text);
         CREATE TABLE halves (id numeric(18, 1) PRIMARY KEY, modified timestamptz DEFAULT now(), contact_id text, email text);
         CREATE TABLE people (id numeric PRIMARY KEY, modified timestamptz DEFAULT now(), contact_id text, email text);
         INSERT INTO people SELECT n + 0.5 FROM generate_series(1, 100) AS n;
         INSERT INTO whole SELECT n FROM generate_series(1, 100) AS n",
    )
    .await;
    let of = |name: &str| Table { table: name.into(), ..table() };
    let halves = supporters::Postgres::open(&login(&database), &of("halves"), None, &owned(&["email"])).await;
    assert!(matches!(halves, Err(Error::Unsuitable { .. })), "{halves:?}");
    let whole = open(&database, &of("whole"), None, &["email"]).await;
    assert_eq!(whole.ids(None, 1_000).await.unwrap().len(), 100);
    let any = open(&database, &of("people"), None, &["email"]).await;
    // One page of everything is read; there is no going on behind a fraction.
    assert_eq!(any.ids(None, 1_000).await.unwrap().len(), 100);
    let first = any.ids(None, 10).await.unwrap();
    assert!(matches!(any.ids(first.last(), 10).await, Err(Error::Unsuitable { .. })));
}
