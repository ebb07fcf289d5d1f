//! How many events stand how, without reading them all: what the log said up to some place, kept beside it, and carried on from there
//! by whoever looks.
//!
//! Nothing depends on how often it is written: it is a part of the log's own story, told shorter. One that is missing, damaged, or
//! further than the log is worked out anew from the first entry.

use std::collections::{BTreeMap, BTreeSet};

use model::Stamp;
use segments::{Cursor, Log, PageLimit, Record, View};
use serde::{Deserialize, Serialize};

use super::PAGE;
use super::entry::{self, Ending, Kept, Settled, Settlement};
use super::error::QueueError;
use super::look::Tally;

const NAME: &str = "summary";
/// A later form is another number: what cannot be read is worked out anew.
const FORM: u32 = 1;

/// A segment or a place in it, and a stamp, as the file has them.
type Pair = (u64, u64);

/// What is known of the log up to a place.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Summary {
    form: u32,
    /// Every entry before this is counted.
    upto: Pair,
    /// Events by segment, and those of them that are done or ignored: whole segments are given up.
    parts: BTreeMap<u64, Part>,
    /// Events that wait for another try, and when they came.
    waiting: Vec<(u64, u64, i64)>,
    /// Dead letters, when they came, and where the log says so.
    dead: Vec<(u64, u64, i64, u64, u64)>,
    /// Events that a person gave up, and may yet want tried again.
    dropped: Vec<Pair>,
    /// Every event before this was settled, or waits.
    frontier: Pair,
    /// Settled although behind it.
    ahead: Vec<Pair>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
struct Part {
    events: u64,
    done: u64,
    ignored: u64,
}

/// A summary at work: the same with its lists in order.
#[derive(Debug, Clone)]
pub(super) struct Summing {
    upto: Cursor,
    parts: BTreeMap<u64, Part>,
    waiting: BTreeMap<Cursor, Stamp>,
    dead: BTreeMap<Cursor, (Stamp, Cursor)>,
    dropped: BTreeSet<Cursor>,
    frontier: Cursor,
    ahead: BTreeSet<Cursor>,
}

impl Default for Summing {
    fn default() -> Self {
        Self {
            upto: Cursor::START,
            parts: BTreeMap::new(),
            waiting: BTreeMap::new(),
            dead: BTreeMap::new(),
            dropped: BTreeSet::new(),
            frontier: Cursor::START,
            ahead: BTreeSet::new(),
        }
    }
}

/// A log to read from, held or only looked at.
pub(super) trait Readable {
    fn page(&self, from: Cursor, limit: PageLimit) -> Result<Vec<Record>, QueueError>;
    fn kept_aside(&self) -> Result<Option<Vec<u8>>, QueueError>;
    fn bounds(&self) -> (Cursor, Cursor);
}

impl Readable for Log {
    fn page(&self, from: Cursor, limit: PageLimit) -> Result<Vec<Record>, QueueError> {
        Ok(self.read(from, limit)?.records)
    }

    fn kept_aside(&self) -> Result<Option<Vec<u8>>, QueueError> {
        Ok(self.aside(NAME)?)
    }

    fn bounds(&self) -> (Cursor, Cursor) {
        (self.first(), self.end())
    }
}

impl Readable for View {
    fn page(&self, from: Cursor, limit: PageLimit) -> Result<Vec<Record>, QueueError> {
        Ok(self.read(from, limit)?.records)
    }

    fn kept_aside(&self) -> Result<Option<Vec<u8>>, QueueError> {
        Ok(self.aside(NAME)?)
    }

    fn bounds(&self) -> (Cursor, Cursor) {
        (self.first(), self.end())
    }
}

impl Summing {
    /// What was kept, carried on to the end of the log.
    pub(super) fn of(log: &dyn Readable) -> Result<Self, QueueError> {
        let (_, end) = log.bounds();
        let kept = log.kept_aside()?.and_then(|bytes| serde_json::from_slice::<Summary>(&bytes).ok());
        let fits = |kept: &Summary| kept.form == FORM && place(kept.upto) <= end;
        let mut summing = kept.filter(fits).map(Self::unpacked).unwrap_or_default();
        summing.carry_on(log)?;
        Ok(summing)
    }

    /// Up to where it counts.
    pub(super) const fn upto(&self) -> Cursor {
        self.upto
    }

    /// Reads what came since. Segments that were given up meanwhile count no more.
    pub(super) fn carry_on(&mut self, log: &dyn Readable) -> Result<(), QueueError> {
        loop {
            let records = log.page(self.upto, PAGE)?;
            let Some(last) = records.last() else { break };
            let next = last.next;
            for record in &records {
                match entry::read(&record.bytes).ok_or(QueueError::Unknown(record.at))? {
                    Kept::Event(..) | Kept::Erased(_) => {
                        self.parts.entry(record.at.segment).or_default().events += 1
                    }
                    Kept::Settled(settled) => self.settled(log, &settled, record.at)?,
                }
            }
            self.upto = next;
        }
        let (first, _) = log.bounds();
        self.parts = self.parts.split_off(&first.segment);
        let begin = Cursor { segment: first.segment, offset: 0 };
        self.waiting = self.waiting.split_off(&begin);
        self.dead = self.dead.split_off(&begin);
        self.dropped = self.dropped.split_off(&begin);
        Ok(())
    }

