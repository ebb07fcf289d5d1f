//! `/query`, `/queryAll`, and further pages.

use super::cursors::Cursor;
use crate::http::{ApiError, Caller};
use crate::id::RecordId;
use crate::org::OrgState;
use crate::soql::{self, View};
use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

type Answer = Result<Json<Value>, ApiError>;

/// Smallest and largest page a caller may ask for.
const PAGE_ROWS: std::ops::RangeInclusive<usize> = 200..=2_000;

/// The query text.
#[derive(Deserialize)]
pub(super) struct Text {
    q: Option<String>,
}

/// `GET /query?q=…`.
pub(super) async fn query(
    state: State<Arc<OrgState>>,
    caller: Extension<Caller>,
    text: Query<Text>,
    headers: HeaderMap,
) -> Answer {
    first(state, caller, text, &headers, false).await
}

/// `GET /queryAll?q=…`: deleted and merged records too.
pub(super) async fn query_all(
    state: State<Arc<OrgState>>,
    caller: Extension<Caller>,
    text: Query<Text>,
    headers: HeaderMap,
) -> Answer {
    first(state, caller, text, &headers, true).await
}

async fn first(
    State(org): State<Arc<OrgState>>,
    Extension(caller): Extension<Caller>,
    Query(text): Query<Text>,
    headers: &HeaderMap,
    include_deleted: bool,
) -> Answer {
    let text = text.q.unwrap_or_default();
    let page = page_rows(headers).unwrap_or(org.settings().http.query_page_rows).max(1);
    // A scan of a large object must not hold up other calls.
    let work = move || run(&org, caller, &text, page, include_deleted);
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(ApiError::new(500, "UNKNOWN_EXCEPTION", "An unexpected error occurred")))
}

/// `Sforce-Query-Options: batchSize=…`.
fn page_rows(headers: &HeaderMap) -> Option<usize> {
    let text = headers.get("sforce-query-options")?.to_str().ok()?;
    let size = text
        .split([';', ','])
        .filter_map(|part| part.split_once('='))
        .find(|(key, _)| key.trim().eq_ignore_ascii_case("batchSize"))?
        .1;
    let size: usize = size.trim().parse().ok()?;
    Some(size.clamp(*PAGE_ROWS.start(), *PAGE_ROWS.end()))
}

fn run(org: &OrgState, caller: Caller, text: &str, page: usize, include_deleted: bool) -> Answer {
    let now = org.clock.now();
    let store = org.store();
    let plan = soql::plan(text, &store, now)
        .map_err(|error| ApiError::new(400, error.code.as_str(), &error.message))?;
    let view = View { store: &store, now, include_deleted };
    let slots = plan.run(view);
    if plan.count_only {
        return Ok(Json(json!({"totalSize": slots.len(), "done": true, "records": []})));
    }
    let cursor = Cursor { user: caller.user, plan, slots, include_deleted, page, opened: now };
    if cursor.slots.len() <= page {
        return Ok(Json(page_json(&cursor, view, caller, 0, None)));
    }
    let first = page_json(&cursor, view, caller, 0, Some(()));
    let pod = org.settings().pod.clone();
    drop(store);
    let id = org.cursors.open(&pod, cursor);
    Ok(Json(with_next(first, caller, id, page)))
}

/// One page. `more` says that a next one follows; its URL is put in by [`with_next`].
fn page_json(cursor: &Cursor, view: View<'_>, caller: Caller, from: usize, more: Option<()>) -> Value {
    let version = format!("{}.0", caller.version);
    let records: Vec<Value> = cursor
        .slots
        .iter()
        .skip(from)
        .take(cursor.page)
        .filter_map(|slot| cursor.plan.record(view, *slot))
        .map(|record| cursor.plan.json(view, record, &version))
        .collect();
    json!({"totalSize": cursor.slots.len(), "done": more.is_none(), "records": records})
}

fn with_next(mut body: Value, caller: Caller, id: RecordId, from: usize) -> Value {
    if let Value::Object(members) = &mut body {
        members.insert("nextRecordsUrl".into(), format!("{}/query/{id}-{from}", caller.base()).into());
    }
    body
}

/// `GET /query/{cursor}-{offset}`.
pub(super) async fn more(
    State(org): State<Arc<OrgState>>,
    Extension(caller): Extension<Caller>,
    Path((_, locator)): Path<(String, String)>,
) -> Answer {
    let lost = || ApiError::new(400, "INVALID_QUERY_LOCATOR", "invalid query locator");
    let (id, from) = locator.split_once('-').ok_or_else(lost)?;
    let id = RecordId::parse(id).ok_or_else(lost)?;
    let from: usize = from.parse().map_err(|_| lost())?;
    let now = org.clock.now();
    let cursor = org.cursors.get(id, now).filter(|cursor| cursor.user == caller.user).ok_or_else(lost)?;
    if from >= cursor.slots.len() {
        return Err(lost());
    }
    let store = org.store();
    let view = View { store: &store, now, include_deleted: cursor.include_deleted };
    let next = from.saturating_add(cursor.page);
    if next >= cursor.slots.len() {
        return Ok(Json(page_json(&cursor, view, caller, from, None)));
    }
    Ok(Json(with_next(page_json(&cursor, view, caller, from, Some(())), caller, id, next)))
}
