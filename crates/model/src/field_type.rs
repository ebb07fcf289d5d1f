//! What kind of value a field holds, and the one comparable form of each value of that kind.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, SecondsFormat, Utc};
use serde::{Deserialize, Serialize};
use unicode_normalization::UnicodeNormalization;

use crate::{Cell, Email, Stamp};

/// How a mapped value is read, compared and written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FieldType {
    /// One line of text.
    Text,
    /// Several lines of text.
    TextArea,
    /// An e-mail address; compared and written in lower case.
    Email,
    /// A telephone number, as text.
    Phone,
    /// A web address, as text.
    Url,
    /// A checkbox. A blank counts as false: nobody's consent is read out of an empty column.
    Boolean,
    /// A day, `2026-10-05`.
    Date,
    /// An instant, compared to the second.
    DateTime,
    /// A number of any scale.
    Number,
    /// One of a list of values.
    Picklist,
    /// Several of a list of values, `a;b`; their order does not count.
    MultiPicklist,
    /// The id of another record.
    Reference,
}

/// Why a value cannot stand in the other side's field. Carries no part of the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum InvalidValue {
    /// Longer than the field, which would cut it or refuse it.
    #[error("longer than the field holds")]
    TooLong,
    /// The longest value of a record that is longer than a row may be (Bulk guide v66, "Bulk API Limits": 400,000 characters a record).
    #[error("makes the record longer than Salesforce takes in one row")]
    RowTooLong,
    /// NUL or another control character that neither side stores.
    #[error("holds a control character")]
    ControlCharacter,
    /// The text `#N/A`, which Bulk API 2.0 reads as "clear this field" (Bulk guide v66: "Valid CSV record rows").
    #[error("is the text #N/A, which Salesforce reads as an order to clear the field")]
    NotStorable,
    /// Bytes that are no text, such as a blob.
    #[error("holds bytes that are no text")]
    NoText,
    /// No e-mail address.
    #[error("is not an e-mail address")]
    Email,
    /// Neither yes nor no.
    #[error("is neither yes nor no")]
    Boolean,
    /// No day.
    #[error("is not a date")]
    Date,
    /// No instant.
    #[error("is not a date and time")]
    DateTime,
    /// No number, or one outside every field's range.
    #[error("is not a number")]
    Number,
}

/// Values longer than this are refused before any work is done on them: Salesforce's own limit for one field.
/// (Salesforce Developer Limits and Allocations Quick Reference: 131,072 characters a field.)
const MAX_CHARS: usize = 131_072;

impl FieldType {
    /// The comparable form of a cell of this type, at most `max_length` characters where a length is given.
    ///
    /// Normalizing twice changes nothing, and what is written is always normalized first, so that what comes back equals it.
    ///
    /// # Errors
    /// [`InvalidValue`] when the other side could not hold the value unchanged.
    pub fn normalize(self, cell: &Cell, max_length: Option<usize>) -> Result<Cell, InvalidValue> {
        match cell {
            Cell::Absent => Ok(Cell::Absent),
            Cell::Empty => Ok(self.blank()),
            Cell::Value(text) => self.normalize_text(text, max_length),
        }
    }

    /// The same for a text that stands in no cell yet.
    pub(crate) fn normalize_text(self, text: &str, max_length: Option<usize>) -> Result<Cell, InvalidValue> {
        if text.len() > 4 * MAX_CHARS {
            return Err(InvalidValue::TooLong);
        }
        let clean = self.clean(text)?;
        if clean.is_empty() {
            return Ok(self.blank());
        }
        if clean == "#N/A" {
            return Err(InvalidValue::NotStorable);
        }
        let normal = self.canonical(clean)?;
        // Nothing but separators is a choice of nothing.
        if normal.is_empty() {
            return Ok(self.blank());
        }
        let most = max_length.unwrap_or(MAX_CHARS);
        // No text has more characters than bytes.
        if normal.len() > most && normal.chars().count() > most {
            return Err(InvalidValue::TooLong);
        }
        Ok(Cell::Value(normal.into()))
    }

    /// What an empty field means: false for a checkbox, empty for everything else.
    fn blank(self) -> Cell {
        if self == Self::Boolean { Cell::Value("false".into()) } else { Cell::Empty }
    }

