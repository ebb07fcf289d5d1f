//! What an action reads.

use std::collections::BTreeSet;
use std::fmt;

use model::{SalesforceId, Stamp, SupporterId};
use serde_json::{Value, json};

use crate::scalar::text_of;

/// An event, or a supporter's row, as the body that paths reach into.
#[derive(Clone, PartialEq)]
pub struct Incoming {
    /// What it is called: the `messageId` of an event.
    pub id: String,
    /// When it happened, corrected by the sender's clock: decides which of two values of a field is the newer.
    pub at: Stamp,
    /// The record it is about, where that is known beforehand.
    pub record: Option<SalesforceId>,
    /// The supporter whose record it is to be, and nobody else's; events have none.
    pub owner: Option<SupporterId>,
    /// Fields that a record which is there keeps as they are.
    pub leave: BTreeSet<String>,
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
        Some(Self { id, at, record: None, owner: None, leave: BTreeSet::new(), body })
    }

    /// A supporter's columns as a body: `supporter.<column>`, and `supporter.id`.
    #[must_use]
    pub fn of_columns(id: &str, at: Stamp, columns: serde_json::Map<String, Value>) -> Self {
        let mut columns = columns;
        columns.entry("id").or_insert_with(|| id.into());
        let body = json!({ "type": "supporter", "supporter": columns });
        Self { id: id.to_owned(), at, record: None, owner: None, leave: BTreeSet::new(), body }
    }
}

/// What an entry says in one of its keys.
#[derive(Clone, PartialEq, Eq)]
pub enum Said {
    /// Nothing: absent, null or empty.
    Nothing,
    /// This; numbers as text.
    Text(String),
    /// A list, an object, true or false, which nobody can mean.
    Other,
}

impl Said {
    fn of(value: Option<&Value>) -> Self {
        match value {
            Some(Value::Bool(_) | Value::Array(_) | Value::Object(_)) => Self::Other,
            Some(value @ (Value::Null | Value::Number(_) | Value::String(_))) => {
                text_of(value).filter(|text| !text.is_empty()).map_or(Self::Nothing, Self::Text)
            }
            None => Self::Nothing,
        }
    }
}

/// An entry `Salesforce-<Object>` of `context.externalId`.
#[derive(Clone, PartialEq, Eq)]
pub struct ExternalRef<'v> {
    /// The object.
    pub object: &'v str,
    /// The id, or the value of the other identifying field.
    pub id: Said,
    /// `identifierType`: the other identifying field, or `Id`.
    pub by: Said,
}

/// The entries for Salesforce objects; others and malformed ones are passed over.
pub fn external_refs(body: &Value) -> impl Iterator<Item = ExternalRef<'_>> {
    let list = body.pointer("/context/externalId").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(|entry| {
        let object = object_of(entry.get("type")?.as_str()?)?;
        let said = |key: &str| Said::of(entry.get(key));
        Some(ExternalRef { object, id: said("id"), by: said("identifierType") })
    })
}

/// `Contact` of `Salesforce-Contact`, and of `SALESFORCE_OAUTH-Contact`: RudderStack's reverse ETL begins with the name of the destination
/// in capitals (rudder-transformer, salesforce, docs/retl.md).
fn object_of(kind: &str) -> Option<&str> {
    let (system, object) = kind.split_once('-')?;
    let (name, variant) = system.split_at_checked("salesforce".len())?;
    let ours = name.eq_ignore_ascii_case("salesforce") && (variant.is_empty() || variant.starts_with('_'));
    (ours && !object.is_empty()).then_some(object)
}

/// Whether RudderStack's reverse ETL mapped the event to the fields of an object: it is never a Lead by default (rudder-transformer,
/// salesforce, transform.js).
#[must_use]
pub fn is_mapped(body: &Value) -> bool {
    let says = |value: &Value| match value {
        Value::Bool(flag) => *flag,
        Value::String(text) => !text.is_empty() && !text.eq_ignore_ascii_case("false"),
        Value::Number(number) => number.as_f64() != Some(0.0),
        Value::Null => false,
        Value::Array(_) | Value::Object(_) => true,
    };
    let places = ["/context/mappedToDestination", "/mappedToDestination"];
    places.iter().filter_map(|place| body.pointer(place)).any(says)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_object_is_what_stands_behind_any_spelling_of_the_system() {
        for (kind, object) in [
            ("Salesforce-Contact", Some("Contact")),
            ("SALESFORCE-My_Gift__c", Some("My_Gift__c")),
            ("salesforce_oauth-Lead", Some("Lead")),
            ("Salesforce-", None),
            ("Salesforce", None),
            ("Salesforces-Lead", None),
            ("sälesforce-Lead", None),
            ("brazeExternalId", None),
        ] {
            assert_eq!(object_of(kind), object, "{kind}");
        }
    }

    #[test]
    fn an_event_is_mapped_where_it_says_so_in_any_way() {
        for (body, mapped) in [
            (json!({"context": {"mappedToDestination": "true"}}), true),
            (json!({"context": {"mappedToDestination": true}}), true),
            (json!({"mappedToDestination": 1}), true),
            (json!({"context": {"mappedToDestination": "false"}}), false),
            (json!({"context": {"mappedToDestination": null}}), false),
            (json!({"context": {}}), false),
        ] {
            assert_eq!(is_mapped(&body), mapped, "{body}");
        }
    }
}
