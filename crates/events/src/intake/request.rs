//! A request's body taken apart, without looking into its events.

use model::Stamp;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::strict;

/// Events, and what is said of all of them.
pub(super) struct Taken<'b> {
    pub(super) events: Vec<&'b [u8]>,
    pub(super) context: Option<Value>,
    pub(super) integrations: Option<Value>,
    pub(super) sent_at: Option<Stamp>,
    pub(super) write_key: Option<String>,
}

/// Why a request as a whole is not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Broken {
    /// It is no batch.
    NotABatch,
    /// Too many events.
    TooMany,
    /// What is said of all events is not taken.
    Outer(Refusal),
}

impl Broken {
    /// Its code, for counts.
    pub(super) const fn code(self) -> &'static str {
        match self {
            Self::NotABatch => "not_a_batch",
            Self::TooMany => "too_many_events",
            Self::Outer(_) => "batch",
        }
    }
}

/// Keys of a batch. Each may stand once; others are of no meaning.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Outer<'b> {
    #[serde(borrow)]
    batch: Option<&'b RawValue>,
    #[serde(borrow)]
    context: Option<&'b RawValue>,
    #[serde(borrow)]
    integrations: Option<&'b RawValue>,
    #[serde(borrow)]
    sent_at: Option<&'b RawValue>,
    #[serde(borrow)]
    write_key: Option<&'b RawValue>,
}

/// The write key of a single event.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Keyed {
    write_key: Option<String>,
}

/// A body that is one event.
pub(super) fn single(body: &[u8]) -> Taken<'_> {
    Taken { events: vec![body], context: None, integrations: None, sent_at: None, write_key: key_of(body) }
}

/// The write key inside an event, where it can be read.
pub(super) fn key_of(event: &[u8]) -> Option<String> {
    serde_json::from_slice::<Keyed>(event).ok().and_then(|keyed| keyed.write_key)
}

/// A body that is a batch.
pub(super) fn batch<'b>(body: &'b [u8], limits: &Limits) -> Result<Taken<'b>, Broken> {
    let outer: Outer<'b> = serde_json::from_slice(body).map_err(|_| Broken::NotABatch)?;
    let list = outer.batch.ok_or(Broken::NotABatch)?;
    let events: Vec<&'b RawValue> = serde_json::from_str(list.get()).map_err(|_| Broken::NotABatch)?;
    if events.len() > limits.batch_events {
        return Err(Broken::TooMany);
    }
    let sent_at = outer.sent_at.and_then(text).and_then(|text| Stamp::parse(&text).ok());
    Ok(Taken {
        events: events.into_iter().map(|event| event.get().as_bytes()).collect(),
        context: shared(outer.context, "context", limits)?,
        integrations: shared(outer.integrations, "integrations", limits)?,
        sent_at,
        write_key: outer.write_key.and_then(text),
    })
}

fn text(raw: &RawValue) -> Option<String> {
    serde_json::from_str(raw.get()).ok()
}

/// What goes into each of the events is bounded by an eighth of one: a batch may hold thousands.
fn shared(raw: Option<&RawValue>, key: &'static str, limits: &Limits) -> Result<Option<Value>, Broken> {
    let Some(raw) = raw else { return Ok(None) };
    let most = limits.event_bytes / 8;
    if raw.get().len() > most {
        return Err(Broken::Outer(Refusal::TooLarge(most)));
    }
    match strict::parse(raw.get().as_bytes(), limits) {
        Ok(Value::Null) => Ok(None),
        Ok(Value::Object(object)) => Ok(Some(Value::Object(object))),
        Ok(Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_)) => {
            Err(Broken::Outer(Refusal::WrongType(key, "an object")))
        }
        Err(refusal) => Err(Broken::Outer(refusal)),
    }
}
