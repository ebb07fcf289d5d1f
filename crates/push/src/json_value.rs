//! A normalized value as a field of a JSON record.

use model::FieldType;
use serde_json::Value;

/// A normalized value as JSON has it: checkboxes and numbers are no texts there. A number that would not come through unchanged
/// stays a text.
pub(crate) fn typed(kind: FieldType, text: &str) -> Value {
    match kind {
        FieldType::Boolean => Value::Bool(text == "true"),
        FieldType::Number => match text.parse::<serde_json::Number>() {
            Ok(number) if number.to_string() == text => Value::Number(number),
            Ok(_) | Err(_) => text.into(),
        },
        FieldType::Text
        | FieldType::TextArea
        | FieldType::Email
        | FieldType::Phone
        | FieldType::Url
        | FieldType::Date
        | FieldType::DateTime
        | FieldType::Picklist
        | FieldType::MultiPicklist
        | FieldType::Reference => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checkboxes_and_numbers_travel_as_what_they_are_and_nothing_is_rounded() {
        assert_eq!(typed(FieldType::Boolean, "true"), Value::Bool(true));
        assert_eq!(typed(FieldType::Boolean, "false"), Value::Bool(false));
        assert_eq!(typed(FieldType::Number, "12.5"), serde_json::json!(12.5));
        assert_eq!(typed(FieldType::Number, "7"), serde_json::json!(7));
        let long = "123456789012345678.123456789";
        assert_eq!(typed(FieldType::Number, long), Value::from(long));
        assert_eq!(typed(FieldType::Text, "12.5"), Value::from("12.5"));
    }
}
