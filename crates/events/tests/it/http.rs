//! The tracking API as SDKs speak it.

use std::io::Write as _;
use std::num::NonZeroU32;
use std::time::Duration;

use events::{FlagRule, Kind};
use model::Stamp;
use serde_json::{Value, json};

use crate::server::{APP, WEB, answer, start, start_with, statuses};
use crate::support::NOW;

fn identify(id: &str) -> Value {
    json!({ "type": "identify", "userId": "u1", "messageId": id, "traits": { "email": "a@example.org" } })
}

#[tokio::test]
async fn every_path_keeps_its_call_durably_and_says_so() {
    let server = start().await;
    let calls = [
        ("identify", json!({ "userId": "1", "messageId": "1" })),
        ("group", json!({ "userId": "1", "groupId": "813", "messageId": "2" })),
        ("track", json!({ "userId": "1", "event": "Gave", "messageId": "3" })),
        ("page", json!({ "anonymousId": "1", "messageId": "4" })),
        ("screen", json!({ "anonymousId": "1", "messageId": "5" })),
        ("alias", json!({ "userId": "1", "previousId": "0", "messageId": "6" })),
        ("i", json!({ "userId": "1", "messageId": "7" })),
    ];
    for (path, body) in &calls {
        let (status, told) = server.send(path, body.to_string()).await;
        assert_eq!((status, &told["success"]), (200, &json!(true)), "{path}");
        assert_eq!(
            told["results"],
            json!([{ "status": 202, "messageId": body["messageId"], "salesforce": true }])
        );
    }
    // Only what was synced is there.
    let after = crate::support::on(&server.disk.after_cut(1), &server.clock).unwrap();
    let kinds: Vec<Kind> = after.next(100).unwrap().into_iter().map(|queued| queued.event.kind).collect();
    let mut expected = Kind::ALL.to_vec();
    expected.push(Kind::Identify);
    assert_eq!(kinds, expected);
}

#[tokio::test]
async fn each_path_may_end_with_a_slash() {
    let server = start().await;
    let mut told = Vec::new();
    for call in ["identify", "group", "track", "page", "screen", "alias", "i", "g", "t", "p", "s", "a"] {
        let body =
            json!({ "userId": "1", "groupId": "2", "event": "e", "previousId": "3", "messageId": call });
        told.push((call, server.send(&format!("{call}/"), body.to_string()).await.0));
    }
    for call in ["batch", "import", "b"] {
        let body = json!({ "batch": [identify(call)] });
        told.push((call, server.send(&format!("{call}/"), body.to_string()).await.0));
    }
    assert!(told.iter().all(|(_, status)| *status == 200), "{told:?}");
    assert_eq!(server.kept().len(), told.len());
    assert_eq!(server.send("batch//", "{}").await.0, 404);
}

#[tokio::test]
async fn a_batch_is_told_event_by_event_and_what_is_wrong_harms_nothing_else() {
    let server = start().await;
    let good = identify("good").to_string();
    let other = identify("other").to_string();
    let foreign = json!({ "type": "identify", "userId": "1", "writeKey": APP }).to_string();
    let large =
        json!({ "type": "identify", "userId": "1", "traits": { "a": "x".repeat(33_000) } }).to_string();
    let batch = format!(
        r#"{{"batch":[{good},5,{{"type":"identify"}},{{"a":1,"a":2}},{large},{foreign},{good},{other}],"sentAt":"2027-01-15T08:00:00Z"}}"#
    );
    let (status, told) = server.send("batch", batch).await;
    assert_eq!(status, 200);
    assert_eq!(statuses(&told), [202, 400, 422, 400, 413, 401, 202, 202]);
    assert_eq!(
        (&told["success"], &told["accepted"], &told["refused"]),
        (&json!(false), &json!(3), &json!(5))
    );
    assert_eq!(told["results"][6]["repeated"], json!(true));
    assert_eq!(told["results"][2]["reason"], json!("userId or anonymousId is needed"));
    let kept: Vec<String> = server.kept().into_iter().map(|event| event.id).collect();
    assert_eq!(kept, ["good", "other"]);
}

