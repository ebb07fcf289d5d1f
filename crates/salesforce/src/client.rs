//! The one place where requests leave: session, headers, limits, repeats.

use std::collections::HashMap;
use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, AtomicU64};
use std::sync::{Arc, Mutex, OnceLock};

use bytes::Bytes;
use drill::{Branch, Mistake, met, planted};
use http::header::{ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, CONTENT_TYPE, USER_AGENT};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, PercentEncode, utf8_percent_encode};
use secrecy::ExposeSecret as _;
use serde::de::DeserializeOwned;
use serde_json::Value;
use url::Url;

use crate::answer::{Answer, rest_errors};
use crate::backoff::Waits;
use crate::budget::Budget;
use crate::call::Call;
use crate::config::OrgConfig;
use crate::describe::Describe;
use crate::error::{Error, ErrorKind};
use crate::grant::Grant;
use crate::host_guard::HostGuard;
use crate::refusal::{Again, Failure, of_reading, of_status, of_transport_for};
use crate::token::{Session, Sessions};
use crate::transport::{Body, Request, Transport};
use crate::usage::Meter;

/// What all clones of an [`crate::Org`] share.
pub(crate) struct Client {
    pub(crate) config: OrgConfig,
    pub(crate) guard: HostGuard,
    pub(crate) login: Url,
    pub(crate) user_agent: HeaderValue,
    pub(crate) transport: Arc<dyn Transport>,
    pub(crate) meter: Meter,
    pub(crate) describes: Mutex<HashMap<String, Arc<Describe>>>,
    /// Whether a login ever succeeded: only then is the org known to be there.
    pub(crate) logged_in: AtomicBool,
    /// The session that [`crate::Org::has_just_signed_in`] was last asked of.
    pub(crate) begun: AtomicU64,
    /// Held by the one exchange of a refresh token that is under way.
    pub(crate) exchange: Arc<tokio::sync::Mutex<()>>,
    /// What may be used; nothing is bounded where it was never said.
    pub(crate) budget: OnceLock<Budget>,
    sessions: Sessions,
}

/// One request to the org, still without session: everything needed to send it as often as is allowed.
pub(crate) struct Ask {
    pub(crate) call: Call,
    method: Method,
    path: String,
    headers: HeaderMap,
    body: Body,
}

impl Ask {
    /// A request to `path`, which begins with a slash and is already percent-encoded.
    pub(crate) fn new(call: Call, method: Method, path: String) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static("application/json"));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        Self { call, method, path, headers, body: Body::Empty }
    }

    pub(crate) fn get(call: Call, path: String) -> Self {
        Self::new(call, Method::GET, path)
    }

    pub(crate) fn with_json(self, body: &Value) -> Self {
        self.with_body("application/json; charset=UTF-8", Body::Bytes(Bytes::from(body.to_string())))
    }

    pub(crate) fn with_body(self, content_type: &str, body: Body) -> Self {
        let mut ask = self.with_header(CONTENT_TYPE, content_type);
        ask.body = body;
        ask
    }

    /// Adds a header; a value that is none is left out.
    pub(crate) fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.insert(name, value);
        }
        self
    }

    pub(crate) fn csv(self) -> Self {
        self.with_header(ACCEPT, "text/csv")
    }
}

/// What to make of a successful answer.
pub(crate) trait Read: Sync {
    type Out: Send;
    fn read(&self, answer: &mut Answer<'_>) -> impl Future<Output = Result<Self::Out, Error>> + Send;
}

struct Json<T>(PhantomData<fn() -> T>);

impl<T: DeserializeOwned + Send> Read for Json<T> {
    type Out = T;
    async fn read(&self, answer: &mut Answer<'_>) -> Result<T, Error> {
        answer.json().await
    }
}

struct Nothing;

impl Read for Nothing {
    type Out = ();
    async fn read(&self, answer: &mut Answer<'_>) -> Result<(), Error> {
        if answer.is_html() {
            return Err(Error::new(ErrorKind::Contract, "HTML instead of an empty answer"));
        }
        answer.drain().await
    }
}

impl Client {
    pub(crate) fn new(config: OrgConfig, transport: Arc<dyn Transport>) -> Result<Self, Error> {
        let guard = HostGuard::new(&config.allowed_hosts, config.allow_plain_http_loopback);
        let login = guard
            .origin(&config.login_url)
            .map_err(|why| Error::new(ErrorKind::Configuration, "login address").with_source(why))?;
        // The loopback switch serves a whole simulated org: a real login never leads to plain http.
        let guard = HostGuard::new(&config.allowed_hosts, login.scheme() == "http");
        let user_agent = HeaderValue::from_str(&config.user_agent)
            .map_err(|_| Error::new(ErrorKind::Configuration, "user agent"))?;
        Ok(Self {
            config,
            guard,
            login,
            user_agent,
            transport,
            meter: Meter::default(),
            describes: Mutex::default(),
            logged_in: AtomicBool::new(false),
            begun: AtomicU64::new(0),
            exchange: Arc::default(),
            budget: OnceLock::new(),
            sessions: Sessions::default(),
        })
    }

