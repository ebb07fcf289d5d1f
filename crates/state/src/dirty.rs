//! The dirty set: who must be compared, and why. Windows discover; delivery works from here.

use model::{CycleId, DirtyReason, Side, Stamp, Subject};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::record::{self, Coding, Record};
use crate::store::Scan;
use crate::tree::Tree;
use crate::{State, keys};

/// Every reason, in the order of their bits on disk. New ones are added at the end.
const REASONS: [DirtyReason; 7] = [
    DirtyReason::SupporterChanged,
    DirtyReason::ContactChanged,
    DirtyReason::ContactGone,
    DirtyReason::Backfill,
    DirtyReason::Resync,
    DirtyReason::Retry,
    DirtyReason::MapChanged,
];

const fn bit(reason: DirtyReason) -> u32 {
    match reason {
        DirtyReason::SupporterChanged => 1,
        DirtyReason::ContactChanged => 1 << 1,
        DirtyReason::ContactGone => 1 << 2,
        DirtyReason::Backfill => 1 << 3,
        DirtyReason::Resync => 1 << 4,
        DirtyReason::Retry => 1 << 5,
        DirtyReason::MapChanged => 1 << 6,
    }
}

/// A set of reasons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirtyReasons(u32);

impl DirtyReasons {
    /// Adds a reason.
    pub const fn insert(&mut self, reason: DirtyReason) {
        self.0 |= bit(reason);
    }

    /// Whether it holds a reason.
    #[must_use]
    pub const fn contains(self, reason: DirtyReason) -> bool {
        self.0 & bit(reason) != 0
    }

    /// The reasons it holds.
    pub fn iter(self) -> impl Iterator<Item = DirtyReason> {
        REASONS.into_iter().filter(move |reason| self.contains(*reason))
    }
}

/// One mark.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dirty {
    /// Who must be compared.
    pub subject: Subject,
    /// Why.
    pub reasons: DirtyReasons,
    /// The cycle that was latest when the mark was first set; 0 before the first cycle.
    pub first_cycle: CycleId,
    /// The latest stamp at which it was found.
    pub stamp: Option<Stamp>,
    /// How often delivery was tried since it was first set.
    pub attempts: u32,
    /// Grows each time the subject is marked again; see [`crate::Changes::clear_dirty_seen`].
    pub marked: u64,
}

/// A mark as it lies under its subject's key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    pub(crate) reasons: DirtyReasons,
    pub(crate) first_cycle: CycleId,
    pub(crate) stamp: Option<Stamp>,
    pub(crate) attempts: u32,
    pub(crate) marked: u64,
}

impl Record for Mark {
    type Key = Subject;
    const TREE: Tree = Tree::Dirty;
    const CODING: Coding = Coding::Postcard;
    fn key(subject: &Subject) -> Vec<u8> {
        keys::subject(subject)
    }

    fn spell(subject: &Subject, to: &mut Vec<u8>) {
        keys::spell_subject(subject, to);
    }
}

impl Mark {
    fn of(self, subject: Subject) -> Dirty {
        let Self { reasons, first_cycle, stamp, attempts, marked } = self;
        Dirty { subject, reasons, first_cycle, stamp, attempts, marked }
    }
}

impl State {
    /// Marks in a stable order (Contacts first, then by id): at most `limit` of those after `after`.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn dirty_page(&self, after: Option<&Subject>, limit: usize) -> Result<Vec<Dirty>, Error> {
        self.marks(&[], after, limit)
    }

    /// The same of supporters alone, or of Contacts that belong to nobody alone.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn dirty_page_of(
        &self,
        side: Side,
        after: Option<&Subject>,
        limit: usize,
    ) -> Result<Vec<Dirty>, Error> {
        self.marks(&keys::side_prefix(side), after, limit)
    }

    fn marks(&self, prefix: &[u8], after: Option<&Subject>, limit: usize) -> Result<Vec<Dirty>, Error> {
        let after = after.map(keys::subject);
        let scan = Scan { prefix, after: after.as_deref() };
        let mut marks = Vec::new();
        self.store().scan_each(Tree::Dirty, scan, limit, &mut |key, value| {
            let mark: Mark = record::read(key, value)?;
            marks.push(mark.of(keys::parse_subject(Tree::Dirty, key)?));
            Ok(())
        })?;
        Ok(marks)
    }

    /// How many are marked.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn dirty_count(&self) -> Result<u64, Error> {
        Ok(self.counts()?.dirty)
    }

    /// Whether somebody is marked.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn is_dirty(&self, subject: &Subject) -> Result<bool, Error> {
        Ok(self.dirty_of(subject)?.is_some())
    }

    /// Somebody's mark.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn dirty_of(&self, subject: &Subject) -> Result<Option<Dirty>, Error> {
        let mark: Option<Mark> = record::get(self.store(), subject)?;
        Ok(mark.map(|mark| mark.of(subject.clone())))
    }
}
