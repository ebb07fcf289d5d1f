//! Which websites' scripts may send.

use std::fmt;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue};

/// What browser libraries send with an event, for whoever asks for nothing that can be read.
const HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, content-encoding, anonymousid, x-retry-count");
const METHODS: HeaderValue = HeaderValue::from_static("POST");
/// Names that a script may ask for at once.
const NAMES: usize = 32;
/// Bytes of them.
const NAMES_BYTES: usize = 1_024;
/// For how long a browser may remember, in seconds.
const MAX_AGE: HeaderValue = HeaderValue::from_static("600");

/// The allowed origins. Everybody who is no browser sends none, and is not asked.
#[derive(Debug, Clone, Default)]
pub struct Origins {
    any: bool,
    listed: Vec<HeaderValue>,
}

/// The text is no origin.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidOrigin(pub String);

impl fmt::Display for InvalidOrigin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} is no origin such as https://www.example.org", self.0)
    }
}

impl std::error::Error for InvalidOrigin {}

impl Origins {
    /// From origins as browsers write them: `https://www.example.org`, or `*` for every website.
    ///
    /// # Errors
    /// [`InvalidOrigin`] with the first that is none.
    pub fn parse(raw: &[String]) -> Result<Self, InvalidOrigin> {
        let mut origins = Self::default();
        for text in raw {
            if text == "*" {
                origins.any = true;
                continue;
            }
            let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
            let plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b".-:[]".contains(&byte);
            let fits = host.is_some_and(|host| !host.is_empty() && host.bytes().all(plain));
            let value = HeaderValue::from_str(text).ok().filter(|_| fits);
            origins.listed.push(value.ok_or_else(|| InvalidOrigin(text.clone()))?);
        }
        Ok(origins)
    }

    /// What an answer to this request says about its origin: `Ok(None)` when it has none, `Err` when it may not send.
    pub(super) fn check(&self, request: &HeaderMap) -> Result<Option<Allowed>, ()> {
        let Some(origin) = request.get(ORIGIN) else { return Ok(None) };
        let allowed = self.any || self.listed.contains(origin);
        if allowed { Ok(Some(Allowed(origin.clone()))) } else { Err(()) }
    }
}

/// An origin that may send.
pub(super) struct Allowed(HeaderValue);

impl Allowed {
    /// Lets the script read the answer. The origin is named even where all are allowed: credentials need it.
    pub(super) fn answer(self, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.0);
        headers.insert(VARY, HeaderValue::from_static("origin"));
    }

    /// Answers the question a browser asks first. Which headers a library sends changes from version to version (RudderStack's
    /// `@rudderstack/analytics-js` 3 sends AnonymousId and SentAt, and Rsa-Retry-Attempt with what it sends again), and none of
    /// them lets anybody in: whatever the website's script asks for is allowed.
    pub(super) fn preflight(self, request: &HeaderMap, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, asked_for(request).unwrap_or(HEADERS));
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        self.answer(headers);
        headers.insert(VARY, HeaderValue::from_static("origin, access-control-request-headers"));
    }
}

/// The headers that a script asks for, when they are names of headers and not too many.
fn asked_for(request: &HeaderMap) -> Option<HeaderValue> {
    let mut lines = request.get_all(ACCESS_CONTROL_REQUEST_HEADERS).iter();
    let line = lines.next().filter(|line| line.len() <= NAMES_BYTES)?;
    if lines.next().is_some() {
        return None;
    }
    let mut names = Vec::new();
    for name in line.as_bytes().split(|byte| *byte == b',') {
        if names.len() == NAMES {
            return None;
        }
        names.push(HeaderName::from_bytes(name.trim_ascii()).ok()?);
    }
    let names: Vec<&str> = names.iter().map(HeaderName::as_str).collect();
    HeaderValue::from_str(&names.join(", ")).ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn allowed_after(asked: &[&[u8]]) -> HeaderValue {
        let mut request = HeaderMap::new();
        for line in asked {
            request.append(ACCESS_CONTROL_REQUEST_HEADERS, HeaderValue::from_bytes(line).unwrap());
        }
        let mut answer = HeaderMap::new();
        Allowed(HeaderValue::from_static("https://www.example.org")).preflight(&request, &mut answer);
        answer.remove(ACCESS_CONTROL_ALLOW_HEADERS).unwrap()
    }

    #[test]
    fn a_script_may_send_the_headers_it_asks_for() {
        // What RudderStack's SDK for browsers asks for when it sends an event again.
        let asked = "anonymousid,authorization,content-type,rsa-retry-attempt,rsa-retry-reason,sentat";
        assert_eq!(allowed_after(&[asked.as_bytes()]), asked.replace(',', ", "));
        assert_eq!(allowed_after(&[b"Content-Type , SentAt"]), "content-type, sentat");
        assert_eq!(allowed_after(&[]), HEADERS);
    }

    #[test]
    fn what_is_no_list_of_headers_or_too_long_a_one_is_not_repeated() {
        let many = |count: usize| vec!["x"; count].join(",");
        assert_ne!(allowed_after(&[many(NAMES).as_bytes()]), HEADERS);
        assert_ne!(allowed_after(&["x".repeat(NAMES_BYTES).as_bytes()]), HEADERS);
        let (more, longer) = (many(NAMES + 1), "x".repeat(NAMES_BYTES + 1));
        let others: [&[u8]; 8] =
            [b"", b"a,,b", b"a b", b"a: b", b"a;q=1", b"\xe4", more.as_bytes(), longer.as_bytes()];
        for asked in others {
            assert_eq!(allowed_after(&[asked]), HEADERS, "{asked:?}");
        }
        assert_eq!(allowed_after(&[b"a", b"b"]), HEADERS);
    }

    proptest! {
        #[test]
        fn whatever_is_asked_for_the_answer_names_headers(asked in "[\\x20-\\x7e]{0,80}") {
            let answer = allowed_after(&[asked.as_bytes()]);
            for name in answer.to_str().unwrap().split(", ") {
                prop_assert!(HeaderName::from_bytes(name.as_bytes()).is_ok());
            }
        }
    }

    #[test]
    fn only_listed_origins_may_send_and_who_has_none_is_not_asked() {
        let origins = Origins::parse(&["https://www.example.org".to_owned()]).unwrap();
        let request = |origin: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(ORIGIN, origin.parse().expect("a header"));
            headers
        };
        assert!(matches!(origins.check(&HeaderMap::new()), Ok(None)));
        assert!(matches!(origins.check(&request("https://www.example.org")), Ok(Some(_))));
        for other in
            ["https://example.org", "http://www.example.org", "https://www.example.org.evil.net", "null"]
        {
            assert!(origins.check(&request(other)).is_err(), "{other}");
        }
        assert!(Origins::parse(&["*".to_owned()]).unwrap().check(&request("null")).is_ok());
        for wrong in ["www.example.org", "https://", "https://a/b", "https://A.org", ""] {
            assert!(Origins::parse(&[wrong.to_owned()]).is_err(), "{wrong}");
        }
    }
}
