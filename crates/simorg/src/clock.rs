//! The org's clock: everything it stamps, and the HTTP `Date` header, comes from here.

use crate::value::Stamp;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

#[derive(Clone, Copy, Debug)]
enum Mode {
    /// Real time moved by so many milliseconds.
    Running { offset: i64 },
    /// Always this moment, until advanced.
    Held { at: Stamp },
}

/// Runs with real time until held. Moving it never moves a sleep: waits of the server are real.
#[derive(Debug)]
pub struct Clock(Mutex<Mode>);

impl Default for Clock {
    fn default() -> Self {
        Self(Mutex::new(Mode::Running { offset: 0 }))
    }
}

#[expect(clippy::disallowed_methods, reason = "the one place of this crate that reads the system clock")]
fn system() -> Stamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Stamp(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

impl Clock {
    /// The present moment, in milliseconds.
    pub fn now(&self) -> Stamp {
        match *self.0.lock().unwrap_or_else(PoisonError::into_inner) {
            Mode::Running { offset } => system().plus_millis(offset),
            Mode::Held { at } => at,
        }
    }

    /// Moves the clock forward, whether it runs or is held.
    pub fn advance(&self, by: Duration) {
        let millis = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        let mut mode = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *mode = match *mode {
            Mode::Running { offset } => Mode::Running { offset: offset.saturating_add(millis) },
            Mode::Held { at } => Mode::Held { at: at.plus_millis(millis) },
        };
    }

    /// Stops the clock at a moment.
    pub fn hold(&self, at: Stamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Mode::Held { at };
    }

    /// Lets the clock run again from where it stands.
    pub fn run(&self) {
        let mut mode = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Mode::Held { at } = *mode {
            *mode = Mode::Running { offset: at.0.saturating_sub(system().0) };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Clock;
    use crate::value::Stamp;
    use std::time::Duration;

    #[test]
    fn a_held_clock_moves_only_when_advanced_and_runs_on_from_there() {
        let clock = Clock::default();
        clock.hold(Stamp(5_000));
        assert_eq!(clock.now(), Stamp(5_000));
        clock.advance(Duration::from_secs(2));
        assert_eq!(clock.now(), Stamp(7_000));
        clock.run();
        assert!(clock.now() >= Stamp(7_000) && clock.now() < Stamp(10_000_000));
    }
}
