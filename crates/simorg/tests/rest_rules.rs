//! Flows, validation, duplicate rules, households and hidden fields.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use simorg::duplicate::{DuplicateAction, DuplicateSettings};
use simorg::value::Stamp;
use std::time::Duration;
use support::{Caller, map, plain, split};

const ALERT: &str = "Use one of these records?";

fn alerting() -> simorg::Settings {
    let duplicates = DuplicateSettings::name_and_email(DuplicateAction::Alert, ALERT);
    simorg::Settings { duplicates, ..plain() }
}

fn joe() -> Value {
    json!({"FirstName": "Joe", "LastName": "Smith", "Email": "joe@example.org"})
}

#[tokio::test]
async fn an_alert_refuses_a_create_with_the_matched_ids_and_allow_save_overrides_it() {
    let org = Caller::start(alerting()).await;
    let twin = org.seed("Contact", joe());
    let (status, error) = org.send(Method::POST, "/sobjects/Contact", &joe()).await;
    assert_eq!(status, 400);
    assert_eq!(
        (&error[0]["errorCode"], &error[0]["message"]),
        (&json!("DUPLICATES_DETECTED"), &json!(ALERT))
    );
    let result = &error[0]["duplicateResut"];
    assert_eq!(result["allowSave"], true);
    let record = &result["matchResults"][0]["matchRecords"][0]["record"];
    assert_eq!(
        (&record["Id"], record.get("Email")),
        (&json!(twin), None),
        "ids only, unless details are asked for"
    );

    let details = org.call(Method::POST, "/sobjects/Contact").json(&joe());
    let details =
        details.header("Sforce-Duplicate-Rule-Header", "allowSave=false; includeRecordDetails=true");
    let (_, error) = split(details.send().await.expect("an answer")).await;
    let record = &error[0]["duplicateResut"]["matchResults"][0]["matchRecords"][0]["record"];
    assert_eq!(record["Email"], "joe@example.org");

    let forced = org.call(Method::POST, "/sobjects/Contact").json(&joe());
    let forced = forced.header("Sforce-Duplicate-Rule-Header", "allowSave=true");
    assert_eq!(split(forced.send().await.expect("an answer")).await.0, 201);
}

#[tokio::test]
async fn a_block_cannot_be_overridden_and_the_key_can_be_spelled_right() {
    let mut settings = alerting();
    settings.duplicates = DuplicateSettings::name_and_email(DuplicateAction::Block, ALERT);
    settings.duplicates.result_key = "duplicateResult".into();
    let org = Caller::start(settings).await;
    org.seed("Contact", joe());
    let forced = org.call(Method::POST, "/sobjects/Contact").json(&joe());
    let forced = forced.header("Sforce-Duplicate-Rule-Header", "allowSave=true");
    let (status, error) = split(forced.send().await.expect("an answer")).await;
    assert_eq!((status, &error[0]["duplicateResult"]["allowSave"]), (400, &json!(false)));
}

#[tokio::test]
async fn a_reported_match_is_saved_and_leaves_a_record_set() {
    let mut settings = alerting();
    settings.duplicates = DuplicateSettings::name_and_email(DuplicateAction::Report, ALERT);
    let org = Caller::start(settings).await;
    let first = org.seed("Contact", joe());
    let (status, made) = org.send(Method::POST, "/sobjects/Contact", &joe()).await;
    assert_eq!(status, 201, "{made}");
    let items = org.records("SELECT RecordId, DuplicateRecordSetId FROM DuplicateRecordItem").await;
    let ids: Vec<_> = items.iter().map(|item| item["RecordId"].clone()).collect();
    assert_eq!(ids, [made["id"].clone(), json!(first)]);
    let sets = org.records("SELECT RecordCount, DuplicateRule.DeveloperName FROM DuplicateRecordSet").await;
    assert_eq!(sets[0]["DuplicateRule"]["DeveloperName"], "Supporter_Dup_Rule");
    assert_eq!(sets[0]["RecordCount"], 2);
}

