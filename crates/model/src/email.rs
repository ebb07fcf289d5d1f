//! An e-mail address: compared normalized, printed redacted.

use std::fmt;

use compact_str::CompactString;
use unicode_normalization::UnicodeNormalization;

/// A plausible e-mail address in its comparable form: NFKC, no white space around it, lower case.
///
/// Lower-casing the local part is right here although SMTP allows it to matter: SOQL's `=` ignores case on such fields.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Email(CompactString);

/// The text is not one plausible address. Carries no part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an e-mail address")]
pub struct InvalidEmail;

impl Email {
    /// The longest address Salesforce stores, in characters (Object reference: Contact.Email is Email(80)).
    pub const MAX_CHARS: usize = 80;

    /// Accepts `local@domain` with one `@`, a dot-free or dotted domain without empty labels, and no white space or control
    /// characters inside. Nothing is repaired beyond case and surrounding space.
    ///
    /// # Errors
    /// [`InvalidEmail`] for everything else, also for what is longer than Salesforce can hold.
    pub fn parse(raw: &str) -> Result<Self, InvalidEmail> {
        if Self::is_comparable(raw) {
            return Ok(Self(raw.into()));
        }
        Self::parse_any(raw)
    }

    /// Whether the text is an address in its comparable form already, as far as that can be told letter by letter.
    pub(crate) fn is_comparable(text: &str) -> bool {
        if text.len() > Self::MAX_CHARS {
            return false;
        }
        // Whether nothing stands yet in the local part, or in the label of the domain.
        let (mut in_domain, mut nothing) = (false, true);
        for byte in text.bytes() {
            nothing = match (LETTERS[usize::from(byte)], in_domain) {
                (Letter::Refused, _) | (Letter::At, true) => return false,
                (Letter::At, false) | (Letter::Dot, true) if nothing => return false,
                (Letter::Dot, true) => true,
                (Letter::At, false) => {
                    in_domain = true;
                    true
                }
                (Letter::Plain, _) | (Letter::Dot, false) => false,
            };
        }
        in_domain && !nothing
    }

    fn parse_any(raw: &str) -> Result<Self, InvalidEmail> {
        if raw.len() > 4 * 1024 {
            return Err(InvalidEmail);
        }
        let text = if raw.is_ascii() {
            // Its own NFKC.
            raw.trim_matches(is_padding).to_ascii_lowercase()
        } else {
            raw.nfkc().collect::<String>().trim_matches(is_padding).to_lowercase()
        };
        let (local, domain) = text.split_once('@').ok_or(InvalidEmail)?;
        let plausible = !local.is_empty()
            && !domain.is_empty()
            && !domain.contains('@')
            && domain.split('.').all(|label| !label.is_empty())
            && text.chars().count() <= Self::MAX_CHARS
            && !text
                .chars()
                .any(|c| c.is_whitespace() || c.is_control() || matches!(c, '<' | '>' | ',' | ';' | '"'));
        if plausible { Ok(Self(text.into())) } else { Err(InvalidEmail) }
    }

    /// The comparable form. The one way out: everything that shows an address to anybody calls this.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }
}

/// What a byte is to an address in its comparable form.
#[derive(Clone, Copy)]
enum Letter {
    Refused,
    Plain,
    At,
    Dot,
}

/// Every address is looked at many times on its way: a table answers at a fifth of what comparing costs.
const LETTERS: [Letter; 256] = {
    let mut letters = [Letter::Refused; 256];
    let mut byte = b'!';
    while byte <= b'~' {
        letters[byte as usize] = match byte {
            b'@' => Letter::At,
            b'.' => Letter::Dot,
            b'<' | b'>' | b',' | b';' | b'"' | b'A'..=b'Z' => Letter::Refused,
            _ => Letter::Plain,
        };
        byte += 1;
    }
    letters
};

/// White space of any kind, and the invisible format characters that ride along with copied addresses.
fn is_padding(c: char) -> bool {
    c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

impl fmt::Debug for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Email(<redacted>)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_and_space_do_not_matter() {
        assert_eq!(Email::parse(" Jo@Example.ORG\u{a0}"), Email::parse("jo@example.org"));
    }

    #[test]
    fn what_is_not_one_address_is_refused() {
        for bad in
            ["", "jo", "@x.org", "jo@", "a@b@c.org", "a b@c.org", "a@c..org", "<a@c.org>", "a@c.org, b@c.org"]
        {
            assert_eq!(Email::parse(bad), Err(InvalidEmail), "{bad}");
        }
        assert!(Email::parse(&format!("{}@x.org", "a".repeat(80))).is_err());
    }

    #[test]
    fn printing_hides_the_address() {
        assert_eq!(format!("{:?}", Email::parse("jo@example.org").unwrap()), "Email(<redacted>)");
    }

    proptest::proptest! {
        #[test]
        fn parsing_is_total_and_idempotent(raw in "\\PC{0,60}") {
            if let Ok(email) = Email::parse(&raw) {
                proptest::prop_assert_eq!(Email::parse(email.expose()), Ok(email));
            }
        }

        #[test]
        fn what_is_comparable_already_is_what_parsing_makes_of_it(raw in "[ -~é\u{7f}]{0,4}[a-zA-Z@.<]{0,3}@[a-zA-Z@.é]{0,6}") {
            if Email::is_comparable(&raw) {
                proptest::prop_assert_eq!(Email::parse_any(&raw).map(|email| email.expose().to_owned()), Ok(raw));
            }
        }

        /// Nothing that parsing leaves as it is goes the long way.
        #[test]
        fn what_parsing_leaves_as_it_is_is_comparable(raw in "[!-~]{0,3}[a-zA-Z@.<]{0,4}@[a-z.@]{0,6}") {
            if Email::parse_any(&raw).is_ok_and(|email| email.expose() == raw) {
                proptest::prop_assert!(Email::is_comparable(&raw));
            }
        }

        #[test]
        fn ascii_is_its_own_compatible_form(raw in "[\u{0}-\u{7f}]{0,12}@[ -~]{0,12}") {
            let long_way: String = raw.nfkc().collect::<String>().trim_matches(is_padding).to_lowercase();
            proptest::prop_assert_eq!(raw.trim_matches(is_padding).to_ascii_lowercase(), long_way);
        }
    }
}
