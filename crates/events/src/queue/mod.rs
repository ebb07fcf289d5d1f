//! The queue between whoever sends events and whoever makes records of them.
//!
//! Everything lies in one log: events, and what became of them. That an event is kept and that it is settled are appends, each
//! durable when it returns, all of one call or none. What is in memory is built anew from the log at opening.
//!
//! An event is handed out, and handed out again after a crash, until it is settled. Whoever reads the queue makes that
//! harmless; the queue makes sure that an event is in it once by its `messageId`, and that nothing in it is passed over.

mod decide;
mod entry;
mod erase;
mod error;
mod ids;
mod look;
mod replay;
mod request;
mod standing;
mod summary;
mod turned_away;

use std::collections::HashMap;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use model::Clock;
use segments::{Cursor, Disk, Entry, Log, Marker, PageLimit, Record};
use tokio::sync::watch;

pub use decide::{Decided, Decision};
pub use entry::{DETAIL_BYTES, Ending, Settlement};
pub use erase::{Erased, Person};
pub use error::QueueError;
pub use look::{Found, Look, Seen, Tally};
pub use request::{Request, RequestError};
pub use turned_away::{Notice, TurnedAway, What};

use crate::event::Event;
use entry::{Kept, Settled};
use ids::{Fingerprint, Ids};
use replay::{count_unread, first_since, replay};
use standing::Standing;
use summary::Summing;
use turned_away::Ledger;

/// How a queue behaves.
#[derive(Debug, Clone)]
pub struct QueueOptions {
    /// For how long a `messageId` is remembered. Default 24 hours.
    pub repeat_window: Duration,
    /// How many are remembered at most; the oldest go first. Default 1,000,000, about 40 MB.
    pub repeat_ids: usize,
    /// For how long settled events are kept, in days of whole segments. Default 30 days; never less than the window.
    pub keep: Duration,
    /// Events that may wait for another try. Default 50,000.
    pub waiting: usize,
    /// Events that may be handed out at a time. Default 20,000.
    pub in_flight: usize,
    /// Sizes of the log.
    pub log: segments::Options,
}

impl Default for QueueOptions {
    fn default() -> Self {
        Self {
            repeat_window: Duration::from_secs(24 * 3_600),
            repeat_ids: 1_000_000,
            keep: Duration::from_secs(30 * 24 * 3_600),
            waiting: 50_000,
            in_flight: 20_000,
            // A full batch, and its context in each of its events.
            log: segments::Options { append_bytes: 16 * 1024 * 1024, ..segments::Options::default() },
        }
    }
}

/// What became of an event that was offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Accepted {
    /// It is durable.
    Kept(Cursor),
    /// One with its `messageId` is durable already.
    Repeated,
}

/// An event handed out.
#[derive(Debug, Clone, PartialEq)]
pub struct Queued {
    /// Its place, by which it is settled.
    pub at: Cursor,
    /// How often it was tried before.
    pub attempts: u32,
    /// The event.
    pub event: Event,
}

/// How many events stand where.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Kept, and never handed out.
    pub unread: u64,
    /// Handed out, and not settled.
    pub in_flight: u64,
    /// Tried, and to be tried again.
    pub waiting: u64,
    /// Remembered ids.
    pub ids: u64,
}

/// A durable queue of events. Clones are the same queue.
#[derive(Clone, Debug)]
pub struct Queue(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    log: Log,
    options: QueueOptions,
    clock: Clock,
    held: Mutex<Held>,
    marker: Mutex<(Marker, u64)>,
    /// One settlement at a time: their order in the log is that of their frontiers.
    settling: tokio::sync::Mutex<Cursor>,
    arrivals: watch::Sender<u64>,
    /// As far as it was written down beside the log.
    summary: Mutex<Option<Summing>>,
    turned_away: Mutex<Ledger>,
}

#[derive(Debug)]
struct Held {
    ids: Ids,
    /// Being appended: whoever offers one again waits for what becomes of it.
    pending: HashMap<Fingerprint, watch::Receiver<()>>,
    standing: Standing,
}

/// Entries read at once.
const PAGE: PageLimit = PageLimit { entries: 1_000, bytes: 4 * 1024 * 1024 };
/// After so many settlements the place to begin with at the next opening is written down.
const MARK_EVERY: u64 = 64;
/// Settlements in one append.
const SETTLED_AT_ONCE: usize = 2_000;
/// Settlements in one entry.
const SETTLED_ITEMS: usize = 200;
/// After so many bytes of log the summary is written down anew.
const SUMMARY_EVERY: u64 = 4 * 1024 * 1024;
const MARKER: &str = "replay";

