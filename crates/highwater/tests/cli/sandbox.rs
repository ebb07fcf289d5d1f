//! A sandbox as a profile of its own: own org, own database, own state, a mark on everything, and no way to mix them up.

use simorg::{Fault, Op, Org, Settings};

use crate::stage::{Stage, err, json, out};

const PRODUCTION: &str = "00D5f000000IZ3ZEAW";
const COPY: &str = "00D5f000000IZ3YEAW";

fn org(id: &str, sandbox: bool) -> Settings {
    let mut settings = Settings { org_id: id.to_owned(), ..Settings::default() };
    settings.organization.sandbox = sandbox;
    settings
}

/// Production in the file, a sandbox in its profile, each with a database.
async fn both() -> (Stage, Org) {
    let stage = Stage::set_with(org(PRODUCTION, false)).await;
    let copy = Org::start(org(COPY, true)).await.unwrap();
    std::fs::copy(stage.path("supporters.db"), stage.path("copy.db")).unwrap();
    stage.reconfigure("client_id =", "sandbox = false\nclient_id =");
    let file = stage.read("highwater.toml");
    stage.write(
        "highwater.toml",
        &format!(
            "{file}
[profiles.uat.salesforce]
sandbox = true
login_url = \"{}\"
client_id = \"3MVG9simulated.client.id\"
client_secret_env = \"HIGHWATER_SF_SECRET\"
allow_plain_http = \"yes_for_simulated_org\"

[profiles.uat.supporters]
path = \"copy.db\"
",
            copy.url()
        ),
    );
    (stage, copy)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_is_filled_and_production_is_not_touched() {
    let (stage, copy) = both().await;
    let before = stage.both_sides().await;
    let loaded = stage.run("backfill --profile uat").await;
    assert_eq!(loaded.status.code(), Some(0), "{}", err(&loaded));
    assert_eq!(copy.records("Contact").len(), 2);
    assert_eq!(stage.both_sides().await, before);
    assert!(stage.path("simulated-state-uat").is_dir());
    assert!(!stage.path("simulated-state").exists());
    // THEN production is loaded by itself, and the two never meet
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
    assert_eq!(json(&stage.run("sync --profile uat --format json").await)["rows"]["sent"], 0);
    assert_eq!(json(&stage.run("sync --format json").await)["rows"]["sent"], 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_said_about_a_sandbox_says_so_in_every_format() {
    let (stage, copy) = both().await;
    // GIVEN somebody whom only a person can match
    let person = |first: &str| serde_json::json!({ "LastName": "Bell", "FirstName": first, "Email": "ann@example.org" });
    let people = ["Ann", "Ann"].map(|first| person(first).as_object().unwrap().clone()).to_vec();
    copy.seed("Contact", people).unwrap();
    assert_eq!(stage.run("backfill --profile uat").await.status.code(), Some(0));
    for verb in ["status", "sync", "check", "errors", "report merges", "plan", "resync 2", "watermark"] {
        let table = stage.run(&format!("{verb} --profile uat")).await;
        assert_eq!(table.status.code(), Some(0), "{verb}: {}", err(&table));
        if verb != "plan" {
            assert!(out(&table).starts_with("*** SANDBOX, profile uat"), "{verb}: {}", out(&table));
        }
        let value = json(&stage.run(&format!("{verb} --profile uat --format json")).await);
        let marked = value.as_array().map_or(vec![&value], |all| all.iter().collect());
        assert!(marked.iter().all(|object| object["sandbox"] == "uat"), "{verb}: {value}");
        let csv = out(&stage.run(&format!("{verb} --profile uat --format csv")).await);
        let lines: Vec<&str> = csv.lines().collect();
        assert!(lines[0].ends_with(",sandbox"), "{verb}: {csv}");
        assert!(csv.ends_with(",uat\r\n") || lines.len() == 1, "{verb}: {csv}");
        if verb.starts_with("resync") || verb == "plan" {
            continue;
        }
        assert!(!out(&stage.run(verb).await).contains("SANDBOX"), "{verb} of production is marked");
    }
    let written = stage.run("report merges --profile uat --format csv --output cases.csv").await;
    assert_eq!(written.status.code(), Some(0), "{}", err(&written));
    assert!(stage.read("cases.csv").lines().next().unwrap().ends_with(",sandbox"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_running_service_of_a_sandbox_marks_what_it_answers() {
    let (stage, _copy) = both().await;
    let served = stage.start_service(&["--profile", "uat"]);
    stage.until_said("*** SANDBOX, profile uat").await;
    stage.until_said("serving on").await;
    let status = stage.run("status --profile uat --format json").await;
    assert_eq!(json(&status)["service"]["running"], true, "{}", err(&status));
    assert_eq!(json(&status)["sandbox"], "uat");
    assert!(out(&stage.run("sync --profile uat").await).starts_with("*** SANDBOX, profile uat"));
    assert_eq!(served.stop().await, Some(0));
}

/// Every verb that could write refuses, and neither org and neither database is written.
async fn refused(stage: &Stage, other: &Org, option: &str, code: &str) -> String {
    let mut said = String::new();
    for verb in ["sync", "backfill", "push", "pull", "plan", "resync 1", "serve"] {
        said = stage.refuses(&format!("{verb} {option}"), 2, code).await;
        assert!(other.all_records("Contact").is_empty(), "{verb}");
    }
    said
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sandbox_profile_with_productions_credentials_is_refused_and_the_other_way_round() {
    // GIVEN credentials that lead to the other org than the profile says
    let (stage, copy) = both().await;
    copy.configure(|settings| settings.organization.sandbox = false);
    let said = refused(&stage, &copy, "--profile uat", "HW0220").await;
    assert!(said.contains("is no sandbox, and a sandbox is meant"), "{said}");
    stage.org.configure(|settings| settings.organization.sandbox = true);
    let said = refused(&stage, &copy, "", "HW0220").await;
    assert!(said.contains("is a sandbox, and no sandbox is meant"), "{said}");
    stage.check_finds(2, "HW0220").await;
    // THEN no state was bound to the wrong org: the right one is accepted
    stage.org.configure(|settings| settings.organization.sandbox = false);
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_of_one_refuses_the_other_before_anything_is_written() {
    let (stage, copy) = both().await;
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
    stage.reconfigure(
        "[profiles.uat.supporters]",
        "[profiles.uat.state]\ndir = \"./simulated-state\"\n\n[profiles.uat.supporters]",
    );
    // GIVEN a sandbox profile that is pointed at production's state
    let said = refused(&stage, &copy, "--profile uat", "HW0504").await;
    assert!(said.contains(PRODUCTION) && said.contains(COPY), "{said}");
    // AND production pointed at a sandbox's state
    stage.reconfigure("./simulated-state", "./uat-state");
    assert_eq!(stage.run("backfill --profile uat").await.status.code(), Some(0));
    let moved = stage.read("highwater.toml").replace("dir = \"simulated-state\"", "dir = \"uat-state/.\"");
    stage.write("highwater.toml", &moved);
    stage.refuses("sync", 2, "HW0504").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_that_does_not_show_what_it_is_needs_its_id_in_the_file() {
    let (stage, _copy) = both().await;
    let hidden = || {
        let body =
            r#"[{"errorCode":"INVALID_TYPE","message":"sObject type 'Organization' is not supported."}]"#;
        stage.org.fault(Op::Query, Fault::Refuse { status: 400, body: body.to_owned(), times: 1 });
    };
    hidden();
    assert!(stage.refuses("sync", 2, "HW0220").await.contains("expected_org_id"));
    stage.reconfigure("sandbox = false", &format!("sandbox = false\nexpected_org_id = \"{PRODUCTION}\""));
    hidden();
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_profile_that_is_not_there_is_named() {
    let (stage, _copy) = both().await;
    let said = stage.refuses("sync --profile uatt", 2, "HW0104").await;
    assert!(said.contains("no profile \"uatt\"") && said.contains("did you mean \"uat\""), "{said}");
}
