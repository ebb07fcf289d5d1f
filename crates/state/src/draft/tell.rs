//! What a commit tells of whom, beside what it changes.

use model::{Happened, JobStep, JournalEntry, Phase, Subject};

use crate::draft::Draft;

impl Draft<'_> {
    /// Remembers what happened to somebody.
    pub(super) fn tell(&mut self, who: &Subject, what: Happened) {
        self.told.push((Some(who.clone()), what));
    }

    /// Remembers how far a job got. What nobody waits for is left out.
    pub(super) fn tell_job(&mut self, entry: &JournalEntry) {
        match entry.phase {
            Phase::Planned | Phase::Uploaded | Phase::Terminal | Phase::Sending => {}
            Phase::Created => self.told.push((None, told_of(entry, JobStep::Created))),
            Phase::Closed => self.told.push((None, told_of(entry, JobStep::Closed))),
            Phase::Stored => self.told.push((None, told_of(entry, JobStep::Stored))),
        }
    }

    /// Remembers that nothing more comes of a job.
    pub(super) fn tell_job_ended(&mut self, entry: &JournalEntry) {
        self.told.push((None, told_of(entry, JobStep::Ended)));
    }
}

fn told_of(entry: &JournalEntry, step: JobStep) -> Happened {
    Happened::Job { plan: entry.plan, lane: entry.lane, rows: entry.rows, step, job: entry.job }
}
