//! What is turned away at the way in leaves a count, by source and reason, and nothing of what was sent.

use std::sync::Arc;

use events::queue::{Look, TurnedAway, What};
use serde_json::{Value, json};

use crate::server::{APP, Server, WEB, answer, start};

/// Source, what, reason and how many.
fn lines(counts: &[TurnedAway]) -> Vec<(&str, What, &str, u64)> {
    fn line(one: &TurnedAway) -> (&str, What, &str, u64) {
        (one.source.as_ref().map_or("", |name| name.as_str()), one.what, &one.reason, one.count)
    }
    counts.iter().map(line).collect()
}

async fn post(server: &Server, path: &str, key: &str, body: &str) -> u16 {
    answer(server.post(path).basic_auth(key, Some("")).body(body.to_owned())).await.0
}

#[tokio::test]
async fn each_event_that_is_refused_beside_others_that_are_kept_is_counted_by_its_reason() {
    let server = start().await;
    let good = json!({ "type": "identify", "userId": "1", "messageId": "good" });
    let foreign = json!({ "type": "identify", "userId": "1", "writeKey": APP });
    let batch = json!({ "batch": [good, { "type": "identify" }, { "type": "group", "userId": "jo@example.org" }, foreign, 5,
        { "type": "group", "userId": "u", "groupId": 1.5 }, { "type": "group", "userId": "u" }] });
    assert_eq!(post(&server, "batch", WEB, &batch.to_string()).await, 200);
    assert_eq!(post(&server, "track", APP, r#"{"userId":"1"}"#).await, 422);
    let expected = [
        ("app", What::Event, "missing:event", 1),
        ("web", What::Event, "missing:groupId", 2),
        ("web", What::Event, "no_person", 1),
        ("web", What::Event, "not_an_object", 1),
        ("web", What::Event, "other_write_key", 1),
        ("web", What::Event, "wrong_type:groupId", 1),
    ];
    let counts = server.queue.turned_away();
    assert_eq!(lines(&counts), expected);
    assert!(!format!("{counts:?}").contains("jo@"));
    // Written down, whoever looks sees it, and it is there after a restart.
    server.queue.keep_turned_away().unwrap();
    assert_eq!(Look::open_on(Arc::new(server.disk.clone())).unwrap().turned_away().unwrap(), counts);
    let again = crate::support::on(&server.disk.after_cut(1), &server.clock).unwrap();
    assert_eq!(again.turned_away(), counts);
    assert_eq!(again.to_say_of_turned_away(true), [], "it is said once");
}

#[tokio::test]
async fn each_request_that_is_refused_for_good_is_counted_and_one_that_comes_again_is_not() {
    let server = start().await;
    let batch = json!({ "batch": [{ "type": "identify" }] }).to_string();
    let many = format!(r#"{{"batch":[{}5]}}"#, "5,".repeat(2_500));
    let outer = json!({ "batch": [], "context": 5 }).to_string();
    let long = " ".repeat(500 * 1024 + 1);
    for (path, key, body, status) in [
        ("batch", "wrong-write-key-001", batch.as_str(), 401),
        ("batch", WEB, "{}", 400),
        ("batch", WEB, &many, 413),
        ("batch", WEB, &outer, 422),
        ("batch", WEB, &long, 413),
        ("extract", WEB, &batch, 404),
    ] {
        assert_eq!(post(&server, path, key, body).await, status, "{path} {status}");
    }
    let request = |encoding: &'static str| {
        let request = server.post("batch").basic_auth(APP, Some("")).header("content-encoding", encoding);
        answer(request.body("plain"))
    };
    assert_eq!((request("br").await.0, request("gzip").await.0), (415, 400));
    let elsewhere = server.post("batch").basic_auth(WEB, Some("")).header("origin", "https://evil.example");
    assert_eq!(answer(elsewhere.body(batch.clone())).await.0, 403);
    let expected = [
        ("", What::Request, "origin", 1),
        ("", What::Request, "path", 1),
        ("", What::Request, "unknown_key", 1),
        ("app", What::Request, "encoding", 1),
        ("app", What::Request, "not_gzip", 1),
        ("web", What::Request, "batch", 1),
        ("web", What::Request, "not_a_batch", 1),
        ("web", What::Request, "too_large", 1),
        ("web", What::Request, "too_many_events", 1),
    ];
    assert_eq!(lines(&server.queue.turned_away()), expected);
    // Who is told to come again is not turned away, and what was bad beside it is counted when it is.
    server.disk.set_room(Some(20));
    let mixed: Value = json!({ "batch": [{ "type": "identify" }, { "type": "identify", "userId": "1" }] });
    assert_eq!(post(&server, "batch", WEB, &mixed.to_string()).await, 503);
    assert_eq!(lines(&server.queue.turned_away()), expected);
    server.disk.set_room(None);
    assert_eq!(post(&server, "batch", WEB, &mixed.to_string()).await, 200);
    assert!(lines(&server.queue.turned_away()).contains(&("web", What::Event, "no_person", 1)));
}
