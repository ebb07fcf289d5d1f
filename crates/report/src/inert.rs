//! Text of strangers, made harmless for where it is shown.

use std::borrow::Cow;

/// What makes a spreadsheet take a cell for a formula or a command when it comes first (OWASP "CSV Injection"), the
/// full-width forms included.
const FORMULA: [char; 12] =
    ['=', '+', '-', '@', '\t', '\r', '\n', '\0', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'];

/// Where a spreadsheet may begin another cell in the middle of ours: with the list separator of half of Europe, and where a quoted
/// cell is not the first of a line that is cut at such separators.
const PARTS: [char; 4] = [';', '\t', '\r', '\n'];

/// A cell for a spreadsheet: a single quote goes before what would be run as a formula, at its beginning and wherever a spreadsheet
/// with another separator than the comma may begin a cell. Only for people's eyes, never for what is sent to Salesforce.
#[must_use]
pub fn cell(text: &str) -> Cow<'_, str> {
    let first = text.starts_with(FORMULA);
    if !first && !text.contains(PARTS) {
        return Cow::Borrowed(text);
    }
    let mut inert = String::with_capacity(text.len() + 8);
    if first {
        inert.push('\'');
    }
    let mut begins = false;
    for c in text.chars() {
        if PARTS.contains(&c) {
            begins = true;
        } else if begins && FORMULA.contains(&c) {
            inert.push('\'');
            begins = false;
        } else {
            // Blanks and quotes before a formula are no part of it.
            begins &= c.is_whitespace() || c == '"';
        }
        inert.push(c);
    }
    Cow::Owned(inert)
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
        for text in ["=1+1", "+44 20", "-1", "@SUM(A1)", "\tx", "\rx", "\0=1", "＝1"] {
            assert_eq!(cell(text), format!("'{text}"));
        }
        for text in ["", "Smith", "a=b", "'=1", " =1", "3-4", "😀", "a;b=1", "a;'=1", "a; b", "1;2\t3\n4"] {
            assert_eq!(cell(text), text);
        }
    }

    #[test]
    fn a_part_that_another_separator_cuts_off_gets_a_quote_too() {
        for (text, shown) in [
            ("x;=cmd|' /C calc'!A0", "x;'=cmd|' /C calc'!A0"),
            ("x\t@A1", "x\t'@A1"),
            ("x; \"=1", "x; \"'=1"),
            ("x;;\u{a0}+1;-2", "x;;\u{a0}'+1;'-2"),
            ("1 High St\r\n=1", "1 High St\r\n'=1"),
            ("=1;=2", "'=1;'=2"),
            ("\t=1", "'\t'=1"),
        ] {
            assert_eq!(cell(text), shown);
        }
    }

    #[test]
    fn a_name_cannot_write_to_the_terminal() {
        assert_eq!(line("Ada\u{1b}[2J\nSmith\u{202e}"), "Ada\\u{1b}[2J\\nSmith\\u{202e}");
        assert_eq!(line("Zoë 李"), "Zoë 李");
    }

    proptest::proptest! {
        #[test]
        fn no_part_of_a_cell_is_a_formula_and_nothing_else_is_changed(
            text in "[x=+@;'\" \t\n\u{a0}\u{ff1d}-]{0,12}|(?s).{0,20}",
        ) {
            let shown = cell(&text);
            for (at, part) in shown.split(PARTS).enumerate() {
                let bare = part.trim_start_matches(|c: char| c.is_whitespace() || c == '"');
                let seen = if at == 0 { part } else { bare };
                proptest::prop_assert!(!seen.starts_with(FORMULA), "{shown:?} is live");
            }
            proptest::prop_assert_eq!(shown.replace('\'', ""), text.replace('\'', ""));
        }

        #[test]
        fn nothing_shown_holds_a_control_character(text in "(?s).{0,40}") {
            proptest::prop_assert!(!line(&text).chars().any(char::is_control));
        }
    }
}
