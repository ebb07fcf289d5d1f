//! Which addresses the page is called by. A name that somebody else's server was given for our address (DNS rebinding) is none.

use std::net::{IpAddr, SocketAddr};

use http::uri::{Authority, Uri};
use http::{HeaderMap, HeaderName, header};

/// Which way a request came in, by the host it was sent to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Door {
    /// By the public address: a proxy ended TLS.
    Public,
    /// From this machine, by a name of this machine.
    Here,
    /// By an address of this machine on a network: figures only, because it came unencrypted.
    Elsewhere,
}

/// Where people open the page, when a proxy stands in front: `https://` and a host, perhaps a port.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl(String);

/// Why an address cannot be the public one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("is no address such as \"https://highwater.example.org\": https, a host, and neither path nor user")]
pub struct InvalidPublicUrl;

impl PublicUrl {
    /// Reads one.
    ///
    /// # Errors
    /// [`InvalidPublicUrl`].
    pub fn parse(text: &str) -> Result<Self, InvalidPublicUrl> {
        let rest = text.strip_prefix("https://").ok_or(InvalidPublicUrl)?;
        let rest = rest.strip_suffix('/').unwrap_or(rest).to_ascii_lowercase();
        let authority: Authority = rest.parse().map_err(|_| InvalidPublicUrl)?;
        let plain = !rest.contains('@') && !authority.host().is_empty();
        // Browsers leave the usual port out.
        let host = rest.strip_suffix(":443").unwrap_or(&rest);
        if plain { Ok(Self(host.to_owned())) } else { Err(InvalidPublicUrl) }
    }

    fn origin(&self) -> String {
        format!("https://{}", self.0)
    }
}

/// The hosts that are ours.
pub(super) struct Hosts {
    listen: SocketAddr,
    public: Option<PublicUrl>,
}

const SEC_FETCH_SITE: HeaderName = HeaderName::from_static("sec-fetch-site");

impl Hosts {
    pub(super) const fn new(listen: SocketAddr, public: Option<PublicUrl>) -> Self {
        Self { listen, public }
    }

    /// The port that is listened on.
    pub(super) const fn port(&self) -> u16 {
        self.listen.port()
    }

    /// Which way a request came in, and the origin of our own pages there; `None`: it was sent to somebody else.
    pub(super) fn door(&self, headers: &HeaderMap, uri: &Uri) -> Option<(Door, String)> {
        // A request that names its host in its first line is one for a proxy, which we are not.
        if uri.scheme().is_some() || uri.authority().is_some() {
            return None;
        }
        let host = only(headers, &header::HOST)?.to_ascii_lowercase();
        if let Some(public) = &self.public
            && host.strip_suffix(":443").unwrap_or(&host) == public.0
        {
            return Some((Door::Public, public.origin()));
        }
        let port = self.listen.port();
        let (name, given) = split(&host)?;
        if given != port {
            return None;
        }
        let origin = format!("http://{host}");
        match name.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            Ok(address) if address.is_loopback() => Some((Door::Here, origin)),
            // No name of a stranger's leads here: an address is not looked up.
            Ok(_) if !self.listen.ip().is_loopback() => Some((Door::Elsewhere, origin)),
            Err(_) if name == "localhost" => Some((Door::Here, origin)),
            Ok(_) | Err(_) => None,
        }
    }
}

/// Host and port; 80 where none is given.
fn split(host: &str) -> Option<(&str, u16)> {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.ends_with(']') => Some((name, port.parse().ok()?)),
        Some(_) | None => Some((host, 80)),
    }
}

/// A header that must come once.
fn only<'a>(headers: &'a HeaderMap, name: &HeaderName) -> Option<&'a str> {
    let mut all = headers.get_all(name).iter();
    let (first, second) = (all.next()?, all.next());
    if second.is_some() { None } else { first.to_str().ok() }
}

