//! The write key of a request's head.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use http::header::AUTHORIZATION;

/// What the head says.
#[derive(PartialEq, Eq)]
pub(super) enum Credentials {
    /// Nothing: the key is in the body.
    None,
    /// The user of Basic authentication: a write key and nothing else. The password is empty in Segment's and RudderStack's
    /// SDKs, and not looked at.
    Basic(String),
    /// A Bearer token: a write key, or a token of somebody's OAuth with the key in the body (Segment's HTTP API, "OAuth").
    Bearer(String),
    /// None of these.
    Unreadable,
}

pub(super) fn read(headers: &HeaderMap) -> Credentials {
    let Some(value) = headers.get(AUTHORIZATION) else { return Credentials::None };
    let parts = value.to_str().ok().and_then(|text| text.split_once(' '));
    let Some((scheme, rest)) = parts else { return Credentials::Unreadable };
    let rest = rest.trim();
    if scheme.eq_ignore_ascii_case("bearer") {
        return Credentials::Bearer(rest.to_owned());
    }
    if !scheme.eq_ignore_ascii_case("basic") {
        return Credentials::Unreadable;
    }
    let decoded = STANDARD.decode(rest).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let user = decoded.as_deref().map(|text| text.split_once(':').map_or(text, |(user, _)| user));
    user.map_or(Credentials::Unreadable, |user| Credentials::Basic(user.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(value: &str) -> Credentials {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, value.parse().expect("a header"));
        read(&headers)
    }

    #[test]
    fn the_key_is_the_user_of_basic_or_the_bearer_token() {
        assert!(of("Basic a2V5Og==") == Credentials::Basic("key".to_owned()));
        assert!(of("basic a2V5OnBhc3M=") == Credentials::Basic("key".to_owned()));
        assert!(of("Basic a2V5") == Credentials::Basic("key".to_owned()));
        assert!(of("Bearer key") == Credentials::Bearer("key".to_owned()));
        for strange in ["Basic !", "Basic", "Digest x", "Basic //79"] {
            assert!(of(strange) == Credentials::Unreadable, "{strange}");
        }
        assert!(read(&HeaderMap::new()) == Credentials::None);
    }
}
