//! The org's only source of chance, seeded by the settings so that a run can be repeated.

use std::sync::{Mutex, PoisonError};

/// SplitMix64. Good enough to shuffle rows and draw faults; not for secrets.
#[derive(Debug)]
pub(crate) struct Random(Mutex<u64>);

impl Random {
    /// A sequence that depends on the seed alone.
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(seed))
    }

    /// The next number.
    pub(crate) fn next(&self) -> u64 {
        let mut state = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *state = state.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = *state;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number below `bound`; 0 when the bound is 0.
    pub(crate) fn below(&self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }

    /// True for this share of the draws (0.0 never, 1.0 always).
    pub(crate) fn chance(&self, share: f64) -> bool {
        #[expect(clippy::cast_precision_loss, reason = "53 bits are enough for a share")]
        let drawn = (self.next() >> 11) as f64 / (1u64 << 53) as f64;
        drawn < share
    }

    /// Shuffles in place.
    pub(crate) fn shuffle<T>(&self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}
