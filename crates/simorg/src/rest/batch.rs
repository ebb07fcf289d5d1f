//! `/composite/batch`: up to 25 independent calls in one.

use super::composite::MOST;
use super::row;
use super::subrequest::{Answered, Asked, method, send};
use crate::http::{ApiError, Caller};
use crate::org::OrgState;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

/// One subrequest as written; its URL starts at the version.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    method: String,
    url: String,
    rich_input: Option<Value>,
}

/// The body of the call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Whole {
    batch_requests: Vec<Written>,
    #[serde(default)]
    halt_on_error: bool,
}

/// `POST /composite/batch`. The answer is 200 whatever became of the subrequests.
pub(super) async fn batch(
    State(org): State<Arc<OrgState>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    super::sobject::json_only(&headers)?;
    let whole: Whole = serde_json::from_value(Value::Object(row::object(&body)?))
        .map_err(|error| ApiError::json(&error.to_string()))?;
    if whole.batch_requests.is_empty() {
        return Err(ApiError::json("At least one subrequest is expected in batchRequests"));
    }
    if whole.batch_requests.len() > MOST {
        let text = format!("The limit for total number of subrequests is {MOST}");
        return Err(ApiError::new(400, "LIMIT_EXCEEDED", &text));
    }
    // A wrong method refuses everything before anything is done (REST guide: batch request body).
    let asked = whole.batch_requests.into_iter().map(asked).collect::<Result<Vec<_>, _>>()?;
    let mut results = Vec::with_capacity(asked.len());
    let mut has_errors = false;
    for asked in asked {
        let answered = if has_errors && whole.halt_on_error {
            let text = "Batch processing halted by request: an earlier subrequest failed";
            Answered::refusal(412, "BATCH_PROCESSING_HALTED", text)
        } else {
            send(&org, caller, asked).await
        };
        has_errors |= answered.failed();
        results.push(json!({"statusCode": answered.status, "result": answered.body}));
    }
    Ok(Json(json!({"hasErrors": has_errors, "results": results})))
}

fn asked(written: Written) -> Result<Asked, ApiError> {
    let method = method(&written.method)
        .ok_or_else(|| ApiError::json(&format!("Invalid method: {}", written.method)))?;
    let url = written.url.trim_start_matches('/').trim_start_matches("services/data/");
    let url = format!("/services/data/{url}");
    Ok(Asked { method, url, headers: HeaderMap::new(), body: written.rich_input })
}
