//! The clock handle. Local time is for sleeping and for display; stamps that decide anything come from the servers.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use crate::Stamp;

/// Where "now" comes from: this machine, or a test that holds the time.
#[derive(Debug, Clone, Default)]
pub struct Clock(Option<Arc<AtomicI64>>);

impl Clock {
    /// This machine's clock.
    #[must_use]
    pub const fn system() -> Self {
        Self(None)
    }

    /// A clock that stands still until it is moved.
    #[must_use]
    pub fn held(at: Stamp) -> Self {
        Self(Some(Arc::new(AtomicI64::new(at.micros()))))
    }

    /// The time now.
    #[must_use]
    #[allow(clippy::disallowed_methods)] // the one place that reads the system clock
    pub fn now(&self) -> Stamp {
        match &self.0 {
            Some(held) => Stamp::from_micros(held.load(Ordering::SeqCst)),
            None => chrono::Utc::now().into(),
        }
    }

    /// Moves a held clock; a system clock takes no notice.
    pub fn advance(&self, by: Duration) {
        if let Some(held) = &self.0 {
            held.fetch_add(i64::try_from(by.as_micros()).unwrap_or(i64::MAX), Ordering::SeqCst);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_held_clock_moves_only_when_told() {
        let clock = Clock::held(Stamp::from_seconds(10));
        assert_eq!(clock.now(), Stamp::from_seconds(10));
        clock.advance(Duration::from_secs(5));
        assert_eq!(clock.now(), Stamp::from_seconds(15));
    }
}