#[tokio::test]
async fn twins_of_one_collection_are_not_compared_with_each_other() {
    let org = Caller::start(alerting()).await;
    let mut row = joe();
    row["attributes"] = json!({"type": "Contact"});
    let body = json!({"records": [row, row]});
    let (_, results) = org.send(Method::POST, "/composite/sobjects", &body).await;
    assert_eq!((&results[0]["success"], &results[1]["success"]), (&json!(true), &json!(true)));
    let (_, results) = org.send(Method::POST, "/composite/sobjects", &json!({"records": [row]})).await;
    assert_eq!(results[0]["errors"][0]["statusCode"], "DUPLICATES_DETECTED");
}

#[tokio::test]
async fn a_household_refused_by_an_account_rule_fails_the_contact_with_the_npsp_text() {
    let mut settings = plain();
    settings.npsp.households = true;
    settings.duplicates = household_rule();
    let org = Caller::start(settings).await;
    let body = json!({"FirstName": "Jim", "LastName": "Tester"});
    let (status, made) = org.send(Method::POST, "/sobjects/Contact", &body).await;
    assert_eq!(status, 201, "{made}");
    let accounts = org.records("SELECT Id, Name FROM Account").await;
    assert_eq!(accounts[0]["Name"], "Tester Household");
    assert_eq!(org.org.records("Contact")[0]["AccountId"], accounts[0]["Id"]);
    let (status, error) = org.send(Method::POST, "/sobjects/Contact", &body).await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("FIELD_CUSTOM_VALIDATION_EXCEPTION")));
    let text = "Failed to create Account for Contact Jim Tester. Use one of these records?";
    assert_eq!(error[0]["message"], text);
    assert_eq!(org.org.records("Account").len(), 1, "a refused Contact leaves no household");
}

/// An alert on Accounts of the same name.
fn household_rule() -> DuplicateSettings {
    let mut settings = DuplicateSettings::name_and_email(DuplicateAction::Alert, ALERT);
    for rule in &mut settings.matching_rules {
        rule.object = "Account".into();
        rule.items.truncate(1);
        for item in &mut rule.items {
            *item = simorg::duplicate::MatchItem::new("Name", simorg::duplicate::MatchMethod::Exact);
        }
    }
    settings.rules.iter_mut().for_each(|rule| rule.object = "Account".into());
    settings
}

#[tokio::test]
async fn a_second_contact_with_the_same_address_breaks_the_validation_rule() {
    let mut settings = plain();
    settings.validation.unique_email = true;
    let org = Caller::start(settings).await;
    org.seed("Contact", joe());
    let (status, error) = org.send(Method::POST, "/sobjects/Contact", &joe()).await;
    let expected = json!([{
        "message": "A record with this email address already exists.",
        "errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION",
        "fields": ["Email"],
    }]);
    assert_eq!((status, error), (400, expected));
}

