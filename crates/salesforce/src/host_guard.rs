//! Which addresses the access token may be sent to.
//!
//! `instance_url`, `nextRecordsUrl` and every other address in an answer is data. An address is accepted only in one
//! plain spelling; whatever a second parser could read differently (user-info, backslashes, encoded or non-ASCII
//! hosts, odd ports) is refused before any request leaves.

use url::Url;

/// An address was refused. Carries no part of it: it may hold anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UntrustedAddress {
    /// Not `https://`, and not the permitted loopback.
    #[error("only https addresses are trusted")]
    Scheme,
    /// Characters that do not belong into a plain address.
    #[error("the address is not plainly written")]
    Spelling,
    /// Another host than Salesforce's or a configured one.
    #[error("the host is not one of Salesforce's and not among the allowed hosts")]
    Host,
    /// Another port than 443.
    #[error("the port is not 443")]
    Port,
}

/// The rule of one org.
#[derive(Debug, Clone)]
pub(crate) struct HostGuard {
    allowed: Vec<String>,
    plain_loopback: bool,
}

impl HostGuard {
    pub(crate) fn new(allowed: &[String], plain_loopback: bool) -> Self {
        Self { allowed: allowed.iter().map(|host| host.to_ascii_lowercase()).collect(), plain_loopback }
    }

    /// Accepts an address and returns its origin, without path.
    pub(crate) fn origin(&self, raw: &str) -> Result<Url, UntrustedAddress> {
        let (plain, rest) = match (raw.strip_prefix("https://"), raw.strip_prefix("http://")) {
            (Some(rest), _) => (false, rest),
            (None, Some(rest)) => (true, rest),
            (None, None) => return Err(UntrustedAddress::Scheme),
        };
        if raw.len() > 2048 || !raw.bytes().all(|b| b.is_ascii_graphic()) || raw.contains('\\') {
            return Err(UntrustedAddress::Spelling);
        }
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default().to_ascii_lowercase();
        let (host, port) = split_port(&authority)?;
        if plain {
            if !self.plain_loopback || !is_loopback(host) {
                return Err(UntrustedAddress::Scheme);
            }
        } else {
            self.check_https(&authority, host, port)?;
        }
        let origin = format!("{}://{authority}/", if plain { "http" } else { "https" });
        let url = Url::parse(&origin).map_err(|_| UntrustedAddress::Spelling)?;
        // The library that will open the connection must read the same host as we did.
        if url.host_str() == Some(host) { Ok(url) } else { Err(UntrustedAddress::Spelling) }
    }

    fn check_https(&self, authority: &str, host: &str, port: Option<u16>) -> Result<(), UntrustedAddress> {
        if self.allowed.iter().any(|allowed| allowed == authority) {
            return Ok(());
        }
        if !plain_name(host) {
            return Err(UntrustedAddress::Spelling);
        }
        let ours = self.allowed.iter().any(|allowed| allowed == host);
        if !ours && !host.ends_with(".salesforce.com") {
            return Err(UntrustedAddress::Host);
        }
        if port.is_none_or(|port| port == 443) { Ok(()) } else { Err(UntrustedAddress::Port) }
    }
}

fn split_port(authority: &str) -> Result<(&str, Option<u16>), UntrustedAddress> {
    if authority.contains('@') || authority.contains('%') {
        return Err(UntrustedAddress::Spelling);
    }
    let after_bracket = authority.rfind(']').map_or(0, |at| at + 1);
    match authority[after_bracket..].split_once(':') {
        None => Ok((authority, None)),
        Some((host_rest, port)) => {
            let host = &authority[..after_bracket + host_rest.len()];
            let digits = !port.is_empty() && port.len() <= 5 && port.bytes().all(|b| b.is_ascii_digit());
            let port = if digits { port.parse().ok() } else { None };
            port.map(|port| (host, Some(port))).ok_or(UntrustedAddress::Port)
        }
    }
}

/// Dotted names of letters, digits and inner hyphens; no encoded international names.
fn plain_name(host: &str) -> bool {
    host.len() <= 253
        && host.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
                && !label.starts_with('-')
                && !label.ends_with('-')
                && !label.starts_with("xn--")
        })
}

