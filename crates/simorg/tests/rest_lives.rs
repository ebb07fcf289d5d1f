//! Field history, records held by others, and Leads that become Contacts.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use simorg::value::Stamp;
use std::time::Duration;
use support::{Caller, plain, split};

async fn history(org: &Caller, id: &str) -> Vec<(String, Value, Value)> {
    let soql = format!("SELECT Field, OldValue, NewValue FROM ContactHistory WHERE ContactId = '{id}'");
    let found = org.records(&soql).await;
    let row = |r: &Value| {
        (r["Field"].as_str().unwrap_or_default().to_owned(), r["OldValue"].clone(), r["NewValue"].clone())
    };
    found.iter().map(row).collect()
}

#[tokio::test]
async fn changes_of_tracked_fields_are_kept_with_old_and_new_value() {
    let org = Caller::start(plain()).await;
    org.org.configure(|s| {
        s.tracked_fields =
            ["Contact.Email", "DoNotCall", "AccountId", "Description"].map(String::from).to_vec();
    });
    let account = org.seed("Account", json!({"Name": "Acme"}));
    let body = json!({"LastName": "Brown", "Email": "a@example.org"});
    let (_, made) = org.send(Method::POST, "/sobjects/Contact", &body).await;
    let id = made["id"].as_str().expect("an id");
    let change = json!({
        "Email": "b@example.org", "LastName": "Green", "DoNotCall": true, "AccountId": account, "Description": "long",
    });
    assert_eq!(org.send(Method::PATCH, &format!("/sobjects/Contact/{id}"), &change).await.0, 204);
    assert_eq!(org.send(Method::PATCH, &format!("/sobjects/Contact/{id}"), &change).await.0, 204);
    let mut rows = history(&org, id).await;
    rows.sort_by(|a, b| a.0.cmp(&b.0));
    let row = |field: &str, old: Value, new: Value| (field.to_owned(), old, new);
    assert_eq!(
        rows,
        [
            row("Account", Value::Null, json!(account)),
            row("Description", Value::Null, Value::Null),
            row("DoNotCall", json!(false), json!(true)),
            row("Email", json!("a@example.org"), json!("b@example.org")),
            row("created", Value::Null, Value::Null),
        ]
    );
    let soql =
        "SELECT Contact.LastName, CreatedBy.Username, DataType FROM ContactHistory WHERE Field = 'Email'";
    let found = org.records(soql).await;
    assert_eq!(
        (&found[0]["Contact"]["LastName"], &found[0]["DataType"]),
        (&json!("Green"), &json!("EmailAddress"))
    );
    assert_eq!(found[0]["CreatedBy"]["Username"], "integration@example.org");
    let (_, about) = org.get("/sobjects/ContactHistory/describe").await;
    let old = about["fields"].as_array().expect("fields").iter().find(|f| f["name"] == "OldValue").cloned();
    assert_eq!(
        old.map(|f| (f["type"].clone(), f["filterable"].clone())),
        Some((json!("anyType"), json!(false)))
    );
    let query =
        org.call(Method::GET, "/query").query(&[("q", "SELECT Id FROM ContactHistory WHERE OldValue = 'x'")]);
    assert_eq!(split(query.send().await.expect("an answer")).await.0, 400);
}

#[tokio::test]
async fn a_merge_and_an_untracked_change_leave_what_they_should() {
    let mut settings = plain();
    settings.tracked_fields = vec!["Contact.Email".into()];
    let org = Caller::start(settings).await;
    let ids = ["A", "B"].map(|last| org.seed("Contact", json!({"LastName": last})));
    org.org.edit_as(&org.org.person(), "Contact", &ids[0], &json!({"Title": "Dr"})).expect("saved");
    assert!(history(&org, &ids[0]).await.is_empty(), "neither seeding nor other fields leave a row");
    org.org.merge_as(&org.org.person(), "Contact", &ids[0], &[&ids[1]]).expect("merged");
    assert_eq!(history(&org, &ids[0]).await, [("contactMerged".to_owned(), Value::Null, Value::Null)]);
}

