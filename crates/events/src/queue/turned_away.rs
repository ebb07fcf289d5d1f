//! What was turned away at the way in: how much of it, whose, and why. Nothing of what was sent is in it.
//!
//! It lies beside the log in a few lines, written down now and then: whoever is killed forgets the last seconds of it, and a sender was
//! told of each all the same.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::{MutexGuard, PoisonError};
use std::time::Duration;

use model::Stamp;
use segments::Log;
use serde::{Deserialize, Serialize};

use super::Queue;
use super::error::QueueError;
use super::look::Look;
use crate::source::SourceName;

const NAME: &str = "turned_away";
/// A later form is another number: what cannot be read is begun anew.
const FORM: u32 = 1;
/// Lines that are kept. There are as many as there are sources times reasons, and both are few.
const LINES: usize = 2_000;
/// Of one source no more than a line of the log in so long.
const SAID_EVERY: Duration = Duration::from_secs(60);

/// What was turned away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum What {
    /// One event.
    Event,
    /// A request as a whole: how many events were in it is not known.
    Request,
}

/// So many of one source, for one reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnedAway {
    /// Whose; `None`: no source's that is known.
    pub source: Option<SourceName>,
    /// What.
    pub what: What,
    /// Why: one of a closed set of codes, such as `no_person` or `missing:event`.
    pub reason: String,
    /// How often, until `keep` after the last of them.
    pub count: u64,
    /// The last of them.
    pub latest: Stamp,
}

/// What is said of one source, at most once a minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// Whose; `None`: no source's that is known.
    pub source: Option<SourceName>,
    /// Events since the last notice.
    pub events: u64,
    /// Requests since the last notice.
    pub requests: u64,
    /// Why, and how many of each: `no_person 2, missing:event 1`.
    pub reasons: String,
}

type Key = (Option<SourceName>, What, String);

#[derive(Debug, Clone, Copy)]
struct Count {
    all: u64,
    latest: Stamp,
    /// Of those, not said yet.
    unsaid: u64,
}

/// The counts, at work.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    counts: BTreeMap<Key, Count>,
    said: BTreeMap<Option<SourceName>, Stamp>,
    changed: bool,
}

#[derive(Debug, Serialize, Deserialize)]
struct Kept {
    form: u32,
    lines: Vec<Line>,
}

#[derive(Debug, Serialize, Deserialize)]
struct Line {
    source: Option<String>,
    what: What,
    reason: String,
    count: u64,
    latest: i64,
}

impl Ledger {
    /// What was written down; nothing where nothing was, or where it cannot be read.
    pub(super) fn of(log: &Log) -> Result<Self, QueueError> {
        Ok(Self::read(log.aside(NAME)?.as_deref()))
    }

    fn read(bytes: Option<&[u8]>) -> Self {
        let kept = bytes.and_then(|bytes| serde_json::from_slice::<Kept>(bytes).ok());
        let lines = kept.filter(|kept| kept.form == FORM).map(|kept| kept.lines).unwrap_or_default();
        let counts = lines.into_iter().take(LINES).filter_map(|line| {
            let source = line.source.map(|name| SourceName::parse(&name)).transpose().ok()?;
            let count = Count { all: line.count, latest: Stamp::from_micros(line.latest), unsaid: 0 };
            is_code(&line.reason).then_some(((source, line.what, line.reason), count))
        });
        Self { counts: counts.collect(), ..Self::default() }
    }

    fn note(&mut self, source: Option<&SourceName>, what: What, reason: String, now: Stamp) {
        let key = (source.cloned(), what, reason);
        if self.counts.len() >= LINES && !self.counts.contains_key(&key) {
            return;
        }
        let count = self.counts.entry(key).or_insert(Count { all: 0, latest: now, unsaid: 0 });
        count.all = count.all.saturating_add(1);
        count.latest = count.latest.max(now);
        count.unsaid = count.unsaid.saturating_add(1);
        self.changed = true;
    }

