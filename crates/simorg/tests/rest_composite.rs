//! Several calls in one: composite and composite batch.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use simorg::Op;
use simorg::duplicate::{DuplicateAction, DuplicateSettings};
use support::{Caller, plain};

const BASE: &str = "/services/data/v66.0";

fn part(method: &str, path: &str, reference: &str, body: Value) -> Value {
    json!({"method": method, "url": format!("{BASE}{path}"), "referenceId": reference, "body": body})
}

async fn composite(org: &Caller, all_or_none: bool, parts: Vec<Value>) -> Vec<Value> {
    let body = json!({"allOrNone": all_or_none, "compositeRequest": parts});
    let (status, answer) = org.send(Method::POST, "/composite", &body).await;
    assert_eq!(status, 200, "{answer}");
    answer["compositeResponse"].as_array().cloned().expect("results")
}

#[tokio::test]
async fn a_later_call_uses_what_an_earlier_one_was_answered() {
    let org = Caller::start(plain()).await;
    org.org.reset_calls();
    let soql = "/query/?q=SELECT Id, Name FROM Account WHERE Id = '@{refAccount.id}'";
    let results = composite(
        &org,
        true,
        vec![
            part("POST", "/sobjects/Account", "refAccount", json!({"Name": "Acme"})),
            part(
                "POST",
                "/sobjects/Contact",
                "refContact",
                json!({"LastName": "Brown", "AccountId": "@{refAccount.id}"}),
            ),
            json!({"method": "GET", "url": format!("{BASE}{soql}"), "referenceId": "found"}),
            part(
                "PATCH",
                "/sobjects/Account/@{found.records[0].Id}",
                "renamed",
                json!({"Site": "@{found.records[0].Name}"}),
            ),
        ],
    )
    .await;
    let codes: Vec<_> = results.iter().map(|result| result["httpStatusCode"].as_u64()).collect();
    assert_eq!(codes, [Some(201), Some(201), Some(200), Some(204)], "{results:?}");
    let id = results[0]["body"]["id"].as_str().expect("an id");
    assert_eq!(results[0]["httpHeaders"]["Location"], format!("{BASE}/sobjects/Account/{id}"));
    assert_eq!((&results[1]["referenceId"], &results[3]["body"]), (&json!("refContact"), &Value::Null));
    assert_eq!(org.org.records("Contact")[0]["AccountId"], json!(id));
    assert_eq!(org.org.records("Account")[0]["Site"], "Acme");
    let calls = org.org.calls();
    assert_eq!((calls.total, calls.of(Op::Composite)), (1, 1), "one call, whatever it holds");
}

#[tokio::test]
async fn all_or_none_takes_everything_back() {
    let org = Caller::start(plain()).await;
    let known = org.seed(
        "Contact",
        json!({
            "LastName": "Brown", "EN_Supporter_Id__c": "7", "SystemModstamp": "2020-01-01T00:00:00Z",
        }),
    );
    let before = org.org.all_records("Contact");
    let results = composite(
        &org,
        true,
        vec![
            part(
                "PATCH",
                &format!("/sobjects/Contact/{known}"),
                "changed",
                json!({"EN_Supporter_Id__c": "8"}),
            ),
            part("POST", "/sobjects/Account", "made", json!({"Name": "Acme"})),
            part("DELETE", &format!("/sobjects/Contact/{known}"), "gone", json!({})),
            part("POST", "/sobjects/Contact", "bad", json!({"LastName": "Lee", "Email": "none"})),
            part("POST", "/sobjects/Account", "never", json!({"Name": "Bees"})),
        ],
    )
    .await;
    for (number, result) in results.iter().enumerate() {
        let code = if number == 3 { "INVALID_EMAIL_ADDRESS" } else { "PROCESSING_HALTED" };
        assert_eq!((&result["httpStatusCode"], &result["body"][0]["errorCode"]), (&json!(400), &json!(code)));
    }
    assert_eq!(org.org.all_records("Contact"), before);
    assert!(org.org.all_records("Account").is_empty());
    // The indexes are as before, too.
    for filter in ["EN_Supporter_Id__c = '7'", "SystemModstamp < 2021-01-01T00:00:00Z"] {
        assert_eq!(org.records(&format!("SELECT Id FROM Contact WHERE {filter}")).await.len(), 1, "{filter}");
    }
    assert!(org.records("SELECT Id FROM Contact WHERE EN_Supporter_Id__c = '8'").await.is_empty());
}

