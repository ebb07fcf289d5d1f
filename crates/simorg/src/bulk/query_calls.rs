//! The calls under `/jobs/query`.

use std::sync::Arc;

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{Extension, Path, Query, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use futures_util::{StreamExt as _, stream};
use serde::Deserialize;
use serde_json::{Value as JsonValue, json};

use super::error::BulkError;
use super::format::JobState;
use super::ingest_calls::{media_type, unsupported_media};
use super::list::{ListQuery, page};
use super::query::{QueryJob, QuerySpec};
use super::query_run;
use super::spec::parse_json;
use crate::http::Caller;
use crate::org::{Allowance, OrgState};

/// Result pages named by one `resultPages` answer (Bulk guide v66: five).
const PARALLEL_PAGES: usize = 5;

type Org = State<Arc<OrgState>>;
type Answer = Result<Response, BulkError>;

#[derive(Deserialize)]
struct StateChange {
    state: String,
}

/// Parameters of a results call.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct PageQuery {
    max_records: Option<String>,
    locator: Option<String>,
}

fn find(org: &OrgState, id: &str) -> Result<Arc<QueryJob>, BulkError> {
    org.jobs.query(id, org.clock.now()).ok_or_else(BulkError::not_found)
}

/// `POST …/jobs/query`.
pub(super) async fn create(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let kind = media_type(&headers);
    if kind != "application/json" {
        return Err(unsupported_media(&kind));
    }
    let now = org.clock.now();
    let spec = QuerySpec::parse(&body, &org.store(), now)?;
    let used = org.usage.add(now, Allowance::QueryJobs, 1);
    if used > org.settings().limits.daily_query_jobs {
        return Err(BulkError::bad(
            "LIMIT_EXCEEDED",
            "Max bulk v2 query jobs exceeded for the last 24 hours",
        ));
    }
    let (id, _) = org.jobs.mint(&org.settings().pod);
    let job = org.jobs.add_query(QueryJob::new(id, spec, caller.user, now, caller.version), now);
    let answer = Json(job.short_info()).into_response();
    query_run::start(&org, &job);
    Ok(answer)
}

/// `GET …/jobs/query/{id}`.
pub(super) async fn info(
    State(org): Org,
    Path((_, id)): Path<(String, String)>,
) -> Result<Json<JsonValue>, BulkError> {
    Ok(Json(find(&org, &id)?.info()))
}

/// `GET …/jobs/query`.
pub(super) async fn list(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ListQuery>,
) -> Result<Json<JsonValue>, BulkError> {
    let jobs = org.jobs.all_query().into_iter().map(|job| (job.id, job.info())).collect();
    page(jobs, "V2Query", &query, &format!("{}/jobs/query", caller.base())).map(Json)
}

/// `PATCH …/jobs/query/{id}`: aborts.
pub(super) async fn change_state(
    State(org): Org,
    Path((_, id)): Path<(String, String)>,
    body: Bytes,
) -> Result<Json<JsonValue>, BulkError> {
    let job = find(&org, &id)?;
    let change: StateChange = parse_json(&body)?;
    if change.state != "Aborted" {
        return Err(BulkError::state(format!("Job state cannot be changed to {}", change.state)));
    }
    job.abort(org.clock.now())?;
    Ok(Json(job.short_info()))
}

/// `DELETE …/jobs/query/{id}`: 204.
pub(super) async fn delete(State(org): Org, Path((_, id)): Path<(String, String)>) -> Answer {
    let job = find(&org, &id)?;
    if !job.course().state.is_terminal() {
        return Err(BulkError::not_terminated());
    }
    org.jobs.remove_query(&job.id);
    Ok(StatusCode::NO_CONTENT.into_response())
}

/// A complete job asked for in the version it was made with.
fn complete(org: &OrgState, caller: Caller, id: &str) -> Result<Arc<QueryJob>, BulkError> {
    let job = find(org, id)?;
    if job.version != caller.version {
        let text = format!("The job was created with API version {}.0", job.version);
        return Err(BulkError::with(StatusCode::CONFLICT, "INVALIDVERSION", text));
    }
    let state = job.course().state;
    let told = match state {
        JobState::JobComplete => return Ok(job),
        JobState::Open | JobState::UploadComplete => "UPLOAD_COMPLETE",
        JobState::InProgress => "IN_PROGRESS",
        JobState::Failed => "FAILED",
        JobState::Aborted => "ABORTED",
    };
    let text = format!(
        "can only download query results of successfully completed bulk job with status: JOB_COMPLETE. Current status: \
         {told}"
    );
    Err(BulkError::with(StatusCode::PRECONDITION_FAILED, "JOB_NOT_COMPLETE", text))
}

