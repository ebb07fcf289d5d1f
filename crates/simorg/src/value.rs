//! Values of fields: owned ([`Value`]) while a row is being saved, borrowed ([`ValueRef`]) from a stored record.

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use std::fmt;

/// A moment in UTC, in milliseconds since 1970. Salesforce keeps seconds; see [`Stamp::to_second`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Stamp(pub i64);

impl Stamp {
    /// Reads `2026-10-05T12:34:56Z`, `…56.123Z`, `…56+01:00`, `…56+0000`, and the same without a zone (UTC).
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        if let Ok(at) = DateTime::parse_from_rfc3339(text) {
            return Some(Self(at.timestamp_millis()));
        }
        if let Ok(at) = DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z") {
            return Some(Self(at.timestamp_millis()));
        }
        let naive = chrono::NaiveDateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f").ok()?;
        Some(Self(naive.and_utc().timestamp_millis()))
    }

    /// The same moment with everything below the second cut off.
    #[must_use]
    pub fn to_second(self) -> Self {
        Self(self.0.div_euclid(1000) * 1000)
    }

    /// As a chrono date-time; moments outside chrono's years become 1970.
    pub fn utc(self) -> DateTime<Utc> {
        DateTime::from_timestamp_millis(self.0).unwrap_or(DateTime::UNIX_EPOCH)
    }

    /// The form of REST JSON: `2026-10-05T12:34:56.000+0000` (offset without colon).
    pub fn rest(self) -> String {
        self.utc().format("%Y-%m-%dT%H:%M:%S%.3f+0000").to_string()
    }

    /// The form of Bulk CSV: `2026-10-05T12:34:56.000Z`.
    pub fn csv(self) -> String {
        self.utc().to_rfc3339_opts(SecondsFormat::Millis, true)
    }

    /// This moment moved by a span in milliseconds.
    #[must_use]
    pub fn plus_millis(self, millis: i64) -> Self {
        Self(self.0.saturating_add(millis))
    }
}

/// The value of one field. Empty text does not exist: it is `Null`, as in the platform.
#[derive(Clone, PartialEq, Default)]
pub enum Value {
    /// No value.
    #[default]
    Null,
    /// Any text-like type, ids and picklist values included.
    Text(Box<str>),
    /// A checkbox.
    Bool(bool),
    /// A number, integers included.
    Number(f64),
    /// A calendar day.
    Date(NaiveDate),
    /// A moment.
    DateTime(Stamp),
}

/// A value borrowed from a record.
#[derive(Clone, Copy, PartialEq)]
pub enum ValueRef<'a> {
    /// No value.
    Null,
    /// Any text-like type.
    Text(&'a str),
    /// A checkbox.
    Bool(bool),
    /// A number.
    Number(f64),
    /// A calendar day.
    Date(NaiveDate),
    /// A moment.
    DateTime(Stamp),
}

impl Value {
    /// Text, or `Null` when empty.
    pub fn text(text: impl Into<Box<str>>) -> Self {
        let text = text.into();
        if text.is_empty() { Self::Null } else { Self::Text(text) }
    }

    /// Borrows the value.
    pub fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Self::Null => ValueRef::Null,
            Self::Text(text) => ValueRef::Text(text),
            Self::Bool(flag) => ValueRef::Bool(*flag),
            Self::Number(number) => ValueRef::Number(*number),
            Self::Date(day) => ValueRef::Date(*day),
            Self::DateTime(at) => ValueRef::DateTime(*at),
        }
    }
}

impl<'a> ValueRef<'a> {
    /// Owns the value.
    pub fn to_value(self) -> Value {
        match self {
            Self::Null => Value::Null,
            Self::Text(text) => Value::text(text),
            Self::Bool(flag) => Value::Bool(flag),
            Self::Number(number) => Value::Number(number),
            Self::Date(day) => Value::Date(day),
            Self::DateTime(at) => Value::DateTime(at),
        }
    }

    /// The text of a text value.
    pub fn text(self) -> Option<&'a str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::Date(_) | Self::DateTime(_) => None,
        }
    }

    /// Whether there is no value.
    pub fn is_null(self) -> bool {
        matches!(self, Self::Null)
    }

    /// The form in REST JSON. `whole` says that numbers of this field are integers.
    pub fn to_json(self, whole: bool) -> serde_json::Value {
        match self {
            Self::Null => serde_json::Value::Null,
            Self::Text(text) => text.into(),
            Self::Bool(flag) => flag.into(),
            #[expect(clippy::cast_possible_truncation, reason = "integer fields are checked on the way in")]
            Self::Number(number) if whole => (number as i64).into(),
            Self::Number(number) => number.into(),
            Self::Date(day) => day.to_string().into(),
            Self::DateTime(at) => at.rest().into(),
        }
    }

    /// The form in Bulk query CSV: null is empty, moments end in `Z`.
    pub fn to_csv(self, whole: bool) -> std::borrow::Cow<'a, str> {
        match self {
            Self::Null => "".into(),
            Self::Text(text) => text.into(),
            Self::Bool(flag) => if flag { "true" } else { "false" }.into(),
            #[expect(clippy::cast_possible_truncation, reason = "integer fields are checked on the way in")]
            Self::Number(number) if whole => (number as i64).to_string().into(),
            Self::Number(number) => format!("{number:?}").into(),
            Self::Date(day) => day.to_string().into(),
            Self::DateTime(at) => at.csv().into(),
        }
    }
}

impl fmt::Debug for ValueRef<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            // Texts can be names and addresses, so only their length is shown.
            Self::Text(text) => write!(f, "Text({} bytes)", text.len()),
            Self::Bool(flag) => write!(f, "Bool({flag})"),
            Self::Number(_) => f.write_str("Number"),
            Self::Date(_) => f.write_str("Date"),
            Self::DateTime(at) => write!(f, "DateTime({})", at.rest()),
        }
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_ref().fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::{Stamp, Value};
    use proptest::prelude::*;

    #[test]
    fn a_value_stays_small() {
        assert!(size_of::<Value>() <= 24);
    }

    #[test]
    fn moments_are_read_in_every_documented_form() {
        let expected = Stamp::parse("2026-10-05T12:34:56Z");
        assert!(expected.is_some());
        for text in [
            "2026-10-05T12:34:56.000Z",
            "2026-10-05T12:34:56.000+0000",
            "2026-10-05T13:34:56+01:00",
            "2026-10-05T12:34:56",
        ] {
            assert_eq!(Stamp::parse(text), expected, "{text}");
        }
        assert_eq!(Stamp::parse("2026-10-05"), None);
    }

    proptest! {
        #[test]
        fn moments_survive_both_written_forms(millis in 0i64..4_102_444_800_000) {
            let at = Stamp(millis);
            prop_assert_eq!(Stamp::parse(&at.rest()), Some(at));
            prop_assert_eq!(Stamp::parse(&at.csv()), Some(at));
        }

        #[test]
        fn any_text_is_a_moment_or_nothing(text in ".{0,40}") {
            let _ = Stamp::parse(&text);
        }
    }
}
