//! Single records over real HTTP.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Caller, contact, plain, split};

#[tokio::test]
async fn a_contact_is_created_read_changed_and_deleted() {
    let org = Caller::start(plain()).await;
    let body = json!({"FirstName": "Joe", "LastName": "Smith", "Email": "joe@example.org"});
    let (status, made) = org.send(Method::POST, "/sobjects/Contact", &body).await;
    assert_eq!(status, 201, "{made}");
    let id = made["id"].as_str().expect("an id");
    assert!(id.starts_with("003") && id.len() == 18);

    let (status, read) = org.get(&format!("/sobjects/Contact/{}?fields=Name,Email", &id[..15])).await;
    assert_eq!(status, 200, "{read}");
    assert_eq!(read["Name"], "Joe Smith");
    assert_eq!(read["attributes"]["url"], format!("/services/data/v66.0/sobjects/Contact/{id}"));

    let path = format!("/sobjects/Contact/{id}");
    let (status, nothing) = org.send(Method::PATCH, &path, &json!({"Email": null})).await;
    assert_eq!((status, nothing), (204, Value::Null));
    let (_, read) = org.get(&path).await;
    assert_eq!(read["Email"], Value::Null);
    assert_eq!(read["LastName"], "Smith");

    let (status, _) = org.send(Method::DELETE, &path, &json!({})).await;
    assert_eq!(status, 204);
    let (status, error) = org.get(&path).await;
    assert_eq!((status, &error[0]["errorCode"]), (404, &json!("ENTITY_IS_DELETED")));
}

#[tokio::test]
async fn a_refused_row_names_code_text_and_field() {
    let org = Caller::start(plain()).await;
    let long = "x".repeat(81);
    for (body, code, text) in [
        (json!({}), "REQUIRED_FIELD_MISSING", "Required fields are missing: [LastName]".to_owned()),
        (
            json!({"LastName": long}),
            "STRING_TOO_LONG",
            format!("Last Name: data value too large: {long} (max length=80)"),
        ),
        (
            json!({"LastName": "A", "Email": "foo@bar"}),
            "INVALID_EMAIL_ADDRESS",
            "Email: invalid email address: foo@bar".to_owned(),
        ),
        (
            json!({"LastName": "A", "Nope__c": 1}),
            "INVALID_FIELD",
            "No such column 'Nope__c' on sobject of type Contact".to_owned(),
        ),
        (
            json!({"LastName": "A", "AccountId": "003000000000001"}),
            "MALFORMED_ID",
            "Account ID: id value of incorrect type: 003000000000001".to_owned(),
        ),
    ] {
        let (status, error) = org.send(Method::POST, "/sobjects/Contact", &body).await;
        assert_eq!(status, 400, "{error}");
        assert_eq!(error[0]["errorCode"], code);
        assert_eq!(error[0]["message"], text);
    }
    assert!(org.org.records("Contact").is_empty(), "nothing refused may be stored");
}

#[tokio::test]
async fn an_upsert_creates_then_updates_whatever_the_case_of_the_key() {
    let org = Caller::start(plain()).await;
    let path = |key: &str| format!("/sobjects/Contact/EN_Supporter_Id__c/{key}");
    let (status, made) = org.send(Method::PATCH, &path("ab1"), &contact("Brown")).await;
    assert_eq!((status, &made["created"]), (201, &json!(true)), "{made}");
    let (status, again) = org.send(Method::PATCH, &path("AB1"), &contact("Green")).await;
    assert_eq!((status, &again["created"]), (200, &json!(false)), "{again}");
    assert_eq!(made["id"], again["id"]);
    assert_eq!(org.org.records("Contact")[0]["LastName"], "Green");

    let (status, _) =
        org.send(Method::PATCH, &format!("{}?updateOnly=true", path("new")), &contact("X")).await;
    assert_eq!(status, 404);
    assert_eq!(org.org.records("Contact").len(), 1);
}