    /// The present session; logs in where there is none.
    pub(crate) async fn session(self: &Arc<Self>) -> Result<Arc<Session>, Error> {
        self.sessions.get(None, self.log_in()).await
    }

    /// `/services/data/vNN.0` and a path below it.
    pub(crate) fn path(&self, below: &str) -> String {
        format!("/services/data/{}{below}", self.config.api_version)
    }

    /// Sends and reads JSON.
    pub(crate) async fn json<T: DeserializeOwned + Send>(self: &Arc<Self>, ask: &Ask) -> Result<T, Error> {
        self.run(ask, &Json(PhantomData)).await
    }

    /// Sends and expects success, whatever the body.
    pub(crate) async fn done(self: &Arc<Self>, ask: &Ask) -> Result<(), Error> {
        self.run(ask, &Nothing).await
    }

    /// Sends, repeats as far as the call allows, and reads the answer.
    pub(crate) async fn run<R: Read>(self: &Arc<Self>, ask: &Ask, read: &R) -> Result<R::Out, Error> {
        let mut waits = Waits::new(&self.config.retry);
        let (mut no_route, mut bad_answers, mut refused) = (0, 0, None);
        loop {
            let session = self.sessions.get(refused, self.log_in()).await?;
            let failure = match self.attempt(ask, &session, read).await {
                Ok(out) => return Ok(out),
                Err(failure) => failure,
            };
            let again = match failure.again {
                Again::Never => false,
                Again::Renew => {
                    met(Branch::SignedInAgain);
                    refused.replace(session.generation).is_none() || planted(Mistake::EndlessSignIn)
                }
                Again::Soon => waits.wait().await,
                Again::NoRoute => {
                    no_route += 1;
                    no_route <= self.config.retry.no_route && waits.wait().await
                }
                Again::BadAnswer => {
                    bad_answers += 1;
                    bad_answers <= self.config.retry.bad_answer && waits.wait().await
                }
            };
            if failure.again == Again::Never {
                met(Branch::Refused);
            }
            if !again {
                return Err(failure.error.during(ask.call));
            }
            met(if failure.again == Again::BadAnswer { Branch::Rejected } else { Branch::Retried });
            waits.tell(ask.call, &failure.error);
        }
    }

    async fn attempt<R: Read>(&self, ask: &Ask, session: &Session, read: &R) -> Result<R::Out, Failure> {
        let request = self.request(ask, session)?;
        if let Some(budget) = self.budget.get() {
            budget.take(ask.call, &self.meter).await?;
        }
        self.meter.sent(ask.call, ask.body.len());
        let response =
            self.transport.send(request).await.map_err(|error| of_transport_for(ask.call, error))?;
        self.meter.answered(&response.headers);
        let (timeouts, sizes) = (&self.config.timeouts, &self.config.sizes);
        let mut answer = Answer::new(response, timeouts, sizes, &self.meter)
            .map_err(|error| of_reading(ask.call, error))?;
        if (200..300).contains(&answer.status) {
            return read.read(&mut answer).await.map_err(|error| of_reading(ask.call, error));
        }
        let html = answer.is_html();
        // An error is an error with or without its body.
        let body = answer.bytes().await.unwrap_or_default();
        let html = html || body.trim_ascii_start().starts_with(b"<");
        let mut failure = of_status(ask.call, answer.status, rest_errors(&body), html);
        if failure.again == Again::Renew && self.knows_whose(session, &failure.error) {
            failure.again = Again::Never;
        }
        Err(failure)
    }

