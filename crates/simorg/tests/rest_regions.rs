//! An org with state and country picklists.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Caller, plain};

async fn org() -> Caller {
    let mut settings = plain();
    settings.state_country_picklists = true;
    Caller::start(settings).await
}

async fn create(org: &Caller, address: &Value) -> Result<Value, (String, String, String)> {
    let mut body = address.clone();
    body["LastName"] = json!("Brown");
    let (status, made) = org.send(Method::POST, "/sobjects/Contact", &body).await;
    if status != 201 {
        let text = |key: &str| made[0][key].as_str().unwrap_or_default().to_owned();
        let field = made[0]["fields"][0].as_str().unwrap_or_default().to_owned();
        return Err((text("errorCode"), text("message"), field));
    }
    let id = made["id"].as_str().expect("an id");
    Ok(org.get(&format!("/sobjects/Contact/{id}")).await.1)
}

fn address(record: &Value) -> [&Value; 4] {
    ["MailingCountryCode", "MailingCountry", "MailingStateCode", "MailingState"].map(|name| &record[name])
}

#[tokio::test]
async fn codes_and_texts_follow_each_other() {
    let org = org().await;
    let whole = [json!("US"), json!("United States"), json!("CA"), json!("California")];
    for given in [
        json!({"MailingCountryCode": "US", "MailingStateCode": "CA"}),
        json!({"MailingCountry": "united states", "MailingState": "California"}),
        json!({"MailingCountry": "Canada", "MailingCountryCode": "us", "MailingState": "California"}),
    ] {
        let made = create(&org, &given).await.expect("a known address");
        assert_eq!(address(&made), whole.each_ref(), "{given}");
        assert_eq!(made["MailingAddress"]["countryCode"], "US");
    }
    let made = create(&org, &json!({"MailingCity": "York"})).await.expect("an address without country");
    assert_eq!(made["MailingCountry"], Value::Null);
}

#[tokio::test]
async fn an_unknown_country_or_state_is_refused_with_the_documented_text() {
    let org = org().await;
    for (given, message, field) in [
        (
            json!({"MailingCountry": "Englandia"}),
            "There's a problem with this country, even though it may appear correct. Please select a country/territory \
             from the list of valid countries.: Mailing Country",
            "MailingCountry",
        ),
        (
            json!({"MailingCountryCode": "CA", "MailingState": "Texas"}),
            "There's a problem with this state, even though it may appear correct. Please select a state from the list of \
             valid states.: Mailing State/Province",
            "MailingState",
        ),
        (
            json!({"MailingState": "Texas"}),
            "A country/territory must be specified before specifying a state value for field: Mailing State/Province",
            "MailingState",
        ),
    ] {
        let (code, text, named) = create(&org, &given).await.expect_err("an unknown region");
        assert_eq!(
            (code.as_str(), text.as_str(), named.as_str()),
            ("FIELD_INTEGRITY_EXCEPTION", message, field)
        );
    }
    assert!(org.org.records("Contact").is_empty());
}

#[tokio::test]
async fn an_update_must_agree_with_what_is_there() {
    let org = org().await;
    let made =
        create(&org, &json!({"MailingCountryCode": "US", "MailingStateCode": "TX"})).await.expect("made");
    let path = format!("/sobjects/Contact/{}", made["Id"].as_str().expect("an id"));
    let update = async |body: Value| org.send(Method::PATCH, &path, &body).await.0;
    assert_eq!(
        update(json!({"MailingCountry": "Canada", "MailingCountryCode": "US"})).await,
        400,
        "they disagree"
    );
    assert_eq!(update(json!({"MailingState": "New York"})).await, 204);
    let read = org.get(&path).await.1;
    assert_eq!(address(&read)[2..], [&json!("NY"), &json!("New York")]);
    assert_eq!(update(json!({"MailingCountryCode": null})).await, 204);
    let read = org.get(&path).await.1;
    assert_eq!(address(&read), [&Value::Null; 4], "without its country an address has no state");
}

#[tokio::test]
async fn describe_has_the_codes_only_with_the_switch() {
    let org = org().await;
    let field = async |org: &Caller, object: &str, name: &str| {
        let (_, about) = org.get(&format!("/sobjects/{object}/describe")).await;
        about["fields"].as_array().expect("fields").iter().find(|f| f["name"] == name).cloned()
    };
    let code = field(&org, "Contact", "MailingCountryCode").await.expect("the code");
    assert_eq!(
        (&code["type"], &code["length"], &code["restrictedPicklist"]),
        (&json!("picklist"), &json!(10), &json!(true))
    );
    assert_eq!(code["compoundFieldName"], "MailingAddress");
    let values = code["picklistValues"].as_array().expect("values");
    assert!(values.iter().any(|v| v["value"] == "GB" && v["label"] == "United Kingdom"));
    assert!(
        field(&org, "Lead", "StateCode").await.is_some()
            && field(&org, "Account", "BillingStateCode").await.is_some()
    );
    let plain = Caller::start(plain()).await;
    assert!(field(&plain, "Contact", "MailingCountryCode").await.is_none());
}
