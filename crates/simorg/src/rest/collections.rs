//! sObject collections: up to 200 records in one call.

use super::record::record_json;
use super::row::{self, RowError};
use super::sobject::{field_list, json_only, key_field, table};
use crate::http::{ApiError, Caller, in_collection};
use crate::id::RecordId;
use crate::org::OrgState;
use crate::save::{Failure, RowToSave, SaveContext, SaveError, Saved, Target};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use std::sync::Arc;

type Org = State<Arc<OrgState>>;
type Answer = Result<Json<Value>, ApiError>;

/// Most records of a write; most ids of a posted read; most runs of one type in a write.
const MOST: usize = 200;
const MOST_READ: usize = 2_000;
const MOST_RUNS: usize = 10;

/// One record of the body: its object, and the row or what is wrong with it.
struct Item {
    object: String,
    row: Result<RowToSave, Failure>,
}

/// How a record of the body names its target.
#[derive(Clone, Copy)]
enum Mode<'a> {
    Create,
    Update,
    Upsert { object: &'a str, field: &'a str },
}

/// `POST /composite/sobjects`.
pub(super) async fn create(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    write(&org, caller, &headers, &body, Mode::Create)
}

/// `PATCH /composite/sobjects`.
pub(super) async fn update(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    write(&org, caller, &headers, &body, Mode::Update)
}