    /// A session of SOAP `login()` may be refused by the identity service however young it is. Its login has said whose it is, so
    /// that there is nothing to sign in again for; if it has ended, the next call says so.
    fn knows_whose(&self, session: &Session, refused: &Error) -> bool {
        refused.kind() == ErrorKind::Forbidden
            && matches!(self.config.grant, Grant::SoapLogin { .. })
            && session.account.org.is_some()
            && session.account.user.is_some()
    }

    fn request(&self, ask: &Ask, session: &Session) -> Result<Request, Error> {
        let mut headers = ask.headers.clone();
        let mut bearer = HeaderValue::from_str(&format!("Bearer {}", session.token.expose_secret()))
            .map_err(|_| Error::new(ErrorKind::Contract, "no usable access token"))?;
        bearer.set_sensitive(true);
        headers.insert(AUTHORIZATION, bearer);
        headers.insert(USER_AGENT, self.user_agent.clone());
        let url = address(&session.instance, &ask.path)?;
        let upload = matches!(ask.body, Body::File { .. });
        let answer_within = if upload { self.config.timeouts.call } else { self.config.timeouts.answer };
        Ok(Request { method: ask.method.clone(), url, headers, body: ask.body.clone(), answer_within })
    }
}

/// A path on the instance. It never changes the host, and holds no empty or dotted segment (the API answers 404 to
/// doubled slashes).
fn address(instance: &Url, path: &str) -> Result<Url, Error> {
    let (before_query, query) =
        path.split_once('?').map_or((path, None), |(path, query)| (path, Some(query)));
    let plain = before_query.starts_with('/')
        && !before_query.contains("//")
        && !before_query.split('/').any(is_dotted)
        && path.bytes().all(|b| b.is_ascii_graphic() && !matches!(b, b'\\' | b'#' | b'"' | b'<' | b'>'));
    if !plain {
        return Err(Error::new(ErrorKind::Configuration, "a path that cannot be sent"));
    }
    let mut url = instance.clone();
    url.set_path(before_query);
    url.set_query(query);
    if url.as_str().len() > crate::soql::MAX_URI_BYTES {
        return Err(Error::new(ErrorKind::TooLarge, "the address of the request"));
    }
    if url.origin() == instance.origin() {
        Ok(url)
    } else {
        Err(Error::new(ErrorKind::UntrustedAddress, "a path that leads elsewhere"))
    }
}

/// `.` and `..`, encoded or not: they would be taken out of the address.
fn is_dotted(segment: &str) -> bool {
    matches!(segment.to_ascii_lowercase().replace("%2e", ".").as_str(), "." | "..")
}

/// Not the dot: a segment of dots alone would be taken out of the address.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'~');

/// A text as one path segment or query value.
pub(crate) fn percent_encoded(text: &str) -> PercentEncode<'_> {
    utf8_percent_encode(text, SEGMENT)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_stays_on_its_host() {
        let instance = Url::parse("https://example.my.salesforce.com/").unwrap();
        assert_eq!(
            address(&instance, "/services/data/v66.0/query?q=a+b%27").unwrap().as_str(),
            "https://example.my.salesforce.com/services/data/v66.0/query?q=a+b%27"
        );
        for bad in [
            "",
            "x",
            "//evil.tld/",
            "/a//b",
            "/../x",
            "/a/./b",
            "/a\\b",
            "/a b",
            "/a#b",
            "@evil.tld/",
            "/é",
            "/a/%2e%2E/b",
            "https://evil.tld/",
        ] {
            assert!(address(&instance, bad).is_err(), "{bad}");
        }
        assert_eq!(
            address(&instance, &format!("/{}", "x".repeat(17_000))).unwrap_err().kind(),
            ErrorKind::TooLarge
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_one_segment(text in "\\PC{0,20}") {
            let instance = Url::parse("https://example.my.salesforce.com/").unwrap();
            let url = address(&instance, &format!("/a/x{}/b", percent_encoded(&text))).unwrap();
            proptest::prop_assert_eq!(url.path_segments().unwrap().count(), 3);
            proptest::prop_assert_eq!(url.query(), None);
        }
    }
}
