use model::{Position, SalesforceId, Stamp, Window};
use salesforce::{ErrorKind, Field, Keyset, Soql};

use crate::support::{Reply, Scripted, html, json, org, refusal};

fn record(id: &str, stamp: &str) -> String {
    format!(r#"{{"attributes":{{"type":"Contact"}},"Id":"{id}","SystemModstamp":"{stamp}"}}"#)
}

const A: &str = "003RM0000068xVCYAY";
const B: &str = "0031i000013x2TEAAY";

#[tokio::test]
async fn pages_are_followed_by_done_and_not_by_counts() {
    let script = Scripted::new(|seen, _| match seen.line.as_str() {
        line if line.starts_with("GET /queryAll?q=SELECT+Id%2CName+FROM+Contact") => json(
            200,
            &format!(
                r#"{{"totalSize":9,"done":false,"nextRecordsUrl":"/services/data/v66.0/query/01gxx-2000","records":[{}]}}"#,
                record(A, "x")
            ),
        ),
        "GET /query/01gxx-2000" => json(
            200,
            r#"{"totalSize":9,"done":false,"nextRecordsUrl":"/services/data/v66.0/query/01gxx-4000","records":[]}"#,
        ),
        _ => json(200, &format!(r#"{{"totalSize":9,"done":true,"records":[{}]}}"#, record(B, "x"))),
    });
    let soql = Soql::select("Contact", ["Id", "Name"]).unwrap();
    let rows = org(&script).query_all(&soql).unwrap().collect(10).await.unwrap();
    assert_eq!(rows.iter().map(|row| row.get("Id").unwrap()).collect::<Vec<_>>(), [A, B]);
    assert_eq!(script.seen().len(), 3);
}

#[tokio::test]
async fn a_query_too_long_for_an_address_is_refused_before_it_leaves() {
    let script = Scripted::new(|_, _| json(200, "{}"));
    let soql = Soql::select("Contact", ["Id"]).unwrap();
    let soql = soql
        .filter(Field::parse("Email").unwrap().one_of((0..600).map(|n| format!("person{n}@example.org"))));
    assert_eq!(org(&script).query(&soql).err().unwrap().kind(), ErrorKind::TooLarge);
    assert_eq!(script.seen().len(), 0);
}

#[tokio::test]
async fn a_count_is_the_total() {
    let script = Scripted::new(|_, _| json(200, r#"{"totalSize":1234,"done":true,"records":[]}"#));
    assert_eq!(org(&script).count(&Soql::count("Contact").unwrap()).await.unwrap(), 1234);
    assert!(script.lines()[0].contains("COUNT%28%29"));
}

fn window() -> Window {
    Window { from: Stamp::from_seconds(1_000), until: Stamp::from_seconds(2_000) }
}

#[tokio::test]
async fn a_window_is_read_on_from_the_last_row_even_when_pages_are_short() {
    let script = Scripted::new(|_, number| match number {
        0 => json(
            200,
            &format!(
                r#"{{"done":false,"nextRecordsUrl":"/services/data/v66.0/query/x","records":[{},{}]}}"#,
                record(B, "1970-01-01T00:20:00.000+0000"),
                record(A, "1970-01-01T00:20:00.000+0000")
            ),
        ),
        _ => json(200, r#"{"done":true,"records":[]}"#),
    });
    let keyset = Keyset::new("Contact", "SystemModstamp", &["Id"], window()).unwrap();
    let mut pages = org(&script).keyset(keyset, None);
    assert_eq!(pages.next_page().await.unwrap().unwrap().len(), 2);
    assert_eq!(pages.position(), Some(&Position { stamp: Stamp::from_seconds(1_200), id: A.into() }));
    assert!(pages.next_page().await.unwrap().is_none());
    assert!(pages.next_page().await.unwrap().is_none());
    assert_eq!(script.seen().len(), 2, "the end is asked for once");
    assert!(
        script.lines()[1]
            .contains("SystemModstamp+%3D+1970-01-01T00%3A20%3A00Z+AND+Id+%3E+%27003RM0000068xVCYAY%27")
    );
}

#[tokio::test(start_paused = true)]
async fn rows_out_of_order_do_not_loop_for_ever() {
    let script = Scripted::new(|_, _| {
        json(200, &format!(r#"{{"done":false,"records":[{}]}}"#, record(A, "1970-01-01T00:20:00.000+0000")))
    });
    let keyset = Keyset::new("Contact", "SystemModstamp", &["Id"], window()).unwrap();
    let mut pages = org(&script).keyset(keyset, None);
    pages.next_page().await.unwrap();
    assert_eq!(pages.next_page().await.unwrap_err().kind(), ErrorKind::Contract);
    let empty = Window { from: Stamp::from_seconds(5), until: Stamp::from_seconds(5) };
    let keyset = Keyset::new("Contact", "SystemModstamp", &["Id"], empty).unwrap();
    assert!(org(&script).keyset(keyset, None).next_page().await.unwrap().is_none());
}

#[tokio::test(start_paused = true)]
async fn a_failed_page_can_be_asked_for_again() {
    let script = Scripted::new(|_, number| match number {
        0 => refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
        1 => html(503),
        _ => json(
            200,
            &format!(r#"{{"done":true,"records":[{}]}}"#, record(A, "1970-01-01T00:20:00.000+0000")),
        ),
    });
    let keyset = Keyset::new("Contact", "SystemModstamp", &["Id"], window()).unwrap();
    let mut pages = org(&script).keyset(keyset, None);
    assert_eq!(pages.next_page().await.unwrap_err().kind(), ErrorKind::RequestLimit);
    assert_eq!(pages.next_page().await.unwrap().unwrap().len(), 1);
}

#[tokio::test]
async fn many_ids_are_read_in_calls_of_two_thousand_with_gaps_kept() {
    let script = Scripted::new(|seen, _| {
        let asked: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
        let records: Vec<_> = asked["ids"]
            .as_array()
            .unwrap()
            .iter()
            .enumerate()
            .map(|(at, id)| {
                if at % 2 == 0 {
                    serde_json::json!({ "Id": id, "Email": "a@b.org" })
                } else {
                    serde_json::Value::Null
                }
            })
            .collect();
        json(200, &serde_json::Value::from(records).to_string())
    });
    let ids: Vec<SalesforceId> =
        (0..4_501).map(|n| SalesforceId::parse(&format!("003RM000000{n:04}")).unwrap()).collect();
    let rows = org(&script).get_many("Contact", &ids, &["Id", "Email"]).await.unwrap();
    assert_eq!(rows.len(), ids.len());
    assert_eq!(rows[4_500].as_ref().unwrap().get("id"), Some(ids[4_500].as_str()));
    assert!(rows[1].is_none());
    assert_eq!(script.lines(), ["POST /composite/sobjects/Contact"; 3]);
}

#[tokio::test(start_paused = true)]
async fn records_that_cannot_be_joined_to_their_ids_are_refused() {
    let script = Scripted::new(|_, _| json(200, "[null]"));
    let ids = [SalesforceId::parse(A).unwrap(), SalesforceId::parse(B).unwrap()];
    let error = org(&script).get_many("Contact", &ids, &["Id"]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Contract);
}

#[tokio::test]
async fn answers_too_large_are_asked_for_in_halves() {
    let script = Scripted::new(|seen, _| {
        let asked: serde_json::Value = serde_json::from_slice(&seen.body).unwrap();
        let ids = asked["ids"].as_array().unwrap();
        if ids.len() > 500 {
            return Reply::Http(200, vec![], vec![Ok(vec![b' '; 9 << 20].into())]);
        }
        json(200, &serde_json::Value::from(vec![serde_json::Value::Null; ids.len()]).to_string())
    });
    let ids: Vec<SalesforceId> =
        (0..2_000).map(|n| SalesforceId::parse(&format!("003RM000000{n:04}")).unwrap()).collect();
    assert_eq!(org(&script).get_many("Contact", &ids, &["Id"]).await.unwrap().len(), 2_000);
    assert_eq!(script.seen().len(), 2 + 4);
}

#[tokio::test]
async fn updated_and_deleted_ids_come_with_the_time_they_cover() {
    let script = Scripted::new(|seen, _| {
        if seen.line.contains("/updated/") {
            json(200, &format!(r#"{{"ids":["{A}"],"latestDateCovered":"2026-10-01T00:59:00.000+0000"}}"#))
        } else {
            json(
                200,
                &format!(
                    r#"{{"deletedRecords":[{{"deletedDate":"2026-10-01T00:10:00.000+0000","id":"{B}"}}],
                "earliestDateAvailable":"2026-09-01T00:00:00.000+0000","latestDateCovered":"2026-10-01T00:59:00.000+0000"}}"#
                ),
            )
        }
    });
    let org = org(&script);
    let (from, until) =
        (Stamp::parse("2026-10-01T00:00:00Z").unwrap(), Stamp::parse("2026-10-01T01:00:00Z").unwrap());
    let updated = org.updated("Contact", from, until).await.unwrap();
    assert_eq!(updated.latest_date_covered, Stamp::parse("2026-10-01T00:59:00Z").unwrap());
    assert_eq!(updated.ids[0].as_str(), A);
    assert_eq!(org.deleted("Contact", from, until).await.unwrap().records[0].0.as_str(), B);
    assert_eq!(
        script.lines()[0],
        "GET /sobjects/Contact/updated/?start=2026-10-01T00%3A00%3A00Z&end=2026-10-01T01%3A00%3A00Z"
    );
}
