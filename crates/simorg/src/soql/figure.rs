//! Reads numbers, dates, date-times and relative date literals.

use chrono::{DateTime, Datelike, Days, Months, NaiveDate, Utc};

use super::ast::{DateLiteral, LiteralValue, Period};

/// Reads a token that starts with a digit, sign or dot. `None` when it is none of number, date and date-time.
pub(crate) fn figure(text: &str) -> Option<LiteralValue> {
    if looks_like_date(text) {
        return date_time(text).map(LiteralValue::DateTime).or_else(|| date(text).map(LiteralValue::Date));
    }
    let plain = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'+' | b'-' | b'e' | b'E'));
    let number: f64 = if plain { text.parse().ok()? } else { return None };
    number.is_finite().then_some(LiteralValue::Number(number))
}

fn looks_like_date(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() >= 10 && bytes[..4].iter().all(u8::is_ascii_digit) && bytes[4] == b'-' && bytes[7] == b'-'
}

fn date(text: &str) -> Option<NaiveDate> {
    if text.len() == 10 { NaiveDate::parse_from_str(text, "%Y-%m-%d").ok() } else { None }
}

/// Reads `yyyy-MM-ddTHH:mm:ss[.SSS]` followed by `Z`, `+HH:mm` or `+HHmm`. The fraction is undocumented but accepted
/// (clients send it).
pub(crate) fn date_time(text: &str) -> Option<DateTime<Utc>> {
    if !looks_like_date(text) || text.as_bytes().get(10) != Some(&b'T') {
        return None;
    }
    DateTime::parse_from_rfc3339(text)
        .or_else(|_| DateTime::parse_from_str(text, "%Y-%m-%dT%H:%M:%S%.f%z"))
        .ok()
        .map(|t| t.with_timezone(&Utc))
}

/// The relative date literal of this name; `n` is the number after the colon, when there is one.
pub(crate) fn date_literal(word: &str, n: Option<i32>) -> Option<DateLiteral> {
    let name = without_fiscal(&word.to_ascii_uppercase());
    let literal = |period, first, count| Some(DateLiteral { period, first, count });
    match (name.as_str(), n) {
        ("YESTERDAY", None) => literal(Period::Day, -1, 1),
        ("TODAY", None) => literal(Period::Day, 0, 1),
        ("TOMORROW", None) => literal(Period::Day, 1, 1),
        ("LAST_90_DAYS", None) => literal(Period::Day, -90, 91),
        ("NEXT_90_DAYS", None) => literal(Period::Day, 1, 90),
        ("LAST_N_DAYS", Some(n)) => literal(Period::Day, -n, n + 1),
        (_, None) => {
            let (which, period) = name.split_once('_')?;
            let first = match which {
                "LAST" => -1,
                "THIS" => 0,
                "NEXT" => 1,
                _ => return None,
            };
            let period = singular(period)?;
            if period == Period::Day { None } else { literal(period, first, 1) }
        }
        (_, Some(n)) => {
            if let Some(period) = name.strip_prefix("LAST_N_").and_then(plural) {
                return literal(period, -n, n.max(1));
            }
            if let Some(period) = name.strip_prefix("NEXT_N_").and_then(plural) {
                return literal(period, 1, n.max(1));
            }
            let period = name.strip_prefix("N_")?.strip_suffix("_AGO").and_then(plural)?;
            literal(period, -n, 1)
        }
    }
}

/// The fiscal year of this org is the calendar year, so `THIS_FISCAL_QUARTER` is `THIS_QUARTER`.
fn without_fiscal(name: &str) -> String {
    let periods = ["QUARTER", "YEAR"];
    match name.split_once("FISCAL_") {
        Some((before, after)) if periods.iter().any(|p| after.starts_with(p)) => format!("{before}{after}"),
        Some(_) | None => name.to_owned(),
    }
}

fn singular(name: &str) -> Option<Period> {
    match name {
        "DAY" => Some(Period::Day),
        "WEEK" => Some(Period::Week),
        "MONTH" => Some(Period::Month),
        "QUARTER" => Some(Period::Quarter),
        "YEAR" => Some(Period::Year),
        _ => None,
    }
}

fn plural(name: &str) -> Option<Period> {
    singular(name.strip_suffix('S')?)
}

