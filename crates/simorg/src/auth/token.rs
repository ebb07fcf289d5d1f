//! `POST /services/oauth2/token` and `/revoke`.

use super::grants::{self, Refusal, TokenForm};
use crate::org::OrgState;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

/// Answers a token or an OAuth error.
pub(crate) async fn token(State(org): State<Arc<OrgState>>, headers: HeaderMap, body: Bytes) -> Response {
    let form: TokenForm = crate::http::form(&body).unwrap_or_default();
    let granted = match grants::run(&org, &headers, &form) {
        Ok(granted) => granted,
        Err(refusal) => return refusal.into_response(),
    };
    let Some(user) = org.user_id(&granted.username) else {
        return Refusal::grant("authentication failure").into_response();
    };
    let (org_id, now) = (org.org_id(), org.clock.now());
    let access = org.sessions.start(org_id, user, now, &org.random);
    let answer = json!({
        "access_token": access,
        "signature": STANDARD.encode(org.random.next().to_be_bytes().repeat(4)),
        "scope": "api",
        "instance_url": org.url(),
        "id": format!("{}/id/{org_id}/{user}", org.url()),
        "token_type": "Bearer",
        "issued_at": now.0.to_string(),
    });
    ([(header::CACHE_CONTROL, "no-store")], Json(answer)).into_response()
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct RevokeForm {
    token: String,
}

/// Ends a session or refresh grant.
pub(crate) async fn revoke(State(org): State<Arc<OrgState>>, body: Bytes) -> Response {
    let form: RevokeForm = crate::http::form(&body).unwrap_or_default();
    if org.sessions.revoke(&form.token) {
        StatusCode::OK.into_response()
    } else {
        let body = json!({"error": "unsupported_token_type", "error_description": "this token type is not supported"});
        (StatusCode::BAD_REQUEST, Json(body)).into_response()
    }
}
