//! Runs a call that stands within another one.

use super::routes;
use crate::http::{ApiError, Caller, served_version};
use crate::org::OrgState;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Method, Request, header};
use axum::response::{IntoResponse, Response};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use serde_json::{Value, json};
use std::sync::Arc;
use tower::ServiceExt;

/// Largest answer taken over.
const ANSWER_BYTES: usize = 64_000_000;

/// What a subrequest asks for.
pub(super) struct Asked {
    pub(super) method: Method,
    /// Path and query, from `/services/data/` on.
    pub(super) url: String,
    pub(super) headers: HeaderMap,
    pub(super) body: Option<Value>,
}

/// What it was answered.
pub(super) struct Answered {
    pub(super) status: u16,
    pub(super) location: Option<String>,
    /// Null when there is no body.
    pub(super) body: Value,
}

impl Answered {
    /// A refusal in the shape of every other one.
    pub(super) fn refusal(status: u16, code: &str, message: &str) -> Self {
        Self { status, location: None, body: json!([{"errorCode": code, "message": message}]) }
    }

    /// Whether it counts as failed.
    pub(super) fn failed(&self) -> bool {
        self.status >= 300
    }
}

/// The method of a subrequest, which is case sensitive (REST guide: composite subrequest).
pub(super) fn method(name: &str) -> Option<Method> {
    match name {
        "GET" => Some(Method::GET),
        "POST" => Some(Method::POST),
        "PUT" => Some(Method::PUT),
        "PATCH" => Some(Method::PATCH),
        "DELETE" => Some(Method::DELETE),
        _ => None,
    }
}

/// Runs a subrequest as the user of the outer call. Only records, describes, limits and queries are reached this way.
pub(super) async fn send(org: &Arc<OrgState>, caller: Caller, asked: Asked) -> Answered {
    let (path, query) = asked.url.split_once('?').unwrap_or((&asked.url, ""));
    let version = match served_version(org, path) {
        Ok(version) if path.starts_with("/services/data/") => version,
        Ok(_) => return answered(ApiError::not_found().into_response()).await,
        Err(error) => return answered(error.into_response()).await,
    };
    let url = encoded(&format!("{}?{query}", path.trim_end_matches('/')));
    let body = asked.body.map_or_else(Body::empty, |body| Body::from(body.to_string()));
    let Ok(mut request) = Request::builder().method(asked.method).uri(url).body(body) else {
        return answered(ApiError::not_found().into_response()).await;
    };
    *request.headers_mut() = asked.headers;
    let json_type = header::HeaderValue::from_static("application/json");
    request.headers_mut().insert(header::CONTENT_TYPE, json_type);
    request.extensions_mut().insert(Caller { version, ..caller });
    match routes::inner(org).oneshot(request).await {
        Ok(response) => answered(response).await,
        Err(never) => match never {},
    }
}

async fn answered(response: Response) -> Answered {
    let status = response.status().as_u16();
    let location = response.headers().get(header::LOCATION).and_then(|place| place.to_str().ok());
    let location = location.map(str::to_owned);
    let bytes = to_bytes(response.into_body(), ANSWER_BYTES).await.unwrap_or_default();
    Answered { status, location, body: serde_json::from_slice(&bytes).unwrap_or(Value::Null) }
}

/// Blanks and other characters no URI may hold (RFC 3986).
const NO_URI: &AsciiSet =
    &CONTROLS.add(b' ').add(b'"').add(b'<').add(b'>').add(b'{').add(b'}').add(b'\\').add(b'^').add(b'`');

/// What no URI may hold is encoded: queries are often written plainly here.
fn encoded(url: &str) -> String {
    utf8_percent_encode(url, NO_URI).to_string()
}
