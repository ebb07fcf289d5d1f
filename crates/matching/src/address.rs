//! E-mail addresses: equal, merely near, different or missing.

use unicode_normalization::UnicodeNormalization;

use crate::clean::is_format;

/// Longest address that is looked at, in characters. RFC 5321 allows 254.
const LONGEST_ADDRESS: usize = 320;

/// Which differences between two addresses are overlooked. By default none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct EmailEquivalence {
    /// `ann+news@example.org` is `ann@example.org`, at every domain.
    pub plus_tag: bool,
    /// Dots before the `@` do not count, at gmail.com and googlemail.com only.
    pub gmail_dots: bool,
    /// googlemail.com is gmail.com.
    pub gmail_domain: bool,
}

impl EmailEquivalence {
    /// Every rule switched on.
    pub const ALL: Self = Self { plus_tag: true, gmail_dots: true, gmail_domain: true };
}

/// How two addresses relate under the rules that are on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Addresses {
    Equal,
    /// Equal only under a rule that is off.
    Near,
    Differ,
    /// At least one side has none.
    Missing,
}

/// One address as compared: compatibility form, lower case, bare of white space and format characters at its ends.
#[derive(Clone)]
pub(crate) struct Address {
    key: String,
    /// Where the `@` stands; `None` when the text is no address.
    at: Option<usize>,
}

impl Address {
    pub(crate) fn new(raw: &str) -> Self {
        let bare = |text: &str| text.trim_matches(|c: char| c.is_whitespace() || is_format(c)).to_lowercase();
        let key = if raw.is_ascii() { bare(raw) } else { bare(&raw.nfkc().collect::<String>()) };
        let at = key.find('@').filter(|at| {
            *at > 0
                && at + 1 < key.len()
                && !key[at + 1..].contains('@')
                && key.chars().count() <= LONGEST_ADDRESS
        });
        Self { key, at }
    }

    fn parts(&self) -> Option<(&str, &str)> {
        self.at.map(|at| (&self.key[..at], &self.key[at + 1..]))
    }

    /// The part before the `@`; empty when there is no address.
    pub(crate) fn local(&self) -> &str {
        self.parts().map_or("", |(local, _)| local)
    }

    /// Whether several people are likely to read this mailbox.
    pub(crate) fn is_role(&self) -> bool {
        matches!(
            self.local(),
            "info"
                | "office"
                | "admin"
                | "contact"
                | "hello"
                | "enquiries"
                | "inquiries"
                | "parish"
                | "secretary"
                | "team"
                | "mail"
                | "finance"
                | "membership"
                | "accounts"
                | "support"
                | "sales"
                | "help"
                | "webmaster"
                | "postmaster"
                | "marketing"
                | "hr"
                | "reception"
                | "treasurer"
                | "chair"
                | "events"
        )
    }

    pub(crate) fn relate(&self, other: &Self, rules: EmailEquivalence) -> Addresses {
        let (Some(a), Some(b)) = (self.parts(), other.parts()) else { return Addresses::Missing };
        if a == b || same_under(a, b, rules) {
            Addresses::Equal
        } else if same_under(a, b, EmailEquivalence::ALL) {
            Addresses::Near
        } else {
            Addresses::Differ
        }
    }
}

fn same_under(a: (&str, &str), b: (&str, &str), rules: EmailEquivalence) -> bool {
    domain(a.1, rules) == domain(b.1, rules) && letters(a, rules).eq(letters(b, rules))
}

fn domain(domain: &str, rules: EmailEquivalence) -> &str {
    if rules.gmail_domain && domain == "googlemail.com" { "gmail.com" } else { domain }
}

fn letters<'a>((local, domain): (&'a str, &str), rules: EmailEquivalence) -> impl Iterator<Item = u8> + 'a {
    let untagged = local.find('+').filter(|at| rules.plus_tag && *at > 0).map_or(local, |at| &local[..at]);
    let dotless = rules.gmail_dots && matches!(domain, "gmail.com" | "googlemail.com");
    untagged.bytes().filter(move |b| !(dotless && *b == b'.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(a: &str, b: &str, rules: EmailEquivalence) -> Addresses {
        Address::new(a).relate(&Address::new(b), rules)
    }

    #[test]
    fn case_and_surrounding_space_do_not_count() {
        let strict = EmailEquivalence::default();
        assert_eq!(of("\u{A0}Ann@Example.org\u{200B}", "ann@example.org", strict), Addresses::Equal);
        assert_eq!(of("ann@example.org", "ann@example.com", strict), Addresses::Differ);
    }

    #[test]
    fn a_text_that_is_no_address_is_missing() {
        for none in ["", "  ", "ann", "a@b@c", "@example.org", "ann@"] {
            assert_eq!(of(none, none, EmailEquivalence::ALL), Addresses::Missing, "{none}");
        }
    }

    #[test]
    fn each_rule_overlooks_its_own_difference_only() {
        let plus = EmailEquivalence { plus_tag: true, ..EmailEquivalence::default() };
        let dots = EmailEquivalence { gmail_dots: true, ..EmailEquivalence::default() };
        let name = EmailEquivalence { gmail_domain: true, ..EmailEquivalence::default() };
        for (a, b, rule) in [
            ("ann+x@example.org", "ann@example.org", plus),
            ("a.nn@gmail.com", "ann@gmail.com", dots),
            ("ann@googlemail.com", "ann@gmail.com", name),
        ] {
            for rules in [EmailEquivalence::default(), plus, dots, name] {
                let expected = if rules == rule { Addresses::Equal } else { Addresses::Near };
                assert_eq!(of(a, b, rules), expected, "{a} {b} {rules:?}");
            }
        }
        assert_eq!(of("a.nn@example.org", "ann@example.org", EmailEquivalence::ALL), Addresses::Differ);
        assert_eq!(of("+x@example.org", "+y@example.org", EmailEquivalence::ALL), Addresses::Differ);
    }

    #[test]
    fn shared_mailboxes_are_known_by_their_whole_name() {
        assert!(Address::new("Info@parish.example").is_role());
        assert!(!Address::new("infante@parish.example").is_role());
    }
}
