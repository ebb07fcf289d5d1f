//! Words that stand in a name field because something had to.

use crate::clean::says_nothing;

const GIVEN: &[&str] = &[
    "unknown",
    "n/a",
    "na",
    "none",
    "null",
    "nil",
    "-",
    "--",
    ".",
    "..",
    "?",
    "??",
    "x",
    "xx",
    "xxx",
    "test",
    "tbc",
    "tba",
    "friend",
    "donor",
    "supporter",
    "anonymous",
    "anon",
    "noname",
    "firstname",
    "notprovided",
    "blank",
    "member",
    "guest",
    "customer",
];
/// Shorter than the other list: Na and X are real surnames, and so are Friend, Guest and Test.
const FAMILY: &[&str] = &[
    "unknown",
    "n/a",
    "none",
    "null",
    "nil",
    "-",
    "--",
    ".",
    "..",
    "?",
    "??",
    "xxx",
    "tbc",
    "tba",
    "noname",
    "lastname",
    "notprovided",
    "blank",
    "anonymous",
];

/// Whether a first name is no name.
pub(crate) fn is_blank_given(text: &str) -> bool {
    says_nothing(text) || is_one_of(text, GIVEN)
}

/// Whether a last name is no name.
pub(crate) fn is_blank_family(text: &str) -> bool {
    says_nothing(text) || is_one_of(text, FAMILY)
}

fn is_one_of(text: &str, list: &[&str]) -> bool {
    list.iter().any(|entry| text.bytes().filter(|b| *b != b' ').eq(entry.bytes()))
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
