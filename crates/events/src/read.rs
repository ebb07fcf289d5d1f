//! From what a client sent to an event, or to the one reason why not.

use model::Stamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use crate::event::Event;
use crate::flag::FlagRule;
use crate::kind::Kind;
use crate::limits::Limits;
use crate::refusal::Refusal;
use crate::source::SourceName;
use crate::strict;
use crate::time::corrected;

/// What is known about an event from outside of it.
#[derive(Debug, Clone)]
pub struct Envelope<'e> {
    /// Who sent it.
    pub source: &'e SourceName,
    /// The call that the path names; `None` in a batch.
    pub kind: Option<Kind>,
    /// `context` of the batch: what the event's own does not say.
    pub context: Option<&'e Value>,
    /// `integrations` of the batch: what the event's own does not say.
    pub integrations: Option<&'e Value>,
    /// `sentAt` of the batch, where it is a date and time.
    pub sent_at: Option<Stamp>,
    /// When the request arrived.
    pub received_at: Stamp,
    /// What `integrations.Salesforce` means.
    pub flag: FlagRule,
}

/// Reads one event. Total: any bytes give an event or a reason.
///
/// # Errors
/// The reason.
pub fn read_event(text: &[u8], envelope: &Envelope<'_>, limits: &Limits) -> Result<Event, Refusal> {
    if text.len() > limits.event_bytes {
        return Err(Refusal::TooLarge(limits.event_bytes));
    }
    let Value::Object(mut body) = strict::parse(text, limits)? else { return Err(Refusal::NotAnObject) };
    body.remove("writeKey");
    let kind = kind(&body, envelope.kind)?;
    let id = message_id(&body, limits)?;
    ids_as_text(&mut body)?;
    check_person(&body, kind)?;
    for key in ["traits", "properties", "context", "integrations"] {
        check_object(&mut body, key)?;
    }
    if let Some(list) = body.get("context").and_then(|context| context.get("externalId"))
        && !list.is_array()
        && !list.is_null()
    {
        return Err(Refusal::WrongType("context.externalId", "a list"));
    }
    merge(&mut body, "context", envelope.context);
    merge(&mut body, "integrations", envelope.integrations);
    if kind == Kind::Identify {
        traits_of_context(&mut body);
    }
    let at = stamp_it(&mut body, envelope)?;
    body.insert("type".to_owned(), kind.word().into());
    body.insert("messageId".to_owned(), id.clone().into());
    Ok(Event {
        source: envelope.source.clone(),
        kind,
        id,
        at,
        received_at: envelope.received_at,
        wanted: envelope.flag.wants(body.get("integrations")),
        body: Value::Object(body),
    })
}

fn kind(body: &Map<String, Value>, path: Option<Kind>) -> Result<Kind, Refusal> {
    let said = match body.get("type") {
        None | Some(Value::Null) => None,
        Some(Value::String(word)) => Some(Kind::of_word(word).ok_or(Refusal::UnknownType)?),
        Some(_) => return Err(Refusal::WrongType("type", "a text")),
    };
    match (path, said) {
        (Some(path), Some(said)) if path != said => Err(Refusal::OtherType),
        (Some(kind), _) | (None, Some(kind)) => Ok(kind),
        (None, None) => Err(Refusal::NoType),
    }
}

/// The sender's own, or one that sorts by time.
fn message_id(body: &Map<String, Value>, limits: &Limits) -> Result<String, Refusal> {
    let id = text(body, "messageId")?;
    match id {
        None | Some("") => Ok(Uuid::now_v7().to_string()),
        Some(id) if id.chars().count() > limits.message_id => {
            Err(Refusal::TooLong("messageId", limits.message_id))
        }
        Some(id) => Ok(id.to_owned()),
    }
}

/// Keys that say who or which group is meant.
const IDS: [&str; 4] = ["userId", "anonymousId", "groupId", "previousId"];