#[tokio::test]
async fn a_refused_row_of_a_collection_takes_everything_back_too() {
    let org = Caller::start(plain()).await;
    let rows = json!({"allOrNone": false, "records": [
        {"attributes": {"type": "Contact"}, "LastName": "Brown"},
        {"attributes": {"type": "Contact"}},
    ]});
    let parts = || {
        vec![
            part("POST", "/sobjects/Account", "made", json!({"Name": "Acme"})),
            part("POST", "/composite/sobjects", "rows", rows.clone()),
        ]
    };
    let results = composite(&org, true, parts()).await;
    assert_eq!(results[0]["body"][0]["errorCode"], "PROCESSING_HALTED");
    assert_eq!(results[1]["body"][0]["errors"][0]["statusCode"], "ALL_OR_NONE_OPERATION_ROLLED_BACK");
    assert!(org.org.records("Account").is_empty() && org.org.records("Contact").is_empty());
    let results = composite(&org, false, parts()).await;
    assert_eq!(results[1]["body"][0]["success"], true);
    assert_eq!((org.org.records("Account").len(), org.org.records("Contact").len()), (1, 1));
}

#[tokio::test]
async fn without_all_or_none_only_what_depends_on_a_failure_is_left_out() {
    let org = Caller::start(plain()).await;
    let results = composite(
        &org,
        false,
        vec![
            part("POST", "/sobjects/Account", "bad", json!({})),
            part(
                "POST",
                "/sobjects/Contact",
                "child",
                json!({"LastName": "Brown", "AccountId": "@{bad.id}"}),
            ),
            part("POST", "/sobjects/Contact", "other", json!({"LastName": "Green"})),
        ],
    )
    .await;
    assert_eq!(results[0]["body"][0]["errorCode"], "REQUIRED_FIELD_MISSING");
    assert_eq!(results[1]["body"][0]["errorCode"], "PROCESSING_HALTED");
    assert_eq!(
        results[1]["body"][0]["message"],
        "Invalid reference specified. No value for bad.id found in bad."
    );
    assert_eq!(results[2]["httpStatusCode"], 201);
    assert_eq!(org.org.records("Contact").len(), 1);
}

#[tokio::test]
async fn headers_of_a_part_reach_it_and_a_duplicate_is_told_in_its_body() {
    let duplicates = DuplicateSettings::name_and_email(DuplicateAction::Alert, "There is one.");
    let org = Caller::start(simorg::Settings { duplicates, ..simorg::Settings::default() }).await;
    let bob = json!({"FirstName": "Bob", "LastName": "Stillman", "Email": "bob@example.org"});
    org.seed("Contact", bob.clone());
    let mut allowed = part("POST", "/sobjects/Contact", "allowed", bob.clone());
    allowed["httpHeaders"] = json!({"Sforce-Duplicate-Rule-Header": "allowSave=true"});
    let results =
        composite(&org, false, vec![part("POST", "/sobjects/Contact", "plain", bob), allowed]).await;
    assert_eq!(results[0]["body"][0]["errorCode"], "DUPLICATES_DETECTED");
    assert_eq!(results[0]["body"][0]["duplicateResut"]["matchResults"][0]["size"], 1);
    assert_eq!(results[1]["httpStatusCode"], 201);
}