fn is_loopback(host: &str) -> bool {
    if host == "localhost" || host == "[::1]" {
        return true;
    }
    // Four plain decimal numbers only: `127.1` and `0x7f.0.0.1` are read differently by different programs.
    let parts: Vec<Option<u8>> =
        host.split('.').map(|part| part.parse().ok().filter(|_| !part.starts_with('+'))).collect();
    parts.len() == 4 && parts[0] == Some(127) && parts.iter().all(Option::is_some)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guard() -> HostGuard {
        HostGuard::new(&["sf.example.org".to_owned(), "proxy.example.org:8443".to_owned()], false)
    }

    #[test]
    fn salesforce_and_configured_hosts_are_accepted() {
        for good in [
            "https://example.my.salesforce.com",
            "https://example.my.salesforce.com/",
            "https://example--uat.sandbox.my.salesforce.com",
            "https://EXAMPLE.my.salesforce.com/id/00D/005",
            "https://login.salesforce.com:443",
            "https://sf.example.org",
            "https://proxy.example.org:8443/x",
        ] {
            assert!(guard().origin(good).is_ok(), "{good}");
        }
    }

    #[test]
    fn hostile_addresses_are_refused() {
        for bad in [
            "",
            "example.my.salesforce.com",
            "//example.my.salesforce.com",
            "http://example.my.salesforce.com",
            "http://127.0.0.1:8080",
            "HTTPS://example.my.salesforce.com",
            "ftp://example.my.salesforce.com",
            "javascript:alert(1)",
            "file:///etc/passwd",
            "https://example.my.salesforce.com.evil.tld",
            "https://evil.tld/example.my.salesforce.com",
            "https://evil.tld#.salesforce.com",
            "https://evil.tld?.salesforce.com",
            "https://evil.tld\\.salesforce.com",
            "https://evil.tld\\@example.my.salesforce.com",
            "https://user@example.my.salesforce.com",
            "https://user:pw@example.my.salesforce.com",
            "https://example.my.salesforce.com@evil.tld",
            "https://example.my.salesforce.com:444",
            "https://example.my.salesforce.com:0443443",
            "https://example.my.salesforce.com:",
            "https://example.my.salesforce.com:443:443",
            "https://evilsalesforce.com",
            "https://salesforce.com",
            "https://.salesforce.com",
            "https://a..salesforce.com",
            "https://example.my.salesforce.com.",
            "https://127.0.0.1",
            "https://[::1]",
            "https://2130706433",
            "https://0x7f.0.0.1",
            "https://169.254.169.254/latest/meta-data",
            "https://xn--e1aybc.salesforce.com",
            "https://exаmple.my.salesforce.com",
            "https://example。salesforce.com",
            "https://example%2emy.salesforce.com",
            "https://evil.tld%23.salesforce.com",
            "https://evil.tld\t.salesforce.com",
            "https://evil.tld\n.salesforce.com",
            " https://example.my.salesforce.com",
            "https:example.my.salesforce.com",
            "https:///example.my.salesforce.com",
            "https://example_x.my.salesforce.com",
            "https://-a.salesforce.com",
            "https://sf.example.org:8443",
            "https://x.sf.example.org",
        ] {
            assert!(guard().origin(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn plain_http_reaches_loopback_only_and_only_with_the_switch() {
        let open = HostGuard::new(&[], true);
        for good in ["http://127.0.0.1:8080", "http://localhost:1", "http://[::1]:9", "http://127.8.9.1"] {
            assert!(open.origin(good).is_ok(), "{good}");
            assert_eq!(guard().origin(good), Err(UntrustedAddress::Scheme), "{good}");
        }
        for bad in [
            "http://10.0.0.1",
            "http://127.1",
            "http://0x7f.0.0.1",
            "http://0177.0.0.1",
            "http://127.0.0.1.evil.tld",
            "http://localhost.evil.tld",
            "http://localhost@evil.tld",
            "http://evil.tld#127.0.0.1",
            "http://example.my.salesforce.com",
            "http://[::ffff:127.0.0.1]",
        ] {
            assert!(open.origin(bad).is_err(), "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn whatever_is_accepted_leads_to_a_trusted_host(raw in "https?://[a-z0-9@:/\\\\.#?%\\[\\]-]{0,40}(salesforce\\.com)?[a-z0-9@:/\\\\.#?%-]{0,10}") {
            if let Ok(url) = guard().origin(&raw) {
                let host = url.host_str().unwrap_or_default();
                proptest::prop_assert!(host.ends_with(".salesforce.com") || host.ends_with(".example.org"));
                proptest::prop_assert_eq!(url.scheme(), "https");
                proptest::prop_assert!(url.username().is_empty() && url.password().is_none());
            }
        }
    }
}
