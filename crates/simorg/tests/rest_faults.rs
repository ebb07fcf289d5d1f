//! Scripted faults, counts, limits, compression and headers.

mod support;

use reqwest::{Method, header};
use serde_json::json;
use simorg::value::Stamp;
use simorg::{Fault, Op};
use std::io::Write;
use support::{Caller, contact, plain, split};

#[tokio::test]
async fn a_refusal_is_played_as_often_as_asked_and_nothing_is_done() {
    let org = Caller::start(plain()).await;
    let body = r#"[{"message":"busy","errorCode":"SERVER_UNAVAILABLE"}]"#.to_owned();
    org.org.fault(Op::Create, Fault::Refuse { status: 503, body, times: 2 });
    org.org.fault(Op::Create, Fault::Html { status: 420 });
    org.org.fault(Op::Create, Fault::Redirect { to: "https://example.org/".into() });
    let mut statuses = Vec::new();
    for _ in 0..5 {
        statuses.push(org.send(Method::POST, "/sobjects/Contact", &contact("A")).await.0);
    }
    assert_eq!(statuses, [503, 503, 420, 302, 201]);
    assert_eq!(org.org.records("Contact").len(), 1);
    assert_eq!(org.org.calls().of(Op::Create), 5);
    assert_eq!(org.org.calls().of(Op::Token), 1);
}

#[tokio::test]
async fn a_dropped_reply_means_done_and_a_dropped_call_means_not_done() {
    let org = Caller::start(plain()).await;
    org.org.fault(Op::Create, Fault::DoThenDropReply);
    org.org.fault(Op::Create, Fault::DropBeforeDoing);
    for expected in [1, 1] {
        let sent = org.call(Method::POST, "/sobjects/Contact").json(&contact("A")).send().await;
        assert!(sent.is_err(), "no answer may arrive");
        assert_eq!(org.org.records("Contact").len(), expected);
    }
    assert_eq!(org.send(Method::POST, "/sobjects/Contact", &contact("B")).await.0, 201);
}

#[tokio::test]
async fn a_truncated_body_breaks_off_loudly_or_silently() {
    let org = Caller::start(plain()).await;
    org.org.fault(Op::Limits, Fault::Truncate { bytes: 10 });
    org.org.fault(Op::Limits, Fault::TruncateCleanly { bytes: 10 });
    org.org.fault(Op::Limits, Fault::Slow { millis_per_kib: 1 });
    let broken = org.call(Method::GET, "/limits").send().await.expect("a head").bytes().await;
    assert!(broken.is_err());
    let answer = org.call(Method::GET, "/limits").header("accept-encoding", "identity").send().await;
    let short = answer.expect("a head").bytes().await.expect("a clean end");
    assert_eq!(short.len(), 10);
    assert_eq!(org.get("/limits").await.0, 200, "slow is still whole");
    for (lines, arrive) in [(0, false), (1, true)] {
        org.org.fault(Op::Limits, Fault::Strip { lines });
        let answer = org.call(Method::GET, "/limits").send().await.expect("a head");
        assert_eq!(!answer.bytes().await.expect("a clean end").is_empty(), arrive);
    }
}

#[tokio::test]
async fn the_daily_limit_refuses_with_403_and_every_answer_tells_the_use() {
    let mut settings = plain();
    settings.limits.daily_api = 2;
    let org = Caller::start(settings).await;
    let answer = org.call(Method::GET, "/limits").send().await.expect("an answer");
    assert_eq!(answer.headers()["sforce-limit-info"], "api-usage=1/2");
    assert_eq!(answer.headers()[header::CONTENT_TYPE], "application/json;charset=UTF-8");
    assert_eq!(org.get("/nowhere").await.0, 404, "a refused call counts too");
    let (status, error) = org.get("/limits").await;
    let expected =
        json!([{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]);
    assert_eq!((status, error), (403, expected));
    org.org.clock().advance(std::time::Duration::from_secs(86_400));
    let org_again = org.call(Method::GET, "/limits").send().await.expect("an answer");
    assert_eq!(org_again.status(), 401, "the window rolled, though the session is gone by now");
}

#[tokio::test]
async fn bodies_are_gzipped_when_asked_and_gzipped_bodies_are_taken() {
    let org = Caller::start(plain()).await;
    let plain_client = reqwest::Client::builder().gzip(false).build().expect("a client");
    let url = format!("{}/services/data/v66.0/sobjects/Contact/describe", org.org.url());
    let asked = plain_client.get(url).bearer_auth(&org.token).header("accept-encoding", "gzip");
    let answer = asked.send().await.expect("an answer");
    assert_eq!(answer.headers()["content-encoding"], "gzip");

    let mut zip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    zip.write_all(br#"{"LastName": "Zipped"}"#).expect("memory");
    let body = zip.finish().expect("memory");
    let request = org.call(Method::POST, "/sobjects/Contact").body(body);
    let request = request.header("content-type", "application/json").header("content-encoding", "gzip");
    assert_eq!(split(request.send().await.expect("an answer")).await.0, 201);
    assert_eq!(org.org.records("Contact")[0]["LastName"], "Zipped");
}

#[tokio::test]
async fn the_date_header_is_the_orgs_clock() {
    let org = Caller::start(plain()).await;
    org.org.clock().hold(Stamp::parse("2026-10-05T12:34:56Z").expect("a moment"));
    let answer = org.call(Method::GET, "/limits").send().await.expect("an answer");
    assert_eq!(answer.headers()["date"], "Mon, 05 Oct 2026 12:34:56 GMT");
}

#[tokio::test]
async fn a_uri_past_the_limit_is_answered_414() {
    let org = Caller::start(plain()).await;
    let soql = format!("SELECT Id FROM Contact WHERE LastName = '{}'", "x".repeat(17_000));
    let answer = org.call(Method::GET, "/query").query(&[("q", soql)]).send().await.expect("an answer");
    assert_eq!(answer.status(), 414);
}

#[tokio::test]
async fn in_process_callers_reach_the_same_org() {
    use tower::ServiceExt;
    let org = simorg::Org::in_process(plain());
    let request =
        axum::http::Request::get("/services/data").body(axum::body::Body::empty()).expect("a request");
    let answer = org.router().oneshot(request).await.expect("an answer");
    assert_eq!(answer.status(), 200);
    assert_eq!(org.calls().of(Op::Versions), 1);
}
