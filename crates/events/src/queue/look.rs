//! Looking at what the queue holds, beside whoever reads and writes it: lists, one event, exports.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use model::Stamp;
use segments::{Cursor, Disk, PageLimit, Record, View};

use super::entry::{self, Kept, Settlement};
use super::error::QueueError;
use super::summary::Summing;
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

/// Events that somebody looked for.
#[derive(Debug, Clone, PartialEq)]
pub struct Found {
    /// Those, oldest first.
    pub events: Vec<Seen>,
    /// How far was looked.
    pub end: Cursor,
}

/// How many events are kept, by how they stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    /// Not delivered yet.
    pub open: u64,
    /// Tried, and tried again by itself.
    pub waiting: u64,
    /// Became what they were for.
    pub done: u64,
    /// Nothing was to be done.
    pub ignored: u64,
    /// Dead letters.
    pub needs_person: u64,
    /// Given up by a person.
    pub dropped: u64,
    /// When the oldest came that is open or waits.
    pub oldest_under_way: Option<Stamp>,
    /// When the oldest dead letter came.
    pub oldest_dead_letter: Option<Stamp>,
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

    /// The same on any disk.
    ///
    /// # Errors
    /// As [`Look::open`].
    pub fn open_on(disk: Arc<dyn Disk>) -> Result<Self, QueueError> {
        Ok(Self(View::open_on(disk)?))
    }

    /// Every event that is kept, oldest first, with the last word about it. `each` says whether to go on. Settlements are read
    /// first and kept in memory without events: about 100 bytes for each event that was ever tried and is still kept. Blocks.
    ///
    /// # Errors
    /// [`QueueError::Log`], [`QueueError::Unknown`].
    pub fn for_each(&self, mut each: impl FnMut(Seen) -> bool) -> Result<(), QueueError> {
        let mut last: HashMap<Cursor, Settlement> = HashMap::new();
        self.walk(|_, _, kept| {
            if let Kept::Settled(settled) = kept {
                last.extend(settled.items.into_iter().map(|item| (item.at, item)));
            }
            Ok(true)
        })?;
        self.walk(|at, _, kept| match kept {
            Kept::Event(_, json) => {
                let event = Event::from_bytes(json).ok_or(QueueError::Unknown(at))?;
                Ok(each(Seen { at, event, settlement: last.remove(&at) }))
            }
            Kept::Erased(_) | Kept::Settled(_) => Ok(true),
        })
    }

    /// The events that `wanted` picks, for [`super::Queue::decide`]. Blocks.
    ///
    /// # Errors
    /// As [`Look::for_each`].
    pub fn find(&self, mut wanted: impl FnMut(&Seen) -> bool) -> Result<Found, QueueError> {
        let mut events = Vec::new();
        self.for_each(|seen| {
            if wanted(&seen) {
                events.push(seen);
            }
            true
        })?;
        Ok(Found { events, end: self.0.end() })
    }

    /// Every word that was ever said about one event and is still kept, oldest first. Blocks.
    ///
    /// # Errors
    /// [`QueueError::Log`], [`QueueError::Unknown`].
    pub fn history(&self, of: Cursor) -> Result<Vec<Settlement>, QueueError> {
        let mut words = Vec::new();
        self.walk(|_, _, kept| {
            if let Kept::Settled(settled) = kept {
                words.extend(settled.items.into_iter().filter(|item| item.at == of));
            }
            Ok(true)
        })?;
        Ok(words)
    }

    /// Counts what is kept. Reads what came since the counts were last written down ([`super::Queue::summarize`]), and nothing
    /// else. Blocks.
    ///
    /// # Errors
    /// [`QueueError::Log`], [`QueueError::Unknown`].
    pub fn tally(&self) -> Result<Tally, QueueError> {
        Summing::of(&self.0)?.tally(&self.0)
    }

    /// The events that only a person can bring further, oldest first, and whatever else is read for it is as little as for
    /// [`Look::tally`]. `each` says whether to go on. Blocks.
    ///
    /// # Errors
    /// As [`Look::for_each`].
    pub fn dead_letters(&self, mut each: impl FnMut(Seen) -> bool) -> Result<(), QueueError> {
        let summing = Summing::of(&self.0)?;
        let mut words: Option<(Cursor, HashMap<Cursor, Settlement>)> = None;
        for (at, said) in summing.dead_letters() {
            let Some(record) = self.one(at)? else { continue };
            let Some(Kept::Event(_, json)) = entry::read(&record.bytes) else { continue };
            let event = Event::from_bytes(json).ok_or(QueueError::Unknown(at))?;
            // Those that were refused together were told together.
            if words.as_ref().is_none_or(|(place, _)| *place != said) {
                words = Some((said, self.words(said)?));
            }
            let settlement = words.as_mut().and_then(|(_, words)| words.remove(&at));
            if !each(Seen { at, event, settlement }) {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The dead letters that `wanted` picks, for [`super::Queue::decide`]. Blocks.
    ///
    /// # Errors
    /// As [`Look::dead_letters`].
    pub fn find_dead_letters(&self, mut wanted: impl FnMut(&Seen) -> bool) -> Result<Found, QueueError> {
        let mut events = Vec::new();
        self.dead_letters(|seen| {
            if wanted(&seen) {
                events.push(seen);
            }
            true
        })?;
        Ok(Found { events, end: self.0.end() })
    }

    pub(super) const fn view(&self) -> &View {
        &self.0
    }

    fn one(&self, at: Cursor) -> Result<Option<Record>, QueueError> {
        let page = self.0.read(at, PageLimit { entries: 1, bytes: 1 })?;
        Ok(page.records.into_iter().next().filter(|record| record.at == at))
    }

    fn words(&self, said: Cursor) -> Result<HashMap<Cursor, Settlement>, QueueError> {
        let record = self.one(said)?;
        let settled = record.as_ref().and_then(|record| entry::read(&record.bytes));
        Ok(match settled {
            Some(Kept::Settled(settled)) => settled.items.into_iter().map(|item| (item.at, item)).collect(),
            Some(Kept::Event(..) | Kept::Erased(_)) | None => HashMap::new(),
        })
    }

    fn walk(
        &self,
        mut each: impl FnMut(Cursor, Stamp, Kept<'_>) -> Result<bool, QueueError>,
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
                if !each(record.at, record.stamp, kept)? {
                    return Ok(());
                }
            }
        }
    }
}
