//! Reading numbers, times and ids that different releases write differently. What cannot be read is absent: no answer
//! is refused for a member that decides nothing.

use std::fmt;
use std::str::FromStr;

use model::Stamp;
use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// A count as number or numeric text.
pub(crate) fn count<'de, D: Deserializer<'de>>(from: D) -> Result<Option<u64>, D::Error> {
    Ok(count_of(&Value::deserialize(from)?))
}

pub(crate) fn count_of(value: &Value) -> Option<u64> {
    match value {
        Value::Number(number) => number.as_u64().or_else(|| number.as_f64().and_then(whole)),
        Value::String(text) => text.trim().parse().ok().or_else(|| text.trim().parse().ok().and_then(whole)),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn whole(number: f64) -> Option<u64> {
    const EXACT: f64 = 9_007_199_254_740_992.0;
    #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)]
    // just checked to be whole, positive and exact
    ((0.0..=EXACT).contains(&number) && number.fract() == 0.0).then_some(number as u64)
}

/// A text, or a number as text.
pub(crate) fn text<'de, D: Deserializer<'de>>(from: D) -> Result<Option<String>, D::Error> {
    Ok(scalar_text(&Value::deserialize(from)?).filter(|text| !text.is_empty()))
}

/// The same, empty where there is none.
pub(crate) fn text_or_empty<'de, D: Deserializer<'de>>(from: D) -> Result<String, D::Error> {
    Ok(scalar_text(&Value::deserialize(from)?).unwrap_or_default())
}

/// A time in any form Salesforce writes.
pub(crate) fn stamp<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Stamp>, D::Error> {
    Ok(Value::deserialize(from)?.as_str().and_then(|text| Stamp::parse(text).ok()))
}

/// Anything that parses from text.
pub(crate) fn parsed<'de, D: Deserializer<'de>, T: FromStr>(from: D) -> Result<Option<T>, D::Error> {
    Ok(Value::deserialize(from)?.as_str().and_then(|text| text.parse().ok()))
}

/// A scalar as plain text: no exponents, no trailing `.0`.
pub(crate) fn scalar_text(value: &Value) -> Option<String> {
    match value {
        Value::Null | Value::Array(_) | Value::Object(_) => None,
        Value::Bool(value) => Some(value.to_string()),
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(match (number.as_i64(), number.as_f64()) {
            (Some(whole), _) => whole.to_string(),
            // Rust writes floats without exponent.
            (None, Some(float)) => format!("{float}"),
            (None, None) => number.to_string(),
        }),
    }
}

/// Outside text that `Debug` does not show.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct Text(String);

impl Text {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<{} bytes>", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_plain_text() {
        for (json, text) in [
            ("1", "1"),
            ("-3", "-3"),
            ("1.50", "1.5"),
            ("100.0", "100"),
            ("9.12260031E8", "912260031"),
            ("1e21", "1000000000000000000000"),
            ("true", "true"),
            ("\"x\"", "x"),
        ] {
            assert_eq!(scalar_text(&serde_json::from_str(json).unwrap()).as_deref(), Some(text), "{json}");
        }
    }

    proptest::proptest! {
        #[test]
        fn a_count_is_the_same_as_number_and_as_text(n in 0_u64..1 << 53) {
            proptest::prop_assert_eq!(count_of(&Value::from(n)), Some(n));
            proptest::prop_assert_eq!(count_of(&Value::from(n.to_string())), Some(n));
            proptest::prop_assert_eq!(count_of(&Value::from(format!("{n}.0"))), Some(n));
        }

        #[test]
        fn any_text_is_a_count_or_nothing(text in ".{0,30}") {
            let _ = count_of(&Value::from(text));
        }
    }
}
