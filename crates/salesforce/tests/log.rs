//! What is logged. A binary of its own: which events are caught is settled once per process, by whoever logs first.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use salesforce::{Field, Grant, Org, OrgConfig, RetryPolicy, Soql};
use wiremock::matchers::{method, path};
use wiremock::{Mock, MockServer, ResponseTemplate};

/// Collects what is logged, at the most talkative level, by every crate involved.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

async fn server() -> MockServer {
    let server = MockServer::start().await;
    let token = serde_json::json!({ "access_token": "canary-token", "instance_url": server.uri() });
    let page = serde_json::json!({ "totalSize": 1, "done": true, "records": [{ "Id": "canary-name" }] });
    let answers = [
        Mock::given(method("POST"))
            .and(path("/services/oauth2/token"))
            .respond_with(ResponseTemplate::new(200).set_body_json(token)),
        Mock::given(method("GET"))
            .respond_with(ResponseTemplate::new(503).set_body_string("canary-name"))
            .up_to_n_times(1),
        Mock::given(method("GET")).respond_with(ResponseTemplate::new(200).set_body_json(page)),
    ];
    for answer in answers {
        answer.mount(&server).await;
    }
    server
}

#[tokio::test]
async fn nothing_secret_or_personal_is_logged_at_any_level() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(move || writer.clone())
        .finish();
    tracing::subscriber::set_global_default(subscriber).unwrap();
    let server = server().await;
    let grant = Grant::ClientCredentials {
        client_id: "canary-client".to_owned(),
        client_secret: "canary-secret".to_owned().into(),
    };
    let mut config = OrgConfig::new(server.uri(), grant);
    config.allow_plain_http_loopback = true;
    let moment = Duration::from_millis(5);
    config.retry = RetryPolicy { base: moment, cap: moment, ..config.retry };
    let soql = Soql::select("Contact", ["Id"]).unwrap();
    let soql = soql.filter(Field::parse("Email").unwrap().eq("canary@example.org"));
    let org = Org::new(config).unwrap();
    assert_eq!(org.query(&soql).unwrap().collect(5).await.unwrap().len(), 1);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(log.contains("send again"), "the log was not caught");
    for line in log.lines() {
        // The test server logs its own requests; nobody runs one.
        assert!(line.contains("wiremock") || !line.contains("canary"), "{line}");
    }
}
