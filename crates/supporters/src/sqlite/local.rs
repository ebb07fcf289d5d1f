//! Dates and times that do not say their offset: they are of the configured zone. The rest of the program is shown them with
//! it, and what is written into such a row is written as the row has it.

use model::Stamp;

use super::stamp::local_text;
use crate::Zone;

/// A date and time as it is read; `None`: as it stands.
pub(super) fn with_offset(held: &str, zone: Zone) -> Option<String> {
    (zone != Zone::default() && Stamp::lacks_offset(held)).then(|| format!("{held}{zone}"))
}

/// What may have stood in the column where this was read, beside what was read itself.
pub(super) fn without_offset(read: &str, zone: Zone) -> Option<&str> {
    if zone == Zone::default() {
        return None;
    }
    read.strip_suffix(zone.to_string().as_str()).filter(|held| Stamp::lacks_offset(held))
}

/// An instant in the form of a row that holds one without an offset, where `read` was read; `None` for any other form.
pub(super) fn as_held(instant: &str, read: &str, zone: Zone) -> Option<String> {
    let held = without_offset(read, zone).or_else(|| Stamp::lacks_offset(read).then_some(read))?;
    let separator = if held.contains('T') { 'T' } else { ' ' };
    let second = Stamp::parse(instant).ok()?.micros().div_euclid(1_000_000);
    local_text(second, zone.seconds_east(), separator)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_time_without_an_offset_is_of_the_zone_and_any_other_says_itself() {
        let zone: Zone = "+10:00".parse().unwrap();
        assert_eq!(with_offset("2026-07-01 12:00:00", zone).as_deref(), Some("2026-07-01 12:00:00+10:00"));
        for other in ["2026-07-01 12:00:00Z", "2026-07-01T12:00:00+01:00", "2026-07-01", "soon", ""] {
            assert_eq!(with_offset(other, zone), None, "{other}");
        }
        assert_eq!(with_offset("2026-07-01 12:00:00", Zone::default()), None);
        let held = |read, zone| as_held("2026-07-01T02:00:00Z", read, zone);
        assert_eq!(held("2026-01-01 12:00:00+10:00", zone).as_deref(), Some("2026-07-01 12:00:00"));
        assert_eq!(held("2026-01-01T12:00:00", Zone::default()).as_deref(), Some("2026-07-01T02:00:00"));
        assert_eq!(held("2026-01-01T12:00:00Z", zone), None);
    }

    proptest! {
        #[test]
        fn with_its_offset_a_time_is_the_instant_that_it_is_in_its_zone(
            second in 0_i64..4_000_000_000, fraction in "(\\.[0-9]{1,6})?", space in " {0,2}", quarters in -48_i32..56,
            separator in "[T ]",
        ) {
            let sign = if quarters < 0 { '-' } else { '+' };
            let (hours, minutes) = (quarters.abs() / 4, quarters.abs() % 4 * 15);
            let zone: Zone = format!("{sign}{hours:02}:{minutes:02}").parse().unwrap();
            let plain = Stamp::from_seconds(second).to_seconds_text().replace('T', &separator).replace('Z', "");
            let held = format!("{plain}{fraction}{space}");
            let read = with_offset(&held, zone).unwrap_or_else(|| held.clone());
            let shifted = Stamp::parse(&held).unwrap().micros() - i64::from(zone.seconds_east()) * 1_000_000;
            prop_assert_eq!(Stamp::parse(&read).map(Stamp::micros), Ok(shifted));
            prop_assert_eq!(without_offset(&read, zone).unwrap_or(&read), &held);
            let instant = Stamp::from_micros(shifted).to_seconds_text();
            prop_assert_eq!(as_held(&instant, &read, zone), Some(plain));
        }
    }
}
