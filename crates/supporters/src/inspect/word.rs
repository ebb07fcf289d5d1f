//! Column names as words.

/// The words of a name in lower case: `firstName`, `First Name` and `FIRST_NAME` are `first`, `name`; digits stand alone.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut previous = Kind::Other;
    for c in name.chars() {
        let kind = Kind::of(c);
        let begins = match (previous, kind) {
            (_, Kind::Other) => false,
            (Kind::Upper, Kind::Lower) => false,
            (before, now) => before != now,
        };
        if begins {
            words.push(String::new());
        }
        if kind != Kind::Other
            && let Some(word) = words.last_mut()
        {
            word.extend(c.to_lowercase());
        }
        previous = kind;
    }
    words
}

/// The words without anything between them.
pub(super) fn joined(name: &str) -> String {
    words(name).concat()
}

/// A custom field's API name: the words with capitals, and `__c`. `None` for a name without an ASCII letter first.
pub(super) fn custom_field(words: &[&str]) -> Option<String> {
    let capital = |word: &&str| {
        let ascii: String = word.chars().filter(char::is_ascii_alphanumeric).collect();
        let (first, rest) = ascii.split_at_checked(1)?;
        Some(first.to_ascii_uppercase() + rest)
    };
    let name = words.iter().filter_map(capital).collect::<Vec<_>>().join("_");
    // API names hold 40 characters before the suffix (Object reference, "Custom fields").
    let fits = name.starts_with(|c: char| c.is_ascii_alphabetic()) && name.len() <= 40;
    fits.then(|| name + "__c")
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Upper,
    Lower,
    Digit,
    Other,
}

impl Kind {
    fn of(c: char) -> Self {
        if c.is_uppercase() {
            Self::Upper
        } else if c.is_alphabetic() {
            Self::Lower
        } else if c.is_numeric() {
            Self::Digit
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words_however_they_are_written() {
        for name in ["first_name", "firstName", "First Name", "FIRST-NAME", "first.name"] {
            assert_eq!(words(name), ["first", "name"], "{name}");
        }
        assert_eq!(words("address_1"), ["address", "1"]);
        assert_eq!(words("AddressLine2"), ["address", "line", "2"]);
        assert_eq!(words("SFDC_Contact_ID"), ["sfdc", "contact", "id"]);
        assert_eq!(words("__"), Vec::<String>::new());
    }

    #[test]
    fn a_custom_field_has_an_api_name_or_none() {
        assert_eq!(custom_field(&["email", "opt", "in"]).as_deref(), Some("Email_Opt_In__c"));
        assert_eq!(custom_field(&["größe"]).as_deref(), Some("Gre__c"));
        for none in [&["1", "x"][..], &[], &["日本"], &["averylongnamethatgoesonandonandonandonandon"]] {
            assert_eq!(custom_field(none), None);
        }
    }
}
