//! Columns that hold somebody's yes or no.

use super::word::{custom_field, words};
use super::{Seen, column};

/// What a column says about consent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Consent {
    /// A yes is a yes: the proposed field, and how yes and no are spelled where that is not `true` and `false`.
    OptIn { field: String, yes_no: Option<(String, String)> },
    /// A yes is a no.
    OptOut,
    /// It is called a consent, and its values are not of two kinds.
    Unclear,
}

/// Pairs of spellings; compared without case.
const PAIRS: [(&str, &str); 6] =
    [("y", "n"), ("yes", "no"), ("1", "0"), ("true", "false"), ("t", "f"), ("on", "off")];

/// What the column says about consent; `None`: nothing.
pub(super) fn consent(seen: &Seen) -> Option<Consent> {
    let words = words(&seen.column.name);
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let joined = words.concat();
    if ["optout", "optedout", "unsubscribe", "donot", "nomail", "nocontact", "suppress"]
        .iter()
        .any(|w| joined.contains(w))
    {
        return Some(Consent::OptOut);
    }
    let named = ["optin", "optedin", "consent", "subscribe", "newsletter", "permission"]
        .iter()
        .any(|w| joined.contains(w));
    if !named {
        return None;
    }
    let field = custom_field(&field_words(&words));
    match (field, spelling(seen)) {
        (Some(field), Some(yes_no)) => Some(Consent::OptIn { field, yes_no }),
        _ => Some(Consent::Unclear),
    }
}

/// `opt_in_email` and `email_opt_in` are one thing: the channel first.
fn field_words<'a>(words: &[&'a str]) -> Vec<&'a str> {
    let (head, tail): (Vec<&str>, &[&str]) = match words {
        ["opt", "in", rest @ ..] => (rest.to_vec(), &["opt", "in"]),
        ["optin", rest @ ..] => (rest.to_vec(), &["opt", "in"]),
        [rest @ .., "optin"] => (rest.to_vec(), &["opt", "in"]),
        all => (all.to_vec(), &[]),
    };
    head.into_iter().chain(tail.iter().copied()).collect()
}

/// How yes and no are spelled, as the column spells them. Inside: `None` for `true` and `false`. A column without values
/// is taken to be spelled so.
fn spelling(seen: &Seen) -> Option<Option<(String, String)>> {
    let values: Vec<&str> = column::texts(seen).collect();
    let is = |value: &str, word: &str| value.eq_ignore_ascii_case(word);
    let (yes, no) =
        PAIRS.iter().find(|(yes, no)| values.iter().all(|value| is(value, yes) || is(value, no)))?;
    if values.is_empty() || values.iter().all(|value| *value == "true" || *value == "false") {
        return Some(None);
    }
    let upper = values.iter().all(|value| !value.chars().any(char::is_lowercase));
    let capital = values.iter().all(|value| value.starts_with(char::is_uppercase));
    let spell = |word: &str| match (upper, capital, word.split_at_checked(1)) {
        (true, _, _) => word.to_uppercase(),
        (false, true, Some((first, rest))) => first.to_uppercase() + rest,
        (false, _, _) => word.to_owned(),
    };
    // What was seen goes first: `Yes` and `no` may stand in one column.
    let seen_as = |word: &str| {
        values.iter().find(|value| is(value, word)).map_or_else(|| spell(word), ToString::to_string)
    };
    Some(Some((seen_as(yes), seen_as(no))))
}

#[cfg(test)]
mod tests {
    use model::Cell;

    use super::*;
    use crate::{Column, ColumnKind};

    fn seen(name: &str, values: &[&str]) -> Seen {
        let column = Column {
            name: name.into(),
            kind: ColumnKind::Text,
            declared: "TEXT".into(),
            nullable: true,
            length: None,
            primary_key: 0,
            generated: false,
        };
        let values = values.iter().map(|text| Cell::from_nullable(Some(text))).collect();
        Seen {
            column,
            unique: false,
            indexed: false,
            has_default: false,
            no_offset: false,
            stamped: None,
            values,
        }
    }

    fn opt_in(field: &str, yes_no: Option<(&str, &str)>) -> Option<Consent> {
        let yes_no = yes_no.map(|(yes, no)| (yes.to_owned(), no.to_owned()));
        Some(Consent::OptIn { field: field.into(), yes_no })
    }

    #[test]
    fn the_spelling_of_yes_and_no_is_read_off_the_values() {
        let email = |values: &[&str]| consent(&seen("opt_in_email", values));
        let field = "Email_Opt_In__c";
        assert_eq!(email(&["Y", "N", ""]), opt_in(field, Some(("Y", "N"))));
        assert_eq!(email(&["Y"]), opt_in(field, Some(("Y", "N"))));
        assert_eq!(email(&["no"]), opt_in(field, Some(("yes", "no"))));
        assert_eq!(email(&["No"]), opt_in(field, Some(("Yes", "No"))));
        assert_eq!(email(&["1", "0"]), opt_in(field, Some(("1", "0"))));
        assert_eq!(email(&["true", "false"]), opt_in(field, None));
        assert_eq!(email(&[]), opt_in(field, None));
        assert_eq!(email(&["Y", "N", "P"]), Some(Consent::Unclear));
    }

    #[test]
    fn names_tell_yes_from_no() {
        assert_eq!(consent(&seen("emailOptIn", &["Y"])), opt_in("Email_Opt_In__c", Some(("Y", "N"))));
        assert_eq!(consent(&seen("newsletter", &[])), opt_in("Newsletter__c", None));
        assert_eq!(consent(&seen("do_not_call", &["Y"])), Some(Consent::OptOut));
        assert_eq!(consent(&seen("unsubscribed", &["1"])), Some(Consent::OptOut));
        assert_eq!(consent(&seen("city", &["Y"])), None);
    }
}
