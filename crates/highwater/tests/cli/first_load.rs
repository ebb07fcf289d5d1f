//! The demo's people with the supporters in PostgreSQL: a first load put on file, carried out exactly, and whoever changed in
//! between left out and named.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde_json::{Map, Value};
use simorg::Settings;
use simorg::duplicate::{DuplicateAction, DuplicateSettings};

use crate::postgres::server::{Database, server};
use crate::stage::{Stage, err, json};

const SUPPORTERS: &str = include_str!("../../data/people/supporters.csv");
const CONTACTS: &str = include_str!("../../data/people/contacts.csv");

const FIELDS: &str = r#"
[[field]]
contact = "LastName"
column = "last_name"
first_link = "supporter"
[[field]]
contact = "FirstName"
column = "first_name"
first_link = "supporter"
[[field]]
contact = "Email"
column = "email"
[[field]]
contact = "MailingStreet"
columns = ["address_1", "address_2"]
first_link = "supporter"
[[field]]
contact = "MailingCity"
column = "city"
first_link = "supporter"
[[field]]
contact = "HomePhone"
column = "phone"
first_link = "supporter"
[[field]]
contact = "Email_Opt_In__c"
column = "opt_in_email"
yes = "Y"
no = "N"
first_link = "most_restrictive"
"#;

async fn both_sides() -> (Stage, Database) {
    let duplicates = DuplicateSettings::name_and_email(DuplicateAction::Alert, "Use one of these records?");
    let stage = Stage::set_with(Settings { duplicates, ..Settings::default() }).await;
    std::fs::remove_file(stage.path("supporters.db")).unwrap();
    let database = server().database().await;
    database.run(&table()).await;
    stage.org.seed("Contact", contacts()).unwrap();
    let text = format!(
        "[salesforce]\nlogin_url = \"{}\"\nclient_id = \"{}\"\nclient_secret_env = \"HIGHWATER_SF_SECRET\"\n\
         allow_plain_http = \"yes_for_simulated_org\"\npoll_longest_seconds = 1\n\
         [supporters]\nkind = \"postgres\"\nurl = \"{}\"\ntable = \"supporters\"\n\
         contact_id_column = \"sf_contact_id\"\n[state]\ndir = \"simulated-state\"\n{FIELDS}",
        stage.org.url(),
        stage.org.client_id(),
        database.url(),
    );
    stage.write("highwater.toml", &text);
    (stage, database)
}

fn table() -> String {
    let mut sql = "CREATE TABLE supporters (supporter_id bigint PRIMARY KEY, email text, first_name text, last_name text, \
        address_1 text, address_2 text, city text, region text, postcode text, country text, phone text, \
        opt_in_email text, modified_at timestamptz NOT NULL, sf_contact_id text);
        CREATE INDEX ON supporters (modified_at, supporter_id); CREATE INDEX ON supporters (lower(email));
        CREATE INDEX ON supporters (sf_contact_id);
        INSERT INTO supporters VALUES "
        .to_owned();
    let mut rows = csv::Reader::from_reader(SUPPORTERS.as_bytes());
    for (at, row) in rows.records().enumerate() {
        let row = row.unwrap();
        let cells: Vec<String> =
            row.iter()
                .map(|cell| {
                    if cell.is_empty() {
                        "NULL".to_owned()
                    } else {
                        format!("'{}'", cell.replace('\'', "''"))
                    }
                })
                .collect();
        write!(sql, "{}({}, NULL)", if at > 0 { "," } else { "" }, cells.join(",")).unwrap();
    }
    sql
}

fn contacts() -> Vec<Map<String, Value>> {
    let mut rows = csv::Reader::from_reader(CONTACTS.as_bytes());
    let head = rows.headers().unwrap().clone();
    let wanted = ["FirstName", "LastName", "Email", "MailingStreet", "MailingCity", "HomePhone"];
    let contact = |row: csv::StringRecord| {
        let cells =
            head.iter().zip(row.iter()).filter(|(name, cell)| wanted.contains(name) && !cell.is_empty());
        cells.map(|(name, cell)| (name.to_owned(), Value::from(cell))).collect()
    };
    rows.records().map(|row| contact(row.unwrap())).collect()
}

