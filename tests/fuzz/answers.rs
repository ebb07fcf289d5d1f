//! Answers of an org: bodies, headers and addresses that are not quite what was promised.

use std::sync::{Arc, Mutex, PoisonError};

use bytes::Bytes;
use futures_util::StreamExt as _;
use http::{HeaderMap, HeaderValue, StatusCode};
use salesforce::transport::{Request, Response, Transport, TransportError};
use salesforce::{Grant, Org, OrgConfig, RetryPolicy};

use crate::mutate::fuzz;

const TOKEN: &[u8] = br#"{"access_token":"00Dx!AQ","instance_url":"https://example.my.salesforce.com","id":"https://login.salesforce.com/id/00D5f000000IZ3ZEAW/0055f000001abcdAAA","token_type":"Bearer"}"#;

/// Answers every call with what it was given, and remembers where calls went.
#[derive(Clone)]
struct Canned {
    token: Bytes,
    body: Bytes,
    limit: Option<HeaderValue>,
    hosts: Arc<Mutex<Vec<String>>>,
}

#[async_trait::async_trait]
impl Transport for Canned {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let host = request.url.host_str().unwrap_or_default().to_owned();
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner).push(host);
        let token = request.url.path().ends_with("/token");
        let body = if token { self.token.clone() } else { self.body.clone() };
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json;charset=UTF-8"));
        if let Some(limit) = &self.limit {
            headers.insert("sforce-limit-info", limit.clone());
            headers.insert("date", limit.clone());
        }
        let body = futures_util::stream::iter([Ok(body)]).boxed();
        Ok(Response { status: StatusCode::OK, headers, body })
    }
}

impl Canned {
    fn new(token: &[u8], body: &[u8]) -> Self {
        let copy = Bytes::copy_from_slice;
        Self { token: copy(token), body: copy(body), limit: None, hosts: Arc::default() }
    }

    fn org(&self) -> Org {
        let grant = Grant::ClientCredentials { client_id: "x".into(), client_secret: "y".into() };
        let mut config = OrgConfig::new("https://login.salesforce.com", grant);
        config.retry = RetryPolicy::NONE;
        Org::with_transport(config, Arc::new(self.clone())).expect("a client")
    }
}

fn paused<T>(work: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
    runtime.expect("a runtime").block_on(work)
}

#[test]
fn fuzz_json_answers() {
    let corpus: &[&[u8]] = &[
        br#"{"id":"7505f000000abcdAAA","operation":"upsert","object":"Contact","state":"JobComplete","numberRecordsProcessed":2,"numberRecordsFailed":0,"apiVersion":66.0,"createdDate":"2026-10-05T00:00:00.000+0000"}"#,
        br#"{"done":true,"records":[],"nextRecordsUrl":"/services/data/v66.0/jobs/ingest?queryLocator=x"}"#,
        br#"{"DailyApiRequests":{"Max":15000,"Remaining":14998},"DailyBulkV2QueryJobs":{"Max":10000,"Remaining":9999}}"#,
        br#"[{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}]"#,
        br#"{"ids":["0035f00000abcdeAAA"],"latestDateCovered":"2026-10-05T00:00:00.000+0000"}"#,
        br#"{"name":"Contact","fields":[{"name":"Id","type":"id","length":18,"createable":false,"updateable":false,"nillable":false}]}"#,
        br#"{"user_id":"0055f000001abcdAAA","organization_id":"00D5f000000IZ3ZEAW","preferred_username":"x@example.org"}"#,
        TOKEN,
    ];
    let job = "7505f000000abcdAAA".parse().ok();
    fuzz("JSON answer", corpus, |bytes| {
        paused(async {
            let org = Canned::new(TOKEN, bytes).org();
            let _ = (
                org.identity().await.is_ok(),
                org.limits().await.is_ok(),
                org.describe("Contact").await.is_ok(),
            );
            let now = model::Stamp::from_seconds(1_790_000_000);
            let _ = org.updated("Contact", now.minus(std::time::Duration::from_secs(300)), now).await.is_ok();
            if let Some(job) = &job {
                let _ = org.job(job).await.is_ok();
            }
            // What would lead on for ever ends.
            let _ = org.list_ingest_jobs().await.is_ok();
            let mut other = Canned::new(bytes, b"{}");
            other.limit = None;
            let _ = other.org().identity().await.is_ok();
        });
    });
}

#[test]
fn fuzz_limit_header() {
    let corpus: &[&[u8]] = &[
        b"api-usage=18/5000",
        b"api-usage=5001/5000; per-app-api-usage=17/250(appName=sample)",
        b"Mon, 05 Oct 2026 10:00:00 GMT",
        b"api-usage=",
        b"api-usage=-1/0",
    ];
    fuzz("limit header", corpus, |bytes| {
        let Ok(value) = HeaderValue::from_bytes(bytes) else { return };
        let mut canned = Canned::new(TOKEN, b"{}");
        canned.limit = Some(value);
        let org = canned.org();
        let _ = paused(org.limits()).is_ok();
        let usage = org.usage();
        // Both figures or none.
        assert_eq!(usage.api_used.is_some(), usage.api_max.is_some());
    });
}

#[test]
fn fuzz_url_guard() {
    let corpus: &[&[u8]] = &[
        b"https://example.my.salesforce.com",
        b"https://example.my.salesforce.com.evil.tld",
        b"https://user@evil.tld\\.my.salesforce.com",
        b"https://evil.tld#.salesforce.com",
        b"https://evil.tld?.salesforce.com",
        b"http://example.my.salesforce.com",
        b"https://127.0.0.1:8443",
        b"https://xn--salesforce-x.com",
        b"//evil.tld/",
        b"https://example.my.salesforce.com:444",
    ];
    fuzz("instance address", corpus, |bytes| {
        let address = serde_json::Value::String(String::from_utf8_lossy(bytes).into_owned());
        let token = format!(r#"{{"access_token":"x","instance_url":{address}}}"#);
        let canned = Canned::new(token.as_bytes(), b"{}");
        let _ = paused(canned.org().limits()).is_ok();
        for host in canned.hosts.lock().unwrap_or_else(PoisonError::into_inner).iter() {
            assert!(host.ends_with(".salesforce.com"), "a call left for {host}");
        }
    });
}
