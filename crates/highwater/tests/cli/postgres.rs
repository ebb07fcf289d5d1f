//! The program with its supporters on a PostgreSQL server: the example that is shipped, as it stands.

#[allow(dead_code, reason = "shared with the tests of the workspace, which use all of it")]
#[path = "../../../../tests/support/postgres.rs"]
pub mod server;

use std::process::Output;

use server::{Database, PASSWORD, server};

use crate::stage::{Stage, err, json, out};

const EXAMPLE: &str = include_str!("../../../../config/examples/postgres/highwater.toml");
const SCHEMA: &str = include_str!("../../../../config/examples/postgres/schema.sql");
const PEOPLE: &str = include_str!("../../../../config/examples/postgres/people.sql");
const ROLE: &str = include_str!("../../../../config/examples/postgres/role.sql");

/// The example's database and its configuration, for the simulated org of a stage.
struct Example {
    stage: Stage,
    database: Database,
}

impl Example {
    async fn set() -> Self {
        let stage = Stage::set().await;
        std::fs::remove_file(stage.path("supporters.db")).unwrap();
        let database = server().database().await;
        for script in [SCHEMA, PEOPLE, &ROLE.replace("highwater", &database.user())] {
            database.run(script).await;
        }
        let org = format!(
            "login_url = \"{}\"\nallow_plain_http = \"yes_for_simulated_org\"\npoll_longest_seconds = 1\nretry_seconds = 2",
            stage.org.url()
        );
        let text = EXAMPLE
            .replace("login_url = \"https://example.my.salesforce.com\"", &org)
            .replace("consumer-key-of-your-app", &stage.org.client_id())
            .replace(
                "postgres://highwater@db.example.org:5432/fundraising",
                &database.url_as(&database.user()),
            )
            .replace("password_env = \"HIGHWATER_DB_PASSWORD\"\n", "");
        stage.write("highwater.toml", &text);
        Self { stage, database }
    }

    async fn run(&self, line: &str) -> Output {
        self.stage.run(line).await
    }

    /// The codes of what `check` finds and does not merely note.
    async fn warnings(&self) -> Vec<String> {
        let checked = json(&self.run("check --format json").await);
        let findings = checked["findings"].as_array().cloned().unwrap_or_default();
        let ours = findings.iter().filter(|found| found["weight"] != "note");
        let codes = ours.map(|found| found["code"].as_str().unwrap_or_default().to_owned());
        codes.filter(|code| code.starts_with("HW04")).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_example_is_ready_syncs_and_then_is_silent() {
    let example = Example::set().await;
    assert_eq!(example.warnings().await, Vec::<String>::new());
    let first = example.run("sync --format json").await;
    assert_eq!(first.status.code(), Some(0), "{}{}", out(&first), err(&first));
    let contacts = example.stage.org.all_records("Contact");
    assert_eq!(contacts.len(), 5, "one of six people has no last name");
    let linked = "SELECT count(*) FROM crm.supporters WHERE sf_contact_id IS NOT NULL";
    assert_eq!(example.database.number(linked).await, 5);
    let before = example.stage.org.all_records("Contact");
    let second = example.run("sync").await;
    assert_eq!(second.status.code(), Some(0), "{}{}", out(&second), err(&second));
    assert_eq!(example.stage.org.all_records("Contact"), before, "the second sync writes nothing");
}

#[tokio::test(flavor = "multi_thread")]
async fn init_proposes_from_the_schema_and_says_what_it_lacks() {
    let example = Example::set().await;
    example
        .database
        .run(
            "DROP TRIGGER supporters_touch ON crm.supporters; DROP INDEX crm.supporters_by_modified;
              CREATE TABLE crm.pages (id bigserial PRIMARY KEY, title text)",
        )
        .await;
    std::fs::remove_file(example.stage.path("highwater.toml")).unwrap();
    let address = example.database.url().replace("postgres@", "postgres:s3cret@");
    let line = format!("init --yes --supporters {address}");
    let proposed = example.run(&line).await;
    let said = format!("{}{}", out(&proposed), err(&proposed));
    assert_eq!(proposed.status.code(), Some(0), "{said}");
    let written = example.stage.read("highwater.toml");
    assert!(!said.contains("s3cret") && !written.contains("s3cret"), "{said}{written}");
    for line in [
        "kind = \"postgres\"",
        "password_env = \"HIGHWATER_DB_PASSWORD\"",
        "table = \"crm.supporters\"",
        "id_column = \"supporter_id\"",
        "modified_column = \"modified_at\"",
        "contact_id_column = \"sf_contact_id\"",
        "columns = [\"address_1\", \"address_2\"]",
        "#   modified_at: has no index",
        "#   modified_at: no trigger stamps it",
    ] {
        assert!(written.contains(line), "{line}\n{written}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn check_names_what_the_table_lacks() {
    let example = Example::set().await;
    let user = example.database.user();
    example
        .database
        .run(&format!(
            "DROP TRIGGER supporters_touch ON crm.supporters; REVOKE pg_read_all_stats FROM {user};
             REVOKE UPDATE (city) ON crm.supporters FROM {user};
             ALTER TABLE crm.supporters DROP CONSTRAINT supporters_pkey;
             ALTER TABLE crm.supporters ALTER modified_at TYPE timestamp USING modified_at AT TIME ZONE 'UTC'"
        ))
        .await;
    let mut codes = example.warnings().await;
    codes.sort_unstable();
    let shown = err(&example.run("check").await);
    assert_eq!(codes, ["HW0420", "HW0421", "HW0422", "HW0423", "HW0424"], "{shown}");
    let zoned = "modified_column = \"modified_at\"\ntime_zone = \"Australia/Perth\"";
    example.stage.reconfigure("modified_column = \"modified_at\"", zoned);
    assert!(!example.warnings().await.contains(&"HW0421".to_owned()), "a zone that was chosen is only noted");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_password_a_silent_server_and_a_careless_mode_end_each_in_its_own_way() {
    let example = Example::set().await;
    let right = example.stage.read("highwater.toml");
    let socket = example.database.url_as(&example.database.user());
    let with = |url: &str, more: &str| {
        let line = format!("url = \"{url}\"\n{more}");
        example.stage.write("highwater.toml", &right.replace(&format!("url = \"{socket}\""), &line));
    };
    let refused = async |exit: i32, code: &str| {
        for line in ["sync", "plan", "check"] {
            let ended = example.run(line).await;
            let said = format!("{}{}", out(&ended), err(&ended));
            assert_eq!(ended.status.code(), Some(exit), "{line}: {said}");
            assert!(said.contains(code), "{line}: {said}");
            assert!(!said.contains("s3cret"), "{line}: {said}");
        }
        assert!(example.stage.org.all_records("Contact").is_empty());
    };
    with(&example.database.tcp_url(), "password_file = \"password\"");
    example.stage.secret("password", "s3cret-but-wrong\n");
    refused(6, "HW0415").await;
    example.stage.secret("password", &format!("{PASSWORD}\n"));
    assert_eq!(example.run("check").await.status.code(), Some(0), "the right one is taken from the file");

    with("postgres://highwater@127.0.0.1:1/fundraising", "");
    refused(5, "HW0401").await;
    with("postgres://highwater@db.example.org/fundraising?sslmode=prefer", "");
    refused(2, "HW0417").await;
    with("postgres://highwater:s3cret@db.example.org/fundraising", "");
    refused(2, "HW0").await;
}
