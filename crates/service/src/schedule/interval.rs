//! Intervals: the slots they make, and how they are written.

use std::time::Duration;

use model::Stamp;

/// The first whole multiple of `every` since 1970 that is later than `from`.
pub(super) fn slot_after(every: Duration, from: Stamp) -> Option<Stamp> {
    let every = i64::try_from(every.as_micros()).ok()?.max(1);
    let next = from.micros().div_euclid(every).checked_add(1)?.checked_mul(every)?;
    Some(Stamp::from_micros(next))
}

/// `1d2h30m`.
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
    fn an_interval_is_written_with_larger_units_first() {
        for (seconds, written) in
            [(60, "1m"), (3_600, "1h"), (5_400, "1h30m"), (86_400, "1d"), (95_400, "1d2h30m")]
        {
            assert_eq!(text(Duration::from_secs(seconds)), written);
        }
    }

    proptest::proptest! {
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
