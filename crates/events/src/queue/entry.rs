//! What lies in the queue's log: events, and what became of them.

use model::Stamp;
use segments::Cursor;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::ids::Fingerprint;
use crate::event::Event;

const EVENT: u8 = 1;
const SETTLED: u8 = 2;
const ERASED: u8 = 3;
/// What stands before an event's own bytes.
const HEAD: usize = 17;

/// How an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// It became what it was for.
    Done,
    /// Nothing was to be done for it.
    Ignored,
    /// Only a person can bring it further: a dead letter.
    NeedsPerson,
    /// It is tried again, not before this.
    Waiting {
        /// When.
        until: Stamp,
    },
    /// A person gave it up.
    Dropped,
}

impl Ending {
    /// A stable word for lists and exports.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Ignored => "ignored",
            Self::NeedsPerson => "needs_person",
            Self::Waiting { .. } => "waiting",
            Self::Dropped => "dropped",
        }
    }
}

/// What became of one event.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settlement {
    /// Which event.
    #[serde(with = "place")]
    pub at: Cursor,
    /// How it stands now.
    pub ending: Ending,
    /// How often it was tried.
    pub attempts: u32,
    /// When this was said.
    pub stamp: Stamp,
    /// The reader's own words, for whoever looks: outcomes per action. At most [`DETAIL_BYTES`] as JSON, no personal data.
    #[serde(default, skip_serializing_if = "Value::is_null")]
    pub detail: Value,
}

/// Longest detail of a settlement, in bytes of JSON. What is longer is left out.
pub const DETAIL_BYTES: usize = 2 * 1024;

/// Several settlements, and how far the queue was read with them.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Settled {
    /// Every event before this has a settlement.
    #[serde(with = "place")]
    pub(super) frontier: Cursor,
    pub(super) items: Vec<Settlement>,
}

/// A cursor as text.
mod place {
    use segments::Cursor;
    use serde::{Deserialize, Deserializer, Serializer, de};

    pub(super) fn serialize<S: Serializer>(cursor: &Cursor, to: S) -> Result<S::Ok, S::Error> {
        to.collect_str(cursor)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Cursor, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// One entry, read back.
pub(super) enum Kept<'b> {
    Event(Fingerprint, &'b [u8]),
    /// An event was here, and was erased. Its `messageId` is still known: sent again, it is not taken in again.
    Erased(Fingerprint),
    Settled(Settled),
}

pub(super) fn of_event(id: Fingerprint, event: &Event) -> Vec<u8> {
    let json = event.to_bytes();
    let mut bytes = Vec::with_capacity(json.len() + HEAD);
    bytes.push(EVENT);
    bytes.extend_from_slice(&id.0);
    bytes.extend_from_slice(&json);
    bytes
}

/// What takes an event's place when it is erased: as long, and nothing of it.
pub(super) fn of_erased(id: Fingerprint, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length.max(HEAD));
    bytes.push(ERASED);
    bytes.extend_from_slice(&id.0);
    bytes.resize(length.max(HEAD), 0);
    bytes
}

pub(super) fn of_settled(settled: &Settled) -> Vec<u8> {
    let mut bytes = vec![SETTLED];
    // Plain structs of texts and numbers always have a JSON form.
    bytes.extend(serde_json::to_vec(settled).unwrap_or_default());
    bytes
}

/// `None`: nothing that was ever written.
pub(super) fn read(bytes: &[u8]) -> Option<Kept<'_>> {
    match bytes.split_first()? {
        (&EVENT, rest) => {
            let (id, json) = rest.split_first_chunk::<16>()?;
            Some(Kept::Event(Fingerprint(*id), json))
        }
        (&ERASED, rest) => Some(Kept::Erased(Fingerprint(*rest.first_chunk::<16>()?))),
        (&SETTLED, json) => serde_json::from_slice(json).ok().map(Kept::Settled),
        _ => None,
    }
}