impl Queue {
    /// Opens or makes the queue in a directory of its own. Blocks: what is open and what was seen is read back.
    ///
    /// # Errors
    /// As [`Log::open`]; [`QueueError::Unknown`] for entries of a later version.
    pub fn open(path: &Path, options: QueueOptions) -> Result<Self, QueueError> {
        Self::over(Log::open(path, options.log.clone())?, options)
    }

    /// The same on any disk.
    ///
    /// # Errors
    /// As [`Queue::open`].
    pub fn open_on(disk: Arc<dyn Disk>, options: QueueOptions) -> Result<Self, QueueError> {
        Self::over(Log::open_on(disk, options.log.clone())?, options)
    }

    fn over(log: Log, options: QueueOptions) -> Result<Self, QueueError> {
        let clock = options.log.clock.clone();
        let (marker, turned_away) = (Marker::open(&log, MARKER)?, Ledger::of(&log)?);
        let mut held = Held {
            ids: Ids::new(options.repeat_window, options.repeat_ids),
            pending: HashMap::new(),
            standing: Standing::default(),
        };
        let window = clock.now().minus(options.repeat_window);
        let from = marker.at().unwrap_or(Cursor::START).min(first_since(&log, window)?);
        let said = replay(&log, from, window, &mut held)?;
        held.standing.unread = count_unread(&log, &held.standing)?;
        held.standing.read = held.standing.frontier;
        Ok(Self(Arc::new(Inner {
            log,
            options,
            clock,
            held: Mutex::new(held),
            marker: Mutex::new((marker, 0)),
            settling: tokio::sync::Mutex::new(said),
            arrivals: watch::Sender::new(0),
            summary: Mutex::new(None),
            turned_away: Mutex::new(turned_away),
        })))
    }

    /// Keeps events. Returns when every one of them is durable, in their order; an event whose `messageId` is known is there
    /// once. When the caller goes away meanwhile, they are kept all the same.
    ///
    /// # Errors
    /// [`QueueError::Log`]: nothing is acknowledged, and the first of them may be kept. Offering them again is right: what was kept is
    /// recognised.
    pub async fn accept(&self, events: Vec<Event>) -> Result<Vec<Accepted>, QueueError> {
        let queue = self.clone();
        // A client that hangs up must not leave ids behind that nobody settles.
        let kept = tokio::spawn(async move { queue.keep(events).await }).await;
        kept.unwrap_or(Err(QueueError::Log(segments::Error::Stopped)))
    }

    async fn keep(&self, events: Vec<Event>) -> Result<Vec<Accepted>, QueueError> {
        let ids: Vec<Fingerprint> =
            events.iter().map(|event| Fingerprint::of(&event.source, &event.id)).collect();
        let mut accepted = vec![Accepted::Repeated; events.len()];
        let mut open: Vec<usize> = (0..events.len()).collect();
        // A second round only for those that somebody else was keeping, and failed to.
        while !open.is_empty() {
            let (tell, told) = watch::channel(());
            let (ours, theirs) = self.reserve(&ids, &open, &told);
            let (kept, result) = self.append(&events, &ids, &ours, &mut accepted).await;
            let (kept, others) = ours.split_at(kept);
            self.release(&ids, kept, true);
            self.release(&ids, others, false);
            drop(tell);
            result?;
            open = Vec::new();
            for (nth, mut other) in theirs {
                // It ends with an error when the other has finished, which is what is waited for.
                while other.changed().await.is_ok() {}
                if !self.held().ids.contains(ids[nth]) {
                    open.push(nth);
                }
            }
        }
        Ok(accepted)
    }

    /// Which of the open ones are ours to keep, and which somebody else is keeping right now.
    #[allow(clippy::type_complexity)] // named nowhere else
    fn reserve(
        &self,
        ids: &[Fingerprint],
        open: &[usize],
        told: &watch::Receiver<()>,
    ) -> (Vec<usize>, Vec<(usize, watch::Receiver<()>)>) {
        let mut held = self.held();
        let (mut ours, mut theirs) = (Vec::new(), Vec::new());
        for &nth in open {
            let id = ids[nth];
            if held.ids.contains(id) {
                continue;
            }
            match held.pending.get(&id) {
                // Twice in one call: the first is kept.
                Some(other) if other.same_channel(told) => {}
                Some(other) => theirs.push((nth, other.clone())),
                None => {
                    held.pending.insert(id, told.clone());
                    ours.push(nth);
                }
            }
        }
        (ours, theirs)
    }

