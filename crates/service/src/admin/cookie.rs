//! Cookies: what a browser keeps of a session.
//!
//! The name with `__Host-` is one that no other host, path or unencrypted page can set. Browsers keep such a cookie over https, and
//! most of them over plain http on this very machine, too (Chromium and Firefox do, Safari does not). So the sign-in page offers
//! both, and the session gets the better one of those that came back.

use http::{HeaderMap, HeaderValue, header};

use super::hosts::Door;
use super::token::Token;

/// What a cookie is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Jar {
    /// The session.
    Session,
    /// The sign-in form: there is no session yet.
    Form,
}

impl Jar {
    /// With the port, which cookies take no notice of: production and its sandbox on one machine do not sign each other out.
    fn name(self, locked: bool, port: u16) -> String {
        let prefix = if locked { "__Host-" } else { "" };
        let end = match self {
            Self::Session => "",
            Self::Form => "-form",
        };
        format!("{prefix}highwater-{port}{end}")
    }

    /// What came back, and whether under the locked name. Through the proxy nothing else counts.
    pub(super) fn read(self, headers: &HeaderMap, (door, port): (Door, u16)) -> Option<(Token, bool)> {
        let under = |locked| Some((value(headers, &self.name(locked, port))?, locked));
        let locked = under(true);
        match door {
            Door::Public => locked,
            Door::Here => locked.or_else(|| under(false)),
            Door::Elsewhere => None,
        }
    }

    /// Sets it under the locked name or the plain one.
    pub(super) fn set(self, token: &Token, locked: bool, port: u16) -> HeaderValue {
        self.header(token.digits(), "", (locked, port))
    }

    /// Takes it away.
    pub(super) fn clear(self, locked: bool, port: u16) -> HeaderValue {
        self.header("", "; Max-Age=0", (locked, port))
    }

    fn header(self, value: &str, more: &str, (locked, port): (bool, u16)) -> HeaderValue {
        let (name, secure) = (self.name(locked, port), if locked { "; Secure" } else { "" });
        let text = format!("{name}={value}; Path=/; HttpOnly; SameSite=Strict{secure}{more}");
        HeaderValue::from_str(&text).expect("names and tokens of ours are visible ASCII")
    }
}

/// The one value under a name. One that is sent twice was not set by us alone: it counts as none.
fn value(headers: &HeaderMap, wanted: &str) -> Option<Token> {
    let lines = headers.get_all(header::COOKIE).iter().filter_map(|line| line.to_str().ok());
    let pairs = lines.flat_map(|line| line.split(';')).filter_map(|pair| pair.trim().split_once('='));
    let mut found = pairs.filter(|(name, _)| *name == wanted).map(|(_, value)| value);
    let (first, second) = (found.next()?, found.next());
    if second.is_some() { None } else { Token::parse(first) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(cookies: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, HeaderValue::from_str(cookies).unwrap())])
    }

    #[test]
    fn through_the_proxy_only_the_locked_name_counts() {
        let (locked, plain) = (Token::random().unwrap(), Token::random().unwrap());
        let both =
            format!("x=1; highwater-8620={}; __Host-highwater-8620={}", plain.digits(), locked.digits());
        let one = format!("highwater-8620={}", plain.digits());
        let read = |cookies: &str, door| Jar::Session.read(&sent(cookies), (door, 8620));
        assert_eq!(read(&both, Door::Public), Some((locked.clone(), true)));
        assert_eq!(read(&both, Door::Here), Some((locked, true)));
        assert_eq!(read(&one, Door::Here), Some((plain, false)));
        assert_eq!(read(&one, Door::Public), None);
        assert_eq!(read(&both, Door::Elsewhere), None);
        assert_eq!(Jar::Session.read(&sent(&both), (Door::Here, 8621)), None, "another port's");
    }

    #[test]
    fn a_name_that_comes_twice_counts_as_none() {
        let (one, other) = (Token::random().unwrap(), Token::random().unwrap());
        let twice = format!("highwater-8620={}; highwater-8620={}", one.digits(), other.digits());
        assert_eq!(Jar::Session.read(&sent(&twice), (Door::Here, 8620)), None);
        assert_eq!(Jar::Session.read(&sent("highwater-8620=' OR 1=1"), (Door::Here, 8620)), None);
    }

    #[test]
    fn every_cookie_is_for_this_host_and_for_no_script() {
        let token = Token::random().unwrap();
        for jar in [Jar::Session, Jar::Form] {
            let set = jar.set(&token, true, 8620).to_str().unwrap().to_owned();
            assert!(set.starts_with("__Host-highwater-8620"), "{set}");
            assert!(set.ends_with("; Path=/; HttpOnly; SameSite=Strict; Secure"), "{set}");
            let plain = jar.set(&token, false, 8620).to_str().unwrap().to_owned();
            assert!(plain.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{plain}");
        }
        assert!(Jar::Session.clear(true, 8620).to_str().unwrap().contains("Max-Age=0"));
    }
}