/// Whether a form was sent by a page of ours. `Sec-Fetch-Site` says so where the browser sends it (no page can set it); else
/// `Origin` must be ours, and none is none.
pub(super) fn is_from_our_page(headers: &HeaderMap, ours: &str) -> bool {
    let given = |name: &HeaderName| headers.contains_key(name).then(|| only(headers, name).unwrap_or("?"));
    match (given(&SEC_FETCH_SITE), given(&header::ORIGIN)) {
        // Some people's settings hide the origin even from its own site.
        (Some("same-origin"), origin) => origin.is_none_or(|origin| origin == ours || origin == "null"),
        (None, Some(origin)) => origin == ours,
        (Some(_), _) | (None, None) => false,
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    fn headers(lines: &[(&'static str, &str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &str)| {
            (HeaderName::from_static(name), HeaderValue::from_str(value).unwrap())
        };
        let mut map = HeaderMap::new();
        for (name, value) in lines.iter().map(pair) {
            map.append(name, value);
        }
        map
    }

    fn door(listen: &str, public: Option<&str>, host: &str) -> Option<Door> {
        let public = public.map(|text| PublicUrl::parse(text).unwrap());
        let hosts = Hosts::new(listen.parse().unwrap(), public);
        hosts.door(&headers(&[("host", host)]), &Uri::from_static("/")).map(|(door, _)| door)
    }

    #[test]
    fn only_names_of_ours_are_ours() {
        let at = |host: &str| door("127.0.0.1:8620", Some("https://h.example.org"), host);
        for host in ["127.0.0.1:8620", "localhost:8620", "LOCALHOST:8620", "[::1]:8620", "127.0.0.2:8620"] {
            assert_eq!(at(host), Some(Door::Here), "{host}");
        }
        for host in ["h.example.org", "H.example.org", "h.example.org:443"] {
            assert_eq!(at(host), Some(Door::Public), "{host}");
        }
        for host in [
            "evil.example",
            "evil.example:8620",
            "127.0.0.1",
            "127.0.0.1:80",
            "localhost",
            "localhost.evil.example:8620",
            "127.0.0.1.evil.example:8620",
            "h.example.org:8620",
            "h.example.org.evil.example",
            "",
            "10.0.0.5:8620",
            ":8620",
            "127.0.0.1:8620:8620",
            "user@127.0.0.1:8620",
        ] {
            assert_eq!(at(host), None, "{host}");
        }
        assert_eq!(door("0.0.0.0:8620", None, "10.0.0.5:8620"), Some(Door::Elsewhere));
        assert_eq!(door("0.0.0.0:8620", None, "localhost:8620"), Some(Door::Here));
        assert_eq!(door("0.0.0.0:8620", None, "evil.example:8620"), None);
        assert_eq!(door("127.0.0.1:80", None, "localhost"), Some(Door::Here));
    }

    #[test]
    fn a_host_that_is_missing_or_comes_twice_or_in_the_first_line_is_none() {
        let hosts = Hosts::new("127.0.0.1:8620".parse().unwrap(), None);
        let here = ("host", "127.0.0.1:8620");
        assert_eq!(hosts.door(&headers(&[]), &Uri::from_static("/")), None);
        assert_eq!(hosts.door(&headers(&[here, here]), &Uri::from_static("/")), None);
        assert_eq!(hosts.door(&headers(&[here]), &Uri::from_static("http://127.0.0.1:8620/")), None);
        let (_, origin) = hosts.door(&headers(&[here]), &Uri::from_static("/")).unwrap();
        assert_eq!(origin, "http://127.0.0.1:8620");
    }

    #[test]
    fn a_form_comes_from_our_own_page_or_is_refused() {
        let ours = "http://127.0.0.1:8620";
        let from = |lines: &[(&'static str, &str)]| is_from_our_page(&headers(lines), ours);
        assert!(from(&[("origin", ours)]));
        assert!(from(&[("origin", ours), ("sec-fetch-site", "same-origin")]));
        assert!(from(&[("sec-fetch-site", "same-origin")]));
        assert!(from(&[("origin", "null"), ("sec-fetch-site", "same-origin")]));
        for refused in [
            vec![],
            vec![("origin", "null")],
            vec![("origin", "https://evil.example")],
            vec![("origin", "http://127.0.0.1:8621")],
            vec![("origin", ours), ("sec-fetch-site", "cross-site")],
            vec![("origin", ours), ("sec-fetch-site", "same-site")],
            vec![("origin", ours), ("sec-fetch-site", "none")],
            vec![("origin", "https://evil.example"), ("sec-fetch-site", "same-origin")],
            vec![("origin", ours), ("origin", "https://evil.example")],
        ] {
            assert!(!from(&refused), "{refused:?}");
        }
    }

    #[test]
    fn a_public_address_is_https_and_a_host() {
        assert_eq!(PublicUrl::parse("https://H.example.org:443/").unwrap().origin(), "https://h.example.org");
        assert_eq!(
            PublicUrl::parse("https://h.example.org:8443").unwrap().origin(),
            "https://h.example.org:8443"
        );
        for wrong in [
            "",
            "h.example.org",
            "http://h.example.org",
            "https://",
            "https://a/b",
            "https://u@a",
            "https://a b",
        ] {
            assert!(PublicUrl::parse(wrong).is_err(), "{wrong}");
        }
    }
}
