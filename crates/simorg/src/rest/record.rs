//! A record as REST shows it.

use crate::record::Record;
use crate::schema::{Field, FieldType, ObjectSchema};
use serde_json::{Map, Value, json};

/// `attributes` and the given fields of a record, nulls included. `base` is `/services/data/vNN.0`.
pub(crate) fn record_json<'a>(
    schema: &ObjectSchema,
    record: &Record,
    base: &str,
    fields: impl Iterator<Item = &'a Field>,
) -> Value {
    let mut body = Map::new();
    body.insert("attributes".into(), attributes(schema, record, base));
    for field in fields {
        let value = match field.kind {
            FieldType::Address => address(schema, record, field),
            FieldType::Id
            | FieldType::Boolean
            | FieldType::String
            | FieldType::TextArea
            | FieldType::Email
            | FieldType::Phone
            | FieldType::Url
            | FieldType::Picklist
            | FieldType::MultiPicklist
            | FieldType::Reference
            | FieldType::Date
            | FieldType::DateTime
            | FieldType::Double
            | FieldType::Currency
            | FieldType::Percent
            | FieldType::Int
            | FieldType::AnyType => record.value(field).to_json(field.whole()),
        };
        body.insert(field.name.clone(), value);
    }
    Value::Object(body)
}

fn attributes(schema: &ObjectSchema, record: &Record, base: &str) -> Value {
    let url = format!("{base}/sobjects/{}/{}", schema.name, record.id);
    json!({"type": schema.name, "url": url})
}

/// A compound address: null when all its parts are.
fn address(schema: &ObjectSchema, record: &Record, field: &Field) -> Value {
    let prefix = field.name.strip_suffix("Address").unwrap_or_default();
    let parts = [
        ("street", "Street"),
        ("city", "City"),
        ("state", "State"),
        ("postalCode", "PostalCode"),
        ("country", "Country"),
        ("latitude", "Latitude"),
        ("longitude", "Longitude"),
        ("geocodeAccuracy", "GeocodeAccuracy"),
    ];
    // There only with state and country picklists.
    let codes = [("stateCode", "StateCode"), ("countryCode", "CountryCode")];
    let there = |(_, part): &(&str, &str)| schema.field(&format!("{prefix}{part}")).is_some();
    let mut body = Map::new();
    for (key, part) in parts.into_iter().chain(codes.into_iter().filter(there)) {
        let value = schema
            .field(&format!("{prefix}{part}"))
            .map_or(Value::Null, |part| record.value(part).to_json(false));
        body.insert(key.into(), value);
    }
    if body.values().all(Value::is_null) { Value::Null } else { Value::Object(body) }
}
