//! What is done with a job that was left unsettled, phase by phase: `recover` goes by it, and whoever asks before is told it.

use model::{JobId, JournalEntry, Phase};

/// What becomes of an unsettled job. Whatever it is, nobody whose row is in it is lost: they stay marked until they have an outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Recovery {
    /// Nothing of it is known to have arrived: an empty job that was made for it is aborted, and its people are planned anew.
    Drop,
    /// The org is asked how far it came: an open job is aborted and its people planned anew, a closed one is collected.
    Ask(JobId),
    /// The org works on it or has ended it: its end is waited for, and its results are fetched and settled.
    Collect,
    /// Its results lie on this machine and are settled.
    Settle,
    /// Calls without a job: whoever was saved is recognised when both sides are read, everybody else is sent again.
    ReadAgain,
}

impl Recovery {
    /// What the next cycle does with this entry.
    #[must_use]
    pub const fn of(entry: &JournalEntry) -> Self {
        match (&entry.phase, entry.job) {
            (Phase::Planned, _) | (Phase::Created | Phase::Uploaded, None) => Self::Drop,
            (Phase::Created | Phase::Uploaded, Some(job)) => Self::Ask(job),
            (Phase::Closed | Phase::Terminal, _) => Self::Collect,
            (Phase::Stored, _) => Self::Settle,
            (Phase::Sending, _) => Self::ReadAgain,
        }
    }
}

#[cfg(test)]
mod tests {
    use model::{CycleId, JobId, Lane, PlanId, Stamp};

    use super::*;

    fn entry(phase: Phase, job: Option<JobId>) -> JournalEntry {
        JournalEntry {
            plan: PlanId(1),
            cycle: CycleId(1),
            lane: Lane::Update,
            api_version: "66.0".to_owned(),
            planned_at: Stamp::EPOCH,
            rows: 1,
            sha256: String::new(),
            phase,
            job,
            closed_at: None,
            ended: None,
        }
    }

    #[test]
    fn every_phase_leads_where_the_recovery_goes() {
        let id = JobId::parse("7505g00000AAAAz").unwrap();
        let job = Some(id);
        let of = |phase, job| Recovery::of(&entry(phase, job));
        assert_eq!(of(Phase::Planned, None), Recovery::Drop);
        for phase in [Phase::Created, Phase::Uploaded] {
            assert_eq!(of(phase.clone(), None), Recovery::Drop, "its id was lost");
            assert_eq!(of(phase, job), Recovery::Ask(id));
        }
        assert_eq!(of(Phase::Closed, job), Recovery::Collect);
        assert_eq!(of(Phase::Terminal, job), Recovery::Collect);
        assert_eq!(of(Phase::Stored, job), Recovery::Settle);
        assert_eq!(of(Phase::Sending, None), Recovery::ReadAgain);
    }
}
