//! Query jobs over real HTTP.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests only")]

mod bulk_client;

use bulk_client::{Client, rows};
use reqwest::Method;
use serde_json::{Value, json};
use simorg::{Org, Progress, Settings};

async fn org_with(people: usize) -> (Org, Client) {
    let org = Org::start(Settings::default()).await.unwrap();
    let person = |n: usize| {
        let row = json!({"LastName": format!("Lee{n:03}"), "Email": format!("p{n}@example.org"), "EN_Supporter_Id__c": n.to_string()});
        row.as_object().unwrap().clone()
    };
    org.seed("Contact", (0..people).map(person).collect()).unwrap();
    let client = Client::sign_in(&org).await;
    (org, client)
}

async fn create(client: &Client, query: &str) -> (u16, Value) {
    client.post_json("/jobs/query", &json!({"operation": "query", "query": query})).await
}

async fn ready(client: &Client, query: &str) -> String {
    let (status, info) = create(client, query).await;
    assert_eq!((status, &info["state"]), (200, &json!("UploadComplete")), "{info}");
    let id = info["id"].as_str().unwrap().to_owned();
    client.wait_at(&format!("/jobs/query/{id}")).await;
    id
}

/// Status, locator, number of records and text of a page.
async fn page(client: &Client, id: &str, parameters: &str) -> (u16, String, String, String) {
    let call = client.call(Method::GET, &format!("/jobs/query/{id}/results{parameters}"));
    let answer = call.send().await.unwrap();
    let header = |name: &str| answer.headers().get(name).map_or("", |v| v.to_str().unwrap()).to_owned();
    let (locator, number) = (header("Sforce-Locator"), header("Sforce-NumberOfRecords"));
    (answer.status().as_u16(), locator, number, answer.text().await.unwrap())
}

#[tokio::test]
async fn pages_follow_the_locator_until_it_says_null() {
    let (_org, client) = org_with(7).await;
    let id =
        ready(&client, "SELECT LastName, Account.Name, SystemModstamp FROM Contact ORDER BY LastName").await;
    let mut found = Vec::new();
    let mut parameters = "?maxRecords=3".to_owned();
    for expected in ["3", "3", "1"] {
        let (status, locator, number, text) = page(&client, &id, &parameters).await;
        assert_eq!((status, number.as_str()), (200, expected));
        assert!(text.starts_with("\"LastName\",\"Account.Name\",\"SystemModstamp\"\n\"Lee"), "{text}");
        found.extend(rows(&text).1);
        parameters = format!("?maxRecords=3&locator={locator}");
    }
    assert!(parameters.ends_with("locator=null"));
    assert_eq!(found.len(), 7);
    assert!(found.iter().all(|r| r[1].is_empty() && r[2].ends_with(".000Z")), "{found:?}");
    let again = page(&client, &id, "?maxRecords=3").await;
    assert_eq!(again, page(&client, &id, "?maxRecords=3").await);
    let info = client.get_json(&format!("/jobs/query/{id}")).await;
    assert_eq!((&info["jobType"], &info["isPkChunkingSupported"]), (&json!("V2Query"), &json!(true)));
}

#[tokio::test]
async fn an_empty_result_still_has_its_header() {
    let (_org, client) = org_with(1).await;
    let id = ready(&client, "SELECT Id FROM Contact WHERE LastName = 'Nobody'").await;
    let (status, locator, number, text) = page(&client, &id, "").await;
    assert_eq!((status, locator.as_str(), number.as_str(), text.as_str()), (200, "null", "0", "\"Id\"\n"));
}

#[tokio::test]
async fn query_all_sees_the_recycle_bin() {
    let (org, client) = org_with(2).await;
    let id = org.records("Contact")[0]["Id"].as_str().unwrap().to_owned();
    org.delete_as("joe.smith@example.org", "Contact", &id).unwrap();
    for (operation, expected) in [("query", 1), ("queryAll", 2)] {
        let body = json!({"operation": operation, "query": "SELECT Id, IsDeleted FROM Contact", "columnDelimiter": "PIPE", "lineEnding": "CRLF"});
        let job = client.post_json("/jobs/query", &body).await.1["id"].as_str().unwrap().to_owned();
        client.wait_at(&format!("/jobs/query/{job}")).await;
        let text = page(&client, &job, "").await.3;
        assert!(text.starts_with("\"Id\"|\"IsDeleted\"\r\n"), "{text}");
        assert_eq!(text.lines().count() - 1, expected, "{operation}");
    }
}

