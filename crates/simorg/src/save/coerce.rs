//! From text and JSON to the type of a field.

use crate::schema::{Field, FieldType};
use crate::value::{Stamp, Value};
use chrono::NaiveDate;

/// A value that cannot be of the field's type. Holds the value: do not log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CoerceError {
    /// The value as given.
    pub given: String,
    /// Its JSON kind, as parser errors name it; `VALUE_STRING` for CSV.
    pub kind: &'static str,
    /// SOAP type of the field, for example `xsd:date`.
    pub wanted: &'static str,
}

/// The value of a CSV cell. The caller has dealt with the empty cell (leave alone) and with `#N/A` (clear)
/// where those have a meaning; here the empty text is `Null`.
pub fn from_csv(field: &Field, text: &str) -> Result<Value, CoerceError> {
    let refuse =
        || CoerceError { given: text.to_owned(), kind: "VALUE_STRING", wanted: field.kind.soap_type() };
    if text.is_empty() {
        return Ok(Value::Null);
    }
    match field.kind {
        FieldType::Boolean => boolean(text).map(Value::Bool).ok_or_else(refuse),
        FieldType::Date => day(text).map(Value::Date).ok_or_else(refuse),
        FieldType::DateTime => moment(text).map(Value::DateTime).ok_or_else(refuse),
        FieldType::Double | FieldType::Currency | FieldType::Percent => {
            decimal(text).map(Value::Number).ok_or_else(refuse)
        }
        FieldType::Int => decimal(text).filter(|n| n.fract() == 0.0).map(Value::Number).ok_or_else(refuse),
        FieldType::Id
        | FieldType::String
        | FieldType::TextArea
        | FieldType::Email
        | FieldType::Phone
        | FieldType::Url
        | FieldType::Picklist
        | FieldType::MultiPicklist
        | FieldType::Reference => Ok(Value::text(text)),
        FieldType::Address | FieldType::AnyType => Err(refuse()),
    }
}

/// The value of a JSON member. Text given for numbers, days and checkboxes is read as text; a number or a
/// checkbox given for text is refused, as the platform's JSON parser does.
pub fn from_json(field: &Field, json: &serde_json::Value) -> Result<Value, CoerceError> {
    let refuse = |kind| CoerceError { given: json.to_string(), kind, wanted: field.kind.soap_type() };
    match json {
        serde_json::Value::Null => Ok(Value::Null),
        serde_json::Value::String(text) => from_csv(field, text),
        serde_json::Value::Bool(flag) if field.kind == FieldType::Boolean => Ok(Value::Bool(*flag)),
        serde_json::Value::Bool(flag) => Err(refuse(if *flag { "VALUE_TRUE" } else { "VALUE_FALSE" })),
        serde_json::Value::Number(number) => {
            let kind = if number.is_f64() { "VALUE_NUMBER_FLOAT" } else { "VALUE_NUMBER_INT" };
            let value = number.as_f64().filter(|_| field.kind.is_number());
            let value = value.filter(|n| !field.whole() || n.fract() == 0.0);
            value.map(Value::Number).ok_or_else(|| refuse(kind))
        }
        serde_json::Value::Array(_) => Err(refuse("START_ARRAY")),
        serde_json::Value::Object(_) => Err(refuse("START_OBJECT")),
    }
}

impl CoerceError {
    /// The text of the REST parser.
    pub fn rest_message(&self) -> String {
        let wanted = self.wanted.rsplit(':').next().unwrap_or(self.wanted);
        format!(
            "Cannot deserialize instance of {wanted} from {} value {} or request may be missing a required field \
             at [line:1, column:1]",
            self.kind, self.given
        )
    }
}

fn boolean(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") || text == "1" {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") || text == "0" {
        Some(false)
    } else {
        None
    }
}

fn day(text: &str) -> Option<NaiveDate> {
    // The Bulk guide's own sample carries a trailing Z.
    let text = text.strip_suffix('Z').unwrap_or(text);
    let plain = text.len() == 10 && text.bytes().all(|b| b.is_ascii_digit() || b == b'-');
    plain.then(|| NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()).flatten()
}

fn moment(text: &str) -> Option<Stamp> {
    if let Some(day) = day(text) {
        return Some(Stamp(day.and_hms_opt(0, 0, 0)?.and_utc().timestamp_millis()));
    }
    Stamp::parse(text).map(Stamp::to_second)
}

fn decimal(text: &str) -> Option<f64> {
    let shape = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'+' | b'-' | b'.' | b'e' | b'E'));
    if !shape {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

#[cfg(test)]
mod tests {
    use super::{from_csv, from_json};
    use crate::schema::Schema;
    use crate::value::Value;
    use proptest::prelude::*;

    fn field(name: &str) -> crate::schema::Field {
        let schema = Schema::new(&[], &[]);
        let found = schema.objects().iter().find_map(|object| object.field(name).cloned());
        found.expect("a standard field")
    }

    #[test]
    fn a_number_is_refused_for_text_and_a_word_for_a_day() {
        let error = from_json(&field("LastName"), &serde_json::json!(5)).expect_err("a number is no text");
        assert_eq!(error.kind, "VALUE_NUMBER_INT");
        let error = from_csv(&field("Birthdate"), "yesterday").expect_err("a word is no day");
        assert_eq!(error.wanted, "xsd:date");
    }

    #[test]
    fn checkboxes_take_words_in_any_case_and_digits() {
        let field = field("DoNotCall");
        for (text, expected) in [("TRUE", true), ("1", true), ("False", false), ("0", false)] {
            assert_eq!(from_csv(&field, text), Ok(Value::Bool(expected)), "{text}");
        }
        assert!(from_csv(&field, "yes").is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_a_type_panic(text in ".{0,40}") {
            for name in ["Birthdate", "CreatedDate", "DoNotCall", "AnnualRevenue", "NumberOfEmployees", "Email"] {
                let _ = from_csv(&field(name), &text);
            }
        }
    }
}
