//! Making a value fit its field, or saying why it does not. What Salesforce takes for which type: object reference, "Field
//! Types"; REST guide, "Primitive data types".

use model::Stamp;
use salesforce::DescribeField;
use serde_json::{Number, Value};

use crate::action::{Nulls, TooLong};
use crate::outcome::Note;
use crate::scalar::{number_of, text_of};

/// What came of a value.
#[derive(Debug, Clone, PartialEq)]
pub enum Fit {
    /// It goes out like this; `Null` clears the field.
    Takes(Value, Option<Note>),
    /// Nothing is written.
    Silent,
    /// It does not fit.
    Unfit(Note),
    /// It is too long, and whoever asks has to decide.
    TooLong(Note),
}

/// Fits a value to a field.
#[must_use]
pub fn fit(value: &Value, field: &DescribeField, too_long: TooLong, nulls: Nulls) -> Fit {
    if is_empty(value) {
        return match nulls {
            Nulls::Leave => Fit::Silent,
            Nulls::Clear if field.kind == "boolean" => unfit(field, "true or false"),
            Nulls::Clear => Fit::Takes(Value::Null, None),
        };
    }
    match field.kind.as_str() {
        "boolean" => boolean(value).map_or_else(|| unfit(field, "true or false"), takes),
        "int" | "long" => number(value, field)
            .filter(|number| number.fract() == 0.0)
            .and_then(whole)
            .map_or_else(|| unfit(field, "a whole number of its size"), takes),
        "double" | "currency" | "percent" => number(value, field)
            .and_then(Number::from_f64)
            .map_or_else(|| unfit(field, "a number of its size"), |number| takes(number.into())),
        "date" => date(value).map_or_else(|| unfit(field, "a date"), takes),
        "datetime" => date_time(value).map_or_else(|| unfit(field, "a date and time"), takes),
        "multipicklist" => joined(value).map_or_else(
            || unfit(field, "a list of its values"),
            |text| chosen(text.split(';').map(str::trim), field),
        ),
        "picklist" if field.restricted_picklist => text_of(value).map_or_else(
            || unfit(field, "one of its values"),
            |text| chosen(std::iter::once(text.as_str()), field),
        ),
        _ => match text_of(value) {
            Some(text) => length(text, field, too_long),
            None => unfit(field, "a single value"),
        },
    }
}

/// Null, or a text of nothing: to Salesforce both are the same.
pub(crate) fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.trim().is_empty(),
        Value::Array(items) => items.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::Object(_) => false,
    }
}

const fn takes(value: Value) -> Fit {
    Fit::Takes(value, None)
}

fn unfit(field: &DescribeField, wanted: &'static str) -> Fit {
    Fit::Unfit(Note::Unfit { field: field.name.clone(), wanted })
}

fn boolean(value: &Value) -> Option<Value> {
    let text = text_of(value)?.to_ascii_lowercase();
    match text.as_str() {
        "true" | "1" => Some(Value::Bool(true)),
        "false" | "0" => Some(Value::Bool(false)),
        _ => None,
    }
}

/// A number with no more digits before the point than the field has.
fn number(value: &Value, field: &DescribeField) -> Option<f64> {
    let number = number_of(value)?;
    let before = field.precision.saturating_sub(field.scale);
    let known = field.precision > 0 && before < 300;
    let fits = !known || number.abs() < 10_f64.powi(i32::try_from(before).unwrap_or(300));
    fits.then_some(number)
}

fn whole(number: f64) -> Option<Value> {
    let text = format!("{number:.0}");
    text.parse::<i64>().ok().map(Value::from)
}

/// A day as it is, or the day of an instant in UTC.
fn date(value: &Value) -> Option<Value> {
    let text = text_of(value)?;
    let day = |text: &str| {
        let plain = text.len() == 10 && text.is_ascii();
        (plain && Stamp::parse(&format!("{text}T00:00:00Z")).is_ok()).then(|| Value::from(text))
    };
    day(&text).or_else(|| Stamp::parse(&text).ok()?.to_seconds_text().get(..10).and_then(day))
}

fn date_time(value: &Value) -> Option<Value> {
    let text = text_of(value)?;
    let stamp = Stamp::parse(&text).or_else(|_| Stamp::parse(&format!("{text}T00:00:00Z"))).ok()?;
    Some(Value::from(stamp.to_seconds_text()))
}

fn joined(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) => Some(items.iter().map(text_of).collect::<Option<Vec<_>>>()?.join(";")),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_) => {
            text_of(value)
        }
    }
}

/// The picklist's own spelling of each value.
fn chosen<'t>(texts: impl Iterator<Item = &'t str>, field: &DescribeField) -> Fit {
    let own = |text: &str| {
        let mut active = field.picklist_values.iter().filter(|one| one.active);
        active.find(|one| one.value.eq_ignore_ascii_case(text)).map(|one| one.value.clone())
    };
    let open = !field.restricted_picklist;
    let found: Option<Vec<String>> =
        texts.map(|text| own(text).or_else(|| open.then(|| text.to_owned()))).collect();
    found.map_or_else(|| unfit(field, "its listed values"), |all| takes(Value::from(all.join(";"))))
}

