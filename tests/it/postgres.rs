//! Whole cycles over the populated example in `config/examples/postgres`, on a real server.

use std::sync::Arc;
use std::time::Duration;

use e2e::postgres::{Database, server};
use e2e::{Harness, World};
use model::field_map::plain_rule;
use model::{FieldMap, FieldRule, FieldType, TechnicalFields};
use plan::{ContactColumns, CycleReport};
use serde_json::{Value as Json, json};
use sqlx::Executor as _;
use supporters::postgres::Login;
use supporters::{Postgres, Table};

const SCHEMA: &str = include_str!("../../config/examples/postgres/schema.sql");
const PEOPLE: &str = include_str!("../../config/examples/postgres/people.sql");
const ROLE: &str = include_str!("../../config/examples/postgres/role.sql");

fn rules() -> Vec<FieldRule> {
    let text = |field: &str, column: &str| plain_rule(field, column, FieldType::Text);
    vec![
        plain_rule("Email", "email", FieldType::Email),
        plain_rule("Salutation", "title", FieldType::Picklist),
        text("FirstName", "first_name"),
        text("LastName", "last_name"),
        plain_rule("Birthdate", "date_of_birth", FieldType::Date),
        plain_rule("MobilePhone", "mobile", FieldType::Phone),
        FieldRule {
            columns: vec!["address_1".into(), "address_2".into()],
            max_length: Some(255),
            ..plain_rule("MailingStreet", "", FieldType::TextArea)
        },
        FieldRule { max_length: Some(40), ..text("MailingCity", "city") },
        plain_rule("Email_Opt_In__c", "opt_in_email", FieldType::Boolean),
    ]
}

/// The default world, its supporters in PostgreSQL, signed in to as the example's user.
async fn world() -> (Harness, Database) {
    let database = server().database().await;
    for script in [SCHEMA, PEOPLE, &ROLE.replace("highwater", &database.user())] {
        database.run(script).await;
    }
    let mut h = Harness::start_in(World::default()).await;
    let technical =
        TechnicalFields { supporter_id: "EN_Supporter_Id__c".into(), account_id: None, push_marker: None };
    let map = FieldMap::new(rules(), technical).expect("a map");
    let table: Table = serde_json::from_value(json!({
        "url": "", "table": "crm.supporters", "id": "supporter_id", "modified": "modified_at",
        "contact_id": "sf_contact_id", "email": "email",
    }))
    .expect("a table description");
    let login = Login::parse(&database.url_as(&database.user())).expect("an address");
    let supporters =
        Postgres::open(&login, &table, None, map.columns()).await.expect("the table fits").for_map(&map);
    let describe = h.sides.org.describe("Contact").await.expect("described");
    let columns = ContactColumns::new(&map, &h.sides.settings, &describe).expect("every field is there");
    h.sides.supporters = Arc::new(supporters);
    h.sides.columns = Arc::new(columns);
    h.sides.map = Arc::new(map);
    (h, database)
}

/// A cycle, some time later on both sides: stamps are whole seconds, and a second that still runs is left to the next one.
async fn later(h: &Harness) -> CycleReport {
    h.org.admin().clock().advance(Duration::from_secs(120));
    let second = Duration::from_millis(1_050);
    tokio::time::sleep(second).await;
    h.sync().await
}

async fn cell(database: &Database, id: i64, column: &str) -> String {
    let sql = format!("SELECT coalesce({column}::text, '') FROM crm.supporters WHERE supporter_id = {id}");
    database.text(&sql).await.unwrap_or_default()
}

fn the(h: &Harness, last: &str, first: &str) -> Json {
    let named = |contact: &Json| contact["LastName"] == last && contact["FirstName"] == first;
    h.contacts().into_iter().find(named).unwrap_or(Json::Null)
}

