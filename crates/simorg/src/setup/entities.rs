//! EntityDefinition and EntityParticle: objects and fields as records.

use super::{Row, fill as fill_table};
use crate::schema::{Field, ObjectSchema, Source};
use crate::store::Store;
use crate::value::{Stamp, Value};

/// Fills both objects from the schema in the store; hidden fields are left out, as from describe.
pub(super) fn fill(store: &mut Store, now: Stamp) {
    let schemas: Vec<&ObjectSchema> = store.tables().map(|t| t.schema()).filter(|s| s.access.read).collect();
    let definitions = schemas.iter().map(|schema| definition(schema)).collect();
    let ordinary = schemas.iter().filter(|schema| !schema.setup);
    let particles = ordinary.flat_map(|s| s.visible().map(|field| particle(s, field))).collect();
    fill_table(store, "EntityDefinition", "000", now, definitions);
    fill_table(store, "EntityParticle", "000", now, particles);
}

fn definition(schema: &ObjectSchema) -> Row {
    vec![
        ("DurableId", Value::text(schema.name.as_str())),
        ("QualifiedApiName", Value::text(schema.name.as_str())),
        ("DeveloperName", Value::text(schema.name.trim_end_matches("__c"))),
        ("Label", Value::text(schema.label.as_str())),
        ("MasterLabel", Value::text(schema.label.as_str())),
        ("PluralLabel", Value::text(schema.label_plural.as_str())),
        ("KeyPrefix", Value::text(schema.key_prefix.as_str())),
        ("IsCustomizable", Value::Bool(!schema.setup)),
        ("IsQueryable", Value::Bool(true)),
        ("IsSearchable", Value::Bool(schema.writable)),
        ("IsTriggerable", Value::Bool(schema.writable)),
    ]
}

fn particle(schema: &ObjectSchema, field: &Field) -> Row {
    let durable = format!("{}.{}", schema.name, field.name);
    let flags = field.flags;
    let counted = schema.auto_number.as_ref().is_some_and(|auto| auto.field == field.name);
    let compound = field.source == Source::Compound;
    let kind = field.kind.api_name();
    #[expect(clippy::cast_precision_loss, reason = "lengths are far below 2^52")]
    let (length, bytes) = (field.length as f64, field.byte_length() as f64);
    vec![
        ("DurableId", Value::text(durable.as_str())),
        ("FieldDefinitionId", Value::text(durable)),
        ("EntityDefinitionId", Value::text(schema.name.as_str())),
        ("QualifiedApiName", Value::text(field.name.as_str())),
        ("DeveloperName", Value::text(field.name.trim_end_matches("__c"))),
        ("Name", Value::text(field.name.as_str())),
        ("Label", Value::text(field.label.as_str())),
        ("MasterLabel", Value::text(field.label.as_str())),
        ("DataType", Value::text(kind)),
        ("ValueTypeId", Value::text(kind)),
        ("RelationshipName", Value::text(field.relationship_name.clone().unwrap_or_default())),
        ("Length", Value::Number(length)),
        ("ByteLength", Value::Number(bytes)),
        ("Precision", Value::Number(f64::from(field.precision))),
        ("Scale", Value::Number(f64::from(field.scale))),
        ("IsUnique", Value::Bool(flags.unique)),
        ("IsIdLookup", Value::Bool(field.is_upsert_key())),
        ("IsCaseSensitive", Value::Bool(flags.case_sensitive)),
        ("IsNillable", Value::Bool(flags.nillable)),
        ("IsCreatable", Value::Bool(field.createable())),
        ("IsUpdatable", Value::Bool(field.updateable())),
        ("IsDefaultedOnCreate", Value::Bool(flags.defaulted_on_create)),
        ("IsPermissionable", Value::Bool(field.permissionable())),
        ("IsAutonumber", Value::Bool(counted)),
        ("IsNameField", Value::Bool(flags.name_field)),
        ("IsApiFilterable", Value::Bool(flags.filterable)),
        ("IsApiSortable", Value::Bool(flags.filterable)),
        ("IsFieldHistoryTracked", Value::Bool(flags.tracked)),
        ("IsCompound", Value::Bool(compound)),
    ]
}
