//! What happened: summaries of the last cycles, and the audit trail. Both bounded.

use model::{CycleId, Stamp};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::record::{self, Coding, Record};
use crate::store::Scan;
use crate::tree::Tree;
use crate::{State, keys};

/// How many summaries are kept.
pub const MAX_SUMMARIES: usize = 50;
/// How many audit lines are kept.
pub const MAX_AUDITS: u64 = 5_000;

pub(crate) const SUMMARY: u8 = b's';
const AUDIT: u8 = b'a';

/// One finished cycle, as its caller describes it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Which cycle.
    pub cycle: CycleId,
    /// The caller's own record.
    pub value: serde_json::Value,
}

impl Record for Summary {
    type Key = CycleId;
    const TREE: Tree = Tree::Log;
    const CODING: Coding = Coding::Json;
    fn key(cycle: &CycleId) -> Vec<u8> {
        keys::numbered(SUMMARY, cycle.0)
    }
}

/// One explicit act of a person or of the engine that must stay visible.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Audit {
    /// When, by this machine's clock.
    pub at: Stamp,
    /// Who did it.
    pub who: String,
    /// What was done, without personal data.
    pub what: String,
}

impl Record for Audit {
    type Key = u64;
    const TREE: Tree = Tree::Log;
    const CODING: Coding = Coding::Json;
    fn key(number: &u64) -> Vec<u8> {
        keys::numbered(AUDIT, *number)
    }
}

impl State {
    /// The summaries of the last cycles, newest first.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn summaries(&self) -> Result<Vec<Summary>, Error> {
        let scan = Scan { prefix: &[SUMMARY], after: None };
        let page = record::page(self.store(), scan, 2 * MAX_SUMMARIES)?;
        Ok(page.into_iter().rev().map(|(_, summary)| summary).collect())
    }

    /// The last audit lines, newest first, at most `limit`.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn audits(&self, limit: usize) -> Result<Vec<Audit>, Error> {
        let last = self.counts()?.audits;
        let from = last.saturating_sub(u64::try_from(limit).unwrap_or(u64::MAX));
        let after = Audit::key(&from);
        let page = record::page(self.store(), Scan { prefix: &[AUDIT], after: Some(&after) }, limit)?;
        Ok(page.into_iter().rev().map(|(_, audit)| audit).collect())
    }
}