#[tokio::test]
async fn a_malformed_composite_is_refused_as_a_whole() {
    let org = Caller::start(plain()).await;
    let make = |reference: &str| part("POST", "/sobjects/Account", reference, json!({"Name": "Acme"}));
    let mut own = make("a");
    own["httpHeaders"] = json!({"authorization": "Bearer x"});
    let mut method = make("a");
    method["method"] = json!("post");
    let many = |path: &str, count: usize| {
        (0..count).map(|i| part("GET", path, &format!("r{i}"), json!({}))).collect()
    };
    for (parts, code) in [
        (vec![], "JSON_PARSER_ERROR"),
        (vec![make("a"), make("a")], "JSON_PARSER_ERROR"),
        (vec![make("a.b")], "JSON_PARSER_ERROR"),
        (vec![own], "JSON_PARSER_ERROR"),
        (vec![method], "JSON_PARSER_ERROR"),
        (many("/limits", 26), "LIMIT_EXCEEDED"),
        (many("/query?q=x", 6), "LIMIT_EXCEEDED"),
    ] {
        let (status, error) = org.send(Method::POST, "/composite", &json!({"compositeRequest": parts})).await;
        assert_eq!((status, &error[0]["errorCode"]), (400, &json!(code)), "{parts:?}");
    }
    assert!(org.org.records("Account").is_empty());
}

#[tokio::test]
async fn a_batch_runs_its_parts_apart() {
    let org = Caller::start(plain()).await;
    let parts = json!([
        {"method": "POST", "url": "v66.0/sobjects/Contact", "richInput": {"LastName": "Brown"}},
        {"method": "GET", "url": "v30.0/sobjects/Contact/describe"},
        {"method": "GET", "url": "v66.0/query/?q=SELECT+COUNT()+FROM+Contact"},
    ]);
    let (status, answer) = org.send(Method::POST, "/composite/batch", &json!({"batchRequests": parts})).await;
    assert_eq!((status, &answer["hasErrors"]), (200, &json!(true)), "{answer}");
    let results = answer["results"].as_array().expect("results");
    assert_eq!((&results[0]["statusCode"], &results[0]["result"]["success"]), (&json!(201), &json!(true)));
    assert_eq!(results[1]["statusCode"], 410);
    assert_eq!(results[2]["result"]["totalSize"], 1);
    let halted = json!({"batchRequests": parts, "haltOnError": true});
    let (_, answer) = org.send(Method::POST, "/composite/batch", &halted).await;
    let last = &answer["results"][2];
    assert_eq!(
        (&last["statusCode"], &last["result"][0]["errorCode"]),
        (&json!(412), &json!("BATCH_PROCESSING_HALTED"))
    );
}

#[tokio::test]
async fn jobs_and_further_composites_are_not_reached_from_within() {
    let org = Caller::start(plain()).await;
    let parts = ["/composite", "/composite/batch", "/jobs/ingest", "/../oauth2/token", "x"]
        .iter()
        .enumerate()
        .map(|(i, path)| part("POST", path, &format!("r{i}"), json!({})))
        .collect();
    for result in composite(&org, false, parts).await {
        assert_eq!(
            (&result["httpStatusCode"], &result["body"][0]["errorCode"]),
            (&json!(404), &json!("NOT_FOUND"))
        );
    }
}

#[tokio::test]
async fn trees_graphs_and_layouts_do_not_exist_here() {
    let org = Caller::start(plain()).await;
    for (method, path) in [
        (Method::POST, "/composite/tree/Contact"),
        (Method::POST, "/composite/graph"),
        (Method::GET, "/sobjects/Contact/describe/layouts"),
        (Method::GET, "/sobjects/Contact/describe/compactLayouts"),
        (Method::GET, "/search?q=FIND"),
        (Method::GET, "/tooling/query?q=SELECT+Id+FROM+Flow"),
    ] {
        let (status, error) = org.send(method, path, &json!({})).await;
        assert_eq!((status, &error[0]["errorCode"]), (404, &json!("NOT_FOUND")), "{path}");
    }
}