#[tokio::test]
async fn a_first_sync_an_hour_of_edits_and_then_silence() {
    // GIVEN six people, one of whom has no last name
    let (h, database) = world().await;
    let first = later(&h).await;
    assert_eq!(
        (first.outcome("contact_created"), first.outcome("skipped:no_last_name")),
        (5, 1),
        "{first:?}"
    );
    let joe = the(&h, "Smith", "Joe");
    assert_eq!(
        (joe["Birthdate"].as_str(), joe["Email_Opt_In__c"].as_bool()),
        (Some("1961-04-17"), Some(true))
    );
    assert_eq!(the(&h, "Lee", "Ann")["MailingStreet"], "22 Harbour Rd\nUnit 7");
    assert_eq!(cell(&database, 1, "sf_contact_id").await, joe["Id"].as_str().unwrap_or_default());
    // THEN our own write of the Contact Id, stamped by the trigger, is no change of a person
    let second = later(&h).await;
    assert!(second.wrote_nothing(), "{second:?}");

    // WHEN people on both sides work for an hour
    database
        .run("UPDATE crm.supporters SET mobile = '+61 455 550 199', opt_in_email = false WHERE supporter_id = 1;
              UPDATE crm.supporters SET last_name = 'Lee-Brown', city = 'Newcastle' WHERE supporter_id = 2;
              UPDATE crm.supporters SET last_name = 'Samson' WHERE supporter_id = 6;
              UPDATE crm.supporters SET lifetime_giving = lifetime_giving + 20 WHERE supporter_id = 4")
        .await;
    let garcia = the(&h, "García", "José")["Id"].as_str().unwrap_or_default().to_owned();
    h.edit_contact(&garcia, &json!({"MailingStreet": "9 New Rd\nFlat 1", "Birthdate": "1990-02-28"}));
    let lee = the(&h, "Lee", "Ann")["Id"].as_str().unwrap_or_default().to_owned();
    h.edit_contact(&lee, &json!({"MobilePhone": "+61 455 550 200"}));
    let third = later(&h).await;
    // THEN each edit is on the other side
    assert_eq!(third.outcome("contact_created"), 1, "{third:?}");
    let joe = the(&h, "Smith", "Joe");
    assert_eq!(
        (joe["MobilePhone"].as_str(), joe["Email_Opt_In__c"].as_bool()),
        (Some("+61 455 550 199"), Some(false))
    );
    let lee = the(&h, "Lee-Brown", "Ann");
    assert_eq!(
        (lee["MailingCity"].as_str(), lee["MobilePhone"].as_str()),
        (Some("Newcastle"), Some("+61 455 550 200"))
    );
    assert_eq!(cell(&database, 2, "mobile").await, "+61 455 550 200");
    assert_eq!(
        cell(&database, 3, "address_1 || '/' || address_2 || '/' || date_of_birth").await,
        "9 New Rd/Flat 1/1990-02-28"
    );
    assert_eq!(cell(&database, 1, "opt_in_email_at").await, "", "the table's own trigger ran");
    // AND the stamps that the triggers gave to our writes start no echo
    let fourth = later(&h).await;
    assert!(fourth.wrote_nothing(), "{fourth:?}");
}

#[tokio::test]
async fn a_change_that_commits_after_its_window_is_found_by_the_next() {
    let (h, database) = world().await;
    later(&h).await;
    // GIVEN somebody who stamps a row and commits only after two more cycles
    let mut somebody = database.connect().await;
    somebody.execute("BEGIN").await.expect("begun");
    let edit = "UPDATE crm.supporters SET city = 'Fremantle' WHERE supporter_id = 1";
    somebody.execute(edit).await.expect("edited");
    assert!(later(&h).await.wrote_nothing());
    let (held, _) = h.watermarks();
    assert!(later(&h).await.wrote_nothing());
    assert_eq!(h.watermarks().0, held, "the watermark waits for him");
    somebody.execute("COMMIT").await.expect("committed");
    later(&h).await;
    assert_eq!(the(&h, "Smith", "Joe")["MailingCity"], "Fremantle");
}

#[tokio::test]
async fn an_edit_between_read_and_write_is_left_alone_and_comes_again() {
    let (h, database) = world().await;
    later(&h).await;
    let joe = the(&h, "Smith", "Joe")["Id"].as_str().unwrap_or_default().to_owned();
    h.edit_contact(&joe, &json!({"MailingCity": "Albany"}));
    // GIVEN somebody who has changed the same cell, and commits while our write waits for his lock
    let mut somebody = database.connect().await;
    somebody.execute("BEGIN").await.expect("begun");
    let edit = "UPDATE crm.supporters SET city = 'Broome' WHERE supporter_id = 1";
    somebody.execute(edit).await.expect("edited");
    let waiting = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
        AND application_name = 'highwater' AND wait_event_type = 'Lock'";
    let commit = async {
        while database.number(waiting).await == 0 {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        somebody.execute("COMMIT").await.expect("committed");
    };
    let cycle = later(&h);
    let (report, ()) = tokio::join!(cycle, commit);
    // THEN his edit stands, and the next cycle decides on both
    assert_eq!(report.outcome("deferred:changed_meanwhile"), 1, "{report:?}");
    assert_eq!(cell(&database, 1, "city").await, "Broome");
    let next = later(&h).await;
    assert_eq!(next.overwrites, 1, "both sides changed, and the policy says Salesforce: {next:?}");
    assert_eq!(cell(&database, 1, "city").await, "Albany");
    assert!(later(&h).await.wrote_nothing());
}

/// What takes no Contact Id: a view that takes no writes, and a column that the user has no right to.
const NO_CONTACT_IDS: [(&str, &str, bool); 2] = [
    (
        "seen",
        "CREATE VIEW crm.seen AS SELECT DISTINCT * FROM crm.supporters; GRANT SELECT ON crm.seen TO highwater",
        false,
    ),
    (
        "supporters",
        "REVOKE UPDATE ON crm.supporters FROM highwater; REVOKE UPDATE (sf_contact_id) ON crm.supporters FROM highwater; \
         GRANT UPDATE (mobile) ON crm.supporters TO highwater",
        true,
    ),
];

#[tokio::test]
async fn where_no_contact_id_can_be_written_the_push_goes_on() {
    for (name, script, pull) in NO_CONTACT_IDS {
        for direct_calls in [0, 5] {
            let (mut h, database) = world().await;
            database.run(&script.replace("highwater", &database.user())).await;
            let mut settings = plan::Settings::clone(&h.sides.settings);
            (settings.pull, settings.direct_calls) = (pull, direct_calls);
            h.sides.settings = Arc::new(settings);
            let table: Table = serde_json::from_value(json!({
                "url": "", "table": format!("crm.{name}"), "id": "supporter_id", "modified": "modified_at",
                "contact_id": "sf_contact_id", "email": "email",
            }))
            .expect("a table description");
            let login = Login::parse(&database.url_as(&database.user())).expect("an address");
            let supporters =
                Postgres::open(&login, &table, None, h.sides.map.columns()).await.expect("the table fits");
            h.sides.supporters = Arc::new(supporters.for_map(&h.sides.map));
            let first = later(&h).await;
            assert_eq!(first.outcome("contact_created"), 5, "{name} {direct_calls}: {first:?}");
            assert_eq!((h.sides.state.link_count().unwrap(), first.supporter_writes), (5, 0), "{first:?}");
            database.run("UPDATE crm.supporters SET mobile = '+61 455 550 199' WHERE supporter_id = 1").await;
            let second = later(&h).await;
            assert_eq!(the(&h, "Smith", "Joe")["MobilePhone"], "+61 455 550 199", "{name}: {second:?}");
        }
    }
}
