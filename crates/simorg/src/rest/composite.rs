//! `/composite`: up to 25 calls in one, later ones with parts of earlier answers.

use super::references::{Answers, in_json, in_text};
use super::row;
use super::subrequest::{Answered, Asked, method, send};
use crate::http::{ApiError, Caller};
use crate::org::{OrgState, Transaction};
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Method};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Most subrequests (REST guide: composite, composite batch).
pub(super) const MOST: usize = 25;
/// Most of them that query or use collections (REST guide: composite).
const MOST_HEAVY: usize = 5;

const ROLLED_BACK: &str =
    "The transaction was rolled back since another operation in the same transaction failed.";

/// One subrequest as written.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Written {
    method: String,
    url: String,
    reference_id: String,
    body: Option<Value>,
    #[serde(default)]
    http_headers: HashMap<String, String>,
}

/// The body of the call.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct Whole {
    #[serde(default)]
    all_or_none: bool,
    /// Subrequests run one after the other here, so there is nothing to collate.
    #[serde(default, rename = "collateSubrequests")]
    _collate: bool,
    composite_request: Vec<Written>,
}

/// `GET /composite`: what there is below it.
pub(super) async fn index(Extension(caller): Extension<Caller>) -> Json<Value> {
    let base = caller.base();
    Json(
        json!({"batch": format!("{base}/composite/batch"), "sobjects": format!("{base}/composite/sobjects")}),
    )
}

/// `POST /composite`. The answer is 200 whatever became of the subrequests.
pub(super) async fn composite(
    State(org): State<Arc<OrgState>>,
    Extension(caller): Extension<Caller>,
    headers: HeaderMap,
    body: Bytes,
) -> Result<Json<Value>, ApiError> {
    super::sobject::json_only(&headers)?;
    let whole: Whole = serde_json::from_value(Value::Object(row::object(&body)?))
        .map_err(|error| ApiError::json(&error.to_string()))?;
    check(&whole)?;
    let transaction = Transaction::default();
    let mut answers = Answers::new();
    let mut done: Vec<(String, Answered)> = Vec::with_capacity(whole.composite_request.len());
    let mut broken = None;
    for written in &whole.composite_request {
        let answered = if broken.is_some() {
            halted(ROLLED_BACK)
        } else {
            match asked(written, whole.all_or_none, &answers) {
                Ok(asked) if whole.all_or_none => transaction.run(send(&org, caller, asked)).await,
                Ok(asked) => send(&org, caller, asked).await,
                Err(refusal) => halted(&refusal),
            }
        };
        if whole.all_or_none && broken.is_none() && (answered.failed() || has_failed_row(&answered)) {
            broken = Some(done.len());
        }
        if !answered.failed() {
            answers.insert(written.reference_id.clone(), answered.body.clone());
        }
        done.push((written.reference_id.clone(), answered));
    }
    if let Some(culprit) = broken {
        transaction.roll_back(&org);
        for (number, (_, answered)) in done.iter_mut().enumerate() {
            if number != culprit {
                *answered = halted(ROLLED_BACK);
            }
        }
    }
    let results: Vec<Value> = done.into_iter().map(|(id, answered)| result(&id, answered)).collect();
    Ok(Json(json!({"compositeResponse": results})))
}

fn halted(text: &str) -> Answered {
    Answered::refusal(400, "PROCESSING_HALTED", text)
}

/// A collection answers 200 although rows failed; all or none looks at the rows.
fn has_failed_row(answered: &Answered) -> bool {
    let rows = answered.body.as_array().into_iter().flatten();
    rows.filter(|row| row.get("success").and_then(Value::as_bool) == Some(false)).count() > 0
}

fn result(reference: &str, answered: Answered) -> Value {
    let headers = answered.location.map_or_else(|| json!({}), |place| json!({"Location": place}));
    json!({
        "body": answered.body, "httpHeaders": headers, "httpStatusCode": answered.status,
        "referenceId": reference,
    })
}

/// Whether a subrequest counts against the smaller limit.
fn is_heavy(url: &str) -> bool {
    let path = url.split('?').next().unwrap_or_default();
    path.contains("/query") || path.contains("/composite/sobjects")
}

/// What refuses the whole call.
fn check(whole: &Whole) -> Result<(), ApiError> {
    let requests = &whole.composite_request;
    let limit = |text: String| Err(ApiError::new(400, "LIMIT_EXCEEDED", &text));
    if requests.is_empty() {
        return Err(ApiError::json("At least one subrequest is expected in compositeRequest"));
    }
    if requests.len() > MOST {
        return limit(format!("The limit for total number of subrequests is {MOST}"));
    }
    if requests.iter().filter(|request| is_heavy(&request.url)).count() > MOST_HEAVY {
        return limit(format!("The limit for query and collection subrequests is {MOST_HEAVY}"));
    }
    let mut seen = HashSet::new();
    for request in requests {
        let id = request.reference_id.as_str();
        let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let begins = id.bytes().next().is_some_and(|byte| byte.is_ascii_alphanumeric());
        if !plain || !begins {
            let text = format!(
                "Provided referenceId ('{id}') must start with a letter or a number, and it can contain only letters, \
                 numbers and underscores ('_')."
            );
            return Err(ApiError::json(&text));
        }
        if !seen.insert(id) {
            return Err(ApiError::json(&format!("Duplicate referenceId provided ('{id}')")));
        }
        let own = ["accept", "authorization", "content-type"];
        if request.http_headers.keys().any(|name| own.contains(&name.to_ascii_lowercase().as_str())) {
            return Err(ApiError::json(
                "Accept, Authorization and Content-Type are taken from the outer request",
            ));
        }
        if method(&request.method).is_none() {
            return Err(ApiError::json(&format!("Invalid method: {}", request.method)));
        }
    }
    Ok(())
}

/// A subrequest with its references replaced.
fn asked(written: &Written, all_or_none: bool, answers: &Answers) -> Result<Asked, String> {
    let url = in_text(&written.url, answers)?;
    let mut body = written.body.as_ref().map(|body| in_json(body, answers)).transpose()?;
    if let (true, Some(Value::Object(members))) = (all_or_none, &mut body)
        && members.contains_key("records")
    {
        members.insert("allOrNone".into(), Value::Bool(true));
    }
    let mut headers = HeaderMap::new();
    for (name, value) in &written.http_headers {
        if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
    let method = method(&written.method).unwrap_or(Method::GET);
    Ok(Asked { method, url, headers, body })
}
