//! Intervals: `1h30m`, and the slots they make.

use std::time::Duration;

use model::Stamp;

use super::InvalidSchedule;

/// The shortest interval: a cycle takes calls even when nothing changed.
pub const SHORTEST: Duration = Duration::from_secs(60);

/// The longest interval. Beyond 15 days Salesforce forgets which records were deleted.
pub const LONGEST: Duration = Duration::from_secs(7 * 86_400);

/// Numbers with units `d`, `h`, `m`, `s`, larger units first, each at most once.
pub(super) fn parse(text: &str) -> Result<Duration, InvalidSchedule> {
    let form = || InvalidSchedule::Form(text.chars().take(80).collect());
    let mut rest = text;
    let mut seconds = 0_u64;
    for (unit, length) in [('d', 86_400_u64), ('h', 3_600), ('m', 60), ('s', 1)] {
        let Some((number, after)) = rest.split_once(unit) else { continue };
        if number.is_empty() || number.len() > 9 || !number.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(form());
        }
        let number: u64 = number.parse().map_err(|_| form())?;
        seconds = number.saturating_mul(length).saturating_add(seconds);
        rest = after;
    }
    if !rest.is_empty() || text.is_empty() {
        return Err(form());
    }
    let every = Duration::from_secs(seconds);
    if (SHORTEST..=LONGEST).contains(&every) { Ok(every) } else { Err(InvalidSchedule::Interval) }
}

/// The first whole multiple of `every` since 1970 that is later than `from`.
pub(super) fn slot_after(every: Duration, from: Stamp) -> Option<Stamp> {
    let every = i64::try_from(every.as_micros()).ok()?.max(1);
    let next = from.micros().div_euclid(every).checked_add(1)?.checked_mul(every)?;
    Some(Stamp::from_micros(next))
}

/// `1d2h30m`: what [`parse`] reads.
pub(super) fn text(every: Duration) -> String {
    let mut rest = every.as_secs();
    let mut text = String::new();
    for (unit, length) in [('d', 86_400_u64), ('h', 3_600), ('m', 60), ('s', 1)] {
        if rest >= length {
            text.push_str(&(rest / length).to_string());
            text.push(unit);
            rest %= length;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn intervals_are_read_as_people_write_them() {
        for (text, seconds) in [("1h", 3_600), ("90m", 5_400), ("1h30m", 5_400), ("1d", 86_400), ("60s", 60)]
        {
            assert_eq!(parse(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_interval_is_refused() {
        for text in ["", "1", "h", "-1h", "1h1h", "30m1h", "1.5h", "1 h", "hourly", "１h", "99999999999h"] {
            assert_eq!(parse(text), Err(InvalidSchedule::Form(text.to_owned())), "{text}");
        }
        for text in ["0h", "59s", "8d", "999999999d"] {
            assert_eq!(parse(text), Err(InvalidSchedule::Interval), "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn an_interval_is_written_as_it_is_read(seconds in 60_u64..=604_800) {
            let every = Duration::from_secs(seconds);
            proptest::prop_assert_eq!(parse(&text(every)), Ok(every));
        }

        #[test]
        fn reading_never_panics(raw in ".{0,40}") {
            let _ = parse(&raw);
        }

        #[test]
        fn slots_lie_after_and_within_one_interval(seconds in 60_u64..=604_800, from in proptest::num::i64::ANY) {
            let every = Duration::from_secs(seconds);
            if let Some(slot) = slot_after(every, Stamp::from_micros(from)) {
                proptest::prop_assert!(slot.micros() > from);
                proptest::prop_assert!(slot.since(Stamp::from_micros(from)) <= every);
            }
        }
    }
}
