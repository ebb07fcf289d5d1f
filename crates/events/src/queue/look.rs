//! Looking at what the queue holds, beside whoever reads and writes it: lists, one event, exports.

use std::collections::HashMap;
use std::path::Path;

use segments::{Cursor, PageLimit, View};

use super::entry::{self, Kept, Settlement};
use super::error::QueueError;
use crate::event::Event;

/// An event that is kept, and what became of it so far.
#[derive(Debug, Clone, PartialEq)]
pub struct Seen {
    /// Its place.
    pub at: Cursor,
    /// The event.
    pub event: Event,
    /// The last word about it; `None`: it was not delivered yet.
    pub settlement: Option<Settlement>,
}

/// The queue as it was at one moment.
#[derive(Debug)]
pub struct Look(View);

const PAGE: PageLimit = PageLimit { entries: 2_000, bytes: 4 * 1024 * 1024 };

impl Look {
    /// Looks into a queue's directory. Needs no lock. A directory that is not there holds nothing. Blocks.
    ///
    /// # Errors
    /// [`QueueError::Log`].
    pub fn open(path: &Path) -> Result<Self, QueueError> {
        Ok(Self(View::open(path)?))
    }

    /// Every event that is kept, oldest first, with the last word about it. `each` says whether to go on. Settlements are read
    /// first and kept in memory without events: about 100 bytes for each event that was ever tried and is still kept. Blocks.
    ///
    /// # Errors
    /// [`QueueError::Log`], [`QueueError::Unknown`].
    pub fn for_each(&self, mut each: impl FnMut(Seen) -> bool) -> Result<(), QueueError> {
        let mut last: HashMap<Cursor, Settlement> = HashMap::new();
        self.walk(|_, kept| {
            if let Kept::Settled(settled) = kept {
                last.extend(settled.items.into_iter().map(|item| (item.at, item)));
            }
            Ok(true)
        })?;
        self.walk(|at, kept| match kept {
            Kept::Event(_, json) => {
                let event = Event::from_bytes(json).ok_or(QueueError::Unknown(at))?;
                Ok(each(Seen { at, event, settlement: last.remove(&at) }))
            }
            Kept::Settled(_) => Ok(true),
        })
    }

    fn walk(
        &self,
        mut each: impl FnMut(Cursor, Kept<'_>) -> Result<bool, QueueError>,
    ) -> Result<(), QueueError> {
        let mut from = Cursor::START;
        loop {
            let page = self.0.read(from, PAGE)?;
            if page.records.is_empty() {
                return Ok(());
            }
            from = page.next;
            for record in &page.records {
                let kept = entry::read(&record.bytes).ok_or(QueueError::Unknown(record.at))?;
                if !each(record.at, kept)? {
                    return Ok(());
                }
            }
        }
    }
}