#[tokio::test]
async fn a_held_record_and_its_children_wait_until_it_is_let_go() {
    let org = Caller::start(plain()).await;
    org.org.clock().hold(Stamp(1_790_000_000_000));
    let account = org.seed("Account", json!({"Name": "Acme"}));
    let child = org.seed("Contact", json!({"LastName": "Brown", "AccountId": account}));
    let other = org.seed("Contact", json!({"LastName": "Green"}));
    org.org.lock(&account, Duration::from_secs(60)).expect("an id");
    let change = json!({"Title": "Dr"});
    let patch = async |id: &str| org.send(Method::PATCH, &format!("/sobjects/Contact/{id}"), &change).await;
    let (status, error) = patch(&child).await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("UNABLE_TO_LOCK_ROW")));
    let text = format!("unable to obtain exclusive access to this record or 1 records: {account}");
    assert_eq!(error[0]["message"], json!(text));
    assert_eq!(patch(&other).await.0, 204);
    let (_, error) = org.send(Method::DELETE, &format!("/sobjects/Account/{account}"), &json!({})).await;
    assert_eq!(error[0]["errorCode"], "UNABLE_TO_LOCK_ROW");
    let rows = json!({"records": [
        {"attributes": {"type": "Contact"}, "id": child, "Title": "x"},
        {"attributes": {"type": "Contact"}, "id": other, "Title": "x"},
    ]});
    let (_, results) = org.send(Method::PATCH, "/composite/sobjects", &rows).await;
    assert_eq!((&results[0]["success"], &results[1]["success"]), (&json!(false), &json!(true)));
    org.org.clock().advance(Duration::from_secs(60));
    assert_eq!(patch(&child).await.0, 204);
    org.org.lock(&child, Duration::from_secs(60)).expect("an id");
    assert_eq!(patch(&child).await.0, 400);
    org.org.release_locks();
    assert_eq!(patch(&child).await.0, 204);
}

#[tokio::test]
async fn a_converted_lead_names_its_contact_and_cannot_be_changed() {
    let org = Caller::start(plain()).await;
    let lead = org.seed(
        "Lead",
        json!({"FirstName": "Ann", "LastName": "Lee", "Company": "Acme", "Email": "ann@example.org", "City": "York"}),
    );
    let wish = simorg::save::Conversion { opportunity: true, ..Default::default() };
    let made = org.org.convert_as(&org.org.person(), &lead, &wish).expect("converted");
    let soql = "SELECT IsConverted, Status, ConvertedDate, ConvertedContactId, ConvertedAccount.Name, \
                ConvertedOpportunity.StageName FROM Lead";
    let found = org.records(soql).await;
    assert_eq!((&found[0]["IsConverted"], &found[0]["Status"]), (&json!(true), &json!("Closed - Converted")));
    assert_eq!(found[0]["ConvertedContactId"], json!(made.contact));
    assert_eq!(found[0]["ConvertedAccount"]["Name"], "Acme");
    assert_eq!(found[0]["ConvertedOpportunity"]["StageName"], "Prospecting");
    let contact = &org.org.records("Contact")[0];
    assert_eq!((&contact["Name"], &contact["MailingCity"]), (&json!("Ann Lee"), &json!("York")));
    assert_eq!((&contact["Email"], &contact["AccountId"]), (&json!("ann@example.org"), &json!(made.account)));

    let path = format!("/sobjects/Lead/{lead}");
    let (status, error) = org.send(Method::PATCH, &path, &json!({"Title": "Dr"})).await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("CANNOT_UPDATE_CONVERTED_LEAD")));
    assert_eq!(error[0]["message"], "cannot reference converted lead");
    let (_, error) =
        org.send(Method::PATCH, "/sobjects/Lead/Email/ann@example.org", &json!({"Title": "Dr"})).await;
    assert_eq!(error[0]["errorCode"], "CANNOT_UPDATE_CONVERTED_LEAD");
    assert!(org.org.convert_as(&org.org.person(), &lead, &wish).is_err(), "once only");
}

#[tokio::test]
async fn a_conversion_into_a_known_contact_fills_blanks_only() {
    let org = Caller::start(plain()).await;
    let contact = org.seed("Contact", json!({"LastName": "Lee", "Email": "old@example.org"}));
    let lead = org.seed(
        "Lead",
        json!({"LastName": "Leigh", "Company": "Acme", "Email": "new@example.org", "Title": "Dr"}),
    );
    let body = json!({"id": lead, "into": {"contact": contact}});
    let url = format!("{}/convert", org.org.control_url());
    let (status, made) = split(org.http.post(url).json(&body).send().await.expect("an answer")).await;
    assert_eq!((status, &made["contact"], &made["opportunity"]), (200, &json!(contact), &Value::Null));
    let known = &org.org.records("Contact")[0];
    assert_eq!(
        (&known["LastName"], &known["Email"], &known["Title"]),
        (&json!("Lee"), &json!("old@example.org"), &json!("Dr"))
    );
}
