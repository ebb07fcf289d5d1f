//! Where every event stands, as far as it is not settled: what the queue knows in memory, and builds anew from its log.

use std::collections::{BTreeMap, BTreeSet};

use model::Stamp;
use segments::Cursor;

use super::entry::{Ending, Settled, Settlement};

/// An event that waits for another try.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Wait {
    pub(super) until: Stamp,
    pub(super) attempts: u32,
    /// Where the log says so.
    pub(super) said: Cursor,
}

/// What is open.
#[derive(Debug, Default)]
pub(super) struct Standing {
    /// Every event before this is settled or waits.
    pub(super) frontier: Option<Cursor>,
    /// Up to here the queue was handed out.
    pub(super) read: Option<Cursor>,
    /// Settled although behind the frontier.
    ahead: BTreeSet<Cursor>,
    pub(super) waiting: BTreeMap<Cursor, Wait>,
    /// Handed out and not settled.
    pub(super) flight: BTreeSet<Cursor>,
    /// Events that were never handed out.
    pub(super) unread: u64,
}

impl Standing {
    /// An event lies at the end of what is known.
    pub(super) fn arrived(&mut self) {
        self.unread += 1;
    }

    /// What the log says. `at` is where it says so.
    pub(super) fn settled(&mut self, settled: &Settled, at: Cursor) {
        for item in &settled.items {
            self.settle(item, at);
        }
        self.frontier = self.frontier.max(Some(settled.frontier));
        self.ahead = self.ahead.split_off(&settled.frontier);
    }

    fn settle(&mut self, item: &Settlement, said: Cursor) {
        self.flight.remove(&item.at);
        self.waiting.remove(&item.at);
        match item.ending {
            Ending::Waiting { until } => {
                self.waiting.insert(item.at, Wait { until, attempts: item.attempts, said });
            }
            Ending::NeedsPerson | Ending::Done | Ending::Ignored | Ending::Dropped => {}
        }
        if self.frontier <= Some(item.at) {
            self.ahead.insert(item.at);
        }
    }

    /// Nobody is handed this event any more: it is about to be settled. `unread`: nothing was ever said about it.
    pub(super) fn take(&mut self, at: Cursor, unread: bool) {
        self.waiting.remove(&at);
        if unread && self.ahead.insert(at) {
            self.unread = self.unread.saturating_sub(1);
        }
    }

    /// Whether an event behind the frontier needs no reading.
    pub(super) fn is_known(&self, at: Cursor) -> bool {
        self.ahead.contains(&at)
    }

    /// The frontier once these are settled: before the first that is still in flight.
    pub(super) fn frontier_after(&self, items: &[Settlement]) -> Cursor {
        let settled: BTreeSet<Cursor> = items.iter().map(|item| item.at).collect();
        let open = self.flight.iter().find(|at| !settled.contains(at) && !self.waiting.contains_key(at));
        open.copied().or(self.read).unwrap_or(Cursor::START)
    }

    /// Whether an event waits, or is in flight and may come to.
    pub(super) fn is_unsettled(&self, at: Cursor) -> bool {
        self.waiting.contains_key(&at) || self.flight.contains(&at)
    }

    /// How many those are.
    pub(super) fn unsettled(&self) -> usize {
        self.waiting.len() + self.flight.iter().filter(|at| !self.waiting.contains_key(at)).count()
    }

    /// Those that wait and may be tried at `now`, oldest first.
    pub(super) fn due(&self, now: Stamp, most: usize) -> Vec<(Cursor, u32)> {
        let due = self.waiting.iter().filter(|(at, wait)| wait.until <= now && !self.flight.contains(at));
        due.take(most).map(|(at, wait)| (*at, wait.attempts)).collect()
    }

    /// From where the log must be read at the next opening, to know all this again.
    pub(super) fn replay_from(&self, last_said: Cursor) -> Cursor {
        let waits = self.waiting.values().map(|wait| wait.said);
        waits.chain(self.frontier).chain([last_said]).min().unwrap_or(Cursor::START)
    }

    /// Nothing before this is needed any more by whoever reads the queue.
    pub(super) fn oldest_needed(&self) -> Cursor {
        let open = [self.waiting.keys().next().copied(), self.flight.first().copied(), self.frontier];
        open.into_iter().flatten().min().unwrap_or(Cursor::START)
    }
}
