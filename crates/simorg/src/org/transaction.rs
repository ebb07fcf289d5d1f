//! Saves of several calls that are taken back together (composite requests with allOrNone).

use super::state::OrgState;
use crate::store::{Journal, Store};
use std::sync::{Arc, Mutex, PoisonError};

tokio::task_local! {
    /// The transaction that the running call belongs to.
    static CURRENT: Transaction;
}

/// What the calls of a transaction changed so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct Transaction(Arc<Mutex<Journal>>);

impl Transaction {
    /// Runs a call as part of the transaction. Its saves must happen in the same task.
    pub(crate) async fn run<T>(&self, call: impl Future<Output = T>) -> T {
        CURRENT.scope(self.clone(), call).await
    }

    /// Takes everything back, latest first. What others saved on the same records meanwhile goes too.
    pub(crate) fn roll_back(&self, org: &OrgState) {
        let journal = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        org.store_mut().take_back(journal);
    }
}

/// Runs a change of the store and notes it when a transaction is running.
pub(super) fn noted<T>(store: &mut Store, work: impl FnOnce(&mut Store) -> T) -> T {
    let Ok(transaction) = CURRENT.try_with(Transaction::clone) else { return work(store) };
    store.open_journal();
    let done = work(store);
    let journal = store.close_journal();
    transaction.0.lock().unwrap_or_else(PoisonError::into_inner).append(journal);
    done
}
