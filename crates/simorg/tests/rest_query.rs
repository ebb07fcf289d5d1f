//! Queries, pages and change lists over real HTTP.

mod support;

use reqwest::Method;
use serde_json::json;
use simorg::value::Stamp;
use std::time::Duration;
use support::{Caller, map, plain, split};

#[tokio::test]
async fn a_long_result_comes_in_pages_that_can_be_read_again() {
    let org = Caller::start(plain()).await;
    let rows = (0..450).map(|i| map(json!({"LastName": format!("N{i:03}")}))).collect();
    org.org.seed("Contact", rows).expect("good rows");
    let first = org
        .call(Method::GET, "/query")
        .header("Sforce-Query-Options", "batchSize=200")
        .query(&[("q", "SELECT LastName FROM Contact ORDER BY LastName")]);
    let (status, mut page) = split(first.send().await.expect("an answer")).await;
    assert_eq!((status, &page["totalSize"], &page["done"]), (200, &json!(450), &json!(false)));
    let mut names: Vec<String> = Vec::new();
    loop {
        let records = page["records"].as_array().cloned().unwrap_or_default();
        names.extend(records.iter().filter_map(|r| r["LastName"].as_str().map(str::to_owned)));
        let Some(next) = page["nextRecordsUrl"].as_str() else { break };
        let path = next.strip_prefix("/services/data/v66.0").expect("a path of this version");
        let (status, again) = org.get(path).await;
        assert_eq!((status, &again), (200, &org.get(path).await.1));
        page = again;
    }
    let expected: Vec<String> = (0..450).map(|i| format!("N{i:03}")).collect();
    assert_eq!(names, expected);
    assert_eq!(page["done"], true);

    org.org.close_cursors();
    let (status, error) = org.get("/query/01g5f0000000001AAA-200").await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("INVALID_QUERY_LOCATOR")));
}

#[tokio::test]
async fn deleted_and_merged_records_are_seen_by_query_all_only() {
    let org = Caller::start(plain()).await;
    let ids: Vec<String> =
        ["A", "B"].iter().map(|last| org.seed("Contact", json!({"LastName": last}))).collect();
    let account = org.seed("Account", json!({"Name": "Acme"}));
    let child = org.seed("Contact", json!({"LastName": "C", "ReportsToId": ids[1], "AccountId": account}));
    let person = org.org.person();
    org.org.merge_as(&person, "Contact", &ids[0], &[&ids[1]]).expect("a possible merge");
    assert_eq!(org.records("SELECT Id FROM Contact").await.len(), 2);
    let reports = org.records(&format!("SELECT ReportsToId FROM Contact WHERE Id = '{child}'")).await;
    assert_eq!(reports[0]["ReportsToId"], json!(ids[0]), "children move to the master");
    let soql = format!("SELECT MasterRecordId FROM Contact WHERE IsDeleted = true AND Id = '{}'", ids[1]);
    let all = org.call(Method::GET, "/queryAll").query(&[("q", soql)]);
    let (_, body) = split(all.send().await.expect("an answer")).await;
    assert_eq!(body["records"][0]["MasterRecordId"], json!(ids[0]));
}

#[tokio::test]
async fn a_bad_query_is_refused_with_its_code() {
    let org = Caller::start(plain()).await;
    for (soql, code) in [
        ("SELECT", "MALFORMED_QUERY"),
        ("SELECT Nope FROM Contact", "INVALID_FIELD"),
        ("SELECT Id FROM Nope", "INVALID_TYPE"),
        ("", "MALFORMED_QUERY"),
    ] {
        let request = org.call(Method::GET, "/query").query(&[("q", soql)]);
        let (status, error) = split(request.send().await.expect("an answer")).await;
        assert_eq!((status, &error[0]["errorCode"]), (400, &json!(code)), "{soql}");
    }
}

#[tokio::test]
async fn a_late_commit_is_seen_only_after_the_lag_and_the_old_version_until_then() {
    let mut settings = plain();
    settings.latency.commit_lag_s = 5;
    let org = Caller::start(settings).await;
    org.org.clock().hold(Stamp(1_790_000_000_000));
    let id = org.seed("Contact", json!({"LastName": "Old"}));
    let path = format!("/sobjects/Contact/{id}");
    assert_eq!(org.send(Method::PATCH, &path, &json!({"LastName": "New"})).await.0, 204);
    let soql = format!("SELECT LastName FROM Contact WHERE Id = '{id}'");
    assert_eq!(org.records(&soql).await[0]["LastName"], "Old");
    org.org.clock().advance(Duration::from_secs(4));
    assert_eq!(org.records(&soql).await[0]["LastName"], "Old");
    org.org.clock().advance(Duration::from_secs(1));
    assert_eq!(org.records(&soql).await[0]["LastName"], "New");
}

#[tokio::test]
async fn get_updated_and_get_deleted_list_the_ids_of_a_window() {
    let org = Caller::start(plain()).await;
    org.org.clock().hold(Stamp::parse("2026-10-05T12:00:00Z").expect("a moment"));
    let row = |at: &str| json!({"LastName": "A", "SystemModstamp": at});
    org.seed("Contact", row("2026-10-05T09:59:59Z"));
    let inside = org.seed("Contact", row("2026-10-05T10:00:00Z"));
    org.seed("Contact", row("2026-10-05T11:00:00Z"));
    let window = "start=2026-10-05T10:00:30Z&end=2026-10-05T11:00:59Z";
    let (status, body) = org.get(&format!("/sobjects/Contact/updated/?{window}")).await;
    assert_eq!((status, &body["ids"]), (200, &json!([inside])), "seconds are ignored, the end is left out");
    assert_eq!(body["latestDateCovered"], "2026-10-05T11:00:00.000+0000");

    let person = org.org.person();
    org.org.delete_as(&person, "Contact", &inside).expect("a live record");
    let window = "start=2026-10-05T11:30:00%2B00:00&end=2026-10-05T13:00:00%2B00:00";
    let (_, body) = org.get(&format!("/sobjects/Contact/deleted/?{window}")).await;
    let expected = json!([{"id": inside, "deletedDate": "2026-10-05T12:00:00.000+0000"}]);
    assert_eq!(body["deletedRecords"], expected);
    assert_eq!(body["latestDateCovered"], "2026-10-05T12:00:00.000+0000", "not the future");

    let (status, error) =
        org.get("/sobjects/Contact/updated?start=2026-08-01T00:00:00Z&end=2026-10-01T00:00:00Z").await;
    assert_eq!((status, &error[0]["errorCode"]), (400, &json!("INVALID_REPLICATION_DATE")));
}
