//! One event.

use std::fmt;

use model::Stamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::kind::Kind;
use crate::source::SourceName;

/// One call of the tracking API, checked. `Debug` shows nothing a person sent.
#[derive(Clone, PartialEq)]
pub struct Event {
    /// Who sent it.
    pub source: SourceName,
    /// Which call it is.
    pub kind: Kind,
    /// Its `messageId`: the sender's, or one given on arrival.
    pub id: String,
    /// When it happened, corrected by the sender's clock, never after `received_at`. Orders the values of a field.
    pub at: Stamp,
    /// When it arrived, by this machine's clock.
    pub received_at: Stamp,
    /// Whether it is for Salesforce, by `integrations` and the setting of its day. What is not is kept and left alone.
    pub wanted: bool,
    /// The whole of it: `type`, `messageId`, `userId`, `anonymousId`, `traits`, `properties`, `context`, `integrations`
    /// and whatever else was sent. An `identify` whose `traits` are in `context.traits` alone has them in both places.
    /// `userId`, `anonymousId`, `groupId` and `previousId` are texts, also where numbers were sent.
    /// `timestamp` and `receivedAt` are ours, `originalTimestamp` is the sender's; the write key is
    /// not in it.
    pub body: Value,
}

/// As it lies in the queue.
#[derive(Serialize, Deserialize)]
struct Stored {
    source: String,
    at: i64,
    received: i64,
    wanted: bool,
    body: Value,
}

impl Event {
    /// `userId`, where it was sent.
    #[must_use]
    pub fn user_id(&self) -> Option<&str> {
        self.text("userId")
    }

    /// `anonymousId`, where it was sent.
    #[must_use]
    pub fn anonymous_id(&self) -> Option<&str> {
        self.text("anonymousId")
    }

    /// The name of what was tracked, or of the page or screen.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.text("event").or_else(|| self.text("name"))
    }

    /// `traits` of a person or group; of other calls `context.traits`.
    #[must_use]
    pub fn traits(&self) -> Option<&Value> {
        self.body.get("traits").or_else(|| self.body.pointer("/context/traits"))
    }

    /// `properties`.
    #[must_use]
    pub fn properties(&self) -> Option<&Value> {
        self.body.get("properties")
    }

    /// `context`.
    #[must_use]
    pub fn context(&self) -> Option<&Value> {
        self.body.get("context")
    }

    /// `integrations`.
    #[must_use]
    pub fn integrations(&self) -> Option<&Value> {
        self.body.get("integrations")
    }

    fn text(&self, key: &str) -> Option<&str> {
        self.body.get(key).and_then(Value::as_str)
    }

    /// For the queue.
    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let stored = json!({
            "source": self.source.as_str(),
            "at": self.at.micros(),
            "received": self.received_at.micros(),
            "wanted": self.wanted,
            "body": self.body,
        });
        stored.to_string().into_bytes()
    }

    /// From the queue; `None`: these bytes are no event that was ever kept.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let stored: Stored = serde_json::from_slice(bytes).ok()?;
        let text = |key: &str| stored.body.get(key).and_then(Value::as_str);
        Some(Self {
            source: SourceName::parse(&stored.source).ok()?,
            kind: Kind::of_word(text("type")?)?,
            id: text("messageId")?.to_owned(),
            at: Stamp::from_micros(stored.at),
            received_at: Stamp::from_micros(stored.received),
            wanted: stored.wanted,
            body: stored.body,
        })
    }
}

impl fmt::Debug for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Event")
            .field("source", &self.source)
            .field("kind", &self.kind)
            .field("at", &self.at)
            .finish_non_exhaustive()
    }
}
