//! One record at a time.

use super::record::record_json;
use super::row::{self, RowError};
use crate::http::{ApiError, Caller};
use crate::id::RecordId;
use crate::org::OrgState;
use crate::record::Record;
use crate::save::{Failure, RowToSave, SaveContext, SaveError, Saved, Target};
use crate::schema::{Field, FieldType, ObjectSchema};
use crate::store::{Store, Table};
use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

type Org = State<Arc<OrgState>>;

/// Parameters of a single-record call.
#[derive(Deserialize)]
pub(super) struct Options {
    fields: Option<String>,
    #[serde(rename = "updateOnly")]
    update_only: Option<String>,
}

pub(super) fn table<'a>(store: &'a Store, object: &str) -> Result<&'a Table, ApiError> {
    let table = store.table(object).filter(|table| table.schema().access.read);
    table.ok_or_else(ApiError::not_found)
}

pub(super) fn writable<'a>(store: &'a Store, object: &str) -> Result<&'a ObjectSchema, ApiError> {
    let schema = table(store, object)?.schema();
    if schema.writable {
        return Ok(schema);
    }
    let text = format!("entity type {} does not support insert or update", schema.name);
    Err(ApiError::new(400, "CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", &text))
}

fn refused(error: RowError) -> ApiError {
    match error {
        RowError::Request(error) => error,
        RowError::Row(error) => ApiError::of_failure(&Failure::from(error)),
    }
}

/// Saves one row and answers the result or the error.
fn save_one(org: &OrgState, context: &SaveContext, object: &str, row: RowToSave) -> Result<Saved, ApiError> {
    match org.save(context, object, vec![row]).pop() {
        Some(Ok(saved)) => Ok(saved),
        Some(Err(failure)) => Err(ApiError::of_failure(&failure)),
        None => Err(ApiError::not_found()),
    }
}

/// `POST /sobjects/{object}`.
pub(super) async fn create(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    Path((_, object)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    json_only(&headers)?;
    let body = row::object(&body)?;
    let row = {
        let store = org.store();
        let schema = writable(&store, &object)?;
        row::row(&store, schema, &body, Target::New, false).map_err(refused)?
    };
    let saved = save_one(&org, &caller.rest(&headers), &object, row)?;
    let answer = json!({"id": saved.id, "success": true, "errors": []});
    let place = [(header::LOCATION, format!("{}/sobjects/{object}/{}", caller.base(), saved.id))];
    Ok((StatusCode::CREATED, place, Json(answer)).into_response())
}

/// Writes take JSON only.
pub(super) fn json_only(headers: &HeaderMap) -> Result<(), ApiError> {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
    if kind.is_none_or(|kind| kind.to_ascii_lowercase().starts_with("application/json")) {
        return Ok(());
    }
    let text = "Content-Type header specified in HTTP request is not supported";
    Err(ApiError::new(415, "UNSUPPORTED_MEDIA_TYPE", text))
}

/// The record of an id in a path: 404 when there is none, or when it is deleted.
fn existing<'a>(table: &'a Table, id: &str) -> Result<&'a Record, ApiError> {
    let Some(id) = RecordId::parse(id) else { return Err(ApiError::not_found()) };
    if id.prefix() != table.schema().key_prefix {
        return Err(ApiError::not_found());
    }
    match table.get(&id) {
        Some(record) if record.deleted => Err(ApiError::new(404, "ENTITY_IS_DELETED", "entity is deleted")),
        Some(record) => Ok(record),
        None => Err(ApiError::not_found()),
    }
}

/// `GET /sobjects/{object}/{id}`.
pub(super) async fn read(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    Path((_, object, id)): Path<(String, String, String)>,
    Query(options): Query<Options>,
) -> Result<Json<Value>, ApiError> {
    let store = org.store();
    let table = table(&store, &object)?;
    let record = existing(table, &id)?;
    shown(table.schema(), record, caller, &options).map(Json)
}

fn shown(
    schema: &ObjectSchema,
    record: &Record,
    caller: Caller,
    options: &Options,
) -> Result<Value, ApiError> {
    let base = caller.base();
    match &options.fields {
        None => Ok(record_json(schema, record, &base, schema.visible())),
        Some(names) => {
            let fields = field_list(schema, names.split(','))?;
            Ok(record_json(schema, record, &base, fields.into_iter()))
        }
    }
}

/// Fields by name; `Id` is always there.
pub(super) fn field_list<'a, 'n>(
    schema: &'a ObjectSchema,
    names: impl Iterator<Item = &'n str>,
) -> Result<Vec<&'a Field>, ApiError> {
    let mut fields: Vec<&Field> = schema.field("Id").into_iter().collect();
    for name in names.map(str::trim).filter(|name| !name.is_empty()) {
        let field = schema.field(name).ok_or_else(|| {
            let text = format!("No such column '{name}' on sobject of type {}", schema.name);
            ApiError::new(400, "INVALID_FIELD", &text)
        })?;
        fields.push(field);
    }
    Ok(fields)
}

