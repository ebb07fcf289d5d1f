//! Values in a query.

use std::fmt;

use model::{ContactId, SalesforceId, Stamp};

/// One value as SOQL writes it.
#[derive(Clone, PartialEq)]
pub enum Literal {
    /// `null`; for text fields the same as the empty text.
    Null,
    /// A quoted text.
    Text(Box<str>),
    /// `true` or `false`.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// Any finite number; others are written as `null`.
    Decimal(f64),
    /// A date and time in UTC, whole seconds (SOQL reference: unquoted, no fraction).
    DateTime(Stamp),
    /// A record id.
    Id(SalesforceId),
}

impl fmt::Display for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Text(text) => write!(f, "'{}'", escape(text)),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Decimal(value) if value.is_finite() => write!(f, "{value}"),
            Self::Decimal(_) => f.write_str("null"),
            Self::DateTime(at) => f.write_str(&at.to_seconds_text()),
            Self::Id(id) => write!(f, "'{id}'"),
        }
    }
}

impl fmt::Debug for Literal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Literal(<redacted>)")
    }
}

/// The one way text enters a query (SOQL reference: quoted string escapes). NUL cannot be written in SOQL and is left
/// out: no stored text contains it.
fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '\\' => out.push_str("\\\\"),
            '\'' => out.push_str("\\'"),
            '"' => out.push_str("\\\""),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '\0' => {}
            other => out.push(other),
        }
    }
    out
}

/// Makes `%`, `_` and `\\` stand for themselves in a `LIKE` pattern. The result is a pattern, still to be quoted.
#[must_use]
pub fn escape_like(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 4);
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}

/// The inside of a `LIKE` literal. In a pattern a backslash before `%`, `_` or another backslash makes that character
/// stand for itself, and SOQL spells all three just so; anything else is quoted as text.
pub(super) fn like_literal(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len() + 8);
    let mut chars = pattern.chars().peekable();
    while let Some(c) = chars.next() {
        match chars.peek() {
            Some(&next) if c == '\\' && matches!(next, '%' | '_' | '\\') => {
                out.extend([c, next]);
                chars.next();
            }
            _ => out.push_str(&escape(c.encode_utf8(&mut [0; 4]))),
        }
    }
    out
}

impl From<&str> for Literal {
    fn from(text: &str) -> Self {
        Self::Text(text.into())
    }
}

impl From<String> for Literal {
    fn from(text: String) -> Self {
        Self::Text(text.into())
    }
}

impl From<&String> for Literal {
    fn from(text: &String) -> Self {
        Self::Text(text.as_str().into())
    }
}

impl From<bool> for Literal {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<i64> for Literal {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<Stamp> for Literal {
    fn from(at: Stamp) -> Self {
        Self::DateTime(at)
    }
}

impl From<SalesforceId> for Literal {
    fn from(id: SalesforceId) -> Self {
        Self::Id(id)
    }
}

impl From<ContactId> for Literal {
    fn from(id: ContactId) -> Self {
        Self::Id(id.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Reads one quoted text with SOQL's rules, written from the grammar and not from `escape`.
    fn lex(source: &str) -> Option<String> {
        let mut chars = source.chars();
        if chars.next() != Some('\'') {
            return None;
        }
        let mut text = String::new();
        loop {
            match chars.next()? {
                '\'' => return chars.next().is_none().then_some(text),
                '\n' | '\r' => return None,
                '\\' => text.push(match chars.next()? {
                    'n' | 'N' => '\n',
                    'r' | 'R' => '\r',
                    't' | 'T' => '\t',
                    'b' | 'B' => '\u{8}',
                    'f' | 'F' => '\u{c}',
                    same @ ('\'' | '"' | '\\') => same,
                    _ => return None,
                }),
                other => text.push(other),
            }
        }
    }

    #[test]
    fn known_payloads_stay_inside_their_quotes() {
        for payload in [
            "' OR Name LIKE '%",
            "\\' OR 1=1 --",
            "\\\\' OR ''='",
            "x') OR (Id != ''",
            "'; DELETE FROM Contact",
            "\\",
            "\\\\",
            "'",
            "''",
            "\"",
            "a\nb",
            "a\r\nb",
            "\t\u{8}\u{c}",
            "\\n",
            "\\u0027 OR 1=1",
            "%27 OR 1=1",
            "ʼ OR ʹ",
            "＇ OR",
            "null",
            "{!user.id}",
            ":bind",
            "/* x */",
        ] {
            assert_eq!(lex(&Literal::from(payload).to_string()).as_deref(), Some(payload));
        }
    }

    #[test]
    fn like_patterns_keep_wildcards_and_escapes() {
        assert_eq!(like_literal("50\\%_x%'"), "50\\%_x%\\'");
        assert_eq!(escape_like("50%_"), "50\\%\\_");
        assert_eq!(like_literal(&format!("{}%", escape_like("a_b"))), "a\\_b%");
        assert_eq!(like_literal(&format!("{}%", escape_like("\\"))), "\\\\%");
        assert_eq!(like_literal("\\'"), "\\\\\\'");
    }

    proptest::proptest! {
        #[test]
        fn any_text_parses_back_to_itself(text in "(\\PC|['\\\\\"\n\r\t\u{8}\u{c}]){0,60}") {
            proptest::prop_assert_eq!(lex(&Literal::from(text.as_str()).to_string()), Some(text));
        }
    }
}