/// Whoever numbers their people sends numbers: the SDKs pass them on as they are. They are kept as the text that they are written
/// as, so that a look-up, a matcher and an erasure find one person by either.
fn ids_as_text(body: &mut Map<String, Value>) -> Result<(), Refusal> {
    for key in IDS {
        match body.get_mut(key) {
            None | Some(Value::Null | Value::String(_)) => {}
            // A fraction, and a number that is too large to be told from the next one, is nobody's id.
            Some(Value::Number(number)) if number.is_i64() || number.is_u64() => {
                let text = number.to_string();
                body.insert(key.to_owned(), text.into());
            }
            Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
                return Err(Refusal::WrongType(key, "a text or a whole number"));
            }
        }
    }
    Ok(())
}

/// A text; `None` when absent or null.
fn text<'b>(body: &'b Map<String, Value>, key: &'static str) -> Result<Option<&'b str>, Refusal> {
    match body.get(key) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(Refusal::WrongType(key, "a text")),
    }
}

/// Whom and what it is about. Segment's spec: `userId` or `anonymousId` in every call but `alias`, which needs both of its ids.
fn check_person(body: &Map<String, Value>, kind: Kind) -> Result<(), Refusal> {
    let given = |key: &'static str| text(body, key).map(|text| text.filter(|text| !text.is_empty()));
    let needed = |key: &'static str| given(key)?.map(drop).ok_or(Refusal::Missing(key));
    let (user, anonymous) = (given("userId")?, given("anonymousId")?);
    if kind != Kind::Alias && user.is_none() && anonymous.is_none() {
        return Err(Refusal::NoPerson);
    }
    match kind {
        Kind::Identify => Ok(()),
        Kind::Group => needed("groupId"),
        Kind::Track => needed("event"),
        Kind::Page | Kind::Screen => given("name").map(drop),
        Kind::Alias => needed("previousId").and_then(|()| needed("userId")),
    }
}

/// An object, or nothing: null says nothing.
fn check_object(body: &mut Map<String, Value>, key: &'static str) -> Result<(), Refusal> {
    match body.get(key) {
        None | Some(Value::Object(_)) => Ok(()),
        Some(Value::Null) => {
            body.remove(key);
            Ok(())
        }
        Some(_) => Err(Refusal::WrongType(key, "an object")),
    }
}

/// Adds what the batch says and the event does not.
fn merge(body: &mut Map<String, Value>, key: &str, outer: Option<&Value>) {
    let Some(Value::Object(outer)) = outer else { return };
    let inner = body.entry(key).or_insert_with(|| Value::Object(Map::new()));
    if let Value::Object(inner) = inner {
        for (name, value) in outer {
            inner.entry(name.clone()).or_insert_with(|| value.clone());
        }
    }
}

/// RudderStack's SDKs for browsers and apps say in `context.traits` alone who a person is (its event spec, "Identify"). In the
/// other calls those are the person's too, never the group's: they stay where they are.
fn traits_of_context(body: &mut Map<String, Value>) {
    if body.get("traits").and_then(Value::as_object).is_some_and(|traits| !traits.is_empty()) {
        return;
    }
    let inner = body.get("context").and_then(|context| context.get("traits"));
    if let Some(traits @ Value::Object(_)) = inner.cloned() {
        body.insert("traits".to_owned(), traits);
    }
}

/// Writes the corrected time into the event, and keeps the sender's.
fn stamp_it(body: &mut Map<String, Value>, envelope: &Envelope<'_>) -> Result<Stamp, Refusal> {
    let stamp = |key: &'static str| {
        let raw = text(body, key)?.filter(|text| !text.is_empty());
        raw.map(|raw| Stamp::parse(raw).map_err(|_| Refusal::WrongType(key, "a date and time"))).transpose()
    };
    let original = match stamp("timestamp")? {
        Some(original) => Some(original),
        None => stamp("originalTimestamp")?,
    };
    // A sender that cannot say when it sent is one without a clock to correct by.
    let sent = stamp("sentAt").ok().flatten().or(envelope.sent_at);
    let at = corrected(original, sent, envelope.received_at);
    if let Some(raw) = body.get("timestamp").or_else(|| body.get("originalTimestamp")).cloned() {
        body.insert("originalTimestamp".to_owned(), raw);
    }
    body.insert("timestamp".to_owned(), at.to_string().into());
    body.insert("receivedAt".to_owned(), envelope.received_at.to_string().into());
    Ok(at)
}
