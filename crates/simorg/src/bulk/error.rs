//! What a refused Bulk call answers: the array of REST, with codes that mostly carry no underscore.

use axum::Json;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use serde_json::json;

/// A refused call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct BulkError {
    pub(crate) status: StatusCode,
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl BulkError {
    /// A 400 with this code.
    pub(crate) fn bad(code: &'static str, message: impl Into<String>) -> Self {
        Self { status: StatusCode::BAD_REQUEST, code, message: message.into() }
    }

    /// A refusal with another status.
    pub(crate) fn with(status: StatusCode, code: &'static str, message: impl Into<String>) -> Self {
        Self { status, code, message: message.into() }
    }

    /// A call the state of the job does not allow.
    pub(crate) fn state(message: impl Into<String>) -> Self {
        Self::bad("INVALIDJOBSTATE", message)
    }

    /// An unknown or deleted job.
    pub(crate) fn not_found() -> Self {
        Self::with(StatusCode::NOT_FOUND, "NOT_FOUND", "The requested resource does not exist")
    }

    /// A job that cannot be deleted yet.
    pub(crate) fn not_terminated() -> Self {
        Self::bad("API_ERROR", "Error encountered when deleting the job because the job is not terminated")
    }
}

impl IntoResponse for BulkError {
    fn into_response(self) -> Response {
        (self.status, Json(json!([{"errorCode": self.code, "message": self.message}]))).into_response()
    }
}
