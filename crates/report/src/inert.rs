//! Text of strangers, made harmless for where it is shown.

use std::borrow::Cow;

/// What makes a spreadsheet take a cell for a formula or a command when it comes first (OWASP "CSV Injection"), the
/// full-width forms included.
const FORMULA: [char; 12] =
    ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// A cell for a spreadsheet: a single quote goes before what would be run as a formula. Only for people's eyes, never for
/// what is sent to Salesforce.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    if text.starts_with(FORMULA) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Text for a terminal: control characters and characters that turn the direction of writing are shown as escapes, so that
/// a name can neither move the cursor nor make a line read differently.
#[must_use]
pub fn line(text: &str) -> Cow<'_, str> {
    if !text.contains(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if is_hidden(c) { shown.extend(c.escape_default()) } else { shown.push(c) }
    }
    Cow::Owned(shown)
}

fn is_hidden(c: char) -> bool {
    let turns = matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{2028}' | '\u{2029}');
    c.is_control() || turns
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn formulas_get_a_quote_and_everything_else_stays() {
        for text in ["=1+1", "+44 20", "-1", "@SUM(A1)", "\t=1", "\r=1", "\0=1", "＝1"] {
            assert_eq!(cell(text), format!("'{text}"));
        }
        for text in ["", "Smith", "a=b", "'=1", " =1", "3-4", "😀"] {
            assert_eq!(cell(text), text);
        }
    }

    #[test]
    fn a_name_cannot_write_to_the_terminal() {
        assert_eq!(line("Ada\u{1b}[2J\nSmith\u{202e}"), "Ada\\u{1b}[2J\\nSmith\\u{202e}");
        assert_eq!(line("Zoë 李"), "Zoë 李");
    }

    proptest::proptest! {
        #[test]
        fn nothing_shown_holds_a_control_character(text in "(?s).{0,40}") {
            proptest::prop_assert!(!line(&text).chars().any(char::is_control));
        }
    }
}