/// `PATCH /sobjects/{object}/{id}`: 204 without body.
pub(super) async fn update(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    Path((_, object, id)): Path<(String, String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<StatusCode, ApiError> {
    if id.eq_ignore_ascii_case("Id") {
        return Err(ApiError::new(
            405,
            "METHOD_NOT_ALLOWED",
            "HTTP Method 'PATCH' not allowed. Allowed are POST",
        ));
    }
    json_only(&headers)?;
    let body = row::object(&body)?;
    let row = {
        let store = org.store();
        let schema = writable(&store, &object)?;
        let target = existing(table(&store, &object)?, &id)?.id;
        row::row(&store, schema, &body, Target::Id(target), false).map_err(refused)?
    };
    save_one(&org, &caller.rest(&headers), &object, row)?;
    Ok(StatusCode::NO_CONTENT)
}

/// `DELETE /sobjects/{object}/{id}`: 204 without body.
pub(super) async fn delete(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    Path((_, object, id)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Result<StatusCode, ApiError> {
    let id = {
        let store = org.store();
        writable(&store, &object)?;
        existing(table(&store, &object)?, &id)?.id
    };
    delete_one(&org, &caller.rest(&headers), &object, id)
}

fn delete_one(
    org: &OrgState,
    context: &SaveContext,
    object: &str,
    id: RecordId,
) -> Result<StatusCode, ApiError> {
    match org.delete(context, object, &[id], false).pop() {
        Some(Err(failure)) => Err(ApiError::of_failure(&failure)),
        Some(Ok(_)) | None => Ok(StatusCode::NO_CONTENT),
    }
}

/// The field of an upsert path: external id or idLookup.
pub(super) fn key_field<'a>(schema: &'a ObjectSchema, name: &str) -> Result<&'a Field, ApiError> {
    schema.field(name).filter(|field| field.is_upsert_key()).ok_or_else(|| {
        let text = format!("Provided external ID field does not exist or is not accessible: {name}");
        ApiError::new(404, "NOT_FOUND", &text)
    })
}

/// What a key leads to.
enum Found<'a> {
    One(&'a Record),
    /// 300 with the URLs of all that hold it.
    Several(Response),
}

/// The records that hold a key; none is 404.
fn by_key<'a>(table: &'a Table, caller: Caller, field: &str, value: &str) -> Result<Found<'a>, ApiError> {
    let key = key_field(table.schema(), field)?;
    if key.kind == FieldType::Id {
        return existing(table, value).map(Found::One);
    }
    match table.holders(key, value).as_slice() {
        [] => Err(ApiError::not_found()),
        [one] => Ok(Found::One(one)),
        several => Ok(Found::Several(several_found(table.schema(), caller, several))),
    }
}

fn several_found(schema: &ObjectSchema, caller: Caller, records: &[&Record]) -> Response {
    let url = |record: &&Record| format!("{}/sobjects/{}/{}", caller.base(), schema.name, record.id);
    let urls: Vec<String> = records.iter().map(url).collect();
    (StatusCode::MULTIPLE_CHOICES, Json(urls)).into_response()
}

/// `GET /sobjects/{object}/{field}/{value}`.
pub(super) async fn read_external(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    Path((_, object, field, value)): Path<(String, String, String, String)>,
    Query(options): Query<Options>,
) -> Result<Response, ApiError> {
    let store = org.store();
    let table = table(&store, &object)?;
    match by_key(table, caller, &field, &value)? {
        Found::One(record) => Ok(Json(shown(table.schema(), record, caller, &options)?).into_response()),
        Found::Several(answer) => Ok(answer),
    }
}

/// `DELETE /sobjects/{object}/{field}/{value}`.
pub(super) async fn delete_external(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    Path((_, object, field, value)): Path<(String, String, String, String)>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let id = {
        let store = org.store();
        writable(&store, &object)?;
        match by_key(table(&store, &object)?, caller, &field, &value)? {
            Found::One(record) => record.id,
            Found::Several(answer) => return Ok(answer),
        }
    };
    delete_one(&org, &caller.rest(&headers), &object, id).map(IntoResponse::into_response)
}

/// `PATCH /sobjects/{object}/{field}/{value}`: 201 created, 200 updated (204 before v46), 300 when several
/// records hold the key.
pub(super) async fn upsert(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    Path((_, object, field, value)): Path<(String, String, String, String)>,
    Query(options): Query<Options>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Response, ApiError> {
    json_only(&headers)?;
    let body = row::object(&body)?;
    let row = {
        let store = org.store();
        let schema = writable(&store, &object)?;
        let table = table(&store, &object)?;
        let key = key_field(schema, &field)?;
        let target = if key.kind == FieldType::Id {
            Target::Id(existing(table, &value)?.id)
        } else {
            let holders = table.holders(key, &value);
            if holders.len() > 1 {
                return Ok(several_found(schema, caller, &holders));
            }
            Target::Key { field: key.index, value }
        };
        if body.keys().any(|name| name.eq_ignore_ascii_case(&key.name)) {
            let text = format!("The {} field should not be specified in the sobject data.", key.name);
            return Err(ApiError::of_failure(&SaveError::new("INVALID_FIELD", text).into()));
        }
        row::row(&store, schema, &body, target, false).map_err(refused)?
    };
    let mut context = caller.rest(&headers);
    context.update_only = options.update_only.is_some_and(|text| text.eq_ignore_ascii_case("true"));
    let saved = save_one(&org, &context, &object, row)?;
    if caller.version < 46 && !saved.created {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let status = if saved.created { StatusCode::CREATED } else { StatusCode::OK };
    let answer = json!({"id": saved.id, "success": true, "errors": [], "created": saved.created});
    Ok((status, Json(answer)).into_response())
}
