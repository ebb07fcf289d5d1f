//! `check` on an org that is not set up as it should be: each thing is named, and nothing is written.

use serde_json::{Value, json};
use simorg::settings::ObjectPermission;
use simorg::{Fault, Op, Settings};

use crate::stage::{Stage, err, json as parsed, out};

/// A stage whose configuration names both fields of the Flows.
async fn with_flows(settings: Settings) -> Stage {
    let stage = Stage::set_with(settings).await;
    stage.reconfigure(
        "[state]",
        "[contact_fields]\npush_marker = \"EN_Push__c\"\nlast_modified = \"EN_Last_Modified_Date__c\"\n\n[state]",
    );
    stage
}

/// The findings of a check that must end so and write nothing.
async fn findings(stage: &Stage, exit: i32) -> Vec<Value> {
    let before = stage.both_sides().await;
    let checked = stage.run("check --format json").await;
    assert_eq!(checked.status.code(), Some(exit), "{}{}", out(&checked), err(&checked));
    assert_eq!(before, stage.both_sides().await, "check wrote something");
    parsed(&checked)["findings"].as_array().cloned().unwrap_or_default()
}

fn of<'a>(findings: &'a [Value], code: &str) -> Vec<&'a Value> {
    findings.iter().filter(|finding| finding["code"] == code).collect()
}

/// The one finding with this code, as (weight, text with what it is about and what to do).
fn one(findings: &[Value], code: &str) -> (String, String) {
    let found = of(findings, code);
    assert_eq!(found.len(), 1, "{code}: {findings:#?}");
    let text = |key: &str| found[0][key].as_str().unwrap_or_default().to_owned();
    (text("weight"), format!("{} {} {}", text("about"), text("text"), text("advice")))
}

fn warns(findings: &[Value], code: &str, wanted: &str) {
    let (weight, text) = one(findings, code);
    assert_eq!(weight, "warning", "{code}");
    assert!(text.contains(wanted), "{code}: {text}");
}

