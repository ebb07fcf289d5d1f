//! Whoever was refused together is read and planned anew, and sent in smaller transactions.

use model::{Lane, Subject};
use plan::{Deferral, Fatal, Outcome};

use super::Cycle;

impl Cycle<'_> {
    /// Sends suspects until each has an outcome of their own.
    pub(super) async fn isolate(&mut self) -> Result<(), Fatal> {
        let suspects = std::mem::take(&mut self.suspects);
        if self.sides.stopping() || self.circuit_open {
            let why = if self.sides.stopping() { Deferral::Stopped } else { Deferral::Transient };
            self.report.count_many(&Outcome::Deferred(why), suspects.len() as u64);
            return Ok(());
        }
        let subjects: Vec<Subject> = suspects.into_iter().map(Subject::Supporter).collect();
        self.work_in_batches(&subjects).await?;
        for lane in [Lane::Update, Lane::Upsert] {
            let rows = self.outbox.take(lane);
            let settled = push::isolate(self.sides, &mut self.report, lane, rows, self.at).await?;
            self.absorb(settled).await?;
        }
        Ok(())
    }
}
