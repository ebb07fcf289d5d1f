//! What an action reads.

use std::fmt;

use model::{SalesforceId, Stamp};
use serde_json::{Value, json};

/// An event, or a supporter's row, as the body that paths reach into.
#[derive(Clone, PartialEq)]
pub struct Incoming {
    /// What it is called: the `messageId` of an event.
    pub id: String,
    /// When it happened, corrected by the sender's clock: decides which of two values of a field is the newer.
    pub at: Stamp,
    /// The record it is about, where that is known beforehand.
    pub record: Option<SalesforceId>,
    /// `type`, `userId`, `traits`, `properties`, `context`, `integrations`, …
    pub body: Value,
}

/// Shows no content.
impl fmt::Debug for Incoming {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Incoming({}, {})", self.id, self.at.to_seconds_text())
    }
}

impl Incoming {
    /// An event from its body, for tests and examples: `messageId` and `timestamp` are read from it.
    #[must_use]
    pub fn of_body(body: Value) -> Option<Self> {
        let id = body.get("messageId")?.as_str()?.to_owned();
        let at = Stamp::parse(body.get("timestamp")?.as_str()?).ok()?;
        Some(Self { id, at, record: None, body })
    }

    /// A supporter's columns as a body: `supporter.<column>`, and `supporter.id`.
    #[must_use]
    pub fn of_columns(id: &str, at: Stamp, columns: serde_json::Map<String, Value>) -> Self {
        let mut columns = columns;
        columns.entry("id").or_insert_with(|| id.into());
        let body = json!({ "type": "supporter", "supporter": columns });
        Self { id: id.to_owned(), at, record: None, body }
    }
}

/// An entry `Salesforce-<Object>` of `context.externalId`.
#[derive(Clone, PartialEq, Eq)]
pub struct ExternalRef<'v> {
    /// The object.
    pub object: &'v str,
    /// The id, or the value of the other identifying field.
    pub id: Option<&'v str>,
    /// The other identifying field.
    pub field: Option<&'v str>,
}

/// The entries for Salesforce objects; others and malformed ones are passed over.
pub fn external_refs(body: &Value) -> impl Iterator<Item = ExternalRef<'_>> {
    let list = body.pointer("/context/externalId").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|entry| {
        let object = entry.get("type")?.as_str()?.strip_prefix("Salesforce-")?;
        let text = |key: &str| entry.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
        let field = text("identifierType").filter(|field| !field.eq_ignore_ascii_case("Id"));
        (!object.is_empty()).then(|| ExternalRef { object, id: text("id"), field })
    })
}
