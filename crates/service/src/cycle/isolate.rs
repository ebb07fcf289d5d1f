//! Whoever was refused together is read and planned anew, and sent in smaller transactions.

use model::{Lane, Subject};
use plan::{Deferral, Fatal, Outcome};
use push::MOST_CALLS;

use super::Cycle;

/// So many are planned before they are sent: as many as memory holds easily, and enough to see whether it is everybody.
const LOT: usize = 10_000;

impl Cycle<'_> {
    /// Sends suspects until each has an outcome of their own.
    pub(super) async fn isolate(&mut self) -> Result<(), Fatal> {
        let suspects = std::mem::take(&mut self.suspects);
        let subjects: Vec<Subject> = suspects.into_iter().map(Subject::Supporter).collect();
        let mut left = [(Lane::Update, MOST_CALLS), (Lane::Upsert, MOST_CALLS)];
        for lot in subjects.chunks(LOT) {
            let spent = left.iter().all(|(_, calls)| *calls == 0);
            if self.sides.stopping() || self.circuit_open || spent {
                let why = if self.sides.stopping() { Deferral::Stopped } else { Deferral::Transient };
                self.report.count_many(&Outcome::Deferred(why), lot.len() as u64);
                continue;
            }
            self.isolating = true;
            self.work_in_batches(lot).await?;
            self.isolating = false;
            for (lane, calls) in &mut left {
                let rows = self.outbox.take(*lane)?;
                // What refuses every update stands in the way of new records, too.
                if self.circuit_open {
                    self.report.count_many(&Outcome::Deferred(Deferral::Transient), rows.len() as u64);
                    continue;
                }
                let settled =
                    push::isolate(self.sides, &mut self.report, *lane, rows, calls, self.at).await?;
                self.absorb(settled).await?;
            }
        }
        Ok(())
    }
}