    /// NFC, one kind of line end, no space around it; a single-line value has its line ends turned into spaces.
    fn clean(self, text: &str) -> Result<Cow<'_, str>, InvalidValue> {
        // Printable ASCII is in NFC already, and is most of what people are called.
        let plain = |b: u8| matches!(b, b' '..=b'~') || (b == b'\n' && self == Self::TextArea);
        if text.bytes().all(plain) {
            return Ok(Cow::Borrowed(text.trim_ascii()));
        }
        self.clean_unicode(text).map(Cow::Owned)
    }

    fn clean_unicode(self, text: &str) -> Result<String, InvalidValue> {
        let mut clean = String::with_capacity(text.len());
        let mut rest = text.nfc().peekable();
        while let Some(c) = rest.next() {
            match c {
                '\r' | '\n' => {
                    if c == '\r' && rest.peek() == Some(&'\n') {
                        rest.next();
                    }
                    clean.push(if self == Self::TextArea { '\n' } else { ' ' });
                }
                '\t' => clean.push(' '),
                c if c.is_control() => return Err(InvalidValue::ControlCharacter),
                c => clean.push(c),
            }
        }
        Ok(clean.trim().to_owned())
    }

    fn canonical(self, clean: Cow<'_, str>) -> Result<Cow<'_, str>, InvalidValue> {
        match self {
            Self::Text | Self::TextArea | Self::Phone | Self::Url | Self::Picklist | Self::Reference => {
                Ok(clean)
            }
            Self::Email if Email::is_comparable(&clean) => Ok(clean),
            Self::Email => match Email::parse(&clean) {
                Ok(email) => Ok(Cow::Owned(email.expose().to_owned())),
                Err(_) => Err(InvalidValue::Email),
            },
            Self::Boolean => match boolean(&clean) {
                Some(true) => Ok(Cow::Borrowed("true")),
                Some(false) => Ok(Cow::Borrowed("false")),
                None => Err(InvalidValue::Boolean),
            },
            Self::Date => match date(&clean) {
                Some(day) => Ok(Cow::Owned(day.format("%Y-%m-%d").to_string())),
                None => Err(InvalidValue::Date),
            },
            Self::DateTime => instant(&clean).map(Cow::Owned).ok_or(InvalidValue::DateTime),
            Self::Number => decimal(&clean).map(Cow::Owned).ok_or(InvalidValue::Number),
            Self::MultiPicklist => Ok(Cow::Owned(choices(&clean))),
        }
    }
}

/// Yes or no, in the spellings databases use.
fn boolean(text: &str) -> Option<bool> {
    let is = |words: [&str; 6]| words.iter().any(|word| word.eq_ignore_ascii_case(text));
    if is(["true", "t", "yes", "y", "1", "on"]) {
        Some(true)
    } else if is(["false", "f", "no", "n", "0", "off"]) {
        Some(false)
    } else {
        None
    }
}

/// A day, also out of a full date and time; the offset of such a time is not applied: a birthday has no time zone.
fn date(text: &str) -> Option<NaiveDate> {
    let day = text.get(..10)?;
    let rest = &text[10..];
    if !(rest.is_empty() || rest.starts_with('T') || rest.starts_with(' ')) {
        return None;
    }
    NaiveDate::parse_from_str(day, "%Y-%m-%d").ok()
}

fn instant(text: &str) -> Option<String> {
    let at: DateTime<Utc> = Stamp::parse(text).ok()?.floor_second().to_utc()?;
    Some(at.to_rfc3339_opts(SecondsFormat::Secs, true))
}

/// The choices of a multi-select value in one order, each once.
fn choices(text: &str) -> String {
    let mut choices: Vec<&str> = text.split(';').map(str::trim).filter(|choice| !choice.is_empty()).collect();
    choices.sort_unstable();
    choices.dedup();
    choices.join(";")
}

/// A decimal number in plain notation without superfluous zeros: `9.12260031E8` is `912260031`, `5.00` is `5`.
/// Bulk result files re-serialise numbers this way (Bulk guide v66, sample of successful results).
fn decimal(text: &str) -> Option<String> {
    let (sign, unsigned) = match text.as_bytes().first()? {
        b'-' => ("-", &text[1..]),
        b'+' => ("", &text[1..]),
        _ => ("", text),
    };
    let (mantissa, exponent) = match unsigned.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().ok().filter(|e| e.abs() <= 64)?),
        None => (unsigned, 0),
    };
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits: String = [whole, fraction].concat();
    if digits.is_empty() || digits.len() > 64 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let point = i32::try_from(whole.len()).ok()? + exponent;
    Some(place_point(sign, &digits, point))
}