#[tokio::test]
async fn what_bulk_cannot_do_is_refused_at_once() {
    let (_org, client) = org_with(0).await;
    for (query, code, text) in [
        (
            "SELECT MailingAddress FROM Contact",
            "FEATURE_NOT_ENABLED",
            "Selecting compound data not supported in Bulk Query",
        ),
        ("SELECT COUNT() FROM Contact", "FEATURE_NOT_ENABLED", "Aggregate functions"),
        ("SELECT Id FROM Contact OFFSET 3", "FEATURE_NOT_ENABLED", "OFFSET"),
        (
            "SELECT (SELECT Id FROM Contacts) FROM Account",
            "FEATURE_NOT_ENABLED",
            "Aggregate Relationships not supported in Bulk Query",
        ),
        ("SELECT Nothing FROM Contact", "INVALID_FIELD", "No such column 'Nothing'"),
        ("SELECT Id FROM Nothing", "INVALID_TYPE", "sObject type 'Nothing'"),
        ("SELECT", "MALFORMED_QUERY", "unexpected token"),
    ] {
        let (status, body) = create(&client, query).await;
        assert_eq!((status, &body[0]["errorCode"]), (400, &json!(code)), "{query}");
        assert!(body[0]["message"].as_str().unwrap().contains(text), "{body}");
    }
    let (status, body) = client.post_json("/jobs/query", &json!({"operation": "insert", "query": "x"})).await;
    assert_eq!((status, &body[0]["errorCode"]), (400, &json!("INVALIDOPERATION")));
}

#[tokio::test]
async fn states_versions_and_locators_are_checked() {
    let (org, client) = org_with(1).await;
    org.progress(Progress::Stepped);
    let id = create(&client, "SELECT Id FROM Contact").await.1["id"].as_str().unwrap().to_owned();
    let (status, _, _, text) = page(&client, &id, "").await;
    assert_eq!(status, 412);
    assert!(text.contains("JOB_NOT_COMPLETE"), "{text}");
    assert_eq!(client.call(Method::DELETE, &format!("/jobs/query/{id}")).send().await.unwrap().status(), 400);
    org.step_jobs();
    assert_eq!(client.get_json(&format!("/jobs/query/{id}")).await["state"], "InProgress");
    org.step_jobs();
    assert_eq!(page(&client, &id, "").await.0, 200);
    assert_eq!(page(&client.at_version("v65.0"), &id, "").await.0, 409);
    assert_eq!(page(&client, &id, "?locator=!").await.0, 400);
    assert_eq!(page(&client, &id, "?maxRecords=0").await.0, 400);
    let body = json!({"state": "Aborted"});
    let abort = client.call(Method::PATCH, &format!("/jobs/query/{id}")).json(&body).send().await.unwrap();
    assert_eq!(abort.status(), 400);
    assert_eq!(client.call(Method::DELETE, &format!("/jobs/query/{id}")).send().await.unwrap().status(), 204);
    assert_eq!(page(&client, &id, "").await.0, 404);
}

#[tokio::test]
async fn a_broken_page_can_be_read_again() {
    let (org, client) = org_with(50).await;
    org.configure(|s| s.bulk.locator_break = true);
    let id = ready(&client, "SELECT Id, LastName FROM Contact").await;
    let call = || client.call(Method::GET, &format!("/jobs/query/{id}/results"));
    let first = call().send().await.unwrap();
    assert_eq!(first.headers()["Sforce-NumberOfRecords"], "50");
    assert!(first.text().await.is_err(), "the connection breaks within the page");
    assert_eq!(rows(&call().send().await.unwrap().text().await.unwrap()).1.len(), 50);
}

#[tokio::test]
async fn result_pages_name_pages_that_can_be_read_side_by_side() {
    let (org, client) = org_with(12).await;
    org.configure(|s| s.bulk.query_page_rows = 2);
    let id = ready(&client, "SELECT Id FROM Contact").await;
    let pages = client.get_json(&format!("/jobs/query/{id}/resultPages")).await;
    assert_eq!((pages["resultPages"].as_array().unwrap().len(), &pages["done"]), (5, &json!(false)));
    let url = pages["resultPages"][4]["resultUrl"].as_str().unwrap();
    assert!(url.starts_with(&format!("/services/data/v66.0/jobs/query/{id}/results?locator=")));
    let next = pages["nextRecordsUrl"].as_str().unwrap().trim_start_matches("/services/data/v66.0");
    let rest = client.get_json(next).await;
    assert_eq!((rest["resultPages"].as_array().unwrap().len(), &rest["done"]), (1, &json!(true)));
}

#[tokio::test]
async fn the_daily_allowance_of_query_jobs_ends() {
    let (org, client) = org_with(0).await;
    org.configure(|s| s.limits.daily_query_jobs = 1);
    ready(&client, "SELECT Id FROM Contact").await;
    let (status, body) = create(&client, "SELECT Id FROM Contact").await;
    assert_eq!((status, &body[0]["errorCode"]), (400, &json!("LIMIT_EXCEEDED")));
}
