//! Errors as the REST API shows them: an array of `{message, errorCode, fields?}`.

use crate::save::{Failure, SaveError};
use axum::Json;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value as JsonValue, json};

/// A refused call. Its message may quote input: never log it.
pub(crate) struct ApiError {
    status: StatusCode,
    errors: Vec<JsonValue>,
}

impl ApiError {
    /// One error without fields.
    pub(crate) fn new(status: u16, code: &str, message: &str) -> Self {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        Self { status, errors: vec![json!({"message": message, "errorCode": code})] }
    }

    /// 404 for whatever does not exist.
    pub(crate) fn not_found() -> Self {
        Self::new(404, "NOT_FOUND", "The requested resource does not exist")
    }

    /// 400 for a body that is no JSON of the right shape.
    pub(crate) fn json(message: &str) -> Self {
        Self::new(400, "JSON_PARSER_ERROR", message)
    }

    /// 401, the session is gone.
    pub(crate) fn session() -> Self {
        Self::new(401, "INVALID_SESSION_ID", "Session expired or invalid")
    }

    /// A refused row of a single-record call.
    pub(crate) fn of_failure(failure: &Failure) -> Self {
        let deleted =
            failure.errors.iter().any(|e| matches!(e.status_code, "ENTITY_IS_DELETED" | "NOT_FOUND"));
        let many = failure.errors.iter().any(|e| e.status_code == "DUPLICATE_EXTERNAL_ID");
        let access = failure.errors.iter().any(|e| e.status_code == "INSUFFICIENT_ACCESS_OR_READONLY");
        let status = match (deleted, many, access) {
            (true, _, _) => StatusCode::NOT_FOUND,
            (false, true, _) => StatusCode::MULTIPLE_CHOICES,
            (false, false, true) => StatusCode::FORBIDDEN,
            (false, false, false) => StatusCode::BAD_REQUEST,
        };
        Self { status, errors: failure.errors.iter().map(single).collect() }
    }
}

/// An error of a single-record answer.
fn single(error: &SaveError) -> JsonValue {
    let mut body = Map::new();
    if let Some(duplicate) = &error.duplicate {
        let (key, result) = duplicate.as_ref();
        body.insert(key.clone(), result.clone());
    }
    body.insert("message".into(), error.message.as_str().into());
    body.insert("errorCode".into(), error.status_code.into());
    if error.duplicate.is_none() {
        body.insert("fields".into(), json!(error.fields));
    }
    JsonValue::Object(body)
}

/// An error of a collection answer, whose key is `statusCode`.
pub(crate) fn in_collection(error: &SaveError) -> JsonValue {
    json!({"statusCode": error.status_code, "message": error.message, "fields": error.fields})
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(JsonValue::Array(self.errors))).into_response();
        if self.status == StatusCode::UNAUTHORIZED {
            response
                .headers_mut()
                .insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Token"));
        }
        response
    }
}
