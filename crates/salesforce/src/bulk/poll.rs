//! Waiting for a job's end.

use std::time::Duration;

use drill::{Branch, met};
use model::JobId;
use tokio::time::{Instant, sleep};

use super::{JobInfo, JobState};
use crate::answer::RestError;
use crate::call::Call;
use crate::config::PollPolicy;
use crate::error::{Error, ErrorKind};
use crate::org::Org;

/// How long an aborted job may take to end.
const AFTER_ABORT: Duration = Duration::from_secs(600);
/// Of what is left of the time a job is expected to take, so much passes before the next look.
const SHARE: f64 = 0.6;

/// The waits between looks at one job.
struct Looks {
    next: Duration,
    policy: PollPolicy,
    /// How long the job is expected to take; zero when nobody knows.
    expected: Duration,
}

impl Looks {
    const fn new(policy: PollPolicy, expected: Duration) -> Self {
        Self { next: policy.first, policy, expected }
    }

    /// The wait after so much time: a good part of what the job is expected to need still, and from then on longer and longer.
    fn next(&mut self, waited: Duration) -> Duration {
        let longest = self.policy.longest;
        let still = self.expected.saturating_sub(waited).mul_f64(SHARE);
        if still > self.next {
            return still.min(longest);
        }
        let wait = self.next;
        // A wait of nothing would never grow, and a growth below one would shrink it.
        let grown = wait.max(Duration::from_millis(10)).as_secs_f64() * self.policy.growth.max(1.0);
        self.next = Duration::try_from_secs_f64(grown).unwrap_or(longest).min(longest);
        wait
    }
}

impl Org {
    /// Looks at an ingest job, less and less often, until it ends. The first look comes after the configured delay.
    ///
    /// # Errors
    /// [`ErrorKind::Deadline`] after `patience`: the job goes on. [`ErrorKind::NotFound`] when it is gone.
    pub async fn wait(
        &self,
        job: &JobId,
        patience: Duration,
        on_progress: impl FnMut(&JobInfo) + Send,
    ) -> Result<JobInfo, Error> {
        self.wait_expecting(job, Duration::ZERO, patience, on_progress).await
    }

    /// The same for a job that is `expected` to take about so long: there is little to see before that.
    ///
    /// # Errors
    /// As for [`Org::wait`].
    pub async fn wait_expecting(
        &self,
        job: &JobId,
        expected: Duration,
        patience: Duration,
        on_progress: impl FnMut(&JobInfo) + Send,
    ) -> Result<JobInfo, Error> {
        self.wait_until_ended(Call::PollJob, job, expected, patience, on_progress).await
    }

    /// The same, and a job that runs past `patience` is aborted and waited for: what it saved until then stays, and is to be read. Whoever
    /// stops waiting in between finds it aborted or at work later, as after a crash.
    ///
    /// # Errors
    /// As for [`Org::abort_job`]. [`ErrorKind::Deadline`] when it does not end after that either.
    pub async fn wait_or_abort(
        &self,
        job: &JobId,
        expected: Duration,
        patience: Duration,
        on_progress: impl FnMut(&JobInfo) + Send,
    ) -> Result<JobInfo, Error> {
        match self.wait_expecting(job, expected, patience, on_progress).await {
            Err(error) if error.kind() == ErrorKind::Deadline => {}
            ended => return ended,
        }
        met(Branch::DeadlinePassed);
        match self.abort_job(job).await {
            Ok(_) => {}
            // It came to its end in this very moment.
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            Err(error) => return Err(error),
        }
        self.wait(job, AFTER_ABORT, |_| {}).await
    }

    /// The same for a query job, which must end in `JobComplete` to be of use.
    ///
    /// # Errors
    /// [`ErrorKind::JobFailed`] when it ends otherwise, and as for [`Org::wait`].
    pub async fn wait_query(
        &self,
        job: &JobId,
        patience: Duration,
        on_progress: impl FnMut(&JobInfo) + Send,
    ) -> Result<JobInfo, Error> {
        let info =
            self.wait_until_ended(Call::PollQueryJob, job, Duration::ZERO, patience, on_progress).await?;
        if info.state == JobState::JobComplete {
            return Ok(info);
        }
        let error = Error::of_kind(ErrorKind::JobFailed).during(Call::PollQueryJob);
        Err(match info.error() {
            None => error,
            Some(why) => error.with_refusals(vec![RestError::new(why.code(), why.message())]),
        })
    }

    async fn wait_until_ended(
        &self,
        call: Call,
        job: &JobId,
        expected: Duration,
        patience: Duration,
        mut on_progress: impl FnMut(&JobInfo) + Send,
    ) -> Result<JobInfo, Error> {
        let begun = Instant::now();
        let mut looks = Looks::new(self.client().config.poll, expected);
        loop {
            let left = patience.saturating_sub(begun.elapsed());
            sleep(looks.next(begun.elapsed()).min(left)).await;
            let info =
                if call == Call::PollQueryJob { self.query_job(job).await? } else { self.job(job).await? };
            on_progress(&info);
            if info.state.is_terminal() {
                return Ok(info);
            }
            if begun.elapsed() >= patience {
                return Err(Error::of_kind(ErrorKind::Deadline).during(call));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When a job is looked at until it has been seen to end.
    fn looks_at(expected: Duration, ends: Duration) -> Vec<Duration> {
        let mut looks = Looks::new(PollPolicy::default(), expected);
        let (mut waited, mut seen) = (Duration::ZERO, Vec::new());
        while waited < ends {
            waited += looks.next(waited);
            seen.push(waited);
        }
        seen
    }

    #[test]
    fn waits_grow_to_the_longest() {
        let mut looks = Looks::new(PollPolicy::default(), Duration::ZERO);
        let waits: Vec<u128> = (0..12).map(|_| looks.next(Duration::ZERO).as_millis()).collect();
        assert_eq!(waits[..4], [1_000, 1_500, 2_250, 3_375]);
        assert_eq!(waits[11], 30_000);
        let policy = PollPolicy { first: Duration::ZERO, growth: 0.0, longest: Duration::from_secs(1) };
        let mut looks = Looks::new(policy, Duration::ZERO);
        assert_eq!(looks.next(Duration::ZERO), Duration::ZERO);
        assert_eq!(looks.next(Duration::ZERO), Duration::from_millis(10));
    }

    #[test]
    fn a_job_is_looked_at_seldom_and_more_seldom_when_its_time_is_known() {
        let (minute, ten) = (Duration::from_secs(60), Duration::from_secs(600));
        for (ends, unknown, known) in [(minute, 9, 8), (ten, 27, 25)] {
            assert!(looks_at(Duration::ZERO, ends).len() <= unknown, "{ends:?}");
            let looks = looks_at(ends, ends);
            assert!(looks.len() <= known, "{ends:?}: {looks:?}");
            assert!(looks.last().is_some_and(|last| *last < ends + Duration::from_secs(5)), "{looks:?}");
        }
    }

    #[test]
    fn a_wrong_expectation_costs_a_longest_wait_at_the_most() {
        let soon = looks_at(Duration::from_secs(3_600), Duration::from_secs(5));
        assert_eq!(soon, [PollPolicy::default().longest]);
        let late = looks_at(Duration::from_secs(5), Duration::from_secs(600));
        assert!(late.len() <= 32, "{late:?}");
    }
}
