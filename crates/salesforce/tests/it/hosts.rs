use std::sync::{Arc, Mutex};

use futures_util::StreamExt as _;
use salesforce::{ErrorKind, Org, Request, Response, Soql, Transport, TransportError};

use crate::support::{Scripted, config, json, org};

/// Answers every login with one `instance_url`, and keeps the addresses of all requests.
struct Instance(String, Mutex<Vec<String>>);

#[async_trait::async_trait]
impl Transport for Instance {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        self.1.lock().unwrap().push(request.url.to_string());
        let body = serde_json::json!({ "access_token": "t", "instance_url": self.0 }).to_string();
        Ok(Response {
            status: http::StatusCode::OK,
            headers: http::HeaderMap::new(),
            body: futures_util::stream::iter([Ok(body.into())]).boxed(),
        })
    }
}

#[tokio::test(start_paused = true)]
async fn the_token_never_leaves_for_an_untrusted_instance() {
    for hostile in [
        "http://example.my.salesforce.com",
        "http://127.0.0.1:1",
        "https://evil.tld",
        "https://example.my.salesforce.com.evil.tld",
        "https://evil.tld/.salesforce.com",
        "https://evil.tld?.salesforce.com",
        "https://evil.tld#.salesforce.com",
        "https://evil.tld\\.salesforce.com",
        "https://evil.tld\\@x.salesforce.com",
        "https://x.salesforce.com@evil.tld",
        "https://user@x.salesforce.com",
        "https://user:pw@x.salesforce.com",
        "https://x.salesforce.com:8443",
        "https://x.salesforce.com:80",
        "https://evilsalesforce.com",
        "https://salesforce.com.evil.tld",
        "https://10.0.0.1",
        "https://169.254.169.254",
        "https://[::1]",
        "https://2130706433",
        "https://0x7f000001",
        "https://localhost",
        "https://xn--slesforce-22a.com",
        "https://х.salesforce.com",
        "https://x。salesforce.com",
        "https://x%2esalesforce.com",
        "https://evil.tld%00.salesforce.com",
        "https://evil.tld\r\nHost: x.salesforce.com",
        "//x.salesforce.com",
        "x.salesforce.com",
        "javascript:x.salesforce.com",
        "file:///etc/passwd",
        "",
    ] {
        let transport = Arc::new(Instance(hostile.to_owned(), Mutex::default()));
        let shared: Arc<dyn Transport> = Arc::clone(&transport) as Arc<dyn Transport>;
        let mut config = config("https://login.salesforce.com");
        config.allow_plain_http_loopback = true;
        let org = Org::with_transport(config, shared).unwrap();
        let error = org.limits().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::UntrustedAddress, "{hostile}");
        assert_eq!(
            *transport.1.lock().unwrap(),
            ["https://login.salesforce.com/services/oauth2/token"],
            "{hostile}"
        );
    }
}

#[test]
fn a_login_address_that_is_not_trusted_is_a_configuration_error() {
    for bad in [
        "http://example.my.salesforce.com",
        "https://evil.tld",
        "https://u:p@login.salesforce.com",
        "login.salesforce.com",
    ] {
        let script: Arc<dyn Transport> = Scripted::new(|_, _| json(200, "{}"));
        let mut config = config("https://login.salesforce.com");
        config.login_url = bad.to_owned();
        assert_eq!(
            Org::with_transport(config, script).unwrap_err().kind(),
            ErrorKind::Configuration,
            "{bad}"
        );
    }
}

#[tokio::test]
async fn plain_http_needs_the_switch() {
    let mut config = config("http://127.0.0.1:9");
    config.allow_plain_http_loopback = false;
    assert_eq!(Org::new(config).unwrap_err().kind(), ErrorKind::Configuration);
}

#[tokio::test(start_paused = true)]
async fn a_next_page_elsewhere_is_not_fetched() {
    for hostile in [
        "https://evil.tld/services/data/v66.0/query/01g-2000",
        "//evil.tld/services/data/v66.0/query/01g",
        "/services/data/v66.0/query/01g#x",
        "/services/data/v66.0/../../apexrest/x",
        "@evil.tld/",
        "/services/apexrest/x",
        "/services/data/v66.0/query/\\\\evil",
    ] {
        let body = format!(
            r#"{{"totalSize":1,"done":false,"nextRecordsUrl":"{hostile}","records":[{{"Id":"003RM0000068xVCYAY"}}]}}"#
        );
        let script = Scripted::new(move |_, _| json(200, &body));
        let soql = Soql::select("Contact", ["Id"]).unwrap();
        let mut pages = org(&script).query(&soql).unwrap();
        let outcome = match pages.next_page().await {
            Ok(_) => pages.next_page().await.map(|_| ()),
            Err(error) => Err(error),
        };
        assert!(outcome.is_err(), "{hostile}");
        assert_eq!(script.seen().len(), 1, "{hostile}");
    }
}
