//! An org with person accounts.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Caller, plain, split};

async fn org() -> Caller {
    let mut settings = plain();
    settings.person_accounts = true;
    Caller::start(settings).await
}

async fn person(org: &Caller) -> (String, String) {
    let body = json!({"FirstName": "Ann", "LastName": "Lee", "PersonEmail": "ann@example.org", "EN_Supporter_Id__pc": "7"});
    let (status, made) = org.send(Method::POST, "/sobjects/Account", &body).await;
    assert_eq!(status, 201, "{made}");
    let account = made["id"].as_str().expect("an id").to_owned();
    let soql = "SELECT PersonContactId FROM Account WHERE IsPersonAccount = true";
    let contact = org.records(soql).await[0]["PersonContactId"].as_str().expect("an id").to_owned();
    (account, contact)
}

#[tokio::test]
async fn a_person_is_an_account_with_a_contact_behind_it() {
    let org = org().await;
    let (account, contact) = person(&org).await;
    let soql = format!(
        "SELECT Name, RecordType.DeveloperName, RecordType.IsPersonType, EN_Supporter_Id__pc FROM Account WHERE Id = '{account}'"
    );
    let found = org.records(&soql).await;
    assert_eq!((&found[0]["Name"], &found[0]["EN_Supporter_Id__pc"]), (&json!("Ann Lee"), &json!("7")));
    assert_eq!(found[0]["RecordType"]["DeveloperName"], "PersonAccount");
    let soql =
        "SELECT Id, Name, Email, AccountId, EN_Supporter_Id__c FROM Contact WHERE IsPersonAccount = true";
    let shadow = org.records(soql).await;
    assert_eq!(shadow.len(), 1);
    assert_eq!((&shadow[0]["Id"], &shadow[0]["AccountId"]), (&json!(contact), &json!(account)));
    assert_eq!((&shadow[0]["Name"], &shadow[0]["Email"]), (&json!("Ann Lee"), &json!("ann@example.org")));
    assert_eq!(shadow[0]["EN_Supporter_Id__c"], "7");

    let change = json!({"PersonEmail": null, "PersonMailingCity": "York", "LastName": "Leigh"});
    assert_eq!(org.send(Method::PATCH, &format!("/sobjects/Account/{account}"), &change).await.0, 204);
    let (_, read) = org.get(&format!("/sobjects/Contact/{contact}?fields=Name,Email,MailingCity")).await;
    assert_eq!(
        (&read["Name"], &read["Email"], &read["MailingCity"]),
        (&json!("Ann Leigh"), &Value::Null, &json!("York"))
    );
    assert_eq!(org.org.records("Contact").len(), 1, "the shadow is changed, not made again");
}

#[tokio::test]
async fn the_contact_behind_a_person_is_not_written_directly() {
    let org = org().await;
    let (account, contact) = person(&org).await;
    let path = format!("/sobjects/Contact/{contact}");
    let (status, error) = org.send(Method::PATCH, &path, &json!({"Title": "Dr"})).await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("INVALID_FIELD_FOR_INSERT_UPDATE")));
    assert_eq!(error[0]["message"], "Account: bad field names on insert/update call: Title");
    let upsert =
        org.send(Method::PATCH, "/sobjects/Contact/EN_Supporter_Id__c/7", &json!({"Title": "Dr"})).await;
    assert_eq!(upsert.0, 400);
    assert_eq!(org.send(Method::DELETE, &path, &json!({})).await.0, 403);
    assert_eq!(org.send(Method::DELETE, &format!("/sobjects/Account/{account}"), &json!({})).await.0, 204);
    assert!(org.org.records("Contact").is_empty(), "the Contact goes with its Account");
}