#[tokio::test]
async fn a_request_of_which_nothing_is_kept_is_refused_as_a_whole() {
    let server = start().await;
    let cases = [
        (json!({ "batch": [{ "type": "identify" }, { "type": "x", "userId": "1" }] }), 422, "refused"),
        (json!({ "batch": [{ "type": "identify" }, 5] }), 400, "refused"),
        (json!({ "events": [] }), 400, "not_a_batch"),
        (json!({ "batch": {} }), 400, "not_a_batch"),
        (json!([]), 400, "not_a_batch"),
        (json!({ "batch": [identify("a")], "context": 5 }), 422, "batch"),
    ];
    for (body, expected, code) in cases {
        let (status, told) = server.send("batch", body.to_string()).await;
        assert_eq!((status, &told["code"]), (expected, &json!(code)), "{body}");
        assert!(told["message"].as_str().is_some_and(|message| !message.is_empty()));
    }
    let (status, told) = server.send("track", r#"{"userId":"1"}"#).await;
    assert_eq!((status, &told["message"]), (422, &json!("event is needed")));
    assert_eq!(server.kept(), []);
    assert_eq!(server.send("batch", r#"{"batch":[]}"#).await.0, 200);
}

#[tokio::test]
async fn the_write_key_is_a_basic_user_a_bearer_token_or_in_the_body_and_never_another_sources() {
    let server = start().await;
    let body = |id: &str, key: Option<&str>| {
        let mut body = json!({ "batch": [identify(id)] });
        if let Some(key) = key {
            body["writeKey"] = key.into();
        }
        body.to_string()
    };
    let send = |id: &str, in_body: Option<&str>| server.post("batch").body(body(id, in_body));
    let oauth = "a-token-of-somebodys-oauth";
    for (request, expected) in [
        (send("1", None).basic_auth(WEB, Some("")), 200),
        (send("2", None).basic_auth(WEB, Some("ignored")), 200),
        (send("3", None).bearer_auth(WEB), 200),
        (send("4", Some(WEB)), 200),
        (send("5", Some(WEB)).basic_auth(WEB, Some("")), 200),
        (send("6", Some(WEB)).bearer_auth(oauth), 200),
        (send("7", None), 401),
        (send("8", None).basic_auth("wrong-write-key-001", Some("")), 401),
        (send("9", Some(WEB)).basic_auth("wrong-write-key-001", Some("")), 401),
        (send("10", Some(APP)).basic_auth(WEB, Some("")), 401),
        (send("11", Some("wrong-write-key-001")), 401),
        (send("12", None).bearer_auth(oauth), 401),
        (send("13", None).header("authorization", "Digest x"), 401),
    ] {
        assert_eq!(answer(request).await.0, expected);
    }
    let kept: Vec<(String, String)> =
        server.kept().into_iter().map(|event| (event.id, event.source.to_string())).collect();
    let expected = ["1", "2", "3", "4", "5", "6"].map(|id| (id.to_owned(), "web".to_owned()));
    assert_eq!(kept, expected);
    // The same id of another source is another event; and a single event may carry its key.
    let mut single = identify("1");
    single["writeKey"] = APP.into();
    assert_eq!(answer(server.post("identify").body(single.to_string())).await.0, 200);
    let kept = server.kept();
    assert_eq!((kept.len(), kept[0].source.as_str()), (1, "app"));
    assert!(!kept[0].body.to_string().contains(APP));
}

#[tokio::test]
async fn a_packed_batch_is_unpacked_and_a_bomb_is_not() {
    let server = start().await;
    let pack = |bytes: &[u8]| {
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        packer.write_all(bytes).expect("memory takes it");
        packer.finish().expect("memory takes it")
    };
    let send = |bytes: Vec<u8>| {
        server.post("batch").basic_auth(WEB, Some("")).header("content-encoding", "gzip").body(bytes)
    };
    let batch = json!({ "batch": [identify("a")] }).to_string();
    assert_eq!(answer(send(pack(batch.as_bytes()))).await.0, 200);
    assert_eq!(answer(send(pack(&vec![b' '; 50_000_000]))).await.0, 413);
    assert_eq!(answer(send(b"plain".to_vec())).await.0, 400);
    assert_eq!(server.kept().len(), 1);
}

#[tokio::test]
async fn the_sizes_of_requests_and_batches_are_bounded() {
    let server = start().await;
    let many = |count: usize| {
        let event = json!({ "type": "track", "userId": "1", "event": "e" }).to_string();
        format!(r#"{{"batch":[{}]}}"#, vec![event; count].join(","))
    };
    assert_eq!(server.send("batch", many(2_500)).await.0, 200);
    let (status, told) = server.send("batch", many(2_501)).await;
    assert_eq!((status, &told["code"]), (413, &json!("too_many")));
    let long = |bytes: usize| format!(r#"{{"batch":[],"a":"{}"}}"#, "x".repeat(bytes));
    assert_eq!(server.send("batch", long(500 * 1024 - 19)).await.0, 200);
    assert_eq!(server.send("batch", long(500 * 1024)).await.0, 413);
    assert_eq!(server.kept().len(), 2_500);
}

#[tokio::test]
async fn websites_scripts_may_send_from_the_listed_origins_only() {
    let server = start().await;
    let ask = |origin: &str| {
        let url = format!("{}/v1/batch", server.url);
        let request =
            server.client.request(reqwest::Method::OPTIONS, url).header("origin", origin.to_owned());
        let request = request.header("access-control-request-headers", "authorization,content-type,sentat");
        request.header("access-control-request-method", "POST").send()
    };
    let allowed = ask("https://www.example.org").await.expect("an answer");
    assert_eq!(allowed.status().as_u16(), 204);
    assert_eq!(allowed.headers()["access-control-allow-origin"], "https://www.example.org");
    assert_eq!(allowed.headers()["access-control-allow-methods"], "POST");
    assert_eq!(allowed.headers()["access-control-allow-headers"], "authorization, content-type, sentat");
    let refused = ask("https://evil.example").await.expect("an answer");
    assert_eq!(refused.status().as_u16(), 403);
    assert!(!refused.headers().contains_key("access-control-allow-origin"));
    let send = |origin: &'static str| {
        let body = json!({ "batch": [identify(origin)] }).to_string();
        server.post("batch").basic_auth(WEB, Some("")).header("origin", origin).body(body).send()
    };
    let kept = send("https://www.example.org").await.expect("an answer");
    assert_eq!(kept.headers()["access-control-allow-origin"], "https://www.example.org");
    assert_eq!(send("https://evil.example").await.expect("an answer").status().as_u16(), 403);
    assert_eq!(server.kept().len(), 1);
}

#[tokio::test]
async fn a_source_that_sends_too_much_is_told_when_to_come_again() {
    let server = start_with(FlagRule::Optional, NonZeroU32::new(10)).await;
    let send = |id: &'static str| {
        let body = json!({ "batch": [identify(id), identify("x"), identify("y")] }).to_string();
        server.post("batch").basic_auth(WEB, Some("")).body(body).send()
    };
    for id in ["1", "2", "3", "4"] {
        assert_eq!(send(id).await.expect("an answer").status().as_u16(), 200);
    }
    let refused = send("5").await.expect("an answer");
    assert_eq!((refused.status().as_u16(), refused.headers()["retry-after"].to_str().unwrap()), (429, "1"));
    assert_eq!(refused.headers()["x-ratelimit-reset"].to_str().unwrap(), "1");
    server.clock.advance(Duration::from_secs(1));
    assert_eq!(send("5").await.expect("an answer").status().as_u16(), 200);
    assert_eq!(server.kept().len(), 7);
}

#[tokio::test]
async fn a_batch_that_its_shared_context_makes_large_is_kept() {
    let server = start().await;
    let events: Vec<Value> = (0..2_100)
        .map(|nth| json!({ "type": "track", "event": "e", "userId": "u", "messageId": nth.to_string() }))
        .collect();
    // Four kilobytes in each of them: more than the log takes at once.
    let body = json!({ "batch": events, "context": { "page": "x".repeat(4_050) } }).to_string();
    let (status, answer) = server.send("batch", body).await;
    assert_eq!((status, answer["accepted"].as_u64()), (200, Some(2_100)));
}

#[tokio::test]
async fn what_cannot_be_kept_is_not_acknowledged_and_is_taken_when_it_can() {
    let server = start().await;
    server.disk.set_room(Some(20));
    let body = json!({ "batch": [identify("a")] }).to_string();
    let request = server.post("batch").basic_auth(WEB, Some("")).body(body.clone());
    let refused = request.send().await.expect("an answer");
    assert_eq!(refused.status().as_u16(), 503);
    assert!(refused.headers().contains_key("retry-after"));
    server.disk.set_room(None);
    assert_eq!(server.send("batch", body).await.0, 200);
    let health = server.client.get(format!("{}/health", server.url));
    assert_eq!(answer(health).await.0, 200);
    // A disk that fails is another matter: nothing is taken any more.
    server.disk.fail_syncs(true);
    assert_eq!(server.send("batch", json!({ "batch": [identify("b")] }).to_string()).await.0, 503);
    server.disk.fail_syncs(false);
    assert_eq!(server.send("batch", json!({ "batch": [identify("b")] }).to_string()).await.0, 503);
    assert_eq!(answer(server.client.get(format!("{}/health", server.url))).await.0, 503);
    assert_eq!(server.kept().len(), 1);
}

#[tokio::test]
async fn the_flag_and_the_batchs_words_reach_the_event() {
    let server = start_with(FlagRule::Required, None).await;
    let body = json!({
        "batch": [
            { "type": "identify", "userId": "1", "messageId": "1", "timestamp": "2027-01-15T09:00:00Z" },
            { "type": "identify", "userId": "1", "messageId": "2", "integrations": { "Salesforce": false } },
        ],
        "integrations": { "Salesforce": true },
        "context": { "ip": "192.0.2.1" },
        "sentAt": "2027-01-15T09:00:30Z",
    });
    let (_, told) = server.send("batch", body.to_string()).await;
    assert_eq!(
        [&told["results"][0]["salesforce"], &told["results"][1]["salesforce"]],
        [&json!(true), &json!(false)]
    );
    let kept = server.kept();
    assert_eq!((kept[0].wanted, kept[1].wanted), (true, false));
    // 30 seconds before it arrived, whatever the client's clock says.
    assert_eq!(kept[0].at, Stamp::from_seconds(NOW - 30));
    assert_eq!(kept[0].body["context"]["ip"], json!("192.0.2.1"));
}

#[tokio::test]
async fn whoever_stops_answers_what_runs_and_takes_nothing_new() {
    let server = start().await;
    let running: Vec<_> = (0..20)
        .map(|nth| {
            let request = server.post("batch").basic_auth(WEB, Some(""));
            let body = json!({ "batch": [identify(&nth.to_string())] }).to_string();
            tokio::spawn(
                async move { request.body(body).send().await.is_ok_and(|answer| answer.status() == 200) },
            )
        })
        .collect();
    server.stop.cancel();
    let mut acknowledged = 0;
    for one in running {
        acknowledged += usize::from(one.await.expect("a request ends"));
    }
    server.served.await.expect("the server ends");
    let kept = crate::support::on(&server.disk.after_cut(3), &server.clock).unwrap().next(100).unwrap();
    assert!(kept.len() >= acknowledged, "{} kept, {acknowledged} acknowledged", kept.len());
    assert!(server.client.get(format!("{}/health", server.url)).send().await.is_err());
}

#[tokio::test]
async fn other_paths_and_methods_are_said_to_be_none() {
    let server = start().await;
    assert_eq!(server.send("extract", "{}").await.0, 404);
    assert_eq!(answer(server.client.get(format!("{}/v1/batch", server.url))).await.0, 405);
    assert_eq!(answer(server.client.get(format!("{}/", server.url))).await.0, 404);
}
