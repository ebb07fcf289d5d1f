//! What a transaction changed, to take it back.

use super::index::Slot;
use super::{Store, Table};
use crate::record::Record;

/// One change of one table.
#[derive(Clone, Debug)]
pub(super) enum Change {
    /// A record was added in this slot.
    Added(Slot),
    /// The record in this slot was this before.
    Replaced(Slot, Box<Record>),
}

/// Changes of a transaction, oldest first. Records gone for good cannot come back and are not kept.
#[derive(Clone, Debug, Default)]
pub struct Journal {
    changes: Vec<(usize, Change)>,
}

impl Journal {
    /// Adds later changes.
    pub(crate) fn append(&mut self, mut later: Self) {
        self.changes.append(&mut later.changes);
    }
}

impl Store {
    /// Keeps a journal of every change from now on.
    pub(crate) fn open_journal(&mut self) {
        for table in &mut self.tables {
            table.journal = Some(Vec::new());
        }
    }

    /// Ends the journal and answers what changed. Within a table the order is that of the changes; tables follow
    /// each other, which is enough to take each of them back.
    pub(crate) fn close_journal(&mut self) -> Journal {
        let mut journal = Journal::default();
        for (number, table) in self.tables.iter_mut().enumerate() {
            let changes = table.journal.take().unwrap_or_default();
            journal.changes.extend(changes.into_iter().map(|change| (number, change)));
        }
        journal
    }

    /// Takes the changes of a journal back, latest first.
    pub(crate) fn take_back(&mut self, journal: Journal) {
        for (number, change) in journal.changes.into_iter().rev() {
            let Some(table) = self.tables.get_mut(number) else { continue };
            match change {
                Change::Added(slot) => table.purge(slot),
                Change::Replaced(slot, before) => table.put_back(slot, *before),
            }
        }
    }
}

impl Table {
    pub(super) fn note(&mut self, change: impl FnOnce() -> Change) {
        if let Some(journal) = &mut self.journal {
            journal.push(change());
        }
    }
}
