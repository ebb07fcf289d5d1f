//! A JSON object as a row to save.

use crate::http::ApiError;
use crate::save::{Audit, ForeignKey, RowToSave, SaveError, Target, from_json};
use crate::schema::{Field, ObjectSchema};
use crate::store::Store;
use crate::value::Stamp;
use serde_json::{Map, Value as Json};

/// A JSON object that is no row.
pub(crate) enum RowError {
    /// The whole call is refused: the body is malformed.
    Request(ApiError),
    /// Only this row is.
    Row(SaveError),
}

impl From<SaveError> for RowError {
    fn from(error: SaveError) -> Self {
        Self::Row(error)
    }
}

/// Reads a row for a target. `attributes` is skipped; so is `id` when `id_allowed`, elsewhere it is refused.
pub(super) fn row(
    store: &Store,
    schema: &ObjectSchema,
    body: &Map<String, Json>,
    target: Target,
    id_allowed: bool,
) -> Result<RowToSave, RowError> {
    read(store, schema, body, target, id_allowed, |name| schema.field(name))
}

/// Reads a row of the fields that `find` knows.
fn read<'s>(
    store: &Store,
    schema: &'s ObjectSchema,
    body: &Map<String, Json>,
    target: Target,
    id_allowed: bool,
    find: impl Fn(&str) -> Option<&'s Field>,
) -> Result<RowToSave, RowError> {
    let mut row = RowToSave::new(target, Vec::with_capacity(body.len()));
    for (name, json) in body {
        if name == "attributes" {
            continue;
        }
        if name.eq_ignore_ascii_case("id") {
            if id_allowed {
                continue;
            }
            let text = "The Id field should not be specified in the sobject data.";
            return Err(SaveError::new("INVALID_FIELD", text).into());
        }
        match (find(name), json) {
            (Some(field), json) => row.values.push((field.index, value(field, json)?)),
            (None, Json::Object(other)) => row.foreign.push(foreign(store, schema, name, other)?),
            (None, _) => return Err(SaveError::unknown_field(name, &schema.name).into()),
        }
    }
    Ok(row)
}

/// Reads a row to seed: audit fields may be given, hidden fields too, everything else as in [`row`].
pub(crate) fn seeded_row(
    store: &Store,
    schema: &ObjectSchema,
    body: &Map<String, Json>,
) -> Result<RowToSave, RowError> {
    let mut plain = body.clone();
    let mut moment = |name: &str| {
        let text = plain.remove(name);
        text.as_ref().and_then(Json::as_str).and_then(Stamp::parse)
    };
    let audit = Audit {
        created: moment("CreatedDate"),
        modified: moment("LastModifiedDate"),
        stamp: moment("SystemModstamp"),
    };
    // Field-level security is that of the API's callers.
    let row = read(store, schema, &plain, Target::New, true, |name| schema.any_field(name))?;
    Ok(RowToSave { audit, ..row })
}

fn value(field: &Field, json: &Json) -> Result<crate::value::Value, RowError> {
    from_json(field, json).map_err(|error| RowError::Request(ApiError::json(&error.rest_message())))
}

/// `"Account": {"EN_Account_Id__c": "7"}`.
fn foreign(
    store: &Store,
    schema: &ObjectSchema,
    name: &str,
    other: &Map<String, Json>,
) -> Result<ForeignKey, SaveError> {
    let field = schema.relationship(name).ok_or_else(|| SaveError::unknown_field(name, &schema.name))?;
    let (key, value) = other
        .iter()
        .find(|(key, _)| *key != "attributes")
        .ok_or_else(|| SaveError::new("INVALID_FIELD", format!("No external id given for {name}")))?;
    let named = other.get("attributes").and_then(|a| a.get("type")).and_then(Json::as_str);
    let object = named.map(str::to_owned).or_else(|| field.reference_to.last().cloned()).unwrap_or_default();
    let target = store.schema(&object).ok_or_else(|| SaveError::unknown_object(&object))?;
    let key = target.field(key).filter(|key| key.is_upsert_key()).ok_or_else(|| {
        let text =
            format!("Field name provided, {key} is not an External ID or indexed field for {}", target.name);
        SaveError::new("INVALID_FIELD", text)
    })?;
    let value = match value {
        Json::String(text) => text.clone(),
        Json::Null => String::new(),
        other @ (Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) => other.to_string(),
    };
    Ok(ForeignKey { field: field.index, object, key: key.index, value })
}

/// Reads a JSON object body. Nothing else is accepted.
pub(super) fn object(body: &[u8]) -> Result<Map<String, Json>, ApiError> {
    match serde_json::from_slice::<Json>(body) {
        Ok(Json::Object(map)) => Ok(map),
        Ok(Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) | Json::Array(_)) => {
            Err(ApiError::json("Cannot deserialize the body: an object is expected at [line:1, column:1]"))
        }
        Err(error) => {
            let (line, column) = (error.line(), error.column());
            let text = format!("Unexpected character or end of input at [line:{line}, column:{column}]");
            Err(ApiError::json(&text))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{object, seeded_row};
    use crate::schema::Schema;
    use crate::store::Store;
    use proptest::prelude::*;
    use serde_json::{Map, Value};

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            ".{0,20}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::hash_map(".{0,8}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn no_body_makes_the_reader_panic(body in prop::collection::vec(any::<u8>(), 0..80)) {
            let _ = object(&body);
        }

        #[test]
        fn every_json_value_in_every_contact_field_is_read_or_refused(json in any_json(), pick in 0usize..200) {
            let schema = Schema::new(&[], &[]);
            let store = Store::new(&schema, "5f0");
            let contact = store.schema("Contact").expect("Contact exists");
            let names: Vec<&str> = contact.fields.iter().map(|f| f.name.as_str()).chain(["Account", "Owner", "X"]).collect();
            let mut body = Map::new();
            body.insert(names[pick % names.len()].to_owned(), json);
            let _ = seeded_row(&store, contact, &body);
        }
    }
}
