//! Points in time as one side's server stamped them, and positions in a side's change order.

use std::fmt;
use std::time::Duration;

use chrono::{DateTime, NaiveDate, NaiveDateTime, SecondsFormat, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A point in time, UTC, in microseconds. Always from the server that owns the record, never from this machine's clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Stamp(i64);

/// The text is no instant in a form that either side writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a date and time with a known offset")]
pub struct InvalidStamp;

impl Stamp {
    /// 1970-01-01: below everything either side holds.
    pub const EPOCH: Self = Self(0);

    /// From microseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// From seconds since 1970-01-01 UTC; saturates far outside of history.
    #[must_use]
    pub const fn from_seconds(seconds: i64) -> Self {
        Self(seconds.saturating_mul(1_000_000))
    }

    /// Microseconds since 1970-01-01 UTC.
    #[must_use]
    pub const fn micros(self) -> i64 {
        self.0
    }

    /// Accepts what Salesforce and common databases write: `2026-10-05T12:34:56.000+0000`, `…Z`, `… +01:00`,
    /// `2026-10-05 12:34:56` (no offset: taken as UTC), `HTTP` dates.
    ///
    /// # Errors
    /// [`InvalidStamp`] for anything else.
    pub fn parse(raw: &str) -> Result<Self, InvalidStamp> {
        let raw = raw.trim();
        if let Some(at) = uniform(raw) {
            return Ok(at);
        }
        if let Ok(at) = raw.parse::<DateTime<Utc>>() {
            return Ok(at.into());
        }
        if let Ok(at) = DateTime::parse_from_rfc2822(raw) {
            return Ok(at.to_utc().into());
        }
        // What `Display` writes outside of the calendar's range.
        if let Some(micros) = raw.strip_suffix(" µs").and_then(|number| number.parse().ok()) {
            return Ok(Self(micros));
        }
        without_offset(raw).map(|at| at.and_utc().into()).ok_or(InvalidStamp)
    }

    /// Whether a text is a date and time that does not say its offset. [`Stamp::parse`] takes it as UTC; whoever knows better
    /// appends the offset.
    #[must_use]
    pub fn lacks_offset(raw: &str) -> bool {
        without_offset(raw.trim()).is_some()
    }

    /// Cut down to the whole second: Salesforce keeps no finer stamps, and SOQL literals carry none.
    #[must_use]
    pub const fn floor_second(self) -> Self {
        Self(self.0.div_euclid(1_000_000) * 1_000_000)
    }

    /// This much earlier.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// This much later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(i64::try_from(span.as_micros()).unwrap_or(i64::MAX)))
    }

    /// How much later than `earlier`; zero when it is not later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_micros(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// As a calendar time, where it lies in the calendar's range.
    #[must_use]
    pub fn to_utc(self) -> Option<DateTime<Utc>> {
        DateTime::from_timestamp_micros(self.0)
    }

    /// `2026-10-05T12:34:56Z`: the form SOQL and people read, whole seconds.
    #[must_use]
    pub fn to_seconds_text(self) -> String {
        self.to_utc().map_or_else(
            || "1970-01-01T00:00:00Z".to_owned(),
            |at| at.to_rfc3339_opts(SecondsFormat::Secs, true),
        )
    }
}

fn without_offset(text: &str) -> Option<NaiveDateTime> {
    let forms = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f"];
    forms.into_iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok())
}

/// What Salesforce itself writes, and nothing else: `2026-10-05T12:34:56.000Z` or `…+0000`. Every record carries one, and a
/// form that is known letter by letter is read in a tenth of the time.
fn uniform(text: &str) -> Option<Stamp> {
    let (digits, rest) = text.as_bytes().split_first_chunk::<23>()?;
    if !matches!(rest, b"Z" | b"+0000") {
        return None;
    }
    let marks = [(4, b'-'), (7, b'-'), (10, b'T'), (13, b':'), (16, b':'), (19, b'.')];
    if marks.iter().any(|(at, mark)| digits[*at] != *mark) {
        return None;
    }
    let number = |places: std::ops::Range<usize>| {
        digits[places].iter().try_fold(0_u32, |number, byte| {
            byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'))
        })
    };
    let year = i32::try_from(number(0..4)?).ok()?;
    let day = NaiveDate::from_ymd_opt(year, number(5..7)?, number(8..10)?)?;
    let at = day.and_hms_milli_opt(number(11..13)?, number(14..16)?, number(17..19)?, number(20..23)?)?;
    Some(at.and_utc().into())
}

/// Text where people may read it, a number where nobody does.
impl Serialize for Stamp {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        if to.is_human_readable() { to.collect_str(self) } else { to.serialize_i64(self.0) }
    }
}

