//! Words that stand in a name field because something had to.

use smallvec::SmallVec;

use crate::clean::says_nothing;

/// Room for the longest placeholder, `notprovided`.
const LONGEST: usize = 12;

/// Whether a first name is no name.
pub(crate) fn is_blank_given(text: &str) -> bool {
    says_nothing(text)
        || matches!(
            without_spaces(text).as_slice(),
            b"unknown"
                | b"n/a"
                | b"na"
                | b"none"
                | b"null"
                | b"nil"
                | b"-"
                | b"--"
                | b"."
                | b".."
                | b"?"
                | b"??"
                | b"x"
                | b"xx"
                | b"xxx"
                | b"test"
                | b"tbc"
                | b"tba"
                | b"friend"
                | b"donor"
                | b"supporter"
                | b"anonymous"
                | b"anon"
                | b"noname"
                | b"firstname"
                | b"notprovided"
                | b"blank"
                | b"member"
                | b"guest"
                | b"customer"
        )
}

/// Whether a last name is no name. Fewer words than for a first name: Na and X are surnames, and so are Friend,
/// Guest and Test.
pub(crate) fn is_blank_family(text: &str) -> bool {
    says_nothing(text)
        || matches!(
            without_spaces(text).as_slice(),
            b"unknown"
                | b"n/a"
                | b"none"
                | b"null"
                | b"nil"
                | b"-"
                | b"--"
                | b"."
                | b".."
                | b"?"
                | b"??"
                | b"xxx"
                | b"tbc"
                | b"tba"
                | b"noname"
                | b"lastname"
                | b"notprovided"
                | b"blank"
                | b"anonymous"
        )
}

/// The text without its spaces; empty when it is longer than any placeholder.
fn without_spaces(text: &str) -> SmallVec<[u8; LONGEST]> {
    let mut kept = SmallVec::new();
    for byte in text.bytes().filter(|byte| *byte != b' ') {
        if kept.len() == LONGEST {
            return SmallVec::new();
        }
        kept.push(byte);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn placeholders_are_compared_without_spaces() {
        assert!(is_blank_given("not provided") && is_blank_given("n / a") && is_blank_given("?!"));
        assert!(is_blank_family("last name") && is_blank_family(""));
    }

    #[test]
    fn na_and_x_are_names_as_a_last_name() {
        assert!(is_blank_given("na") && is_blank_given("x"));
        assert!(!is_blank_family("na") && !is_blank_family("x") && !is_blank_family("guest"));
    }
}
