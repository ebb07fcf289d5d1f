//! Field history: what changed in tracked fields, one row a change (object reference: StandardObjectNameHistory).

use super::{Api, SaveContext, SaveEnv, plain_record};
use crate::id::RecordId;
use crate::record::{Draft, Record};
use crate::schema::{Field, FieldType, ObjectSchema};
use crate::store::Store;
use crate::value::Value;

/// Longest text whose old and new value are kept (Salesforce help: field history tracking).
const LONGEST: usize = 255;

/// One row to come.
pub(super) struct Change {
    field: String,
    kind: &'static str,
    old: Value,
    new: Value,
}

/// The changes of a save in tracked fields; `created` for a new record. Seeding leaves none.
pub(super) fn changes(
    schema: &ObjectSchema,
    context: &SaveContext,
    old: Option<&Record>,
    new: &Draft,
) -> Vec<Change> {
    let mut tracked = schema.fields.iter().filter(|field| field.flags.tracked && !field.flags.hidden);
    if context.api == Api::Seed || schema.fields.iter().all(|field| !field.flags.tracked) {
        return Vec::new();
    }
    let Some(old) = old else { return vec![event("created")] };
    let mut rows = Vec::new();
    for field in tracked.by_ref() {
        let before = old.value(field).to_value();
        let after = new.get(field.index).to_value();
        if before != after {
            rows.push(change(field, before, after));
        }
    }
    rows
}

/// A row that tells of no field, such as `created` and `contactMerged`.
pub(super) fn event(name: &str) -> Change {
    Change { field: name.into(), kind: "Text", old: Value::Null, new: Value::Null }
}

fn change(field: &Field, old: Value, new: Value) -> Change {
    let long =
        field.kind == FieldType::TextArea && field.length > LONGEST || field.kind == FieldType::MultiPicklist;
    let kept = |value: Value| if long { Value::Null } else { value };
    // A lookup goes by its name without `Id`; a checkbox that was never set was false.
    let name = match (field.kind, field.name.strip_suffix("Id")) {
        (FieldType::Reference, Some(stem)) if !field.flags.custom => stem,
        (_, _) => &field.name,
    };
    let whole = |value: Value| match (field.kind, value) {
        (FieldType::Boolean, Value::Null) => Value::Bool(false),
        (_, value) => value,
    };
    Change { field: name.into(), kind: data_type(field.kind), old: kept(whole(old)), new: kept(whole(new)) }
}

fn data_type(kind: FieldType) -> &'static str {
    match kind {
        FieldType::Id | FieldType::Reference => "EntityId",
        FieldType::Boolean => "Boolean",
        FieldType::TextArea => "TextArea",
        FieldType::Email => "EmailAddress",
        FieldType::Phone => "PhoneNumber",
        FieldType::Url => "Url",
        FieldType::Picklist => "DynamicEnum",
        FieldType::MultiPicklist => "MultiEnum",
        FieldType::Date => "DateOnly",
        FieldType::DateTime => "DateTime",
        FieldType::Double | FieldType::Int => "Double",
        FieldType::Currency => "Currency",
        FieldType::Percent => "Percent",
        FieldType::String | FieldType::Address | FieldType::AnyType => "Text",
    }
}

/// Adds the rows of one record.
pub(super) fn write(
    store: &mut Store,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    object: &str,
    id: RecordId,
    rows: Vec<Change>,
) {
    if object != "Contact" {
        return;
    }
    for row in rows {
        let fields = [
            ("ContactId", Value::text(id.as_str())),
            ("Field", Value::text(row.field)),
            ("DataType", Value::text(row.kind)),
            ("OldValue", row.old),
            ("NewValue", row.new),
        ];
        plain_record(store, env, context, "ContactHistory", &fields);
    }
}