#[tokio::test]
async fn the_flows_stamp_edits_of_people_but_not_of_a_push() {
    let org = Caller::start(plain()).await;
    let at = |text: &str| org.org.clock().hold(Stamp::parse(text).expect("a moment"));
    let read = || org.org.records("Contact").remove(0);
    let stamp = || read()["EN_Last_Modified_Date__c"].clone();
    at("2026-10-05T10:00:00Z");
    let id = org.seed("Contact", joe());
    assert_eq!(stamp(), Value::Null, "seeding runs no flow");
    let path = format!("/sobjects/Contact/{id}");

    // WHEN a push writes a mapped field with the flag set THEN nothing is stamped and the flag is false again.
    let push = json!({"LastName": "Smyth", "EN_Push__c": true});
    assert_eq!(org.send(Method::PATCH, &path, &push).await.0, 204);
    assert_eq!((stamp(), &read()["EN_Push__c"]), (Value::Null, &json!(false)));

    // WHEN a person changes an unmapped field THEN nothing is stamped; a mapped one stamps.
    let person = org.org.person();
    org.org.edit_as(&person, "Contact", &id, &json!({"Title": "Dr"})).expect("a good edit");
    assert_eq!(stamp(), Value::Null);
    org.org.clock().advance(Duration::from_secs(60));
    org.org.edit_as(&person, "Contact", &id, &json!({"LastName": "Schmidt"})).expect("a good edit");
    assert_eq!(stamp(), "2026-10-05T10:01:00.000+0000");

    // WHEN the second rule is missing THEN the flag stays and no edit stamps any more.
    org.org.configure(|settings| settings.flows.reset = false);
    org.org.clock().advance(Duration::from_secs(60));
    assert_eq!(org.send(Method::PATCH, &path, &push).await.0, 204);
    org.org.edit_as(&person, "Contact", &id, &json!({"LastName": "Smit"})).expect("a good edit");
    assert_eq!((stamp(), &read()["EN_Push__c"]), (json!("2026-10-05T10:01:00.000+0000"), &json!(true)));

    // WHEN one save takes the flag back and changes a mapped field THEN it is not stamped: the flag changed in it.
    let back = json!({"LastName": "Smitt", "EN_Push__c": false});
    assert_eq!(org.send(Method::PATCH, &path, &back).await.0, 204);
    assert_eq!((stamp(), &read()["EN_Push__c"]), (json!("2026-10-05T10:01:00.000+0000"), &json!(false)));

    // A new record without the flag is stamped, one with the flag is not.
    let made = org.org.create_as(&person, "Contact", &json!({"LastName": "New"})).expect("a good row");
    let all = org.org.records("Contact");
    let new = all.iter().find(|record| record["Id"] == json!(made)).expect("the new record");
    assert_eq!(new["EN_Last_Modified_Date__c"], "2026-10-05T10:02:00.000+0000");
}

#[tokio::test]
async fn a_hidden_field_is_absent_from_describe_read_query_and_write() {
    let org = Caller::start(plain()).await;
    let names = async || -> Vec<Value> {
        let (_, about) = org.get("/sobjects/Contact/describe").await;
        about["fields"].as_array().into_iter().flatten().map(|field| field["name"].clone()).collect()
    };
    let before = names().await;
    assert!(before.contains(&json!("DoNotCall")));
    org.org.configure(|settings| settings.hidden_fields = vec!["Contact.DoNotCall".into()]);
    let after = names().await;
    assert_eq!(after.len(), before.len() - 1);
    assert!(!after.contains(&json!("DoNotCall")));
    let body = json!({"LastName": "A", "DoNotCall": true});
    let (status, error) = org.send(Method::POST, "/sobjects/Contact", &body).await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("INVALID_FIELD")));
    let query = org.call(Method::GET, "/query").query(&[("q", "SELECT DoNotCall FROM Contact")]);
    assert_eq!(split(query.send().await.expect("an answer")).await.0, 400);
}

#[tokio::test]
async fn describe_tells_a_field_in_every_key_of_a_captured_one() {
    let org = Caller::start(plain()).await;
    let (_, about) = org.get("/sobjects/contact/describe").await;
    let field = |name: &str| {
        let fields = about["fields"].as_array().cloned().unwrap_or_default();
        map(fields.into_iter().find(|field| field["name"] == name).expect("the field"))
    };
    let email = field("Email");
    assert_eq!(email.len(), 57, "keys of the captured describe");
    for (key, value) in [
        ("byteLength", json!(240)),
        ("length", json!(80)),
        ("idLookup", json!(true)),
        ("externalId", json!(false)),
        ("nillable", json!(true)),
        ("soapType", json!("xsd:string")),
        ("type", json!("email")),
    ] {
        assert_eq!(email[key], value, "{key}");
    }
    let key = field("EN_Supporter_Id__c");
    for name in ["externalId", "unique", "idLookup", "custom"] {
        assert_eq!(key[name], true, "{name}");
    }
    assert_eq!((&about["keyPrefix"], &about["mergeable"]), (&json!("003"), &json!(true)));
}