    /// How many of ours are kept, from the first on. A context that many events share stands in each of them, which may be more
    /// than the log takes at once: then they go in one part after another.
    async fn append(
        &self,
        events: &[Event],
        ids: &[Fingerprint],
        ours: &[usize],
        accepted: &mut [Accepted],
    ) -> (usize, Result<(), QueueError>) {
        let entries = ours.iter().map(|&nth| Entry {
            stamp: events[nth].received_at,
            bytes: entry::of_event(ids[nth], &events[nth]),
        });
        let mut entries: Vec<Entry> = entries.collect();
        let mut kept = 0;
        while !entries.is_empty() {
            let rest = entries.split_off(self.0.log.at_once(&entries));
            let places = match self.0.log.append(entries).await {
                Ok(places) => places,
                Err(error) => return (kept, Err(error.into())),
            };
            for (&nth, place) in ours[kept..].iter().zip(&places) {
                accepted[nth] = Accepted::Kept(*place);
            }
            kept += places.len();
            entries = rest;
        }
        (kept, Ok(()))
    }

    fn release(&self, ids: &[Fingerprint], ours: &[usize], kept: bool) {
        let now = self.0.clock.now();
        let mut held = self.held();
        for &nth in ours {
            held.pending.remove(&ids[nth]);
            if kept {
                held.ids.insert(ids[nth], now);
                held.standing.arrived();
            }
        }
        drop(held);
        if kept && !ours.is_empty() {
            self.0.arrivals.send_modify(|count| *count += ours.len() as u64);
        }
    }

    /// Changes whenever events arrive, for whoever waits for them.
    #[must_use]
    pub fn arrivals(&self) -> watch::Receiver<u64> {
        self.0.arrivals.subscribe()
    }

    /// Hands out events: first those that waited long enough, then the next in order, as long as each of them has a place to
    /// wait in. Each must be settled; until then, and until the process ends, it is not handed out again. Blocks.
    ///
    /// # Errors
    /// [`QueueError::Log`], [`QueueError::Unknown`].
    pub fn next(&self, most: usize) -> Result<Vec<Queued>, QueueError> {
        let mut held = self.held();
        let room = self.0.options.in_flight.saturating_sub(held.standing.flight.len());
        let most = most.min(room);
        let mut queued = Vec::new();
        for (at, attempts) in held.standing.due(self.0.clock.now(), most) {
            queued.push(Queued { at, attempts, event: self.event_at(at)? });
            held.standing.flight.insert(at);
        }
        // An org that takes nothing sends them all to wait: one too many would be an event that cannot be settled.
        let places = self.0.options.waiting.saturating_sub(held.standing.unsettled());
        let most = most.min(queued.len().saturating_add(places));
        let mut from = held.standing.read.unwrap_or(Cursor::START);
        while queued.len() < most {
            let limit = PageLimit { entries: most - queued.len(), ..PAGE };
            let page = self.0.log.read(from, limit)?;
            from = page.next;
            if page.records.is_empty() {
                break;
            }
            for record in page.records {
                if let Kept::Event(_, json) = kept(&record)? {
                    if held.standing.is_known(record.at) {
                        continue;
                    }
                    let event = Event::from_bytes(json).ok_or(QueueError::Unknown(record.at))?;
                    held.standing.flight.insert(record.at);
                    held.standing.unread = held.standing.unread.saturating_sub(1);
                    queued.push(Queued { at: record.at, attempts: 0, event });
                }
            }
            held.standing.read = Some(from);
        }
        Ok(queued)
    }

    /// Says what became of events, durable when this returns; 2,000 at a time are there as a whole or not at all. An event
    /// that was settled before may be settled anew: that is how one is tried again or dropped by a person.
    ///
    /// # Errors
    /// [`QueueError::Log`]: saying it again is right. [`QueueError::TooManyWaiting`], never for events that were handed out.
    pub async fn settle(&self, mut items: Vec<Settlement>) -> Result<(), QueueError> {
        for item in &mut items {
            if item.detail.to_string().len() > DETAIL_BYTES {
                item.detail = "more than is kept".into();
            }
        }
        for some in items.chunks(SETTLED_AT_ONCE) {
            let mut said = self.0.settling.lock().await;
            self.settle_locked(&mut said, some).await?;
        }
        Ok(())
    }

