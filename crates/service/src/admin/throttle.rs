//! How fast passwords may be tried.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use model::{Clock, Stamp};

/// So many wrong passwords may come at once.
const AT_ONCE: u32 = 5;
/// And then one in this time: 17,280 a day against a password of 15 characters.
const EACH: Duration = Duration::from_secs(5);

/// One rate for everybody: behind a proxy all have one address, and there is one password. What was refused does not lengthen the wait,
/// so that the way is open again [`EACH`] after somebody stopped trying; sessions go on meanwhile.
pub(super) struct Throttle {
    /// When all that was tried will be paid off.
    paid: Mutex<Stamp>,
    clock: Clock,
}

impl Throttle {
    pub(super) const fn new(clock: Clock) -> Self {
        Self { paid: Mutex::new(Stamp::EPOCH), clock }
    }

    /// Takes a try.
    ///
    /// # Errors
    /// In how many whole seconds to come again.
    pub(super) fn take(&self) -> Result<(), u64> {
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        let now = self.clock.now();
        // A clock that was set back must not lock anybody out until it has caught up.
        let furthest = now.plus(EACH * AT_ONCE);
        *paid = (*paid).clamp(now, furthest);
        let wait = paid.since(now).saturating_sub(EACH * (AT_ONCE - 1));
        if wait.is_zero() {
            *paid = paid.plus(EACH);
            Ok(())
        } else {
            Err(wait.as_secs() + u64::from(wait.subsec_nanos() > 0))
        }
    }

    /// Gives a try back: the password was right.
    pub(super) fn give_back(&self) {
        let mut paid = self.paid.lock().unwrap_or_else(PoisonError::into_inner);
        *paid = paid.minus(EACH);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn five_at_once_and_then_one_each_five_seconds() {
        let clock = Clock::held(Stamp::from_seconds(1_000_000));
        let throttle = Throttle::new(clock.clone());
        for _ in 0..AT_ONCE {
            assert_eq!(throttle.take(), Ok(()));
        }
        // What is refused does not lengthen the wait.
        for _ in 0..1_000 {
            assert_eq!(throttle.take(), Err(5));
        }
        clock.advance(Duration::from_millis(4_999));
        assert_eq!(throttle.take(), Err(1));
        clock.advance(Duration::from_millis(1));
        assert_eq!(throttle.take(), Ok(()));
        assert_eq!(throttle.take(), Err(5));
        clock.advance(Duration::from_secs(3_600));
        assert_eq!((0..100).filter(|_| throttle.take().is_ok()).count(), 5);
    }

    #[test]
    fn a_right_password_costs_nothing() {
        let throttle = Throttle::new(Clock::held(Stamp::from_seconds(1_000_000)));
        for _ in 0..100 {
            assert_eq!(throttle.take(), Ok(()));
            throttle.give_back();
        }
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let late = Clock::held(Stamp::from_seconds(2_000_000));
        let throttle = Throttle::new(late);
        assert_eq!((0..100).filter(|_| throttle.take().is_ok()).count(), 5);
        let early = Clock::held(Stamp::from_seconds(1_000_000));
        let throttle = Throttle { clock: early.clone(), ..throttle };
        assert_eq!(throttle.take(), Err(5));
        early.advance(EACH);
        assert_eq!(throttle.take(), Ok(()));
    }
}