/// Salesforce counts UTF-16 units: a character beyond the basic plane is two.
fn units(text: &str) -> usize {
    text.encode_utf16().count()
}

fn length(text: String, field: &DescribeField, too_long: TooLong) -> Fit {
    let most = field.length as usize;
    let given = units(&text);
    if most == 0 || given <= most {
        return takes(Value::from(text));
    }
    match too_long {
        TooLong::Trim => {
            let mut room = most;
            let kept: String = text
                .chars()
                .take_while(|c| {
                    let fits = c.len_utf16() <= room;
                    room = room.saturating_sub(c.len_utf16());
                    fits
                })
                .collect();
            let note = Note::Trimmed { field: field.name.clone(), from: given, to: units(kept.trim_end()) };
            Fit::Takes(Value::from(kept.trim_end()), Some(note))
        }
        TooLong::LeaveOut | TooLong::Refuse => {
            Fit::TooLong(Note::TooLong { field: field.name.clone(), most })
        }
    }
}

#[cfg(test)]
mod tests {
    use salesforce::PicklistValue;
    use serde_json::json;

    use super::*;

    fn field(kind: &str, length: u32) -> DescribeField {
        DescribeField { name: "F".into(), kind: kind.into(), length, ..DescribeField::default() }
    }

    fn kept(value: Value, field: &DescribeField) -> Option<Value> {
        match fit(&value, field, TooLong::LeaveOut, Nulls::Leave) {
            Fit::Takes(value, None) => Some(value),
            Fit::Takes(_, Some(_)) | Fit::Silent | Fit::Unfit(_) | Fit::TooLong(_) => None,
        }
    }

    #[test]
    fn what_is_absent_or_empty_is_left_alone_unless_null_clears() {
        let text = field("string", 10);
        for nothing in [json!(null), json!(""), json!("  "), json!([])] {
            assert_eq!(fit(&nothing, &text, TooLong::Trim, Nulls::Leave), Fit::Silent);
            assert_eq!(fit(&nothing, &text, TooLong::Trim, Nulls::Clear), Fit::Takes(Value::Null, None));
        }
    }

    #[test]
    fn values_become_what_their_field_takes() {
        assert_eq!(kept(json!("True"), &field("boolean", 0)), Some(json!(true)));
        assert_eq!(kept(json!("yes"), &field("boolean", 0)), None);
        let small = DescribeField { precision: 8, ..field("int", 0) };
        assert_eq!(kept(json!("4"), &small), Some(json!(4)));
        assert_eq!(kept(json!(4.5), &small), None);
        assert_eq!(kept(json!(100_000_000), &small), None);
        assert_eq!(kept(json!(99_999_999), &small), Some(json!(99_999_999)));
        assert_eq!(kept(json!("2026-02-30"), &field("date", 0)), None);
        assert_eq!(kept(json!("2026-02-28T23:30:00-01:00"), &field("date", 0)), Some(json!("2026-03-01")));
        assert_eq!(
            kept(json!("2026-02-28T23:30:00-01:00"), &field("datetime", 0)),
            Some(json!("2026-03-01T00:30:00Z"))
        );
        assert_eq!(kept(json!({"a": 1}), &field("string", 10)), None);
        assert_eq!(kept(json!(12), &field("string", 10)), Some(json!("12")));
    }

    #[test]
    fn a_restricted_picklist_takes_its_own_values_in_its_own_spelling() {
        let value = |value: &str, active| PicklistValue { active, label: String::new(), value: value.into() };
        let mut rating = field("picklist", 255);
        rating.picklist_values = vec![value("Hot", true), value("Cold", false)];
        assert_eq!(kept(json!("hot"), &rating), Some(json!("hot")), "an open picklist takes anything");
        rating.restricted_picklist = true;
        assert_eq!(kept(json!("hot"), &rating), Some(json!("Hot")));
        assert_eq!(kept(json!("Cold"), &rating), None, "no longer active");
        rating.kind = "multipicklist".into();
        assert_eq!(kept(json!(["hot", "Hot"]), &rating), Some(json!("Hot;Hot")));
        assert_eq!(kept(json!("hot; warm"), &rating), None);
    }

    #[test]
    fn what_is_too_long_is_trimmed_only_where_that_is_wanted() {
        let title = field("string", 5);
        let value = json!("abc 😀e");
        assert_eq!(
            fit(&value, &title, TooLong::Trim, Nulls::Leave),
            Fit::Takes(json!("abc"), Some(Note::Trimmed { field: "F".into(), from: 7, to: 3 }))
        );
        assert_eq!(
            fit(&value, &title, TooLong::LeaveOut, Nulls::Leave),
            Fit::TooLong(Note::TooLong { field: "F".into(), most: 5 })
        );
    }

    proptest::proptest! {
        #[test]
        fn a_text_that_goes_out_fits_its_field(text in "\\PC{0,40}", most in 1_u32..30) {
            if let Fit::Takes(Value::String(kept), _) = fit(&json!(text), &field("string", most), TooLong::Trim, Nulls::Leave) {
                proptest::prop_assert!(units(&kept) <= most as usize);
                proptest::prop_assert!(text.trim().starts_with(&kept));
            }
        }
    }
}