/// A Contact that a person created and then edited.
fn edited(stage: &Stage, last_name: &str, edit: &Value) {
    let person = stage.org.person();
    let row = json!({ "LastName": last_name, "Email": format!("{last_name}@example.org") });
    let id = stage.org.create_as(&person, "Contact", &row).unwrap();
    stage.org.edit_as(&person, "Contact", &id, edit).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_as_it_should_be_has_nothing_against_it() {
    let stage = with_flows(Settings::default()).await;
    edited(&stage, "Lee", &json!({ "Phone": "555" }));
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
    let found = findings(&stage, 0).await;
    let (weight, text) = one(&found, "HW0316");
    assert_eq!(weight, "note", "{text}");
    assert!(text.contains("fits 1 of the last 1 edits"), "{text}");
    for absent in ["HW0310", "HW0315", "HW0317", "HW0318", "HW0319", "HW0320", "HW0307"] {
        assert!(of(&found, absent).is_empty(), "{absent}: {found:#?}");
    }
    // THEN each finding has a page
    for finding in &found {
        let page = finding["page"].as_str().unwrap();
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").join(page);
        assert!(path.exists(), "{page}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_without_the_flows() {
    let mut settings = Settings::default();
    settings.flows.stamp = false;
    settings.flows.reset = false;
    let stage = with_flows(settings).await;
    // GIVEN people's edits that nobody stamps, and rows of ours whose marker nobody unticks
    edited(&stage, "Lee", &json!({ "Phone": "555" }));
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
    let found = findings(&stage, 0).await;
    warns(&found, "HW0316", "is empty on 1 Contacts that others created lately");
    // THEN a marker that was ticked a moment ago is not held against the org
    assert!(of(&found, "HW0317").is_empty(), "{found:#?}");
    let old = json!([{ "LastName": "Old", "EN_Push__c": true, "SystemModstamp": "2026-01-01T00:00:00Z" }]);
    let rows = old.as_array().unwrap().iter().filter_map(|row| row.as_object().cloned()).collect();
    stage.org.seed("Contact", rows).unwrap();
    let found = findings(&stage, 0).await;
    warns(&found, "HW0317", "EN_Push__c is still ticked on 1 Contacts");
    assert_eq!(stage.run("check --strict").await.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_flow_whose_condition_is_older_than_the_map() {
    // GIVEN a Flow that knows nothing of Phone, and an org that keeps the history of it
    let mut settings = Settings::default();
    settings.flows.mapped_fields = vec!["LastName".to_owned(), "Email".to_owned()];
    settings.tracked_fields = vec!["Phone".to_owned(), "LastName".to_owned()];
    let stage = with_flows(settings).await;
    edited(&stage, "Bell", &json!({ "LastName": "Bellows" }));
    let id = stage.org.records("Contact")[0]["Id"].as_str().unwrap().to_owned();
    stage.org.clock().advance(std::time::Duration::from_secs(600));
    stage.org.edit_as(&stage.org.person(), "Contact", &id, &json!({ "Phone": "555" })).unwrap();
    let found = findings(&stage, 0).await;
    let texts: Vec<String> = of(&found, "HW0316").iter().map(|finding| finding["text"].to_string()).collect();
    assert!(texts.iter().any(|text| text.contains("last changed Phone\"")), "{texts:?}");
    // WHEN the Flow is brought up to date THEN the next edit of that field takes it back
    stage.org.configure(|settings| settings.flows.mapped_fields.push("Phone".to_owned()));
    stage.org.edit_as(&stage.org.person(), "Contact", &id, &json!({ "Phone": "556" })).unwrap();
    let found = findings(&stage, 0).await;
    assert_eq!(one(&found, "HW0316").0, "note");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_without_the_fields() {
    let mut settings = Settings::default();
    settings
        .hidden_fields
        .extend(["Contact.EN_Push__c".to_owned(), "Contact.EN_Last_Modified_Date__c".to_owned()]);
    settings.custom_fields.retain(|field| field.name != "EN_Supporter_Id__c");
    let stage = with_flows(settings).await;
    let found = findings(&stage, 2).await;
    let missing: Vec<&str> =
        of(&found, "HW0301").iter().filter_map(|finding| finding["about"].as_str()).collect();
    assert_eq!(missing, ["EN_Supporter_Id__c", "EN_Push__c", "EN_Last_Modified_Date__c"]);
    // GIVEN fields of the wrong type
    let stage = Stage::set().await;
    stage.reconfigure(
        "[state]",
        "[contact_fields]\npush_marker = \"Phone\"\nlast_modified = \"Title\"\n\n[state]",
    );
    stage.reconfigure("contact = \"Phone\"", "contact = \"HomePhone\"");
    let found = findings(&stage, 2).await;
    assert_eq!(one(&found, "HW0310").0, "stop");
    warns(&found, "HW0315", "Title is of type string");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_may_not_and_where_to_change_that() {
    let mut settings = Settings::default();
    settings.permissions.read_only_fields = vec!["Contact.Phone".to_owned()];
    let stage = Stage::set_with(settings).await;
    let found = findings(&stage, 2).await;
    let (weight, text) = one(&found, "HW0303");
    assert_eq!(weight, "stop");
    assert!(text.contains("give Edit on Contact.Phone in permission set Integration Access"), "{text}");
    // GIVEN a user who may read Contacts and no more
    stage.org.configure(|settings| {
        settings.permissions.read_only_fields.clear();
        let access =
            serde_json::from_value(json!({ "create": false, "edit": false, "delete": false })).unwrap();
        settings.permissions.objects = vec![ObjectPermission { object: "Contact".into(), access }];
    });
    let found = findings(&stage, 6).await;
    let texts: Vec<String> = of(&found, "HW0306").iter().map(|finding| finding["text"].to_string()).collect();
    assert!(texts.iter().any(|text| text.contains("may not create")), "{texts:?}");
    assert!(texts.iter().any(|text| text.contains("may not update")), "{texts:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_user_who_may_too_much() {
    let mut settings = Settings::default();
    settings.permissions.api_only = false;
    settings.permissions.modify_all_data = true;
    let stage = Stage::set_with(settings).await;
    let found = findings(&stage, 0).await;
    warns(&found, "HW0320", "neither a profile nor a permission set with API Only User");
    let mighty: Vec<String> =
        of(&found, "HW0321").iter().map(|finding| finding["text"].to_string()).collect();
    let through = "has Modify All Data, through permission set Integration Access";
    assert!(mighty.iter().any(|text| text.contains(through)), "{mighty:?}");
    assert!(of(&found, "HW0322").is_empty(), "who may all sees all: {found:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_version_and_one_that_grows_old() {
    let stage = Stage::set().await;
    stage.org.configure(|settings| settings.api.floor = 67);
    let found = findings(&stage, 2).await;
    let (weight, text) = one(&found, "HW0307");
    assert_eq!(weight, "stop");
    assert!(text.contains("v66.0 is not served: the org serves v67.0 to v68.0"), "{text}");
    assert!(text.contains("set api_version = \"68.0\""), "{text}");
    assert_eq!(of(&found, "HW0208").len(), 1);
    stage.org.configure(|settings| {
        settings.api.floor = 31;
        settings.api.ceiling = 76;
    });
    warns(&findings(&stage, 0).await, "HW0307", "may be retired");
    // THEN advice that was taken helps
    stage.reconfigure("[supporters]", "api_version = \"76.0\"\n\n[supporters]");
    assert!(of(&findings(&stage, 0).await, "HW0307").is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn duplicate_rules_are_named() {
    let stage = Stage::set().await;
    let found = findings(&stage, 0).await;
    let (weight, text) = one(&found, "HW0323");
    assert_eq!(weight, "note");
    assert!(text.starts_with("Contact "), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_org_does_not_show_is_named_and_the_check_goes_on() {
    let stage = with_flows(Settings::default()).await;
    let refused = r#"[{"errorCode":"INVALID_TYPE","message":"sObject type is not supported"}]"#;
    for _ in 0..20 {
        stage.org.fault(Op::Query, Fault::Refuse { status: 400, body: refused.to_owned(), times: 1 });
    }
    let found = findings(&stage, 0).await;
    let hidden: Vec<&str> =
        of(&found, "HW0319").iter().filter_map(|finding| finding["about"].as_str()).collect();
    assert_eq!(hidden, ["permission sets", "duplicate rules", "ticked push markers", "recent edits"]);
    for finding in of(&found, "HW0319") {
        assert_eq!(finding["weight"], "note");
        assert!(finding["advice"].as_str().unwrap().starts_with("look in "), "{finding}");
    }
    // THEN a failure that is no refusal is one
    stage.org.clear_faults();
    for _ in 0..50 {
        stage.org.fault(Op::Query, Fault::Html { status: 503 });
    }
    let found = findings(&stage, 5).await;
    assert_eq!(of(&found, "HW0206").len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn flows_that_are_not_told_which_saves_are_ours() {
    let stage = Stage::set().await;
    let (weight, text) = one(&findings(&stage, 0).await, "HW0318");
    assert_eq!(weight, "note");
    assert!(text.contains("add push_marker = \"EN_Push__c\""), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_contradicts_itself_in_the_map_stops_a_check_as_it_stops_a_cycle() {
    let twice = "[[field]]\ncontact = \"Email\"\ncolumn = \"email\"\n\n[state]";
    let constant = "[[field]]\ncontact = \"Title\"\nconstant = \"Donor\"\n\n[state]";
    let undated = "[[field]]\ncontact = \"Title\"\ncolumn = \"phone\"\ndirection = \"push\"\ndated_by = \"Nowhere__c\"\n\n[state]";
    let unmapped = "contact = \"Department\"";
    let wrong = [
        ("[state]", twice, "two rules"),
        ("[state]", constant, "only be pushed"),
        ("[state]", undated, "Nowhere__c"),
        ("contact = \"Email\"", unmapped, "Email must be mapped"),
    ];
    for (part, with, said) in wrong {
        let stage = Stage::set().await;
        stage.reconfigure(part, with);
        let found = findings(&stage, 2).await;
        let (weight, text) = one(&found, "HW0108");
        assert_eq!(weight, "stop", "{text}");
        assert!(text.contains(said), "{text}");
        stage.refuses("sync", 2, "HW0108").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_no_cycle_would_take_is_seen_without_opening_it() {
    // GIVEN none yet THEN none is made
    let stage = Stage::set().await;
    let looked = stage.run("check").await;
    assert!(
        out(&looked).contains("Of the state only the folder and its manifest were looked at"),
        "{}",
        out(&looked)
    );
    let state = stage.path("simulated-state");
    assert!(!state.exists());
    // GIVEN a folder of somebody else's
    std::fs::create_dir(&state).unwrap();
    stage.write("simulated-state/letter.txt", "not a state");
    assert_eq!(one(&findings(&stage, 2).await, "HW0505").0, "stop");
    std::fs::remove_dir_all(&state).unwrap();
    // GIVEN a manifest that cannot be read
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
    let manifest = stage.read("simulated-state/manifest.json");
    stage.write("simulated-state/manifest.json", &manifest[..manifest.len() / 2]);
    assert_eq!(one(&findings(&stage, 7).await, "HW0502").0, "stop");
    // THEN beside a service that holds it nothing is in the way
    stage.write("simulated-state/manifest.json", &manifest);
    let service = stage.serve().await;
    assert!(of(&findings(&stage, 0).await, "HW0501").is_empty());
    assert_eq!(service.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_new_checkbox_takes_nobodys_consent_back() {
    // GIVEN people who are linked, said yes in the supporter database, and an opt-in that was just made in the org
    let stage = Stage::set().await;
    stage.sql("ALTER TABLE supporters ADD COLUMN opt_in TEXT").await;
    stage.sql("UPDATE supporters SET opt_in = 'Y'").await;
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    let plain = stage.read("highwater.toml");
    let field = "[[field]]\ncontact = \"Email_Opt_In__c\"\ncolumn = \"opt_in\"\nyes = \"Y\"\nno = \"N\"\n";
    let mapped = |first_link: &str| stage.write("highwater.toml", &format!("{plain}\n{field}{first_link}"));
    // WHEN it is mapped THEN nothing is begun, and it is said why
    mapped("");
    let (weight, text) = one(&findings(&stage, 2).await, "HW0325");
    assert_eq!(weight, "stop", "{text}");
    stage.refuses("plan", 2, "HW0325").await;
    stage.refuses("sync", 2, "HW0325").await;
    // WHEN the supporter's answer is to win THEN it does
    mapped("first_link = \"supporter\"\n");
    stage.run("sync").await;
    let ticked = || stage.org.records("Contact").iter().filter(|one| one["Email_Opt_In__c"] == true).count();
    assert_eq!(ticked(), 2);
    // AND from then on the no may win again, for the org knows of a yes
    mapped("");
    assert!(of(&findings(&stage, 0).await, "HW0325").is_empty());
    assert_ne!(stage.run("sync").await.status.code(), Some(2));
    // AND when everybody takes it back later, that is no new checkbox
    let admin = stage.org.admin();
    for one in stage.org.records("Contact") {
        let id = one["Id"].as_str().unwrap();
        admin.edit_as(&admin.person(), "Contact", id, &json!({"Email_Opt_In__c": false})).unwrap();
    }
    warns(&findings(&stage, 0).await, "HW0325", "ticked on no Contact");
    assert_ne!(stage.run("sync").await.status.code(), Some(2));
    // AND beside a service it is said that the state was not asked
    let service = stage.serve().await;
    warns(&findings(&stage, 0).await, "HW0325", "while others use it");
    assert_eq!(service.stop().await, Some(0));
    // WHEN a no is meant from the beginning THEN it is enough to say so
    let other = Stage::set().await;
    other.sql("ALTER TABLE supporters ADD COLUMN opt_in TEXT").await;
    other.sql("UPDATE supporters SET opt_in = 'Y'").await;
    other.run("sync").await;
    let text = other.read("highwater.toml");
    other.write("highwater.toml", &format!("{text}\n{field}first_link = \"most_restrictive\"\n"));
    assert_ne!(other.run("sync").await.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn with_one_direction_switched_off_a_new_checkbox_and_an_empty_column_are_told_of_all_the_same() {
    let stage = Stage::set().await;
    stage.sql("ALTER TABLE supporters ADD COLUMN opt_in TEXT").await;
    stage.sql("UPDATE supporters SET opt_in = 'Y'").await;
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    let plain = stage.read("highwater.toml");
    let field = "[[field]]\ncontact = \"Email_Opt_In__c\"\ncolumn = \"opt_in\"\nyes = \"Y\"\nno = \"N\"\n";
    let one_way = |off: &str, more: &str| format!("{plain}\n[sync]\n{off} = false\n\n{field}{more}");
    // GIVEN a checkbox nobody ticked, whose no would keep each yes from being sent THEN nothing is begun before that is said
    stage.write("highwater.toml", &one_way("pull", ""));
    let (_, text) = one(&findings(&stage, 2).await, "HW0325");
    assert!(text.contains("would not be sent"), "{text}");
    stage.refuses("sync", 2, "HW0325").await;
    stage.write("highwater.toml", &one_way("pull", "direction = \"push\"\n"));
    assert!(of(&findings(&stage, 0).await, "HW0325").is_empty());
    assert_ne!(stage.run("sync").await.status.code(), Some(2));
    let ticked = || stage.org.records("Contact").iter().filter(|one| one["Email_Opt_In__c"] == true).count();
    assert_eq!(ticked(), 2);
    // GIVEN a column nobody filled, and the other direction
    stage.sql("ALTER TABLE supporters ADD COLUMN opt_in_2 TEXT").await;
    stage.write("highwater.toml", &one_way("push", "").replace("\"opt_in\"", "\"opt_in_2\""));
    let (_, text) = one(&findings(&stage, 2).await, "HW0326");
    assert!(text.contains("would not be taken over"), "{text}");
    stage.refuses("sync", 2, "HW0326").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_column_that_was_never_filled_takes_nobodys_consent_back() {
    // GIVEN people who are linked, said yes in Salesforce, and an opt-in column that was just made in the database
    let stage = Stage::set().await;
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    let ids: Vec<String> =
        stage.org.records("Contact").iter().filter_map(|one| Some(one["Id"].as_str()?.to_owned())).collect();
    let admin = stage.org.admin();
    for id in &ids {
        admin.edit_as(&admin.person(), "Contact", id, &json!({"Email_Opt_In__c": true})).unwrap();
    }
    stage.sql("ALTER TABLE supporters ADD COLUMN opt_in TEXT").await;
    let plain = stage.read("highwater.toml");
    let field = "[[field]]\ncontact = \"Email_Opt_In__c\"\ncolumn = \"opt_in\"\nyes = \"Y\"\nno = \"N\"\n";
    let mapped = |more: &str| stage.write("highwater.toml", &format!("{plain}\n{field}{more}"));
    // WHEN it is mapped THEN nothing is begun, and it is said why
    mapped("");
    let (weight, text) = one(&findings(&stage, 2).await, "HW0326");
    assert!(weight == "stop" && text.contains("opt_in (Email_Opt_In__c)"), "{text}");
    stage.refuses("plan", 2, "HW0326").await;
    stage.refuses("sync", 2, "HW0326").await;
    let ticked = || stage.org.records("Contact").iter().filter(|one| one["Email_Opt_In__c"] == true).count();
    assert_eq!(ticked(), 2);
    // WHEN the column is to be filled first THEN it is, and from then on both directions may be mapped
    mapped("direction = \"pull\"\n");
    assert!(of(&findings(&stage, 0).await, "HW0326").is_empty());
    assert_ne!(stage.run("sync").await.status.code(), Some(2));
    mapped("");
    assert!(of(&findings(&stage, 0).await, "HW0326").is_empty());
    assert_ne!(stage.run("sync").await.status.code(), Some(2));
    assert_eq!(ticked(), 2);
    // WHEN somebody says no after that THEN it is carried over, and nothing is asked again
    stage
        .sql("UPDATE supporters SET opt_in = 'N', modified_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now')")
        .await;
    warns(&findings(&stage, 0).await, "HW0326", "opt_in (Email_Opt_In__c)");
    assert_ne!(stage.run("sync").await.status.code(), Some(2));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_no_that_is_meant_for_everybody_is_said_once() {
    let stage = Stage::set().await;
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    stage.sql("ALTER TABLE supporters ADD COLUMN opt_in TEXT").await;
    let plain = stage.read("highwater.toml");
    let field = "[[field]]\ncontact = \"Email_Opt_In__c\"\ncolumn = \"opt_in\"\nyes = \"Y\"\nno = \"N\"\n";
    // GIVEN an org in which nobody is ticked, either THEN a column without a yes takes nothing back
    stage.write("highwater.toml", &format!("{plain}\n{field}direction = \"push\"\n"));
    assert!(of(&findings(&stage, 0).await, "HW0326").is_empty());
    // GIVEN a table that was empty when a cycle looked at it first THEN that says nothing of what it holds later
    let rows = "INSERT INTO supporters SELECT * FROM kept";
    stage.sql("CREATE TABLE kept AS SELECT * FROM supporters").await;
    stage.sql("DELETE FROM supporters").await;
    assert!(of(&findings(&stage, 0).await, "HW0326").is_empty());
    assert_ne!(stage.run("push").await.status.code(), Some(2));
    stage.sql(rows).await;
    stage.write("highwater.toml", &format!("{plain}\n{field}"));
    // WHEN one is ticked THEN it has to be said
    let id = stage.org.records("Contact")[0]["Id"].as_str().unwrap().to_owned();
    let admin = stage.org.admin();
    admin.edit_as(&admin.person(), "Contact", &id, &json!({"Email_Opt_In__c": true})).unwrap();
    stage.refuses("sync", 2, "HW0326").await;
    stage.write("highwater.toml", &format!("{plain}\n{field}first_link = \"most_restrictive\"\n"));
    assert_ne!(stage.run("sync").await.status.code(), Some(2));
}
