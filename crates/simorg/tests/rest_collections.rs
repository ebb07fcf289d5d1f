//! sObject collections over real HTTP.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Caller, plain};

fn rows(rows: &[Value]) -> Value {
    let typed = |row: &Value| {
        let mut row = row.clone();
        row["attributes"] = json!({"type": "Contact"});
        row
    };
    json!({"allOrNone": false, "records": rows.iter().map(typed).collect::<Vec<_>>()})
}

#[tokio::test]
async fn good_rows_are_saved_beside_bad_ones_in_request_order() {
    let org = Caller::start(plain()).await;
    let body = rows(&[
        json!({"LastName": "A"}),
        json!({}),
        json!({"LastName": "C", "Nope": 1}),
        json!({"LastName": "D"}),
    ]);
    let (status, results) = org.send(Method::POST, "/composite/sobjects", &body).await;
    assert_eq!(status, 200);
    let codes: Vec<_> =
        results.as_array().into_iter().flatten().map(|r| r["errors"][0]["statusCode"].clone()).collect();
    assert_eq!(codes, [Value::Null, json!("REQUIRED_FIELD_MISSING"), json!("INVALID_FIELD"), Value::Null]);
    assert!(results[1]["errors"][0].get("errorCode").is_none(), "collections say statusCode");
    assert_eq!(org.org.records("Contact").len(), 2);
}

#[tokio::test]
async fn all_or_none_rolls_the_innocent_back() {
    let org = Caller::start(plain()).await;
    let mut body = rows(&[json!({"LastName": "A"}), json!({})]);
    body["allOrNone"] = json!(true);
    let (status, results) = org.send(Method::POST, "/composite/sobjects", &body).await;
    assert_eq!(status, 200);
    assert_eq!(results[0]["errors"][0]["statusCode"], "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    assert_eq!(results[1]["errors"][0]["statusCode"], "REQUIRED_FIELD_MISSING");
    assert!(org.org.records("Contact").is_empty());
}

#[tokio::test]
async fn upserts_by_external_id_tell_what_they_created_and_refuse_twins() {
    let org = Caller::start(plain()).await;
    let known = org.seed("Contact", json!({"LastName": "A", "EN_Supporter_Id__c": "1"}));
    let key = |key: &str, last: &str| json!({"LastName": last, "EN_Supporter_Id__c": key});
    let body = rows(&[key("1", "B"), key("2", "C"), key("3", "D"), key("3", "E"), key("", "F")]);
    let (status, results) =
        org.send(Method::PATCH, "/composite/sobjects/Contact/EN_Supporter_Id__c", &body).await;
    assert_eq!(status, 200, "{results}");
    assert_eq!((&results[0]["id"], &results[0]["created"]), (&json!(known), &json!(false)));
    assert_eq!(results[1]["created"], true);
    for twin in [2, 3] {
        assert_eq!(results[twin]["errors"][0]["statusCode"], "DUPLICATE_VALUE");
        assert_eq!(results[twin]["errors"][0]["message"], "Duplicate external id specified: 3");
    }
    assert_eq!(results[4]["errors"][0]["statusCode"], "MISSING_ARGUMENT");
}

#[tokio::test]
async fn updates_name_their_record_and_a_deleted_one_is_told() {
    let org = Caller::start(plain()).await;
    let (live, gone) =
        (org.seed("Contact", json!({"LastName": "A"})), org.seed("Contact", json!({"LastName": "B"})));
    let person = org.org.person();
    org.org.delete_as(&person, "Contact", &gone).expect("a live record");
    let body = rows(&[
        json!({"id": live, "LastName": "Z"}),
        json!({"id": gone, "LastName": "Z"}),
        json!({"id": "0035f0000099999AAA", "LastName": "Z"}),
        json!({"LastName": "Z"}),
    ]);
    let (_, results) = org.send(Method::PATCH, "/composite/sobjects", &body).await;
    assert_eq!(results[0], json!({"id": live, "success": true, "errors": []}));
    let code = |at: usize| results[at]["errors"][0]["statusCode"].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        [code(1), code(2), code(3)],
        ["ENTITY_IS_DELETED", "INVALID_CROSS_REFERENCE_KEY", "MISSING_ARGUMENT"]
    );
}

#[tokio::test]
async fn many_are_read_in_order_with_null_for_the_unknown_and_deleted_in_one_call() {
    let org = Caller::start(plain()).await;
    let ids: Vec<String> =
        ["A", "B"].iter().map(|last| org.seed("Contact", json!({"LastName": last}))).collect();
    let path =
        format!("/composite/sobjects/Contact?ids={},0035f0000099999,{}&fields=LastName", ids[1], ids[0]);
    let (status, read) = org.get(&path).await;
    assert_eq!(status, 200);
    assert_eq!(
        (&read[0]["LastName"], &read[1], &read[2]["LastName"]),
        (&json!("B"), &Value::Null, &json!("A"))
    );
    let body = json!({"ids": ids, "fields": ["LastName", "Id"]});
    let (_, posted) = org.send(Method::POST, "/composite/sobjects/Contact", &body).await;
    assert_eq!(posted[0]["LastName"], "A");

    let path = format!("/composite/sobjects?ids={}&allOrNone=false", ids.join(","));
    let (status, results) = org.send(Method::DELETE, &path, &json!({})).await;
    assert_eq!(status, 200);
    assert_eq!(results[1]["success"], true);
    assert!(org.org.records("Contact").is_empty());
}

#[tokio::test]
async fn more_than_200_records_are_refused_whole() {
    let org = Caller::start(plain()).await;
    let body = rows(&vec![json!({"LastName": "A"}); 201]);
    let (status, error) = org.send(Method::POST, "/composite/sobjects", &body).await;
    assert_eq!((status, error[0]["errorCode"].as_str()), (400, Some("INVALID_BATCH_SIZE")));
    assert!(org.org.records("Contact").is_empty());
}

#[tokio::test]
async fn of_two_new_rows_with_one_unique_value_the_first_is_saved() {
    let org = Caller::start(plain()).await;
    let row = |last: &str| json!({"LastName": last, "EN_Supporter_Id__c": "7"});
    let (_, results) = org.send(Method::POST, "/composite/sobjects", &rows(&[row("A"), row("B")])).await;
    assert_eq!(results[0]["success"], true);
    assert_eq!(results[1]["errors"][0]["statusCode"], "DUPLICATE_VALUE");
    let kept: Vec<Value> =
        org.org.records("Contact").iter().map(|record| record["LastName"].clone()).collect();
    assert_eq!(kept, [json!("A")]);
}