#[tokio::test]
async fn an_upsert_by_a_shared_address_is_answered_300_with_the_urls() {
    let org = Caller::start(plain()).await;
    let row = json!({"LastName": "Smith", "Email": "family@example.org"});
    let ids = [org.seed("Contact", row.clone()), org.seed("Contact", row)];
    let path = "/sobjects/Contact/Email/family@example.org";
    let (status, urls) = org.send(Method::PATCH, path, &contact("Jones")).await;
    assert_eq!(status, 300);
    let expected: Vec<String> =
        ids.iter().map(|id| format!("/services/data/v66.0/sobjects/Contact/{id}")).collect();
    assert_eq!(urls, json!(expected));
}

#[tokio::test]
async fn a_unique_value_is_refused_with_the_id_of_its_holder() {
    let org = Caller::start(plain()).await;
    let holder = org.seed("Contact", json!({"LastName": "A", "EN_Supporter_Id__c": "7"}));
    let body = json!({"LastName": "B", "EN_Supporter_Id__c": "7"});
    let (status, error) = org.send(Method::POST, "/sobjects/Contact", &body).await;
    assert_eq!(status, 400);
    assert_eq!(error[0]["errorCode"], "DUPLICATE_VALUE");
    let text = error[0]["message"].as_str().unwrap_or_default();
    assert!(text.ends_with(&format!("duplicates value on record with id: {}", &holder[..15])), "{text}");
}

#[tokio::test]
async fn what_is_wrong_with_a_call_is_told_in_an_error_array() {
    let org = Caller::start(plain()).await;
    for (method, path, status, code) in [
        (Method::GET, "/sobjects/Nothing/describe", 404, "NOT_FOUND"),
        (Method::GET, "/nowhere", 404, "NOT_FOUND"),
        (Method::GET, "/sobjects//Contact", 404, "NOT_FOUND"),
        (Method::PUT, "/sobjects/Contact", 405, "METHOD_NOT_ALLOWED"),
        (Method::GET, "/sobjects/Contact/0035f0000000001AAA", 404, "NOT_FOUND"),
        (Method::PATCH, "/sobjects/Contact/Id", 405, "METHOD_NOT_ALLOWED"),
    ] {
        let (got, error) = split(org.call(method, path).send().await.expect("an answer")).await;
        assert_eq!((got, &error[0]["errorCode"]), (status, &json!(code)), "{path}");
    }
    let broken = org.call(Method::POST, "/sobjects/Contact").body("{\"LastName\"");
    let (status, error) = split(broken.send().await.expect("an answer")).await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("JSON_PARSER_ERROR")));
    let xml = org.call(Method::POST, "/sobjects/Contact").header("content-type", "text/xml").body("<a/>");
    assert_eq!(split(xml.send().await.expect("an answer")).await.0, 415);
}

#[tokio::test]
async fn a_number_where_text_belongs_is_a_parser_error() {
    let org = Caller::start(plain()).await;
    let (status, error) = org.send(Method::POST, "/sobjects/Contact", &json!({"LastName": 5})).await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("JSON_PARSER_ERROR")));
}

#[tokio::test]
async fn a_reference_can_be_given_by_external_id() {
    let org = Caller::start(plain()).await;
    let account = org.seed("Account", json!({"Name": "Smith Household", "EN_Account_Id__c": "a7"}));
    let body = json!({"LastName": "Smith", "Account": {"EN_Account_Id__c": "A7"}});
    let (status, made) = org.send(Method::POST, "/sobjects/Contact", &body).await;
    assert_eq!(status, 201, "{made}");
    assert_eq!(org.org.records("Contact")[0]["AccountId"], account);
    let body = json!({"LastName": "Smith", "Account": {"EN_Account_Id__c": "missing"}});
    let (status, error) = org.send(Method::POST, "/sobjects/Contact", &body).await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("INVALID_FIELD")));
}