/// `PATCH /composite/sobjects/{object}/{field}`.
pub(super) async fn upsert(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    Path((_, object, field)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    key_field(table(&org.store(), &object)?.schema(), &field)?;
    write(&org, caller, &headers, &body, Mode::Upsert { object: &object, field: &field })
}

fn write(org: &OrgState, caller: Caller, headers: &HeaderMap, body: &[u8], mode: Mode<'_>) -> Answer {
    json_only(headers)?;
    let body = row::object(body)?;
    let records = body.get("records").and_then(Value::as_array);
    let records = records.ok_or_else(|| ApiError::json("A records array is expected"))?;
    too_many(records.len(), MOST)?;
    let items = records.iter().map(|record| item(org, record, mode)).collect::<Result<Vec<_>, _>>()?;
    let runs = items.chunk_by(|a, b| a.object.eq_ignore_ascii_case(&b.object)).count();
    if runs > MOST_RUNS {
        let text = format!(
            "Cannot have more than {MOST_RUNS} chunks in a single operation. Please rearrange the data."
        );
        return Err(ApiError::new(400, "INVALID_OPERATION", &text));
    }
    let mut context = caller.rest(headers);
    context.all_or_none = body.get("allOrNone").and_then(Value::as_bool).unwrap_or(false);
    let results = save_items(org, &context, items);
    let with_created = matches!(mode, Mode::Upsert { .. });
    Ok(Json(results.iter().map(|result| result_json(result, with_created)).collect()))
}

fn too_many(count: usize, most: usize) -> Result<(), ApiError> {
    if count > most {
        let text = format!("record count exceeds the limit: {count} (max {most})");
        return Err(ApiError::new(400, "INVALID_BATCH_SIZE", &text));
    }
    Ok(())
}

fn item(org: &OrgState, record: &Value, mode: Mode<'_>) -> Result<Item, ApiError> {
    let record =
        record.as_object().ok_or_else(|| ApiError::json("Every record is expected to be an object"))?;
    let named = record.get("attributes").and_then(|a| a.get("type")).and_then(Value::as_str);
    let object = match mode {
        Mode::Upsert { object, .. } => object,
        Mode::Create | Mode::Update => {
            named.ok_or_else(|| ApiError::json("The type of every record must be given in attributes"))?
        }
    };
    let store = org.store();
    let Some(schema) = store.schema(object).filter(|schema| schema.writable) else {
        let row = Err(SaveError::unknown_object(object).into());
        return Ok(Item { object: object.to_owned(), row });
    };
    let mut plain = record.clone();
    let target = match target(schema, &mut plain, mode) {
        Ok(target) => target,
        Err(error) => return Ok(Item { object: object.to_owned(), row: Err(error.into()) }),
    };
    let id_allowed = matches!(mode, Mode::Update);
    match row::row(&store, schema, &plain, target, id_allowed) {
        Ok(row) => Ok(Item { object: schema.name.clone(), row: Ok(row) }),
        Err(RowError::Row(error)) => Ok(Item { object: schema.name.clone(), row: Err(error.into()) }),
        Err(RowError::Request(error)) => Err(error),
    }
}

fn target(
    schema: &crate::schema::ObjectSchema,
    record: &mut Map<String, Value>,
    mode: Mode<'_>,
) -> Result<Target, SaveError> {
    let mut take = |name: &str| {
        let key = record.keys().find(|key| key.eq_ignore_ascii_case(name)).cloned();
        key.and_then(|key| record.remove(&key))
    };
    let id = |given: Option<Value>| match given.as_ref().and_then(Value::as_str) {
        None | Some("") => Err(SaveError::new("MISSING_ARGUMENT", "Id not specified in an update call")),
        Some(text) => RecordId::parse(text)
            .map(Target::Id)
            .ok_or_else(|| SaveError::new("MALFORMED_ID", format!("malformed id {text}"))),
    };
    match mode {
        Mode::Create => Ok(Target::New),
        Mode::Update => id(take("id")),
        Mode::Upsert { field, .. } if field.eq_ignore_ascii_case("Id") => match take("id") {
            None => Ok(Target::New),
            given => id(given),
        },
        Mode::Upsert { field, .. } => {
            let value = match take(field) {
                Some(Value::String(text)) => text,
                None | Some(Value::Null) => String::new(),
                Some(other) => other.to_string(),
            };
            let key = schema.field(field).map(|field| field.index).unwrap_or_default();
            Ok(Target::Key { field: key, value })
        }
    }
}

/// Saves runs of one object together and puts the results in request order.
fn save_items(org: &OrgState, context: &SaveContext, items: Vec<Item>) -> Vec<Result<Saved, Failure>> {
    // All or none: one malformed row refuses the others before anything is saved.
    if context.all_or_none && items.iter().any(|item| item.row.is_err()) {
        let roll_back = |item: Item| Err(item.row.err().unwrap_or_else(|| SaveError::rolled_back().into()));
        return items.into_iter().map(roll_back).collect();
    }
    let mut results = Vec::with_capacity(items.len());
    let mut items = items.into_iter().peekable();
    while let Some(first) = items.next() {
        let object = first.object.clone();
        let mut run = vec![first.row];
        while let Some(next) = items.next_if(|next| next.object.eq_ignore_ascii_case(&object)) {
            run.push(next.row);
        }
        results.extend(save_run(org, context, &object, run));
    }
    results
}

fn save_run(
    org: &OrgState,
    context: &SaveContext,
    object: &str,
    run: Vec<Result<RowToSave, Failure>>,
) -> Vec<Result<Saved, Failure>> {
    let rows: Vec<RowToSave> = run.iter().filter_map(|row| row.as_ref().ok().cloned()).collect();
    let mut saved = org.save(context, object, rows).into_iter();
    let lost = || Err(SaveError::new("UNKNOWN_EXCEPTION", "no result").into());
    run.into_iter()
        .map(|row| match row {
            Ok(_) => saved.next().unwrap_or_else(lost),
            Err(failure) => Err(failure),
        })
        .collect()
}

fn result_json(result: &Result<Saved, Failure>, with_created: bool) -> Value {
    match result {
        Ok(saved) if with_created => {
            json!({"id": saved.id, "success": true, "errors": [], "created": saved.created})
        }
        Ok(saved) => json!({"id": saved.id, "success": true, "errors": []}),
        Err(failure) => {
            let errors: Vec<Value> = failure.errors.iter().map(in_collection).collect();
            match failure.id {
                Some(id) => json!({"id": id, "success": false, "errors": errors}),
                None => json!({"success": false, "errors": errors}),
            }
        }
    }
}

/// Parameters of a delete or a read.
#[derive(Deserialize)]
pub(super) struct Ids {
    #[serde(default)]
    ids: String,
    #[serde(rename = "allOrNone")]
    all_or_none: Option<String>,
    fields: Option<String>,
}

/// `DELETE /composite/sobjects?ids=…`.
pub(super) async fn delete(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    Query(given): Query<Ids>,
    headers: HeaderMap,
) -> Answer {
    let texts: Vec<&str> = given.ids.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
    too_many(texts.len(), MOST)?;
    let mut context = caller.rest(&headers);
    context.all_or_none = given.all_or_none.is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let object_of = |text: &&str| {
        let id = RecordId::parse(text)?;
        let store = org.store();
        let table = store.table_of_prefix(id.prefix())?;
        table.schema().writable.then(|| (table.schema().name.clone(), id))
    };
    let mut results = Vec::with_capacity(texts.len());
    let found: Vec<Option<(String, RecordId)>> = texts.iter().map(object_of).collect();
    for (text, run) in texts.iter().zip(&found) {
        let result = match run {
            Some((object, id)) => org.delete(&context, object, &[*id], false).pop(),
            None => Some(Err(SaveError::new("MALFORMED_ID", format!("malformed id {text}")).into())),
        };
        results.extend(result.map(|result| result_json(&result, false)));
    }
    Ok(Json(results.into()))
}

/// `GET /composite/sobjects/{object}?ids=…&fields=…`.
pub(super) async fn read(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    Path((_, object)): Path<(String, String)>,
    Query(given): Query<Ids>,
) -> Answer {
    let ids: Vec<&str> = given.ids.split(',').collect();
    let fields: Vec<&str> = given.fields.as_deref().unwrap_or_default().split(',').collect();
    get_many(&org, caller, &object, &ids, &fields)
}

/// Body of a posted read.
#[derive(Deserialize)]
struct Wanted {
    ids: Vec<String>,
    fields: Vec<String>,
}

/// `POST /composite/sobjects/{object}` with `{"ids":[…],"fields":[…]}`.
pub(super) async fn read_posted(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    Path((_, object)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let wanted: Wanted = serde_json::from_slice(&body)
        .map_err(|_| ApiError::json("ids and fields are expected, both arrays of text"))?;
    let ids: Vec<&str> = wanted.ids.iter().map(String::as_str).collect();
    let fields: Vec<&str> = wanted.fields.iter().map(String::as_str).collect();
    get_many(&org, caller, &object, &ids, &fields)
}

fn get_many(org: &OrgState, caller: Caller, object: &str, ids: &[&str], fields: &[&str]) -> Answer {
    too_many(ids.len(), MOST_READ)?;
    let store = org.store();
    let table = table(&store, object)?;
    let fields = field_list(table.schema(), fields.iter().copied())?;
    let base = caller.base();
    let one = |text: &&str| {
        let record = RecordId::parse(text.trim()).and_then(|id| table.get(&id));
        record
            .filter(|record| !record.deleted)
            .map_or(Value::Null, |record| record_json(table.schema(), record, &base, fields.iter().copied()))
    };
    Ok(Json(ids.iter().map(one).collect()))
}
