//! Links into either system, made from a pattern and an id.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// All but letters, digits and `-._~` (RFC 3986, 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A web address with `{id}` in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkPattern {
    before: String,
    after: String,
}

/// Why a text is no link pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLinkPattern {
    /// Not exactly one `{id}`.
    #[error("a link pattern holds {{id}} exactly once")]
    Place,
    /// Not a web address, or `{id}` is part of the host.
    #[error("a link pattern begins with https:// or http:// and a host, and has {{id}} after it")]
    Address,
    /// White space, control characters, quotes or angle brackets.
    #[error("a link pattern has no white space, quotes, brackets or control characters")]
    Character,
}

impl LinkPattern {
    /// Accepts an `http` or `https` address with exactly one `{id}` behind the host.
    ///
    /// # Errors
    /// [`InvalidLinkPattern`].
    pub fn parse(raw: &str) -> Result<Self, InvalidLinkPattern> {
        let (before, after) = raw.split_once("{id}").ok_or(InvalidLinkPattern::Place)?;
        if after.contains("{id}") {
            return Err(InvalidLinkPattern::Place);
        }
        let bad = |c: char| c.is_control() || c.is_whitespace() || "\"'<>\\^`{|}".contains(c);
        if before.contains(bad) || after.contains(bad) {
            return Err(InvalidLinkPattern::Character);
        }
        let host = before.strip_prefix("https://").or_else(|| before.strip_prefix("http://"));
        // The id is data: what it holds must never decide where the link leads.
        match host.and_then(|host| host.split_once(['/', '?', '#'])) {
            Some((host, _)) if !host.is_empty() => {
                Ok(Self { before: before.to_owned(), after: after.to_owned() })
            }
            Some(_) | None => Err(InvalidLinkPattern::Address),
        }
    }

    /// The address for an id. Whatever the id holds is escaped.
    #[must_use]
    pub fn fill(&self, id: &str) -> String {
        format!("{}{}{}", self.before, utf8_percent_encode(id, RESERVED), self.after)
    }
}

impl fmt::Display for LinkPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{{id}}{}", self.before, self.after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_put_in_its_place() {
        let pattern = LinkPattern::parse("https://db.example.org/people?id={id}&tab=1").unwrap();
        assert_eq!(pattern.fill("1042"), "https://db.example.org/people?id=1042&tab=1");
        assert_eq!(pattern.to_string(), "https://db.example.org/people?id={id}&tab=1");
    }

    #[test]
    fn what_an_id_holds_does_not_change_where_the_link_leads() {
        let pattern = LinkPattern::parse("https://db.example.org/{id}").unwrap();
        assert_eq!(pattern.fill("../a b?c=d&é"), "https://db.example.org/..%2Fa%20b%3Fc%3Dd%26%C3%A9");
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for (raw, why) in [
            ("https://db.example.org/", InvalidLinkPattern::Place),
            ("https://db.example.org/{id}/{id}", InvalidLinkPattern::Place),
            ("javascript:alert({id})", InvalidLinkPattern::Address),
            ("https://{id}.example.org/", InvalidLinkPattern::Address),
            ("https:///{id}", InvalidLinkPattern::Address),
            ("db.example.org/{id}", InvalidLinkPattern::Address),
            ("https://db.example.org/{id} onclick=x", InvalidLinkPattern::Character),
            ("https://db.example.org/{id}\u{1b}[0m", InvalidLinkPattern::Character),
        ] {
            assert_eq!(LinkPattern::parse(raw), Err(why), "{raw}");
        }
    }

    proptest::proptest! {
        #[test]
        fn parsing_is_total_and_filling_stays_on_the_host(raw in ".{0,40}", id in ".{0,20}") {
            let _ = LinkPattern::parse(&raw);
            let link = LinkPattern::parse("https://h.example/{id}/x").unwrap().fill(&id);
            proptest::prop_assert!(link.starts_with("https://h.example/") && link.ends_with("/x"));
            proptest::prop_assert_eq!(link.matches('/').count(), 4);
        }
    }
}
