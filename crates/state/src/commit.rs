//! Committing: one writer at a time drafts, writes, and moves the manifest.

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use crate::draft::{Draft, Drafted, Setting};
use crate::error::{Error, Fatal};
use crate::state::Inner;
use crate::story::{Head, Page};
use crate::{Change, Changes, Receipt, State, takeover};

impl State {
    /// Makes all changes durable, or none. Dropping the future does not take the commit back.
    ///
    /// # Errors
    /// [`Error::Fatal`]: stop, nothing may begin any more. [`Error::InFlight`]: nothing was changed.
    pub async fn commit(&self, changes: Changes) -> Result<Receipt, Error> {
        if self.inner().inline {
            return self.inner().commit(changes.0);
        }
        let inner = Arc::clone(self.inner());
        tokio::task::spawn_blocking(move || inner.commit(changes.0))
            .await
            .unwrap_or(Err(Error::Fatal(Fatal::Panicked { operation: "commit" })))
    }
}

impl Inner {
    /// The same, blocking this thread.
    pub(crate) fn commit(&self, changes: Vec<Change>) -> Result<Receipt, Error> {
        // Whoever panicked under this lock had not written anything yet.
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(manifest) = &self.manifest {
            manifest.check_ours()?;
        }
        let store = &*self.store;
        let setting = Setting { epoch: self.epoch, now: self.clock.now(), overlap: self.overlap };
        let mut drafted = Draft::of(store, &self.case_filter, setting, changes)?;
        drafted.batch.check_sizes()?;
        self.tell(&mut drafted)?;
        drafted.receipt.generation = if drafted.batch.is_empty() {
            takeover::generation(store)?
        } else {
            store.commit_blocking(drafted.batch)?.generation
        };
        drill::reached(drill::KillPoint::K38);
        self.plans.fetch_max(drafted.plan.0, Ordering::Relaxed);
        if let Some(manifest) = self.manifest.as_ref().filter(|_| drafted.milestone) {
            manifest.raise_generation(drafted.receipt.generation)?;
        }
        Ok(drafted.receipt)
    }

    /// Writes down what a commit tells before it is made: after a crash nothing that happened is missing, and what did not is
    /// not believed.
    fn tell(&self, drafted: &mut Drafted) -> Result<(), Error> {
        let told = std::mem::take(&mut drafted.told);
        if told.is_empty() {
            return Ok(());
        }
        let bare = drafted.batch.is_empty();
        let head = Head {
            epoch: self.epoch,
            opened: self.opened,
            generation: takeover::generation(&*self.store)? + u64::from(!bare),
            part: 0,
            at: self.clock.now(),
            cycle: drafted.cycle,
            jobs: false,
            bare,
        };
        Ok(self.book.append(head.at, Page::write(head, told))?)
    }
}
