//! The calls under `/jobs/ingest`.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::{Json, extract::Query};
use serde::Deserialize;
use serde_json::Value as JsonValue;

use super::error::BulkError;
use super::format::JobState;
use super::ingest::IngestJob;
use super::list::{ListQuery, page};
use super::multipart;
use super::results::{ResultSet, write};
use super::run;
use super::spec::{IngestSpec, parse_json};
use crate::http::Caller;
use crate::org::OrgState;
use crate::settings::EmptySets;

/// Most characters of data in a multipart create call (Bulk guide v66).
const MAX_MULTIPART_DATA: usize = 100_000;

type Org = State<Arc<OrgState>>;
type Answer = Result<Response, BulkError>;

#[derive(Deserialize)]
struct StateChange {
    state: String,
}

/// The media type of a request in lower case, without parameters.
pub(super) fn media_type(headers: &HeaderMap) -> String {
    let text = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    text.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
}

pub(super) fn unsupported_media(kind: &str) -> BulkError {
    let text = format!("Unsupported media type: '{kind}'");
    BulkError::with(StatusCode::UNSUPPORTED_MEDIA_TYPE, "UNSUPPORTED_MEDIA_TYPE", text)
}

fn find(org: &OrgState, id: &str) -> Result<Arc<IngestJob>, BulkError> {
    org.jobs.ingest(id, org.clock.now()).ok_or_else(BulkError::not_found)
}

/// `POST …/jobs/ingest`, with JSON or with job and data in one multipart body.
pub(super) async fn create(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let full = headers.get(header::CONTENT_TYPE).and_then(|v| v.to_str().ok()).unwrap_or_default();
    if let Some(boundary) = multipart::boundary(full) {
        return create_with_data(&org, caller, boundary, &body);
    }
    let kind = media_type(&headers);
    if kind != "application/json" {
        return Err(unsupported_media(&kind));
    }
    let job = open(&org, caller, &body)?;
    Ok(Json(job.short_info()).into_response())
}

fn open(org: &OrgState, caller: Caller, body: &[u8]) -> Result<Arc<IngestJob>, BulkError> {
    let spec = IngestSpec::parse(body, &org.store())?;
    let now = org.clock.now();
    let minted = org.jobs.mint(&org.settings().pod);
    Ok(org.jobs.add_ingest(IngestJob::new(minted, spec, caller.user, now, caller.version), now))
}

fn create_with_data(org: &Arc<OrgState>, caller: Caller, boundary: &str, body: &[u8]) -> Answer {
    let malformed = || BulkError::bad("INVALIDREQUEST", "The multipart body needs the parts job and content");
    let parts = multipart::parts(body, boundary).ok_or_else(malformed)?;
    let part = |name: &str| parts.iter().find(|p| p.name == name).ok_or_else(malformed);
    let (job, content) = (part("job")?, part("content")?);
    if String::from_utf8_lossy(&content.data).chars().count() > MAX_MULTIPART_DATA {
        let text = "The data of a multipart request must not exceed 100000 characters";
        return Err(BulkError::bad("INVALIDREQUEST", text));
    }
    let job = open(org, caller, &job.data)?;
    let now = org.clock.now();
    job.upload(Bytes::copy_from_slice(&content.data), now)?;
    job.close(now, true)?;
    let answer = Json(job.short_info()).into_response();
    run::start(org, &job);
    Ok(answer)
}