/// Writes `digits` with the decimal point after the first `point` of them, padding with zeros where it lies outside.
fn place_point(sign: &str, digits: &str, point: i32) -> String {
    let len = i32::try_from(digits.len()).unwrap_or(i32::MAX);
    let zeros = |n: i32| "0".repeat(usize::try_from(n).unwrap_or(0));
    let (whole, fraction) = if point <= 0 {
        (String::new(), zeros(-point) + digits)
    } else if point >= len {
        (digits.to_owned() + &zeros(point - len), String::new())
    } else {
        let (whole, fraction) = digits.split_at(usize::try_from(point).unwrap_or(0));
        (whole.to_owned(), fraction.to_owned())
    };
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        whole => whole,
    };
    let fraction = fraction.trim_end_matches('0');
    match (whole, fraction) {
        ("0", "") => "0".to_owned(),
        (whole, "") => format!("{sign}{whole}"),
        (whole, fraction) => format!("{sign}{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn normal(kind: FieldType, text: &str) -> Result<Cell, InvalidValue> {
        kind.normalize(&Cell::Value(text.into()), None)
    }

    fn value(text: &str) -> Result<Cell, InvalidValue> {
        Ok(Cell::Value(text.into()))
    }

    #[test]
    fn numbers_have_one_form() {
        for (raw, plain) in [
            ("9.12260031E8", "912260031"),
            ("5.00", "5"),
            ("-0.50", "-0.5"),
            ("+007", "7"),
            ("1e-3", "0.001"),
            ("-0", "0"),
            (".5", "0.5"),
            ("12.", "12"),
        ] {
            assert_eq!(normal(FieldType::Number, raw), value(plain), "{raw}");
        }
        for bad in ["1,000", "NaN", "1e999", "--1", ".", "1.2.3", "٣"] {
            assert_eq!(normal(FieldType::Number, bad), Err(InvalidValue::Number), "{bad}");
        }
    }

    #[test]
    fn a_blank_opt_in_is_no_consent() {
        assert_eq!(FieldType::Boolean.normalize(&Cell::Empty, None), value("false"));
        assert_eq!(FieldType::Boolean.normalize(&Cell::Absent, None), Ok(Cell::Absent));
        assert_eq!(normal(FieldType::Boolean, "Y"), value("true"));
        assert_eq!(normal(FieldType::Boolean, "maybe"), Err(InvalidValue::Boolean));
    }

    #[test]
    fn nothing_is_cut_or_changed_silently() {
        let long = Cell::Value("x".repeat(41).into());
        assert_eq!(FieldType::Text.normalize(&long, Some(40)), Err(InvalidValue::TooLong));
        assert_eq!(normal(FieldType::Text, "a\u{0}b"), Err(InvalidValue::ControlCharacter));
        assert_eq!(normal(FieldType::Text, "#N/A"), Err(InvalidValue::NotStorable));
        let huge = Cell::Value("x".repeat(5_000_000).into());
        assert_eq!(FieldType::TextArea.normalize(&huge, None), Err(InvalidValue::TooLong));
    }

    #[test]
    fn lines_dates_and_choices_have_one_form() {
        assert_eq!(normal(FieldType::TextArea, " 1 High St\r\nFlat 2 "), value("1 High St\nFlat 2"));
        assert_eq!(normal(FieldType::Text, "a\r\nb"), value("a b"));
        assert_eq!(normal(FieldType::Date, "1940-06-07T00:00:00Z"), value("1940-06-07"));
        assert_eq!(
            normal(FieldType::DateTime, "2026-10-05T13:00:00.250+01:00"),
            value("2026-10-05T12:00:00Z")
        );
        assert_eq!(normal(FieldType::MultiPicklist, "b; a;b"), value("a;b"));
        for nothing in [";", " ; ", ";;\u{a0};"] {
            assert_eq!(normal(FieldType::MultiPicklist, nothing), Ok(Cell::Empty), "{nothing:?}");
        }
        assert_eq!(normal(FieldType::Text, "e\u{301}"), value("é"));
    }

    const ALL: [FieldType; 12] = [
        FieldType::Text,
        FieldType::TextArea,
        FieldType::Email,
        FieldType::Phone,
        FieldType::Url,
        FieldType::Boolean,
        FieldType::Date,
        FieldType::DateTime,
        FieldType::Number,
        FieldType::Picklist,
        FieldType::MultiPicklist,
        FieldType::Reference,
    ];

    proptest::proptest! {
        #[test]
        fn normalizing_is_total_and_idempotent(raw in "\\PC{0,40}|[0-9.eE+-]{0,12}|[0-9T: -]{0,24}|[; a]{0,6}", which in 0..ALL.len()) {
            let kind = ALL[which];
            if let Ok(once) = kind.normalize(&Cell::from_nullable(Some(&raw)), Some(80)) {
                proptest::prop_assert!(once.text() != Some(""));
                proptest::prop_assert_eq!(kind.normalize(&once, Some(80)), Ok(once));
            }
        }

        #[test]
        fn the_short_way_of_plain_text_leads_to_the_same(raw in "[ -~\n\r\té\u{301}\u{0}]{0,8}", which in 0..ALL.len()) {
            let kind = ALL[which];
            proptest::prop_assert_eq!(kind.clean(&raw).map(Cow::into_owned), kind.clean_unicode(&raw));
        }
    }
}