impl DateLiteral {
    /// The days covered, as first day and the day after the last, given today's date. `None` beyond the calendar.
    #[must_use]
    pub fn days(self, today: NaiveDate) -> Option<(NaiveDate, NaiveDate)> {
        let current = start_of(self.period, today)?;
        let from = shift(self.period, current, self.first)?;
        Some((from, shift(self.period, from, self.count)?))
    }
}

fn start_of(period: Period, day: NaiveDate) -> Option<NaiveDate> {
    match period {
        Period::Day => Some(day),
        Period::Week => day.checked_sub_days(Days::new(u64::from(day.weekday().num_days_from_sunday()))),
        Period::Month => day.with_day(1),
        Period::Quarter => NaiveDate::from_ymd_opt(day.year(), day.month0() / 3 * 3 + 1, 1),
        Period::Year => NaiveDate::from_ymd_opt(day.year(), 1, 1),
    }
}

fn shift(period: Period, day: NaiveDate, by: i32) -> Option<NaiveDate> {
    let steps = by.unsigned_abs();
    let days = |n: u32| {
        let n = Days::new(u64::from(n));
        if by < 0 { day.checked_sub_days(n) } else { day.checked_add_days(n) }
    };
    let months = |n: u32| {
        let n = Months::new(n);
        if by < 0 { day.checked_sub_months(n) } else { day.checked_add_months(n) }
    };
    match period {
        Period::Day => days(steps),
        Period::Week => days(steps.checked_mul(7)?),
        Period::Month => months(steps),
        Period::Quarter => months(steps.checked_mul(3)?),
        Period::Year => months(steps.checked_mul(12)?),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn numbers_dates_and_date_times_are_told_apart() {
        assert_eq!(figure("-1.5e3"), Some(LiteralValue::Number(-1500.0)));
        assert_eq!(figure("2026-10-05"), Some(LiteralValue::Date(day("2026-10-05"))));
        let noon = figure("2026-10-05T12:00:00Z");
        assert!(matches!(noon, Some(LiteralValue::DateTime(_))));
        for same in ["2026-10-05T12:00:00.000Z", "2026-10-05T13:00:00+01:00", "2026-10-05T12:00:00.000+0000"]
        {
            assert_eq!(figure(same), noon, "{same}");
        }
        for bad in ["2026-13-05", "2026-10-05T", "2026-10-05Z", "12ab", "1e999", "2026-10-05T12:00:00", "--1"]
        {
            assert_eq!(figure(bad), None, "{bad}");
        }
    }

    #[test]
    fn relative_literals_cover_the_documented_days() {
        let today = day("2026-10-07"); // a Wednesday
        let span = |word, n| date_literal(word, n).unwrap().days(today).unwrap();
        assert_eq!(span("today", None), (day("2026-10-07"), day("2026-10-08")));
        assert_eq!(span("LAST_N_DAYS", Some(7)), (day("2026-09-30"), day("2026-10-08")));
        assert_eq!(span("THIS_WEEK", None), (day("2026-10-04"), day("2026-10-11")));
        assert_eq!(span("LAST_MONTH", None), (day("2026-09-01"), day("2026-10-01")));
        assert_eq!(span("NEXT_QUARTER", None), (day("2027-01-01"), day("2027-04-01")));
        assert_eq!(span("LAST_N_YEARS", Some(2)), (day("2024-01-01"), day("2026-01-01")));
        assert_eq!(span("N_DAYS_AGO", Some(1)), (day("2026-10-06"), day("2026-10-07")));
        assert_eq!(span("THIS_FISCAL_YEAR", None), (day("2026-01-01"), day("2027-01-01")));
        assert_eq!(span("N_FISCAL_QUARTERS_AGO", Some(1)), (day("2026-07-01"), day("2026-10-01")));
        assert_eq!(span("NEXT_N_DAYS", Some(2)), (day("2026-10-08"), day("2026-10-10")));
    }

    #[test]
    fn words_that_are_no_date_literals_are_not_taken_for_one() {
        for (word, n) in [("Email", None), ("TODAY", Some(1)), ("LAST_DAY", None), ("LAST_N_DAYS", None)] {
            assert_eq!(date_literal(word, n), None, "{word}");
        }
    }
}