/// `PUT …/jobs/ingest/{id}/batches`: 201 and an empty body.
pub(super) async fn upload(
    State(org): Org,
    Path((_, id)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Answer {
    let job = find(&org, &id)?;
    let kind = media_type(&headers);
    if kind != "text/csv" {
        return Err(unsupported_media(&kind));
    }
    let most = org.settings().bulk.upload_bytes;
    if body.len() > most {
        let text = format!("The request exceeds the maximum size of {most} bytes");
        return Err(BulkError::with(StatusCode::PAYLOAD_TOO_LARGE, "EXCEEDED_MAX_SIZE_REQUEST", text));
    }
    job.upload(body, org.clock.now())?;
    Ok(StatusCode::CREATED.into_response())
}

/// `PATCH …/jobs/ingest/{id}`: closes or aborts.
pub(super) async fn change_state(
    State(org): Org,
    Path((_, id)): Path<(String, String)>,
    body: Bytes,
) -> Answer {
    let job = find(&org, &id)?;
    let change: StateChange = parse_json(&body)?;
    let now = org.clock.now();
    match change.state.as_str() {
        "UploadComplete" => {
            job.close(now, org.settings().bulk.put_twice_error)?;
            let answer = Json(job.short_info()).into_response();
            run::start(&org, &job);
            Ok(answer)
        }
        "Aborted" => {
            job.abort(now)?;
            Ok(Json(job.short_info()).into_response())
        }
        other => Err(BulkError::state(format!("Job state cannot be changed to {other}"))),
    }
}

/// `GET …/jobs/ingest/{id}`.
pub(super) async fn info(
    State(org): Org,
    Path((_, id)): Path<(String, String)>,
) -> Result<Json<JsonValue>, BulkError> {
    let job = find(&org, &id)?;
    let info = job.info();
    run::polled(&org, &job);
    Ok(Json(info))
}

/// `DELETE …/jobs/ingest/{id}`: 204.
pub(super) async fn delete(State(org): Org, Path((_, id)): Path<(String, String)>) -> Answer {
    let job = find(&org, &id)?;
    let state = job.course().state;
    match state {
        JobState::Open | JobState::InProgress => Err(BulkError::not_terminated()),
        JobState::UploadComplete => {
            job.abort(org.clock.now())?;
            org.jobs.remove_ingest(&job.id);
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        JobState::JobComplete | JobState::Failed | JobState::Aborted => {
            org.jobs.remove_ingest(&job.id);
            Ok(StatusCode::NO_CONTENT.into_response())
        }
    }
}

/// `GET …/jobs/ingest`.
pub(super) async fn list(
    State(org): Org,
    Extension(caller): Extension<Caller>,
    Query(query): Query<ListQuery>,
) -> Result<Json<JsonValue>, BulkError> {
    let jobs = org.jobs.all_ingest().into_iter().map(|job| (job.id, job.list_info())).collect();
    page(jobs, "V2Ingest", &query, &format!("{}/jobs/ingest", caller.base())).map(Json)
}

/// `GET …/successfulResults`.
pub(super) async fn successful(State(org): Org, Path((_, id)): Path<(String, String)>) -> Answer {
    results(&org, &id, ResultSet::Successful).await
}

/// `GET …/failedResults`.
pub(super) async fn failed(State(org): Org, Path((_, id)): Path<(String, String)>) -> Answer {
    results(&org, &id, ResultSet::Failed).await
}

/// `GET …/unprocessedrecords`, in either spelling.
pub(super) async fn unprocessed(State(org): Org, Path((_, id)): Path<(String, String)>) -> Answer {
    results(&org, &id, ResultSet::Unprocessed).await
}

async fn results(org: &Arc<OrgState>, id: &str, set: ResultSet) -> Answer {
    let job = find(org, id)?;
    let state = job.course().state;
    if !state.is_terminal() {
        let text = format!("Results of a job in state {} cannot be read yet", state.as_str());
        return Err(BulkError::state(text));
    }
    let settings = org.settings();
    let empty_sets = settings.bulk.empty_sets;
    let written = tokio::task::spawn_blocking(move || write(&job, set, &settings.bulk)).await;
    match written {
        Ok(text) if text.lines().nth(1).is_none() && empty_sets == EmptySets::NoContent => {
            Ok(StatusCode::NO_CONTENT.into_response())
        }
        Ok(text) if text.lines().nth(1).is_none() && empty_sets == EmptySets::Nothing => {
            Ok(([(header::CONTENT_TYPE, "text/csv; charset=UTF-8")], String::new()).into_response())
        }
        Ok(text) => Ok(([(header::CONTENT_TYPE, "text/csv; charset=UTF-8")], text).into_response()),
        Err(_) => {
            let status = StatusCode::INTERNAL_SERVER_ERROR;
            Err(BulkError::with(status, "UNKNOWN_EXCEPTION", "An unexpected error occurred"))
        }
    }
}
