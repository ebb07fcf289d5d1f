use salesforce::{Call, ErrorKind, IngestSpec, Retry, TransportErrorKind};

use crate::support::{Reply, Scripted, html, job_in, json, org, refusal};

#[tokio::test(start_paused = true)]
async fn reads_are_repeated_through_what_passes() {
    for fault in [
        || refusal(503, "SERVER_UNAVAILABLE", "too busy"),
        || html(503),
        || html(502),
        || Reply::Http(406, vec![], vec![]),
        || Reply::Http(429, vec![], vec![]),
        || html(420),
        || refusal(500, "UNKNOWN_EXCEPTION", "gack"),
        || refusal(403, "REQUEST_LIMIT_EXCEEDED", "ConcurrentPerOrgLongTxn Limit exceeded."),
        || refusal(400, "QUERY_TIMEOUT", "Your query request was running for too long."),
        || Reply::Broken(TransportErrorKind::NotSent),
        || Reply::Broken(TransportErrorKind::NoAnswer),
        || html(200),
        || json(200, "{\"DailyApiRequests\":{\"Max\":5,"),
        || Reply::Http(200, vec![], vec![Ok("{}".into()), Err(TransportErrorKind::BodyCut)]),
        || Reply::Http(200, vec![], vec![]),
    ] {
        let script = Scripted::new(move |_, number| {
            if number < 2 {
                fault()
            } else {
                json(200, r#"{"DailyApiRequests":{"Max":"15000","Remaining":14998.0}}"#)
            }
        });
        let limits = org(&script).limits().await.unwrap();
        assert_eq!(limits.daily_api_requests().map(|limit| limit.remaining), Some(14_998));
        assert_eq!(script.seen().len(), 3);
    }
}

#[tokio::test(start_paused = true)]
async fn what_does_not_pass_is_asked_once_and_named() {
    type Case = (fn() -> Reply, ErrorKind, Retry);
    let cases: [Case; 9] = [
        (
            || refusal(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded."),
            ErrorKind::RequestLimit,
            Retry::WhenAllowanceReturns,
        ),
        (|| refusal(403, "API_DISABLED_FOR_ORG", "x"), ErrorKind::Forbidden, Retry::AfterOperator),
        (|| refusal(404, "NOT_FOUND", "x"), ErrorKind::NotFound, Retry::AfterReadingState),
        (|| refusal(410, "UNSUPPORTED_API_VERSION", "x"), ErrorKind::VersionRetired, Retry::AfterOperator),
        (|| refusal(400, "INVALID_FIELD", "x"), ErrorKind::Rejected, Retry::AfterOperator),
        (|| refusal(409, "X", "x"), ErrorKind::Conflict, Retry::AfterReadingState),
        (
            || Reply::Http(302, vec![("location", "https://evil.tld/".into())], vec![]),
            ErrorKind::Redirect,
            Retry::AfterOperator,
        ),
        (|| Reply::Http(414, vec![], vec![]), ErrorKind::TooLarge, Retry::AfterOperator),
        (|| Reply::Broken(TransportErrorKind::Tls), ErrorKind::Tls, Retry::AfterOperator),
    ];
    for (fault, kind, retry) in cases {
        let script = Scripted::new(move |_, _| fault());
        let error = org(&script).limits().await.unwrap_err();
        assert_eq!((error.kind(), error.call()), (kind, Some(Call::Limits)));
        assert_eq!(error.kind().policy().0, retry);
        assert_eq!(script.seen().len(), 1, "{kind:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn every_repeat_has_an_end() {
    for (fault, kind, at_most) in [
        ((|| html(503)) as fn() -> Reply, ErrorKind::Busy, 200),
        (|| html(420), ErrorKind::Busy, 3),
        (|| html(200), ErrorKind::Contract, 4),
        (|| Reply::Broken(TransportErrorKind::NotSent), ErrorKind::Unreachable, 200),
    ] {
        let begun = tokio::time::Instant::now();
        let script = Scripted::new(move |_, _| fault());
        assert_eq!(org(&script).limits().await.unwrap_err().kind(), kind);
        assert!((2..=at_most).contains(&script.seen().len()), "{} for {kind:?}", script.seen().len());
        assert!(begun.elapsed() <= std::time::Duration::from_secs(15 * 60));
    }
}

#[tokio::test(start_paused = true)]
async fn a_job_is_never_created_twice() {
    for fault in [
        || html(503),
        || html(500),
        || html(200),
        || json(200, "{\"id\":\"7503h"),
        || Reply::Broken(TransportErrorKind::NoAnswer),
        || Reply::Http(200, vec![], vec![Err(TransportErrorKind::BodyCut)]),
    ] {
        let script = Scripted::new(move |_, _| fault());
        let spec = IngestSpec::upsert("Contact", "EN_Supporter_Id__c").unwrap();
        let error = org(&script).create_ingest_job(&spec).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::OutcomeUnknown);
        assert_eq!(script.seen().len(), 1);
    }
    for code in ["LIMIT_EXCEEDED", "EXCEEDEDQUOTA", "ExceededQuota"] {
        let script = Scripted::new(move |_, _| refusal(400, code, "x"));
        let spec = IngestSpec::update("Contact").unwrap();
        let error = org(&script).create_ingest_job(&spec).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::RequestLimit, "{code}");
    }
    let script =
        Scripted::new(
            |_, number| if number == 0 { Reply::Broken(TransportErrorKind::NotSent) } else { job_in("Open") },
        );
    let spec = IngestSpec::update("Contact").unwrap();
    assert!(org(&script).create_ingest_job(&spec).await.is_ok(), "nothing had left");
}

#[tokio::test(start_paused = true)]
async fn answers_over_the_limits_are_refused() {
    let big = format!("{{\"x\":\"{}\"}}", "y".repeat(9 << 20));
    let script = Scripted::new(move |_, _| json(200, &big));
    assert_eq!(org(&script).limits().await.unwrap_err().kind(), ErrorKind::TooLarge);
    let script = Scripted::new(|_, _| json(200, "{}").with("x-filler", &"y".repeat(65 << 10)));
    assert_eq!(org(&script).limits().await.unwrap_err().kind(), ErrorKind::TooLarge);
    let script = Scripted::new(|_, _| json(200, "{}").with("content-encoding", "br"));
    assert_eq!(org(&script).limits().await.unwrap_err().kind(), ErrorKind::Contract);
}

#[tokio::test]
async fn use_and_server_time_are_read_from_every_answer() {
    let script = Scripted::new(|_, number| {
        let reply = json(200, "{}").with("date", "Mon, 05 Oct 2026 12:34:56 GMT");
        if number == 0 {
            reply.with("sforce-limit-info", "api-usage=18/5000; per-app-api-usage=1/2(appName=x)")
        } else {
            reply
        }
    });
    let org = org(&script);
    assert_eq!(org.server_time(), None);
    org.limits().await.unwrap();
    org.limits().await.unwrap();
    let usage = org.usage();
    assert_eq!((usage.api_used, usage.api_max, usage.since_header), (Some(18), Some(5000), 1));
    assert_eq!((usage.of(Call::Limits), usage.of(Call::Token), usage.total()), (2, 1, 3));
    assert!(usage.bytes_in > 0 && usage.bytes_out > 0);
    assert_eq!(org.server_time(), model::Stamp::parse("2026-10-05T12:34:56Z").ok());
}

#[tokio::test]
async fn another_org_than_configured_is_refused() {
    let answer = r#"{"user_id":"0053h000002xQ5sAAE","organization_id":"00D5f000000IZ3Z","preferred_username":"sync@example.org"}"#;
    for (expected, fits) in [("00D5f000000IZ3Z", true), ("00D5f000000IZ3Y", false)] {
        let script = Scripted::new(move |_, _| json(200, answer));
        let mut config = crate::support::config("https://example.my.salesforce.com");
        config.expected_org = model::OrgId::parse(expected).ok();
        let org = salesforce::Org::with_transport(config, script).unwrap();
        match org.identity().await {
            Ok(identity) => assert!(fits && identity.org_id.as_str().starts_with("00D5f000000IZ3Z")),
            Err(error) => assert!(!fits && error.kind() == ErrorKind::WrongOrg),
        }
    }
}
