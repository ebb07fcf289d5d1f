//! What the tests share.

use std::sync::Arc;
use std::time::Duration;

use events::{
    Ending, Envelope, Event, FlagRule, Limits, Queue, QueueError, QueueOptions, Refusal, Settlement,
    SourceName, read_event,
};
use model::{Clock, Stamp};
use segments::{Cursor, CutDisk};
use serde_json::{Value, json};

pub(crate) const NOW: i64 = 1_800_000_000;

pub(crate) fn source() -> SourceName {
    SourceName::parse("web").expect("a name")
}

pub(crate) fn envelope(source: &SourceName) -> Envelope<'_> {
    Envelope {
        source,
        kind: None,
        context: None,
        integrations: None,
        sent_at: None,
        received_at: Stamp::from_seconds(NOW),
        flag: FlagRule::Optional,
    }
}

pub(crate) fn read(body: &Value) -> Result<Event, Refusal> {
    read_event(body.to_string().as_bytes(), &envelope(&source()), &Limits::default())
}

/// A small event.
pub(crate) fn event(id: &str) -> Event {
    let body = json!({ "type": "track", "event": "Gave", "userId": "u1", "messageId": id });
    read(&body).expect("an event")
}

pub(crate) fn options(clock: &Clock) -> QueueOptions {
    let log =
        segments::Options { segment_bytes: 4 * 1024, clock: clock.clone(), ..segments::Options::default() };
    QueueOptions { keep: Duration::from_secs(24 * 3_600), log, ..QueueOptions::default() }
}

pub(crate) fn on(disk: &CutDisk, clock: &Clock) -> Result<Queue, QueueError> {
    Queue::open_on(Arc::new(disk.clone()), options(clock))
}

pub(crate) fn clock() -> Clock {
    Clock::held(Stamp::from_seconds(NOW))
}

pub(crate) fn settlement(at: Cursor, ending: Ending) -> Settlement {
    Settlement { at, ending, attempts: 1, stamp: Stamp::from_seconds(NOW), detail: Value::Null }
}

/// Hands out all there is: ids, in order.
pub(crate) fn ids(queue: &Queue) -> Vec<String> {
    let queued = queue.next(1_000).expect("readable");
    queued.into_iter().map(|queued| queued.event.id).collect()
}