    fn list(&self) -> Vec<TurnedAway> {
        let one = |((source, what, reason), count): (&Key, &Count)| TurnedAway {
            source: source.clone(),
            what: *what,
            reason: reason.clone(),
            count: count.all,
            latest: count.latest,
        };
        self.counts.iter().map(one).collect()
    }

    /// What is to be said now; with `all`, whatever was not said yet.
    fn notices(&mut self, now: Stamp, all: bool) -> Vec<Notice> {
        let mut notices: BTreeMap<Option<SourceName>, Notice> = BTreeMap::new();
        for ((source, what, reason), count) in &mut self.counts {
            let said = self.said.get(source);
            let due = all || said.is_none_or(|said| now < *said || now.since(*said) >= SAID_EVERY);
            if !due || count.unsaid == 0 {
                continue;
            }
            let notice = notices.entry(source.clone()).or_insert_with(|| Notice {
                source: source.clone(),
                events: 0,
                requests: 0,
                reasons: String::new(),
            });
            match what {
                What::Event => notice.events += count.unsaid,
                What::Request => notice.requests += count.unsaid,
            }
            let comma = if notice.reasons.is_empty() { "" } else { ", " };
            // Writing into memory does not fail.
            let _ = write!(notice.reasons, "{comma}{reason} {}", count.unsaid);
            count.unsaid = 0;
        }
        self.said.extend(notices.keys().map(|source| (source.clone(), now)));
        notices.into_values().collect()
    }

    /// As it is written down; `None`: nothing changed. What has not come for as long as events are kept is given up, as they are.
    fn written(&mut self, oldest: Stamp) -> Option<Vec<u8>> {
        let before = self.counts.len();
        self.counts.retain(|_, count| count.unsaid > 0 || count.latest >= oldest);
        if !self.changed && self.counts.len() == before {
            return None;
        }
        self.changed = false;
        let line = |one: TurnedAway| Line {
            source: one.source.map(|name| name.as_str().to_owned()),
            what: one.what,
            reason: one.reason,
            count: one.count,
            latest: one.latest.micros(),
        };
        let kept = Kept { form: FORM, lines: self.list().into_iter().map(line).collect() };
        // Words and numbers always have a JSON form.
        Some(serde_json::to_vec(&kept).unwrap_or_default())
    }
}

/// Codes are of letters, `_`, `.` and `:`.
fn is_code(text: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphabetic() || b"_.:".contains(&byte);
    (1..=60).contains(&text.len()) && text.bytes().all(plain)
}

impl Queue {
    /// Counts what was turned away. `reason` is a code of ours, never a text of anybody's.
    pub(crate) fn turn_away(&self, source: Option<&SourceName>, what: What, reason: impl Into<String>) {
        let now = self.0.clock.now();
        self.ledger().note(source, what, reason.into(), now);
    }

    /// What was turned away, by source and reason.
    #[must_use]
    pub fn turned_away(&self) -> Vec<TurnedAway> {
        self.ledger().list()
    }

    /// What is to be said of it in the log now, for each source at most once a minute; with `all`, whatever was not said yet.
    #[must_use]
    pub fn to_say_of_turned_away(&self, all: bool) -> Vec<Notice> {
        let now = self.0.clock.now();
        self.ledger().notices(now, all)
    }

    /// Writes down what was turned away, where anything was since the last time. Blocks.
    ///
    /// # Errors
    /// [`QueueError::Log`]: it is counted all the same, and writing it down again is right.
    pub fn keep_turned_away(&self) -> Result<(), QueueError> {
        let keep = self.0.options.keep.max(self.0.options.repeat_window);
        let mut ledger = self.ledger();
        let Some(bytes) = ledger.written(self.0.clock.now().minus(keep)) else { return Ok(()) };
        drop(ledger);
        if let Err(error) = self.0.log.keep_aside(NAME, &bytes) {
            self.ledger().changed = true;
            return Err(error.into());
        }
        Ok(())
    }

    fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.0.turned_away.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Look {
    /// What was turned away at the way in, as it was written down last. Blocks.
    ///
    /// # Errors
    /// [`QueueError::Log`].
    pub fn turned_away(&self) -> Result<Vec<TurnedAway>, QueueError> {
        Ok(Ledger::read(self.view().aside(NAME)?.as_deref()).list())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Stamp {
        Stamp::from_seconds(1_800_000_000 + seconds)
    }

    fn source(name: &str) -> SourceName {
        SourceName::parse(name).unwrap()
    }

    fn said(notices: Vec<Notice>) -> Vec<(Option<String>, u64, u64, String)> {
        let name = |one: &Notice| one.source.as_ref().map(ToString::to_string);
        notices.into_iter().map(|one| (name(&one), one.events, one.requests, one.reasons)).collect()
    }

    #[test]
    fn of_each_source_it_is_said_once_a_minute_and_nothing_is_left_out() {
        let (mut ledger, web) = (Ledger::default(), source("web"));
        let note = |ledger: &mut Ledger, source: Option<&SourceName>, what, reason: &str, now| {
            ledger.note(source, what, reason.to_owned(), at(now));
        };
        for _ in 0..2 {
            note(&mut ledger, Some(&web), What::Event, "no_person", 0);
        }
        note(&mut ledger, Some(&web), What::Event, "missing:event", 0);
        note(&mut ledger, Some(&web), What::Request, "not_a_batch", 0);
        let words = "missing:event 1, no_person 2, not_a_batch 1".to_owned();
        assert_eq!(said(ledger.notices(at(1), false)), [(Some("web".to_owned()), 3, 1, words)]);
        note(&mut ledger, Some(&web), What::Event, "no_person", 30);
        note(&mut ledger, None, What::Request, "unknown_key", 30);
        assert_eq!(said(ledger.notices(at(31), false)), [(None, 0, 1, "unknown_key 1".to_owned())]);
        assert_eq!(said(ledger.notices(at(60), false)), []);
        let rest = [(Some("web".to_owned()), 1, 0, "no_person 1".to_owned())];
        assert_eq!(said(ledger.notices(at(61), false)), rest);
        note(&mut ledger, Some(&web), What::Event, "no_person", 62);
        assert_eq!(said(ledger.notices(at(63), false)), []);
        assert_eq!(said(ledger.notices(at(63), true)), rest);
        assert_eq!(said(ledger.notices(at(500), true)), []);
    }

    #[test]
    fn what_is_written_down_is_read_again_and_given_up_when_it_is_old() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.written(at(0)), None);
        ledger.note(Some(&source("web")), What::Event, "wrong_type:context.externalId".to_owned(), at(1));
        ledger.note(None, What::Request, "unknown_key".to_owned(), at(9));
        let _ = ledger.notices(at(9), true);
        let bytes = ledger.written(at(0)).unwrap();
        assert_eq!(ledger.written(at(1)), None, "nothing changed");
        let mut again = Ledger::read(Some(&bytes));
        assert_eq!(again.list(), ledger.list());
        assert_eq!(again.notices(at(100), true), [], "it was said before");
        again.note(None, What::Request, "unknown_key".to_owned(), at(10));
        assert_eq!(again.list()[0].count, 2);
        assert!(again.written(at(2)).is_some());
        assert_eq!(again.list().len(), 1);
    }

    #[test]
    fn the_lines_are_bounded_and_hold_codes_only() {
        let mut ledger = Ledger::default();
        for nth in 0..LINES + 5 {
            ledger.note(Some(&source(&format!("s{nth}"))), What::Event, "nul".to_owned(), at(0));
        }
        assert_eq!(ledger.list().len(), LINES);
        let line = |reason: &str| {
            let kept =
                Line { source: None, what: What::Event, reason: reason.to_owned(), count: 1, latest: 0 };
            serde_json::to_vec(&Kept { form: FORM, lines: vec![kept] }).unwrap()
        };
        for (reason, lines) in [("no_person", 1), ("jo@example.org", 0), ("a b", 0), ("", 0), ("x\n", 0)] {
            assert_eq!(Ledger::read(Some(&line(reason))).list().len(), lines, "{reason:?}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            prop_assert!(Ledger::read(Some(&bytes)).list().is_empty());
        }
    }
}
