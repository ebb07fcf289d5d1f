//! First step of reading a name: one spelling for what the eye takes to be the same characters.

use unicode_normalization::UnicodeNormalization;

/// Longest text of one field that is looked at, in characters. Salesforce allows 80 in a last name.
pub(crate) const LONGEST_FIELD: usize = 256;

/// Compatibility form, lower case, no format characters, one kind of apostrophe and dash, single spaces.
pub(crate) fn clean(raw: &str) -> String {
    // Most names are one word of plain letters.
    if raw.len() <= LONGEST_FIELD && raw.bytes().all(|b| b.is_ascii_alphanumeric()) {
        return raw.to_ascii_lowercase();
    }
    clean_any(raw)
}

fn clean_any(raw: &str) -> String {
    let mut out = String::with_capacity(raw.len());
    let mut space_due = false;
    let mut push = |c: char| {
        if is_format(c) {
            return;
        }
        if c.is_whitespace() {
            space_due = !out.is_empty();
            return;
        }
        if space_due {
            out.push(' ');
            space_due = false;
        }
        out.push(c);
    };
    if raw.is_ascii() {
        raw.bytes().take(LONGEST_FIELD).for_each(|b| push(one_mark(char::from(b.to_ascii_lowercase()))));
        return out;
    }
    // Marks are unified on both sides of the normalisation: it takes some of them apart (U+00B4) and makes others.
    for c in raw.chars().map(one_mark).nfkc().take(LONGEST_FIELD) {
        c.to_lowercase().for_each(|lower| push(one_mark(lower)));
    }
    out
}

/// Every apostrophe and backtick becomes `'`, every dash `-`; anything else stays.
fn one_mark(c: char) -> char {
    match c {
        '`'
        | '\u{B4}'
        | '\u{2B9}'
        | '\u{2BB}'..='\u{2BD}'
        | '\u{2BE}'
        | '\u{2BF}'
        | '\u{2C8}'
        | '\u{2CA}' => '\'',
        '\u{2CB}' | '\u{55A}' | '\u{5F3}' | '\u{2018}'..='\u{201B}' | '\u{2032}' | '\u{2035}' => '\'',
        '\u{A78C}' | '\u{FF07}' | '\u{FF40}' => '\'',
        '\u{2D7}' | '\u{58A}' | '\u{5BE}' | '\u{2010}'..='\u{2015}' | '\u{2043}' | '\u{2212}' => '-',
        '\u{2E3A}' | '\u{2E3B}' | '\u{301C}' | '\u{3030}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' => '-',
        other => other,
    }
}

/// Whether a character is invisible formatting (Unicode general category Cf, version 16).
pub(crate) fn is_format(c: char) -> bool {
    if c.is_ascii() {
        return false;
    }
    matches!(c,
        '\u{AD}' | '\u{600}'..='\u{605}' | '\u{61C}' | '\u{6DD}' | '\u{70F}' | '\u{890}' | '\u{891}' | '\u{8E2}'
        | '\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{206F}' | '\u{FEFF}' | '\u{FFF9}'..='\u{FFFB}' | '\u{110BD}' | '\u{110CD}'
        | '\u{13430}'..='\u{1343F}' | '\u{1BCA0}'..='\u{1BCA3}' | '\u{1D173}'..='\u{1D17A}' | '\u{E0001}'
        | '\u{E0020}'..='\u{E007F}')
}

/// Whether nothing but punctuation and spaces is in the text.
pub(crate) fn says_nothing(text: &str) -> bool {
    !text.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_plain_word_is_cleaned_as_any_text_is(raw in "[a-zA-Z0-9]{0,12}|[a-zA-Z0-9]{250,260}|[ -~é]{0,8}") {
            proptest::prop_assert_eq!(clean(&raw), clean_any(&raw));
        }
    }

    #[test]
    fn spaces_marks_case_and_format_characters_are_made_one() {
        assert_eq!(clean("  Seán\u{A0}\u{200B} O\u{2019}BRIEN\u{2013}Ng\t"), "seán o'brien-ng");
        assert_eq!(clean("Ｊｏｈｎ"), "john");
        assert_eq!(clean("Mari\u{301}a"), clean("María"));
    }

    #[test]
    fn an_endless_field_is_cut() {
        assert_eq!(clean(&"x".repeat(10_000)).len(), LONGEST_FIELD);
        assert_eq!(clean(&"é".repeat(10_000)).chars().count(), LONGEST_FIELD);
    }

    #[test]
    fn punctuation_alone_says_nothing() {
        assert!(says_nothing(" -- ?!") && says_nothing(""));
        assert!(!says_nothing("李") && !says_nothing("x"));
    }
}