fn first_row(locator: Option<&str>) -> Result<usize, BulkError> {
    let Some(text) = locator.filter(|l| !l.is_empty()) else { return Ok(0) };
    let decoded = URL_SAFE_NO_PAD.decode(text).ok().and_then(|bytes| String::from_utf8(bytes).ok());
    let refuse = || BulkError::bad("INVALIDQUERYLOCATOR", format!("Invalid query locator: {text}"));
    decoded.and_then(|row| row.parse().ok()).ok_or_else(refuse)
}

fn locator(row: usize) -> String {
    URL_SAFE_NO_PAD.encode(row.to_string())
}

/// `GET …/jobs/query/{id}/results`: a page of CSV with its own header line.
pub(super) async fn results(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    Path((_, id)): Path<(String, String)>,
    Query(query): Query<PageQuery>,
) -> Answer {
    let job = complete(&org, caller, &id)?;
    let settings = org.settings();
    let count = match query.max_records.as_deref() {
        None => settings.bulk.query_page_rows.max(1),
        Some(text) => {
            let refuse = || BulkError::bad("INVALIDVALUE", format!("Invalid value for maxRecords: {text}"));
            text.parse().ok().filter(|n| *n > 0).ok_or_else(refuse)?
        }
    };
    let first = first_row(query.locator.as_deref())?;
    let (lines, rows, header, next, broken) = {
        let mut course = job.course();
        let (lines, rows) = course.result.page(first, count);
        let end = first.saturating_add(rows);
        let next = if end < course.result.ends.len() { locator(end) } else { "null".to_owned() };
        let breaks = settings.bulk.locator_break && !course.broken.contains(&first);
        if breaks {
            course.broken.push(first);
        }
        (lines, rows, Bytes::from(course.result.header.clone()), next, breaks)
    };
    let body = if broken { broken_body(header, lines) } else { whole_body(header, lines) };
    let mut response = ([(header::CONTENT_TYPE, "text/csv; charset=UTF-8")], body).into_response();
    let headers = response.headers_mut();
    if broken {
        // Compression would hold the first half back.
        headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("identity"));
    }
    headers.insert("sforce-numberofrecords", HeaderValue::from(rows));
    if let Ok(next) = HeaderValue::from_str(&next) {
        headers.insert("sforce-locator", next);
    }
    Ok(response)
}

fn whole_body(header: Bytes, lines: Bytes) -> Body {
    Body::from_stream(stream::iter([Ok::<_, std::io::Error>(header), Ok(lines)]))
}

/// Half of the page, then a reset: what a broken download looks like. The pause in between lets the first half go
/// out, so that the client sees status and headers.
fn broken_body(header: Bytes, lines: Bytes) -> Body {
    let half = lines.slice(..lines.len() / 2);
    let reset = stream::once(async {
        tokio::task::yield_now().await;
        Err(std::io::Error::from(std::io::ErrorKind::ConnectionReset))
    });
    Body::from_stream(stream::iter([Ok(header), Ok(half)]).chain(reset))
}

/// `GET …/jobs/query/{id}/resultPages`: up to five pages to download side by side.
pub(super) async fn result_pages(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    Path((_, id)): Path<(String, String)>,
    Query(query): Query<PageQuery>,
) -> Result<Json<JsonValue>, BulkError> {
    let job = complete(&org, caller, &id)?;
    let size = org.settings().bulk.query_page_rows.max(1);
    let first = first_row(query.locator.as_deref())?;
    let total = job.course().result.ends.len();
    let base = format!("{}/jobs/query/{}", caller.base(), job.id);
    let starts = (first..total.max(first + 1)).step_by(size);
    let pages: Vec<JsonValue> = starts
        .take(PARALLEL_PAGES)
        .map(|row| json!({"resultUrl": format!("{base}/results?locator={}", locator(row))}))
        .collect();
    let next = first.saturating_add(size.saturating_mul(PARALLEL_PAGES));
    let done = next >= total;
    let next_url = (!done).then(|| format!("{base}/resultpages?locator={}", locator(next)));
    Ok(Json(json!({"resultPages": pages, "nextRecordsUrl": next_url, "done": done})))
}
