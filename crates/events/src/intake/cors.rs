//! Which websites' scripts may send.

use std::fmt;

use http::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_MAX_AGE, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderValue};

/// What browser libraries send with an event (RudderStack's adds AnonymousId).
const HEADERS: HeaderValue =
    HeaderValue::from_static("authorization, content-type, content-encoding, anonymousid, x-retry-count");
const METHODS: HeaderValue = HeaderValue::from_static("POST");
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

    /// Answers the question a browser asks first.
    pub(super) fn preflight(self, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_METHODS, METHODS);
        headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, HEADERS);
        headers.insert(ACCESS_CONTROL_MAX_AGE, MAX_AGE);
        self.answer(headers);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
