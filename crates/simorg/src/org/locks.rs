//! Records that another transaction holds for a while.

use crate::id::RecordId;
use crate::value::Stamp;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

/// Scripted locks by record, each until a moment.
#[derive(Debug, Default)]
pub struct Locks(Mutex<HashMap<RecordId, Stamp>>);

impl Locks {
    /// Holds a record until a moment.
    pub(crate) fn hold(&self, id: RecordId, until: Stamp) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(id, until);
    }

    /// Lets every record go.
    pub(crate) fn release_all(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// Whether a record is held now. A lock that is over is forgotten.
    pub(crate) fn holds(&self, id: &RecordId, now: Stamp) -> bool {
        let mut locks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let held = locks.get(id).is_some_and(|until| *until > now);
        if !held {
            locks.remove(id);
        }
        held
    }

    /// Whether no record is held: the usual case, asked before every save.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }
}
