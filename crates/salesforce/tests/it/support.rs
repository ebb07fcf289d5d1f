//! A transport that answers from a script and keeps what it was sent.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use salesforce::{
    Body, Grant, Org, OrgConfig, Request, Response, RetryPolicy, Transport, TransportError,
    TransportErrorKind,
};

/// What one request was.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub(crate) line: String,
    pub(crate) url: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn is_login(&self) -> bool {
        self.url.ends_with("/services/oauth2/token")
    }

    pub(crate) fn token(&self) -> &str {
        self.headers.get("authorization").map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }
}

/// What one answer is.
pub(crate) enum Reply {
    Http(u16, Vec<(&'static str, String)>, Vec<Result<Bytes, TransportErrorKind>>),
    Broken(TransportErrorKind),
}

pub(crate) fn json(status: u16, body: &str) -> Reply {
    Reply::Http(status, vec![("content-type", "application/json".into())], vec![Ok(body.to_owned().into())])
}

pub(crate) fn csv(body: &str) -> Reply {
    Reply::Http(
        200,
        vec![("content-type", "text/csv; charset=UTF-8".into())],
        vec![Ok(body.to_owned().into())],
    )
}

pub(crate) fn html(status: u16) -> Reply {
    let page = "<!DOCTYPE html><html>Setting things up</html>".to_owned();
    Reply::Http(status, vec![("content-type", "text/html".into())], vec![Ok(page.into())])
}

pub(crate) fn refusal(status: u16, code: &str, message: &str) -> Reply {
    json(status, &format!(r#"[{{"errorCode":"{code}","message":"{message}"}}]"#))
}

impl Reply {
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        if let Self::Http(_, headers, _) = &mut self {
            headers.push((name, value.to_owned()));
        }
        self
    }
}

type Script = dyn FnMut(&Seen, usize) -> Reply + Send;

/// Logs in by itself, giving tokens `t1`, `t2`…; everything else is the script's, with a running number from 0.
pub(crate) struct Scripted {
    seen: Mutex<Vec<Seen>>,
    logins: Mutex<usize>,
    id: Mutex<String>,
    script: Mutex<Box<Script>>,
}

impl Scripted {
    pub(crate) fn new(script: impl FnMut(&Seen, usize) -> Reply + Send + 'static) -> Arc<Self> {
        Arc::new(Self {
            seen: Mutex::default(),
            logins: Mutex::default(),
            id: Mutex::default(),
            script: Mutex::new(Box::new(script)),
        })
    }

    /// Requests but logins, oldest first.
    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.seen.lock().unwrap().clone()
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.seen().into_iter().map(|seen| seen.line).collect()
    }

    /// The identity address that every login gives from here on.
    pub(crate) fn log_in_as(&self, id: &str) {
        id.clone_into(&mut self.id.lock().unwrap());
    }

    pub(crate) fn logins(&self) -> usize {
        *self.logins.lock().unwrap()
    }
}

#[async_trait::async_trait]
impl Transport for Scripted {
    async fn send(&self, request: Request) -> Result<Response, TransportError> {
        let body = match &request.body {
            Body::Empty => Vec::new(),
            Body::Bytes(bytes) => bytes.to_vec(),
            Body::File { path, .. } => std::fs::read(path).unwrap(),
        };
        let query = request.url.query().map(|query| format!("?{query}")).unwrap_or_default();
        let seen = Seen {
            line: format!(
                "{} {}{query}",
                request.method,
                request.url.path().replace("/services/data/v66.0", "")
            ),
            url: request.url.to_string(),
            headers: request.headers,
            body,
        };
        tokio::task::yield_now().await;
        let reply = if seen.is_login() {
            let mut logins = self.logins.lock().unwrap();
            *logins += 1;
            let id = self.id.lock().unwrap();
            json(
                200,
                &format!(
                    r#"{{"access_token":"t{logins}","instance_url":"https://example.my.salesforce.com","id":"{id}"}}"#
                ),
            )
        } else {
            let number = {
                let mut all = self.seen.lock().unwrap();
                all.push(seen.clone());
                all.len() - 1
            };
            (self.script.lock().unwrap())(&seen, number)
        };
        match reply {
            Reply::Broken(kind) => Err(TransportError::new(kind)),
            Reply::Http(status, headers, body) => Ok(Response {
                status: StatusCode::from_u16(status).unwrap(),
                headers: headers
                    .into_iter()
                    .map(|(name, value)| {
                        (HeaderName::from_static(name), HeaderValue::from_str(&value).unwrap())
                    })
                    .collect(),
                body: stream::iter(body).map(|piece| piece.map_err(TransportError::new)).boxed(),
            }),
        }
    }
}

pub(crate) fn credentials() -> Grant {
    Grant::ClientCredentials { client_id: "id".into(), client_secret: "canary-secret".into() }
}

pub(crate) fn config(url: &str) -> OrgConfig {
    let mut config = OrgConfig::new(url, credentials());
    config.allow_plain_http_loopback = url.starts_with("http://");
    config
}

/// A config whose waits are short, for real sockets.
pub(crate) fn quick(url: &str) -> OrgConfig {
    let mut config = config(url);
    config.retry = RetryPolicy {
        base: Duration::from_millis(2),
        cap: Duration::from_millis(4),
        total: Duration::from_secs(20),
        ..RetryPolicy::default()
    };
    config.poll.first = Duration::from_millis(1);
    config.poll.longest = Duration::from_millis(20);
    config
}

pub(crate) fn org(script: &Arc<Scripted>) -> Org {
    let transport: Arc<dyn Transport> = Arc::clone(script) as Arc<dyn Transport>;
    Org::with_transport(config("https://example.my.salesforce.com"), transport).unwrap()
}

pub(crate) const JOB: &str = "7503h000003pgNYAAY";

pub(crate) fn job_in(state: &str) -> Reply {
    json(200, &format!(r#"{{"id":"{JOB}","state":"{state}","operation":"upsert","object":"Contact"}}"#))
}

pub(crate) fn job_id() -> model::JobId {
    model::JobId::parse(JOB).unwrap()
}
