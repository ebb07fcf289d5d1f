//! Counted calls.

use super::op::Op;
use serde::Serialize;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// How many calls of each kind came in, refused ones included.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct CallCounts {
    /// All calls.
    pub total: u64,
    /// Calls by kind; kinds never called are left out.
    pub by_op: BTreeMap<Op, u64>,
}

impl CallCounts {
    /// Calls of one kind.
    pub fn of(&self, op: Op) -> u64 {
        self.by_op.get(&op).copied().unwrap_or(0)
    }
}

#[derive(Debug, Default)]
pub(crate) struct Calls(Mutex<CallCounts>);

impl Calls {
    pub(crate) fn count(&self, op: Op) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counts.total += 1;
        *counts.by_op.entry(op).or_default() += 1;
    }

    pub(crate) fn counts(&self) -> CallCounts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn reset(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = CallCounts::default();
    }
}