impl<'de> Deserialize<'de> for Stamp {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        if from.is_human_readable() {
            let text = String::deserialize(from)?;
            Self::parse(&text).map_err(de::Error::custom)
        } else {
            i64::deserialize(from).map(Self)
        }
    }
}

impl From<DateTime<Utc>> for Stamp {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.timestamp_micros())
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to_utc() {
            Some(at) => f.write_str(&at.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
            None => write!(f, "{} µs", self.0),
        }
    }
}

/// A place in one side's change order: a stamp, and the last id handled at that stamp. Many records share one second,
/// so a stamp alone is never a place to go on from.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Position {
    /// The stamp.
    pub stamp: Stamp,
    /// The last id handled at that stamp; empty: none of that stamp was handled.
    pub id: String,
}

impl Position {
    /// Just before everything stamped `stamp`.
    #[must_use]
    pub const fn before(stamp: Stamp) -> Self {
        Self { stamp, id: String::new() }
    }
}

/// A half-open window `[from, until)` over one side's stamps.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Inclusive lower bound.
    pub from: Stamp,
    /// Exclusive upper bound, fixed before anything is read.
    pub until: Stamp,
}

impl Window {
    /// `[watermark - overlap, until)`; without a watermark from the beginning of time.
    #[must_use]
    pub fn after(watermark: Option<Stamp>, overlap: Duration, until: Stamp) -> Self {
        Self { from: watermark.map_or(Stamp::EPOCH, |w| w.minus(overlap)), until }
    }

    /// Nothing can lie in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.from >= self.until
    }

    /// Whether a record stamped `stamp` belongs to it.
    #[must_use]
    pub fn contains(&self, stamp: Stamp) -> bool {
        self.from <= stamp && stamp < self.until
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_either_side_writes_is_one_instant() {
        let expected = Stamp::parse("2026-10-05T12:34:56Z").unwrap();
        for form in [
            "2026-10-05T12:34:56.000+0000",
            "2026-10-05T12:34:56.000Z",
            "2026-10-05T13:34:56+01:00",
            "2026-10-05 12:34:56",
            "Mon, 05 Oct 2026 12:34:56 GMT",
        ] {
            assert_eq!(Stamp::parse(form), Ok(expected), "{form}");
        }
        assert_eq!(Stamp::parse("yesterday"), Err(InvalidStamp));
    }

    proptest::proptest! {
        #[test]
        fn the_uniform_form_is_read_as_any_other(
            text in "(19|20|99)[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-6][0-9]:[0-6][0-9]\\.[0-9:]{3}(Z|\\+0000|\\+0100|)"
        ) {
            if let Some(at) = uniform(&text) {
                proptest::prop_assert_eq!(text.parse::<DateTime<Utc>>().map(Stamp::from), Ok(at));
            }
        }
    }

    #[test]
    fn what_salesforce_writes_is_read_letter_by_letter() {
        for form in ["2026-10-05T12:34:56.000+0000", "2026-10-05T12:34:56.000Z"] {
            assert!(uniform(form).is_some(), "{form}");
        }
        for other in [
            "2026-10-05T12:34:56Z",
            "2026-13-05T12:34:56.000Z",
            "2026-10-05T12:34:60.000Z",
            "2026-10-05 12:34:56.000Z",
        ] {
            assert_eq!(uniform(other), None, "{other}");
        }
    }

    #[test]
    fn people_read_text_and_come_back_to_the_same_instant() {
        let stamp = Stamp::from_micros(1_795_313_462_250_000);
        let text = serde_json::to_string(&stamp).unwrap();
        assert_eq!(text, "\"2026-11-22T02:11:02.250Z\"");
        assert_eq!(serde_json::from_str::<Stamp>(&text).unwrap(), stamp);
        let beyond = Stamp::from_micros(i64::MAX);
        assert_eq!(Stamp::parse(&beyond.to_string()), Ok(beyond));
    }

    #[test]
    fn a_window_is_half_open() {
        let until = Stamp::from_seconds(1_000);
        let window = Window::after(Some(Stamp::from_seconds(900)), Duration::from_secs(600), until);
        assert!(window.contains(Stamp::from_seconds(300)));
        assert!(!window.contains(Stamp::from_seconds(299)));
        assert!(!window.contains(until));
    }

    proptest::proptest! {
        #[test]
        fn parsing_never_panics(raw in ".{0,40}") {
            let _ = Stamp::parse(&raw);
        }

        #[test]
        fn text_and_stamp_round_trip(seconds in -62_000_000_000_i64..250_000_000_000) {
            let stamp = Stamp::from_seconds(seconds);
            proptest::prop_assert_eq!(Stamp::parse(&stamp.to_seconds_text()), Ok(stamp));
        }
    }
}
