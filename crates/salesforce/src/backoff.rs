//! Waiting between attempts. The only module that names the `backoff` crate (unmaintained, RUSTSEC-2025-0012): only
//! its interval arithmetic is used, on tokio's clock, with our own sleeping, so that a limit is a limit.

use std::time::Duration;

use backoff::backoff::Backoff as _;
use backoff::exponential::ExponentialBackoff;
use tokio::time::Instant;

use crate::call::Call;
use crate::error::Error;

/// How often and how long one call is attempted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RetryPolicy {
    /// Upper end of the first wait; each wait is drawn evenly between zero and its upper end (full jitter).
    pub base: Duration,
    /// Upper end of the longest wait.
    pub cap: Duration,
    /// After this much time no further attempt begins.
    pub total: Duration,
    /// The same until the first login succeeds, where that is shorter: a wrong address never answers, however long one
    /// waits.
    pub first_contact: Duration,
    /// Repeats when the network edge has no route (420).
    pub no_route: u32,
    /// Repeats of an answer that is incomplete or not as documented.
    pub bad_answer: u32,
}

impl Default for RetryPolicy {
    fn default() -> Self {
        Self {
            base: Duration::from_secs(1),
            cap: Duration::from_secs(60),
            total: Duration::from_secs(15 * 60),
            first_contact: Duration::from_secs(30),
            no_route: 2,
            bad_answer: 3,
        }
    }
}

impl RetryPolicy {
    /// One attempt, no repeats: for callers that do their own.
    pub const NONE: Self = Self {
        base: Duration::ZERO,
        cap: Duration::ZERO,
        total: Duration::ZERO,
        first_contact: Duration::ZERO,
        no_route: 0,
        bad_answer: 0,
    };

    /// The policy that holds while nobody has logged in yet.
    pub(crate) fn before_login(self) -> Self {
        Self { total: self.total.min(self.first_contact), ..self }
    }
}

struct TokioClock;

impl backoff::Clock for TokioClock {
    fn now(&self) -> std::time::Instant {
        Instant::now().into_std()
    }
}

/// The waits of one call.
pub(crate) struct Waits {
    inner: ExponentialBackoff<TokioClock>,
    cap: Duration,
    ends: Instant,
    waited: u32,
}

impl Waits {
    /// Starts the total.
    pub(crate) fn new(policy: &RetryPolicy) -> Self {
        // An interval of half the upper end with a jitter of plus or minus the whole interval is an even draw from
        // zero to the upper end.
        let inner = ExponentialBackoff {
            current_interval: policy.base / 2,
            initial_interval: policy.base / 2,
            randomization_factor: 1.0,
            multiplier: 2.0,
            max_interval: policy.cap / 2,
            max_elapsed_time: Some(policy.total),
            clock: TokioClock,
            start_time: Instant::now().into_std(),
        };
        Self { inner, cap: policy.cap, ends: Instant::now() + policy.total, waited: 0 }
    }

    /// Sleeps before the next attempt. `false`: the budget is used up and nothing was slept.
    pub(crate) async fn wait(&mut self) -> bool {
        let Some(wait) = self.inner.next_backoff() else { return false };
        let wait = wait.min(self.cap);
        if Instant::now() + wait >= self.ends {
            return false;
        }
        tokio::time::sleep(wait).await;
        self.waited += 1;
        true
    }

    /// Says that a call is sent again. One repeat is nothing to an administrator, a third is why nothing goes on.
    pub(crate) fn tell(&self, call: Call, error: &Error) {
        let (call, kind) = (call.name(), error.kind());
        if self.waited < 3 {
            tracing::debug!(call, ?kind, "send again");
        } else {
            tracing::warn!(
                call,
                ?kind,
                times = self.waited,
                "the org does not answer as it should: trying again"
            );
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn waits_end_with_the_total_and_none_exceeds_the_cap() {
        let policy = RetryPolicy { total: Duration::from_secs(300), ..RetryPolicy::default() };
        let mut waits = Waits::new(&policy);
        let begun = Instant::now();
        let mut attempts = 0;
        loop {
            let before = Instant::now();
            if !waits.wait().await {
                break;
            }
            assert!(before.elapsed() <= policy.cap + Duration::from_millis(1));
            attempts += 1;
        }
        assert!(attempts >= 5, "{attempts}");
        assert!(begun.elapsed() <= policy.total);
    }

    #[tokio::test(start_paused = true)]
    async fn no_budget_means_no_wait() {
        assert!(!Waits::new(&RetryPolicy::NONE).wait().await);
    }
}
