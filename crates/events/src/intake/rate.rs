//! How much a source may send.

use std::collections::HashMap;
use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};

use model::{Clock, Stamp};

use crate::source::SourceName;

/// One account for each source: it fills with time, up to one second's worth, and may be overdrawn by one request, so that no
/// request is too large ever to pass.
pub(super) struct Rates {
    per_second: Option<NonZeroU32>,
    clock: Clock,
    accounts: Mutex<HashMap<SourceName, Account>>,
}

struct Account {
    /// Millionths of events.
    balance: i128,
    at: Stamp,
}

impl Rates {
    pub(super) fn new(per_second: Option<NonZeroU32>, clock: Clock) -> Self {
        Self { per_second, clock, accounts: Mutex::new(HashMap::new()) }
    }

    /// Takes events from a source's account.
    ///
    /// # Errors
    /// Nothing was taken: after how many whole seconds to come again.
    pub(super) fn take(&self, source: &SourceName, events: usize) -> Result<(), u64> {
        let Some(per_second) = self.per_second else { return Ok(()) };
        let (now, rate) = (self.clock.now(), i128::from(per_second.get()));
        let full = rate * 1_000_000;
        let mut accounts = self.accounts.lock().unwrap_or_else(PoisonError::into_inner);
        let account = accounts.entry(source.clone()).or_insert(Account { balance: full, at: now });
        let micros = i128::try_from(now.since(account.at).as_micros()).unwrap_or(i128::MAX);
        account.balance = account.balance.saturating_add(micros.saturating_mul(rate)).min(full);
        account.at = now;
        if account.balance <= 0 {
            let wait = (-account.balance + 1).div_euclid(full) + 1;
            return Err(u64::try_from(wait).unwrap_or(1));
        }
        account.balance -= i128::try_from(events).unwrap_or(i128::MAX >> 32) * 1_000_000;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn an_account_fills_with_time_and_says_when_to_come_again() {
        let clock = Clock::held(Stamp::from_seconds(1_000));
        let rates = Rates::new(NonZeroU32::new(100), clock.clone());
        let (web, app) = ("web", "app");
        let name = |text: &str| SourceName::parse(text).expect("a name");
        assert_eq!(rates.take(&name(web), 350), Ok(()));
        assert_eq!(rates.take(&name(web), 1), Err(3));
        assert_eq!(rates.take(&name(app), 1), Ok(()), "of another source");
        clock.advance(Duration::from_millis(2_500));
        assert_eq!(rates.take(&name(web), 1), Err(1));
        clock.advance(Duration::from_millis(10));
        assert_eq!(rates.take(&name(web), 1), Ok(()));
        clock.advance(Duration::from_secs(3_600));
        assert_eq!(rates.take(&name(web), 100), Ok(()));
        assert_eq!(rates.take(&name(web), 1), Err(1), "an hour saves up one second's worth");
        assert_eq!(Rates::new(None, clock).take(&name(web), usize::MAX), Ok(()));
    }
}