    fn settled(&mut self, log: &dyn Readable, settled: &Settled, said: Cursor) -> Result<(), QueueError> {
        for item in &settled.items {
            self.settle(log, item, said)?;
        }
        self.frontier = self.frontier.max(settled.frontier);
        self.ahead = self.ahead.split_off(&self.frontier);
        Ok(())
    }

    fn settle(&mut self, log: &dyn Readable, item: &Settlement, said: Cursor) -> Result<(), QueueError> {
        let at = item.at;
        let before = self.waiting.remove(&at).or_else(|| self.dead.remove(&at).map(|(came, _)| came));
        self.dropped.remove(&at);
        // The event itself may be given up already.
        let Some(part) = self.parts.get_mut(&at.segment) else { return Ok(()) };
        match item.ending {
            Ending::Done => part.done += 1,
            Ending::Ignored => part.ignored += 1,
            Ending::Dropped => {
                self.dropped.insert(at);
            }
            Ending::Waiting { .. } | Ending::NeedsPerson => {
                let came = match before {
                    Some(came) => came,
                    None => came(log, at)?.unwrap_or(item.stamp),
                };
                if item.ending == Ending::NeedsPerson {
                    self.dead.insert(at, (came, said));
                } else {
                    self.waiting.insert(at, came);
                }
            }
        }
        if self.frontier <= at {
            self.ahead.insert(at);
        }
        Ok(())
    }

    /// The counts.
    pub(super) fn tally(&self, log: &dyn Readable) -> Result<Tally, QueueError> {
        let sum = |of: fn(&Part) -> u64| self.parts.values().map(of).sum::<u64>();
        let (done, ignored) = (sum(|part| part.done), sum(|part| part.ignored));
        let (waiting, needs_person) = (self.waiting.len() as u64, self.dead.len() as u64);
        let dropped = self.dropped.len() as u64;
        let settled = done + ignored + waiting + needs_person + dropped;
        let open = sum(|part| part.events).saturating_sub(settled);
        let first_open = if open > 0 { self.first_open(log)? } else { None };
        Ok(Tally {
            open,
            waiting,
            done,
            ignored,
            needs_person,
            dropped,
            oldest_under_way: self.waiting.values().copied().chain(first_open).min(),
            oldest_dead_letter: self.dead.values().map(|(came, _)| *came).min(),
        })
    }

    /// When the first event came that was never settled.
    fn first_open(&self, log: &dyn Readable) -> Result<Option<Stamp>, QueueError> {
        let mut from = self.frontier;
        loop {
            let records = log.page(from, PAGE)?;
            let Some(last) = records.last() else { return Ok(None) };
            from = last.next;
            for record in &records {
                let is_event = matches!(entry::read(&record.bytes), Some(Kept::Event(..)));
                if is_event && !self.ahead.contains(&record.at) {
                    return Ok(Some(record.stamp));
                }
            }
        }
    }

    /// The dead letters, and where the log says what became of each.
    pub(super) fn dead_letters(&self) -> impl Iterator<Item = (Cursor, Cursor)> + '_ {
        self.dead.iter().map(|(at, (_, said))| (*at, *said))
    }

    /// Writes it beside the log.
    pub(super) fn keep(&self, log: &Log) -> Result<(), QueueError> {
        // Numbers in lists always have a JSON form.
        let bytes = serde_json::to_vec(&self.packed()).unwrap_or_default();
        Ok(log.keep_aside(NAME, &bytes)?)
    }

    fn packed(&self) -> Summary {
        let dead = |(at, (came, said)): (&Cursor, &(Stamp, Cursor))| {
            (at.segment, at.offset, came.micros(), said.segment, said.offset)
        };
        Summary {
            form: FORM,
            upto: pair(self.upto),
            parts: self.parts.clone(),
            waiting: self.waiting.iter().map(|(at, came)| (at.segment, at.offset, came.micros())).collect(),
            dead: self.dead.iter().map(dead).collect(),
            dropped: self.dropped.iter().copied().map(pair).collect(),
            frontier: pair(self.frontier),
            ahead: self.ahead.iter().copied().map(pair).collect(),
        }
    }

    fn unpacked(kept: Summary) -> Self {
        let dead = |(segment, offset, came, said_in, said_at)| {
            (place((segment, offset)), (Stamp::from_micros(came), place((said_in, said_at))))
        };
        let waiting = |(segment, offset, came)| (place((segment, offset)), Stamp::from_micros(came));
        Self {
            upto: place(kept.upto),
            parts: kept.parts,
            waiting: kept.waiting.into_iter().map(waiting).collect(),
            dead: kept.dead.into_iter().map(dead).collect(),
            dropped: kept.dropped.into_iter().map(place).collect(),
            frontier: place(kept.frontier),
            ahead: kept.ahead.into_iter().map(place).collect(),
        }
    }
}

/// When the event at a place came; `None` where it is given up.
fn came(log: &dyn Readable, at: Cursor) -> Result<Option<Stamp>, QueueError> {
    let records = log.page(at, PageLimit { entries: 1, bytes: 1 })?;
    Ok(records.first().filter(|record| record.at == at).map(|record| record.stamp))
}

const fn pair(at: Cursor) -> Pair {
    (at.segment, at.offset)
}

const fn place((segment, offset): Pair) -> Cursor {
    Cursor { segment, offset }
}
