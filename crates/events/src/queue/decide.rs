//! What a person decides about events that went no further: try them again, or give them up.

use std::collections::HashMap;

use segments::Cursor;
use serde_json::Value;

use super::entry::{Ending, Kept, Settlement};
use super::error::QueueError;
use super::look::Found;
use super::{PAGE, Queue, kept};

/// What is decided.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// It is tried again at once, and as often as a new event.
    Retry,
    /// It is given up.
    Drop,
}

impl Decision {
    /// Whether it can be decided about an event that stands so. What became something, or was for nobody, is not done a second
    /// time.
    #[must_use]
    pub const fn fits(self, ending: Ending) -> bool {
        match (self, ending) {
            (Self::Retry, Ending::NeedsPerson | Ending::Waiting { .. } | Ending::Dropped)
            | (Self::Drop, Ending::NeedsPerson | Ending::Waiting { .. }) => true,
            (Self::Drop, Ending::Dropped) | (Self::Retry | Self::Drop, Ending::Done | Ending::Ignored) => {
                false
            }
        }
    }
}

/// What came of a decision.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Decided {
    /// The events it was carried out for, durably.
    pub decided: Vec<Cursor>,
    /// Events left alone: they are being delivered right now, something else became of them since they were looked at, or they
    /// stand in a way that the decision does not fit.
    pub left_alone: u64,
}

impl Queue {
    /// Carries a decision out for the events that [`super::Look::find`] found. Whatever became of one since then counts more.
    ///
    /// # Errors
    /// [`QueueError::Log`], [`QueueError::TooManyWaiting`]; those decided before it stay decided, and deciding again is right.
    pub async fn decide(&self, found: &Found, decision: Decision) -> Result<Decided, QueueError> {
        let mut said = self.0.settling.lock().await;
        let newer = self.settled_since(found.end)?;
        let now = self.0.clock.now();
        let mut items = Vec::new();
        {
            let held = self.held();
            for seen in &found.events {
                let Some(last) = &seen.settlement else { continue };
                let busy = held.standing.flight.contains(&seen.at) || newer.contains_key(&seen.at);
                if !busy && decision.fits(last.ending) {
                    items.push(decided(last, decision, now));
                }
            }
        }
        for some in items.chunks(super::SETTLED_AT_ONCE) {
            self.settle_locked(&mut said, some).await?;
        }
        if decision == Decision::Retry && !items.is_empty() {
            // Whoever waits for events has some.
            self.0.arrivals.send_modify(|count| *count += items.len() as u64);
        }
        let left_alone = (found.events.len() - items.len()) as u64;
        Ok(Decided { decided: items.into_iter().map(|item| item.at).collect(), left_alone })
    }

    /// What was settled behind a place. Blocks for as long as that takes to read.
    pub(super) fn settled_since(&self, from: Cursor) -> Result<HashMap<Cursor, Ending>, QueueError> {
        let mut newer = HashMap::new();
        let mut from = from;
        loop {
            let page = self.0.log.read(from, PAGE)?;
            if page.records.is_empty() {
                return Ok(newer);
            }
            from = page.next;
            for record in &page.records {
                if let Kept::Settled(settled) = kept(record)? {
                    newer.extend(settled.items.iter().map(|item| (item.at, item.ending)));
                }
            }
        }
    }
}

/// The last word of the delivery stays readable beside the decision.
fn decided(last: &Settlement, decision: Decision, now: model::Stamp) -> Settlement {
    let mut detail = last.detail.clone();
    if let Value::Object(members) = &mut detail {
        let word = match decision {
            Decision::Retry => "retry",
            Decision::Drop => "drop",
        };
        members.insert("decided".to_owned(), word.into());
    }
    let (ending, attempts) = match decision {
        Decision::Retry => (Ending::Waiting { until: now }, 0),
        Decision::Drop => (Ending::Dropped, last.attempts),
    };
    Settlement { at: last.at, ending, attempts, stamp: now, detail }
}
