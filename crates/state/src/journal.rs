//! Jobs in flight.

use std::sync::atomic::Ordering;

use model::{JournalEntry, PlanId};

use crate::State;
use crate::error::Error;
use crate::record::{self, Coding, Record};
use crate::store::Scan;
use crate::tree::Tree;

/// More open jobs than any cycle plans; a bound on what one read returns.
const MAX_OPEN: usize = 10_000;

impl Record for JournalEntry {
    type Key = PlanId;
    const TREE: Tree = Tree::Journal;
    const CODING: Coding = Coding::Json;
    fn key(plan: &PlanId) -> Vec<u8> {
        plan.0.to_be_bytes().to_vec()
    }
}

impl State {
    /// The open entries, by plan.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn journal(&self) -> Result<Vec<JournalEntry>, Error> {
        let entries = record::page(self.store(), Scan::default(), MAX_OPEN)?;
        Ok(entries.into_iter().map(|(_, entry)| entry).collect())
    }

    /// A plan number that no commit has used. It becomes durable with the journal entry or intent that carries it; a number
    /// that never did may be given out again after a restart.
    #[must_use]
    pub fn next_plan_id(&self) -> PlanId {
        PlanId(self.plans().fetch_add(1, Ordering::Relaxed) + 1)
    }
}
