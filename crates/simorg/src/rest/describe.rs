//! Describe: the global list, and all about one object.

use super::sobject::table;
use crate::http::{ApiError, Caller};
use crate::org::OrgState;
use crate::schema::{Field, FieldType, ObjectSchema};
use crate::store::Table;
use axum::extract::{Path, State};
use axum::{Extension, Json};
use serde_json::{Map, Value, json};
use std::sync::Arc;

/// `GET /sobjects`.
pub(super) async fn global(
    State(org): State<Arc<OrgState>>,
    Extension(caller): Extension<Caller>,
) -> Json<Value> {
    let store = org.store();
    let seen = store.tables().map(Table::schema).filter(|schema| schema.access.read);
    let objects: Vec<Value> = seen.map(|schema| Value::Object(summary(schema, &caller.base()))).collect();
    Json(json!({"encoding": "UTF-8", "maxBatchSize": 200, "sobjects": objects}))
}

/// `GET /sobjects/{object}`.
pub(super) async fn basic(
    State(org): State<Arc<OrgState>>,
    Extension(caller): Extension<Caller>,
    Path((_, object)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let store = org.store();
    let about = summary(table(&store, &object)?.schema(), &caller.base());
    Ok(Json(json!({"objectDescribe": about, "recentItems": []})))
}

/// `GET /sobjects/{object}/describe`.
pub(super) async fn describe(
    State(org): State<Arc<OrgState>>,
    Extension(caller): Extension<Caller>,
    Path((_, object)): Path<(String, String)>,
) -> Result<Json<Value>, ApiError> {
    let store = org.store();
    let schema = table(&store, &object)?.schema();
    let mut about = summary(schema, &caller.base());
    let children: Vec<Value> = store.tables().flat_map(|table| children(table.schema(), schema)).collect();
    about.insert("childRelationships".into(), children.into());
    about.insert("recordTypeInfos".into(), record_types(schema, &caller.base()));
    about.insert("fields".into(), schema.visible().map(|field| describe_field(schema, field)).collect());
    about.insert("supportedScopes".into(), json!([{"label": "All", "name": "everything"}]));
    Ok(Json(Value::Object(about)))
}

fn summary(schema: &ObjectSchema, base: &str) -> Map<String, Value> {
    let url = format!("{base}/sobjects/{}", schema.name);
    let (name, writable, access) = (&schema.name, schema.writable, schema.access);
    let about = json!({
        "activateable": false, "associateEntityType": null, "associateParentEntity": null,
        "createable": writable && access.create, "custom": schema.custom, "customSetting": false, "deepCloneable": false,
        "deletable": writable && access.delete, "deprecatedAndHidden": false, "feedEnabled": false,
        "hasSubtypes": false, "isInterface": false, "isSubtype": false,
        "keyPrefix": schema.key_prefix, "label": schema.label, "labelPlural": schema.label_plural,
        "layoutable": !schema.setup, "mergeable": schema.mergeable, "mruEnabled": writable, "name": name,
        "queryable": true, "replicateable": !schema.setup, "retrieveable": true, "searchable": writable,
        "triggerable": writable, "undeletable": writable && access.delete,
        "updateable": writable && access.edit,
        "urls": {
            "sobject": url, "describe": format!("{url}/describe"), "rowTemplate": format!("{url}/{{ID}}"),
        },
    });
    match about {
        Value::Object(map) => map,
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => Map::new(),
    }
}

fn record_types(schema: &ObjectSchema, base: &str) -> Value {
    let layout = format!("{base}/sobjects/{}/describe/layouts/012000000000000AAA", schema.name);
    json!([{
        "active": true, "available": true, "defaultRecordTypeMapping": true, "developerName": "Master",
        "master": true, "name": "Master", "recordTypeId": "012000000000000AAA", "urls": {"layout": layout},
    }])
}

fn children(child: &ObjectSchema, parent: &ObjectSchema) -> Vec<Value> {
    let points = |field: &&Field| field.reference_to.contains(&parent.name);
    child
        .visible()
        .filter(points)
        .map(|field| {
            json!({
                "cascadeDelete": false, "childSObject": child.name, "deprecatedAndHidden": false,
                "field": field.name, "junctionIdListNames": [], "junctionReferenceTo": [],
                "relationshipName": null, "restrictedDelete": false,
            })
        })
        .collect()
}

/// One field with every key of a captured v59 describe.
fn describe_field(schema: &ObjectSchema, field: &Field) -> Value {
    let flags = field.flags;
    let bytes = field.byte_length();
    let counted = schema.auto_number.as_ref().is_some_and(|auto| auto.field == field.name);
    let compound = compound_of(schema, field);
    let mut about = json!({
        "aggregatable": flags.filterable, "aiPredictionField": false, "autoNumber": counted,
        "byteLength": bytes, "calculated": false, "calculatedFormula": null, "cascadeDelete": false,
        "caseSensitive": flags.case_sensitive, "compoundFieldName": compound, "controllerName": null,
        "createable": field.createable(), "custom": flags.custom, "defaultValue": default_of(field),
        "defaultValueFormula": null, "defaultedOnCreate": flags.defaulted_on_create,
        "dependentPicklist": false, "deprecatedAndHidden": false, "digits": 0,
        "displayLocationInDecimal": false, "encrypted": false, "externalId": flags.external_id,
        "extraTypeInfo": null, "filterable": flags.filterable, "filteredLookupInfo": null,
        "formulaTreatNullNumberAsZero": false, "groupable": flags.filterable && !field.kind.is_number(),
        "highScaleNumber": false, "htmlFormatted": false, "idLookup": flags.id_lookup,
        "inlineHelpText": null, "label": field.label, "length": field.length, "mask": null,
        "maskType": null, "name": field.name, "nameField": flags.name_field,
    });
    let rest = json!({
        "namePointing": field.reference_to.len() > 1, "nillable": flags.nillable,
        "permissionable": field.permissionable(), "picklistValues": picklist(field),
        "polymorphicForeignKey": field.reference_to.len() > 1, "precision": field.precision,
        "queryByDistance": false, "referenceTargetField": null, "referenceTo": field.reference_to,
        "relationshipName": field.relationship_name, "relationshipOrder": null, "restrictedDelete": false,
        "restrictedPicklist": flags.restricted, "scale": field.scale, "searchPrefilterable": false,
        "soapType": field.kind.soap_type(), "sortable": flags.filterable,
        "type": field.kind.api_name(), "unique": flags.unique, "updateable": field.updateable(),
        "writeRequiresMasterRead": false,
    });
    if let (Value::Object(about), Value::Object(rest)) = (&mut about, rest) {
        about.extend(rest);
    }
    about
}

fn default_of(field: &Field) -> Value {
    if field.kind == FieldType::Boolean { field.default.as_ref().to_json(false) } else { Value::Null }
}

fn picklist(field: &Field) -> Value {
    let entry = |entry: &crate::schema::PicklistValue| {
        json!({
            "active": true, "defaultValue": entry.default, "label": entry.label, "validFor": null,
            "value": entry.value,
        })
    };
    field.picklist.iter().map(entry).collect()
}

/// `Name` for the parts of a person's name, the compound address for its parts.
fn compound_of(schema: &ObjectSchema, field: &Field) -> Option<String> {
    if matches!(field.name.as_str(), "FirstName" | "LastName" | "Salutation") {
        return schema.field("Name").map(|name| name.name.clone());
    }
    let parts = [
        "Street",
        "City",
        "State",
        "PostalCode",
        "Country",
        "Latitude",
        "Longitude",
        "GeocodeAccuracy",
        "StateCode",
        "CountryCode",
    ];
    let prefix = parts.iter().find_map(|part| field.name.strip_suffix(part))?;
    schema.field(&format!("{prefix}Address")).map(|address| address.name.clone())
}