/// Every supporter's Contact Id and every byte of the row, as a digest of the whole table.
async fn digest(database: &Database) -> Option<String> {
    database.text("SELECT md5(string_agg(s::text, '|' ORDER BY supporter_id)) FROM supporters s").await
}

/// What the plan says of each supporter: the action and the Contact.
fn planned(stage: &Stage) -> BTreeMap<String, (String, Option<String>)> {
    let of = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let contact = line["contact"].as_str().map(ToOwned::to_owned);
        Some((line["supporter"].as_str()?.to_owned(), (line["action"].as_str()?.to_owned(), contact)))
    };
    stage.read("backfill-plan.jsonl").lines().filter_map(of).collect()
}

/// Each Contact's Id by the supporter id it carries.
fn carried(stage: &Stage) -> BTreeMap<String, String> {
    let of = |contact: &Value| {
        Some((contact["EN_Supporter_Id__c"].as_str()?.to_owned(), contact["Id"].as_str()?.to_owned()))
    };
    stage.org.records("Contact").iter().filter_map(of).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_load_on_file_changes_nothing_and_is_carried_out_exactly_but_for_whoever_changed() {
    let (stage, database) = both_sides().await;
    let (contacts, rows) = (stage.org.all_records("Contact"), digest(&database).await);
    let shown = stage.run("backfill --plan --format json").await;
    assert_eq!(shown.status.code(), Some(0), "{}", err(&shown));
    assert!(stage.org.all_records("Contact") == contacts, "the plan wrote a Contact");
    assert_eq!(digest(&database).await, rows, "the plan wrote a supporter");
    let plan = planned(&stage);
    assert_eq!(plan.len(), 5_000, "everybody is in the plan");
    let with = |wanted: &dyn Fn(&str) -> bool| -> BTreeSet<&str> {
        plan.iter().filter(|(_, (action, _))| wanted(action)).map(|(id, _)| id.as_str()).collect()
    };
    let created = with(&|action| action == "create_contact");
    let linked = with(&|action| action.starts_with("update"));
    let left = with(&|action| action.starts_with("case:"));
    assert!(created.len() > 1_000 && linked.len() > 2_000 && left.len() > 300, "{}", err(&shown));
    let listed = json(&shown);
    let listed: BTreeSet<&str> =
        listed.as_array().unwrap().iter().filter_map(|person| person["supporter"].as_str()).collect();
    assert!(
        created.iter().chain(&linked).chain(&left).all(|id| listed.contains(id)),
        "somebody is not listed"
    );
    // WHEN one of those to be linked moves house before it is carried out
    let edited = *linked.iter().nth(100).unwrap();
    database
        .run(&format!(
            "UPDATE supporters SET city = 'Elsewhere', modified_at = now() WHERE supporter_id = {edited}"
        ))
        .await;
    let applied = stage.run("backfill --apply --format json").await;
    assert_eq!(applied.status.code(), Some(0), "{}", err(&applied));
    let report = json(&applied);
    // THEN that one alone is left out, by name
    assert_eq!(report["left_out"], serde_json::json!([{"supporter": edited}]));
    let count = |code: &str| report["outcomes"][code].as_u64().unwrap_or(0);
    assert_eq!(count("contact_created"), created.len() as u64, "{report}");
    let now = carried(&stage);
    for id in &created {
        assert!(now.contains_key(*id), "supporter {id} was to be created");
    }
    for id in linked.iter().filter(|id| **id != edited) {
        assert_eq!(now.get(*id), plan[*id].1.as_ref(), "supporter {id} was to be linked");
    }
    assert_eq!(now.len(), created.len() + linked.len() - 1, "nobody else carries a supporter's id");
    assert_eq!(stage.org.records("Contact").len(), contacts.len() + created.len());
    let stored = database.number("SELECT count(*) FROM supporters WHERE sf_contact_id IS NOT NULL").await;
    assert_eq!(stored, i64::try_from(now.len()).unwrap());
    // AND the next cycle meets that one, and nobody else
    let next = json(&stage.run("sync --format json").await);
    assert_eq!((&next["links"]["email_and_name"], &next["rows"]["sent"]), (&1.into(), &1.into()), "{next}");
}
