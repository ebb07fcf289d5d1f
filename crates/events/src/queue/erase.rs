//! Events of one person are erased: whatever was sent about them is overwritten where it lies. That there was an event, and what became of
//! it, stays; so does the digest of its `messageId`.

use std::collections::{BTreeMap, BTreeSet};

use segments::{Cursor, PageLimit};
use serde_json::Value;

use super::entry::{self, Ending, Kept, Settlement};
use super::error::QueueError;
use super::look::{Found, Look, Seen};
use super::{PAGE, Queue, SETTLED_AT_ONCE, kept};
use crate::event::Event;
use crate::kind::Kind;

/// How often the log is read for what an event says about whose other ids somebody has.
const ROUNDS: usize = 4;

/// What names a person in events. `Debug` shows nothing of it.
#[derive(Clone, Default)]
pub struct Person {
    /// `userId`s.
    users: BTreeSet<String>,
    /// `anonymousId`s.
    anonymous: BTreeSet<String>,
    /// Texts that name nobody else, wherever they stand: e-mail addresses, record ids.
    texts: BTreeSet<String>,
}

/// What came of erasing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Erased {
    /// The events that are gone, durably.
    pub erased: Vec<Cursor>,
    /// Events that are being delivered right now: they are left.
    pub on_their_way: u64,
}

impl Person {
    /// Somebody with this `userId`.
    #[must_use]
    pub fn with_user(mut self, id: &str) -> Self {
        self.users.insert(id.to_owned());
        self
    }

    /// And with this text, compared without case: an address, an id of a record.
    #[must_use]
    pub fn with_text(mut self, text: &str) -> Self {
        self.texts.insert(plain(text));
        self
    }

    /// Whether an event names them. A device that somebody else has signed in on says nothing.
    #[must_use]
    pub fn is_in(&self, event: &Event) -> bool {
        let user = event.user_id();
        let by_user = user.is_some_and(|id| self.users.contains(id));
        let by_device = user.is_none() && event.anonymous_id().is_some_and(|id| self.anonymous.contains(id));
        let before = event.body.get("previousId").and_then(Value::as_str);
        by_user
            || by_device
            || before.is_some_and(|id| self.users.contains(id) || self.anonymous.contains(id))
            || holds(&event.body, &self.texts)
    }

    /// Learns from an event that names them by which other ids they are known: the device they used, and, where the event says who a
    /// user is, that user.
    fn learn(&mut self, event: &Event) -> bool {
        let user = event.user_id();
        let mut news = false;
        if event.kind == Kind::Identify
            && let Some(id) = user
        {
            news |= self.users.insert(id.to_owned());
        }
        let theirs = user.is_some_and(|id| self.users.contains(id));
        if let Some(device) = event.anonymous_id().filter(|_| theirs) {
            news |= self.anonymous.insert(device.to_owned());
        }
        if let Some(before) = event.body.get("previousId").and_then(Value::as_str).filter(|_| theirs) {
            news |= self.users.insert(before.to_owned()) | self.anonymous.insert(before.to_owned());
        }
        news
    }
}

impl std::fmt::Debug for Person {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Person").finish_non_exhaustive()
    }
}

/// Whether one of the texts stands anywhere in a value, alone.
fn holds(value: &Value, texts: &BTreeSet<String>) -> bool {
    match value {
        Value::String(text) => texts.contains(&plain(text)),
        Value::Array(items) => items.iter().any(|item| holds(item, texts)),
        Value::Object(members) => members.values().any(|member| holds(member, texts)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

fn plain(text: &str) -> String {
    text.trim().to_lowercase()
}

impl Look {
    /// The events that name a person, and those of the devices and users that such events say are them. Blocks.
    ///
    /// # Errors
    /// As [`Look::for_each`].
    pub fn of_person(&self, person: &Person) -> Result<Found, QueueError> {
        let mut person = person.clone();
        for _ in 0..ROUNDS {
            let mut news = false;
            self.for_each(|seen| {
                if person.is_in(&seen.event) {
                    news |= person.learn(&seen.event);
                }
                true
            })?;
            if !news {
                break;
            }
        }
        self.find(|seen: &Seen| person.is_in(&seen.event))
    }
}

impl Queue {
    /// Erases the events that were found. Who waits, or was never handed out, is given up first. Returns when nothing of them is on disk
    /// any more.
    ///
    /// # Errors
    /// [`QueueError::Log`]: some may be erased; doing it again is right.
    pub async fn erase(&self, found: &Found) -> Result<Erased, QueueError> {
        let (places, on_their_way) = self.give_up(found).await?;
        let mut others = Vec::with_capacity(places.len());
        for at in &places {
            let page = self.0.log.read(*at, PageLimit { entries: 1, ..PAGE })?;
            // Given up with its segment meanwhile, or erased before.
            let Some(record) = page.records.first().filter(|record| record.at == *at) else { continue };
            if let Kept::Event(id, _) = kept(record)? {
                others.push((*at, entry::of_erased(id, record.bytes.len())));
            }
        }
        self.0.log.overwrite(others).await?;
        Ok(Erased { erased: places, on_their_way })
    }

    /// Settles whatever of them is open. Those that are being delivered are left out.
    async fn give_up(&self, found: &Found) -> Result<(Vec<Cursor>, u64), QueueError> {
        let mut said = self.0.settling.lock().await;
        let newer = self.settled_since(found.end)?;
        let now = self.0.clock.now();
        let (mut places, mut open) = (Vec::new(), BTreeMap::new());
        let mut on_their_way = 0;
        {
            let mut held = self.held();
            for seen in &found.events {
                if held.standing.flight.contains(&seen.at) {
                    on_their_way += 1;
                    continue;
                }
                places.push(seen.at);
                let ending =
                    newer.get(&seen.at).copied().or(seen.settlement.as_ref().map(|last| last.ending));
                if matches!(ending, Some(Ending::Done | Ending::Ignored | Ending::Dropped)) {
                    continue;
                }
                let attempts = seen.settlement.as_ref().map_or(0, |last| last.attempts);
                held.standing.take(seen.at, ending.is_none());
                open.insert(seen.at, attempts);
            }
        }
        let dropped = |(at, attempts)| Settlement {
            at,
            ending: Ending::Dropped,
            attempts,
            stamp: now,
            detail: Value::Null,
        };
        let items: Vec<Settlement> = open.into_iter().map(dropped).collect();
        for some in items.chunks(SETTLED_AT_ONCE) {
            self.settle_locked(&mut said, some).await?;
        }
        Ok((places, on_their_way))
    }
}