    /// `said` is the place of the last settlement, behind the lock that keeps their order.
    async fn settle_locked(&self, said: &mut Cursor, items: &[Settlement]) -> Result<(), QueueError> {
        let frontier = {
            let held = self.held();
            // What was handed out has its place already.
            let waits = items.iter().filter(|item| matches!(item.ending, Ending::Waiting { .. }));
            let new = waits.filter(|item| !held.standing.is_unsettled(item.at)).count();
            if new > 0 && held.standing.unsettled() + new > self.0.options.waiting {
                return Err(QueueError::TooManyWaiting(held.standing.waiting.len()));
            }
            held.standing.frontier_after(items)
        };
        let stamp = self.0.clock.now();
        let settled: Vec<Settled> =
            items.chunks(SETTLED_ITEMS).map(|items| Settled { frontier, items: items.to_vec() }).collect();
        let entries = settled.iter().map(|settled| Entry { stamp, bytes: entry::of_settled(settled) });
        let places = self.0.log.append(entries.collect()).await?;
        let replay = {
            let mut held = self.held();
            for (settled, place) in settled.iter().zip(&places) {
                held.standing.settled(settled, *place);
            }
            *said = places.first().copied().unwrap_or(*said);
            held.standing.replay_from(*said)
        };
        self.mark(replay)
    }

    /// Now and then writes down where the next opening begins. Blocks for two syncs when it does.
    fn mark(&self, replay: Cursor) -> Result<(), QueueError> {
        let mut marker = self.0.marker.lock().unwrap_or_else(PoisonError::into_inner);
        marker.1 += 1;
        if marker.1.is_multiple_of(MARK_EVERY) {
            marker.0.advance(&self.0.log, replay)?;
        }
        Ok(())
    }

    /// The event at a place.
    ///
    /// # Errors
    /// [`QueueError::NoEvent`] where there is none, [`QueueError::Log`].
    pub fn event_at(&self, at: Cursor) -> Result<Event, QueueError> {
        let page = self.0.log.read(at, PageLimit { entries: 1, bytes: 1 })?;
        let record =
            page.records.into_iter().find(|record| record.at == at).ok_or(QueueError::NoEvent(at))?;
        match kept(&record)? {
            Kept::Event(_, json) => Event::from_bytes(json).ok_or(QueueError::Unknown(at)),
            Kept::Erased(_) | Kept::Settled(_) => Err(QueueError::NoEvent(at)),
        }
    }

    /// Whether events can be kept: no sync has failed.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.0.log.is_writable()
    }

    /// How many events stand where.
    #[must_use]
    pub fn counts(&self) -> Counts {
        let held = self.held();
        Counts {
            unread: held.standing.unread,
            in_flight: held.standing.flight.len() as u64,
            waiting: held.standing.waiting.len() as u64,
            ids: held.ids.len() as u64,
        }
    }

    /// Writes down how many events stand how, when enough came since the last time, so that whoever looks need not read everything.
    /// Blocks: what came since is read; at the first time after an opening, what came since it was written down.
    ///
    /// # Errors
    /// [`QueueError::Log`], [`QueueError::Unknown`]. What was written down stays right.
    pub fn summarize(&self) -> Result<(), QueueError> {
        let mut held = self.0.summary.lock().unwrap_or_else(PoisonError::into_inner);
        let end = self.0.log.end();
        let (mut summing, before) = match held.take() {
            Some(summing) => {
                let before = summing.upto();
                if before.segment == end.segment && end.offset - before.offset < SUMMARY_EVERY {
                    *held = Some(summing);
                    return Ok(());
                }
                (summing, Some(before))
            }
            None => (Summing::of(&self.0.log)?, None),
        };
        summing.carry_on(&self.0.log)?;
        if before != Some(summing.upto()) {
            summing.keep(&self.0.log)?;
        }
        *held = Some(summing);
        Ok(())
    }

    /// Gives up whole segments of settled events that are older than they are kept. Returns how many. Blocks.
    ///
    /// # Errors
    /// [`QueueError::Log`].
    pub fn forget(&self) -> Result<u64, QueueError> {
        let (needed, replay) = {
            let held = self.held();
            (held.standing.oldest_needed(), held.standing.replay_from(held.standing.oldest_needed()))
        };
        let keep = self.0.options.keep.max(self.0.options.repeat_window);
        Ok(self.0.log.forget(needed.min(replay), self.0.clock.now().minus(keep))?)
    }

    fn held(&self) -> MutexGuard<'_, Held> {
        self.0.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn kept(record: &Record) -> Result<Kept<'_>, QueueError> {
    entry::read(&record.bytes).ok_or(QueueError::Unknown(record.at))
}
