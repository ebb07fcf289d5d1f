//! Waiting for a job's end.

use std::time::Duration;

use model::JobId;
use tokio::time::{Instant, sleep};

use super::{JobInfo, JobState};
use crate::answer::RestError;
use crate::call::Call;
use crate::config::PollPolicy;
use crate::error::{Error, ErrorKind};
use crate::org::Org;

/// The waits between looks at one job.
struct Looks {
    next: Duration,
    policy: PollPolicy,
}

impl Looks {
    fn new(policy: PollPolicy) -> Self {
        Self { next: policy.first, policy }
    }

    fn next(&mut self) -> Duration {
        let wait = self.next;
        let longest = self.policy.longest;
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
        self.wait_until_ended(Call::PollJob, job, patience, on_progress).await
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
        let info = self.wait_until_ended(Call::PollQueryJob, job, patience, on_progress).await?;
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
        patience: Duration,
        mut on_progress: impl FnMut(&JobInfo) + Send,
    ) -> Result<JobInfo, Error> {
        let begun = Instant::now();
        let mut looks = Looks::new(self.client().config.poll);
        loop {
            let left = patience.saturating_sub(begun.elapsed());
            sleep(looks.next().min(left)).await;
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

    #[test]
    fn waits_grow_to_the_longest() {
        let mut looks = Looks::new(PollPolicy::default());
        let waits: Vec<u128> = (0..12).map(|_| looks.next().as_millis()).collect();
        assert_eq!(waits[..4], [1_000, 1_500, 2_250, 3_375]);
        assert_eq!(waits[11], 30_000);
        let mut looks =
            Looks::new(PollPolicy { first: Duration::ZERO, growth: 0.0, longest: Duration::from_secs(1) });
        assert_eq!(looks.next(), Duration::ZERO);
        assert_eq!(looks.next(), Duration::from_millis(10));
    }
}
