//! Texts from outside, made harmless where a person reads them.

use std::borrow::Cow;

/// A text for a terminal: control characters shown, never obeyed.
#[must_use]
pub fn printable(text: &str) -> Cow<'_, str> {
    if !text.chars().any(hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if hidden(c) { shown.extend(c.escape_unicode()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

/// Control characters, and those that change the direction of what follows.
fn hidden(c: char) -> bool {
    c.is_control() || matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// A text for a cell of a spreadsheet: what would run as a formula gets a single quote in front (ASVS 5.0, 1.2.10).
#[must_use]
pub fn inert(text: &str) -> Cow<'_, str> {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\0']) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_is_text_in_a_spreadsheet() {
        for text in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\0=1"] {
            assert_eq!(inert(text), format!("'{text}"));
        }
        assert_eq!(inert("Ann = Bob"), "Ann = Bob");
        assert_eq!(inert(""), "");
    }

    #[test]
    fn a_name_cannot_write_to_the_terminal() {
        assert_eq!(printable("a\u{1b}[2Jb\nc"), "a\\u{1b}[2Jb\\u{a}c");
        assert_eq!(printable("\u{202e}gpj"), "\\u{202e}gpj");
        assert_eq!(printable("Żółć"), "Żółć");
    }

    proptest::proptest! {
        #[test]
        fn nothing_printed_holds_a_control_character(text in "(?s).{0,40}") {
            proptest::prop_assert!(!printable(&text).chars().any(char::is_control));
        }
    }
}
