//! What a client is told.

use axum::body::Body;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{Response, StatusCode};
use serde::Serialize;
use serde_json::{Value, json};

use super::body::Lost;
use super::request::Broken;
use crate::queue::{Accepted, QueueError};
use crate::refusal::Refusal;

/// Seconds after which to come again when events cannot be kept.
const AGAIN_AFTER: u64 = 5;

/// In how many seconds a source may send again. Segment's HTTP API answers 429 with it and with `Retry-After` (HTTP API, "Rate
/// limits").
const RATE_LIMIT_RESET: HeaderName = HeaderName::from_static("x-ratelimit-reset");

/// What became of one event.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Told {
    /// 202: kept. Else why not.
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    message_id: Option<String>,
    /// It was kept before.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    repeated: bool,
    /// Whether it will go to Salesforce.
    #[serde(skip_serializing_if = "Option::is_none")]
    salesforce: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

impl Told {
    pub(super) fn kept(message_id: String, salesforce: bool, accepted: Accepted) -> Self {
        let repeated = accepted == Accepted::Repeated;
        Self {
            status: 202,
            message_id: Some(message_id),
            repeated,
            salesforce: Some(salesforce),
            reason: None,
        }
    }

    pub(super) fn refused(refusal: Refusal) -> Self {
        let reason = Some(refusal.to_string());
        Self { status: refusal.status(), message_id: None, repeated: false, salesforce: None, reason }
    }
}

/// The answer to a request whose events were looked at: 200 when one of them is kept, else the status they share, else 400.
pub(super) fn results(results: &[Told]) -> Response<Body> {
    let accepted = results.iter().filter(|result| result.status == 202).count();
    let refused = results.len() - accepted;
    let status = match results.first() {
        Some(first) if accepted == 0 && results.iter().all(|result| result.status == first.status) => {
            StatusCode::from_u16(first.status).unwrap_or(StatusCode::BAD_REQUEST)
        }
        Some(_) if accepted == 0 => StatusCode::BAD_REQUEST,
        Some(_) | None => StatusCode::OK,
    };
    let mut body =
        json!({ "success": refused == 0, "accepted": accepted, "refused": refused, "results": results });
    if status != StatusCode::OK {
        let reason = results.first().and_then(|first| first.reason.clone());
        body["code"] = "refused".into();
        body["message"] = reason.into();
    }
    of(status, &body)
}

/// An answer to a request as a whole. `code` and `message` are what Segment's Python SDK reads.
pub(super) fn refused(status: StatusCode, code: &str, message: &str) -> Response<Body> {
    of(status, &json!({ "success": false, "code": code, "message": message }))
}

pub(super) fn unknown_key() -> Response<Body> {
    let message = "the write key is missing or belongs to no source";
    let mut answer = refused(StatusCode::UNAUTHORIZED, "unauthorized", message);
    let realm = HeaderValue::from_static("Basic realm=\"write key\"");
    answer.headers_mut().insert(WWW_AUTHENTICATE, realm);
    answer
}

pub(super) fn too_fast(seconds: u64) -> Response<Body> {
    let message = "this source sends more events than it may";
    let mut answer = again(refused(StatusCode::TOO_MANY_REQUESTS, "rate_limited", message), seconds);
    answer.headers_mut().insert(RATE_LIMIT_RESET, HeaderValue::from(seconds));
    answer
}

/// Nothing of it is kept, as far as anybody knows: the client must send it again.
pub(super) fn not_kept(error: &QueueError) -> Response<Body> {
    // The same would be too large again: whoever sends it for ever helps nobody.
    if matches!(error, QueueError::Log(segments::Error::TooLarge { .. })) {
        let message = "an event is too large together with the context of its batch";
        return refused(StatusCode::PAYLOAD_TOO_LARGE, "too_large", message);
    }
    let full = matches!(error, QueueError::Log(segments::Error::Full));
    let message = if full { "there is no room to keep events" } else { "events cannot be kept now" };
    again(refused(StatusCode::SERVICE_UNAVAILABLE, "not_kept", message), AGAIN_AFTER)
}

pub(super) fn lost(lost: Lost) -> Response<Body> {
    let (status, code, message) = match lost {
        Lost::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too_large", "the request is larger than 500 KB"),
        Lost::NotGzip => (StatusCode::BAD_REQUEST, "not_gzip", "the body does not unpack"),
        Lost::Encoding => (
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "encoding",
            "of the content encodings only gzip is understood",
        ),
        Lost::Slow => (StatusCode::REQUEST_TIMEOUT, "slow", "the body did not come in time"),
        Lost::Gone => (StatusCode::BAD_REQUEST, "incomplete", "the body is incomplete"),
    };
    refused(status, code, message)
}

pub(super) fn broken(broken: Broken, batch_events: usize) -> Response<Body> {
    match broken {
        Broken::NotABatch => refused(
            StatusCode::BAD_REQUEST,
            "not_a_batch",
            "the body is no JSON object with a list \"batch\"",
        ),
        Broken::TooMany => {
            let message = format!("a batch holds at most {batch_events} events");
            refused(StatusCode::PAYLOAD_TOO_LARGE, "too_many", &message)
        }
        Broken::Outer(refusal) => {
            let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::BAD_REQUEST);
            refused(status, "batch", &format!("context or integrations of the batch: {refusal}"))
        }
    }
}

fn again(mut answer: Response<Body>, seconds: u64) -> Response<Body> {
    answer.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    answer
}

pub(super) fn of(status: StatusCode, body: &Value) -> Response<Body> {
    let mut answer = Response::new(Body::from(body.to_string()));
    *answer.status_mut() = status;
    answer.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    answer
}
