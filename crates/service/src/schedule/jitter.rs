//! How long a slot is delayed: drawn from a name and the slot, so that it is the same after a restart.

use std::time::Duration;

use model::Stamp;

/// Between nothing and `most`, whole milliseconds.
pub(super) fn delay(name: &str, slot: Stamp, most: Duration) -> Duration {
    let most = u64::try_from(most.as_millis()).unwrap_or(u64::MAX);
    let drawn = draw(name, slot);
    Duration::from_millis(most.checked_add(1).map_or(drawn, |choices| drawn % choices))
}

/// FNV-1a over name and slot; then mixed, because FNV's low bits follow the last byte too closely.
fn draw(name: &str, slot: Stamp) -> u64 {
    let hash =
        name.bytes().chain(slot.micros().to_le_bytes()).fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
    let hash = (hash ^ (hash >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let hash = (hash ^ (hash >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    hash ^ (hash >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MINUTE: Duration = Duration::from_secs(60);

    #[test]
    fn the_same_name_and_slot_draw_the_same_delay_and_others_another() {
        let slot = Stamp::from_seconds(1_800_000_000);
        assert_eq!(delay("north", slot, MINUTE), delay("north", slot, MINUTE));
        assert_ne!(delay("north", slot, MINUTE), delay("south", slot, MINUTE));
        assert_ne!(delay("north", slot, MINUTE), delay("north", slot.plus(MINUTE * 60), MINUTE));
    }

    #[test]
    fn delays_spread_over_the_whole_span() {
        // GIVEN a thousand hourly slots
        let slots = (0..1_000).map(|hour| Stamp::from_seconds(1_800_000_000 + hour * 3_600));
        // WHEN their delays are sorted into six drawers of ten seconds
        let mut drawers = [0_u32; 6];
        for slot in slots {
            let seconds = delay("north", slot, Duration::from_millis(59_999)).as_secs();
            drawers[usize::try_from(seconds / 10).unwrap()] += 1;
        }
        // THEN each holds its share, give or take
        assert!(drawers.iter().all(|count| (110..230).contains(count)), "{drawers:?}");
    }

    #[test]
    fn no_span_means_no_delay() {
        assert_eq!(delay("north", Stamp::EPOCH, Duration::ZERO), Duration::ZERO);
    }
}
