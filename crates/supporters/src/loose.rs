//! Reading ids out of columns that people type into.

use model::ContactId;

/// The Contact Id in a text with white space of any kind around it; `None` for anything else.
pub(crate) fn contact_id(text: &str) -> Option<ContactId> {
    let padding =
        |c: char| c.is_whitespace() || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}');
    ContactId::parse(text.trim_matches(padding)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_lengths_and_space_around_them_are_one_id_and_junk_is_none() {
        let id = ContactId::parse("003RM0000068xVCYAY").ok();
        for text in [
            "003RM0000068xVC",
            " 003RM0000068xVCYAY\n",
            "\u{a0}003RM0000068xVC\u{feff}",
            "003RM0000068xVCyay",
        ] {
            assert_eq!(contact_id(text), id, "{text:?}");
        }
        for junk in ["", "n/a", "003RM0000068xVC (old)", "005RM0000068xVC", "003RM0000068xVCYAX"] {
            assert_eq!(contact_id(junk), None, "{junk}");
        }
    }
}