#[tokio::test]
async fn fields_of_the_other_kind_are_refused() {
    let org = org().await;
    let (account, _) = person(&org).await;
    let business = org.seed("Account", json!({"Name": "Acme"}));
    for (method, path, body, field) in [
        (Method::PATCH, format!("/sobjects/Account/{account}"), json!({"Name": "Acme"}), "Name"),
        (
            Method::PATCH,
            format!("/sobjects/Account/{business}"),
            json!({"PersonEmail": "a@example.org"}),
            "PersonEmail",
        ),
        (Method::POST, "/sobjects/Account".to_owned(), json!({"Name": "A", "LastName": "B"}), "Name"),
    ] {
        let (status, error) = org.send(method, &path, &body).await;
        assert_eq!(
            (status, &error[0]["errorCode"]),
            (400, &json!("INVALID_FIELD_FOR_INSERT_UPDATE")),
            "{body}"
        );
        let text = format!("Account: bad field names on insert/update call: {field}");
        assert_eq!((&error[0]["message"], &error[0]["fields"]), (&json!(text), &json!([field])));
    }
    let kinds =
        org.records("SELECT Id FROM RecordType WHERE IsPersonType = true AND SobjectType = 'Account'").await;
    let (status, error) = org
        .send(
            Method::POST,
            "/sobjects/Account",
            &json!({"RecordTypeId": kinds[0]["Id"], "PersonTitle": "Dr"}),
        )
        .await;
    assert_eq!((status, &error[0]["message"]), (400, &json!("Required fields are missing: [LastName]")));
    let (status, error) = org.send(Method::POST, "/sobjects/Account", &json!({"Site": "York"})).await;
    assert_eq!((status, &error[0]["message"]), (400, &json!("Required fields are missing: [Name]")));
}

#[tokio::test]
async fn describe_tells_whether_person_accounts_are_enabled() {
    let names = |about: &Value| -> Vec<String> {
        let fields = about["fields"].as_array().expect("fields").iter();
        fields.filter_map(|f| f["name"].as_str().map(str::to_owned)).collect()
    };
    let without = Caller::start(plain()).await;
    let (_, about) = without.get("/sobjects/Contact/describe").await;
    assert!(!names(&about).contains(&"IsPersonAccount".to_owned()));
    let with = org().await;
    let (_, about) = with.get("/sobjects/Contact/describe").await;
    assert!(names(&about).contains(&"IsPersonAccount".to_owned()));
    let (_, about) = with.get("/sobjects/Account/describe").await;
    let fields = about["fields"].as_array().expect("fields");
    let keys: Vec<_> = fields.iter().filter(|f| f["idLookup"] == true).map(|f| f["name"].clone()).collect();
    assert_eq!(keys, [json!("Id"), json!("EN_Account_Id__c")], "PersonEmail is no key");
    let upsert = with
        .call(Method::PATCH, "/sobjects/Account/PersonEmail/a@example.org")
        .json(&json!({"LastName": "x"}));
    assert_eq!(split(upsert.send().await.expect("an answer")).await.0, 404);
}

#[tokio::test]
async fn merged_persons_take_their_contacts_along() {
    let org = org().await;
    let (winner, contact) = person(&org).await;
    let loser = org.seed("Account", json!({"LastName": "Lee", "FirstName": "A."}));
    let contacts: Vec<String> = org
        .records("SELECT Id FROM Contact")
        .await
        .iter()
        .filter_map(|c| c["Id"].as_str().map(str::to_owned))
        .collect();
    assert!(org.org.merge_as(&org.org.person(), "Contact", &contacts[0], &[&contacts[1]]).is_err());
    org.org.merge_as(&org.org.person(), "Account", &winner, &[&loser]).expect("merged");
    let soql = "SELECT Id, MasterRecordId FROM Contact WHERE IsDeleted = true";
    let all = org.call(Method::GET, "/queryAll").query(&[("q", soql)]);
    let (_, body) = split(all.send().await.expect("an answer")).await;
    assert_eq!((&body["totalSize"], &body["records"][0]["MasterRecordId"]), (&json!(1), &json!(contact)));
}
