//! JSON values as texts and numbers, and full names taken apart without losing a part.

use serde_json::Value;

/// A single value as text; `None` for lists and objects.
#[must_use]
pub fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::Null => Some(String::new()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::String(text) => Some(text.trim().to_owned()),
        Value::Array(_) | Value::Object(_) => None,
    }
}

/// A value as a finite number: a number, or a text that is nothing else.
#[must_use]
pub fn number_of(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

/// Given and family name of a full name. No part is lost: one word is a family name; `Family, Given` is read as such; else the
/// first word is the given name and *all* the rest is the family name, as in `Maria da Silva Santos`.
#[must_use]
pub fn name_parts(full: &str) -> (Option<String>, Option<String>) {
    let full = full.split_whitespace().collect::<Vec<_>>().join(" ");
    let turned = full.split_once(", ").filter(|(family, given)| !family.is_empty() && !given.is_empty());
    if let Some((family, given)) = turned {
        return (Some(given.to_owned()), Some(family.to_owned()));
    }
    match full.split_once(' ') {
        Some((given, family)) => (Some(given.to_owned()), Some(family.to_owned())),
        None => (None, (!full.is_empty()).then_some(full)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn names_are_taken_apart_without_losing_a_part() {
        let parts = |full: &str| {
            let (given, family) = name_parts(full);
            (given.unwrap_or_default(), family.unwrap_or_default())
        };
        assert_eq!(parts("Peter Gibbons"), ("Peter".into(), "Gibbons".into()));
        assert_eq!(parts("Maria da Silva Santos"), ("Maria".into(), "da Silva Santos".into()));
        assert_eq!(parts("  Gibbons,   Peter  J. "), ("Peter J.".into(), "Gibbons".into()));
        assert_eq!(parts("Teller"), (String::new(), "Teller".into()));
        assert_eq!(parts("   "), (String::new(), String::new()));
    }

    #[test]
    fn numbers_are_numbers_or_texts_that_are_nothing_else() {
        assert_eq!(number_of(&json!("4")), Some(4.0));
        assert_eq!(number_of(&json!(4.5)), Some(4.5));
        for none in [json!("4 people"), json!("NaN"), json!("inf"), json!(true), json!([4]), json!(null)] {
            assert_eq!(number_of(&none), None, "{none}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_word_of_a_name_stays(words in proptest::collection::vec("[A-Za-z]{1,8}", 0..6)) {
            let (given, family) = name_parts(&words.join(" "));
            let kept = [given, family].into_iter().flatten().collect::<Vec<_>>().join(" ");
            proptest::prop_assert_eq!(kept, words.join(" "));
        }
    }
}
