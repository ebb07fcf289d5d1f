//! The grant types of the token endpoint.

use super::assertion;
use crate::org::OrgState;
use crate::settings::{Settings, UserSettings};
use axum::Json;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::json;

/// A refused sign-in, in the flat form of OAuth.
pub(crate) struct Refusal {
    error: &'static str,
    description: &'static str,
}

impl Refusal {
    pub(super) fn grant(description: &'static str) -> Self {
        Self { error: "invalid_grant", description }
    }

    pub(super) fn assertion() -> Self {
        Self::grant("invalid assertion")
    }

    pub(super) fn client_id() -> Self {
        Self { error: "invalid_client_id", description: "client identifier invalid" }
    }

    fn client() -> Self {
        Self { error: "invalid_client", description: "invalid client credentials" }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let body = Json(json!({"error": self.error, "error_description": self.description}));
        let headers = [(header::CACHE_CONTROL, "no-store"), (header::PRAGMA, "no-cache")];
        (StatusCode::BAD_REQUEST, headers, body).into_response()
    }
}

/// Form fields of the token endpoint.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct TokenForm {
    pub(super) grant_type: String,
    client_id: String,
    client_secret: String,
    assertion: String,
    username: String,
    password: String,
    refresh_token: String,
}

/// Runs one grant and answers who signs in. None of them brings a refresh token: that takes a user's approval in a
/// browser (REST guide: the refresh token in the authentication flow), for which `Admin::approve` stands.
pub(super) fn run(org: &OrgState, headers: &HeaderMap, form: &TokenForm) -> Result<UserSettings, Refusal> {
    let settings = org.settings();
    let user = match form.grant_type.as_str() {
        "client_credentials" => {
            check_client(&settings, headers, form)?;
            let user = settings.users.iter().find(|user| user.integration);
            user.cloned().ok_or_else(|| Refusal::grant("no client credentials user enabled"))?
        }
        "urn:ietf:params:oauth:grant-type:jwt-bearer" => assertion::check(org, &form.assertion)?,
        "password" => {
            check_client(&settings, headers, form)?;
            let user = by_password(&settings, &form.username, &form.password);
            let user = user.filter(|_| settings.auth.password_flow);
            user.ok_or_else(|| Refusal::grant("authentication failure"))?
        }
        "refresh_token" => {
            check_client(&settings, headers, form)?;
            let user =
                org.sessions.refresh_user(&form.refresh_token).and_then(|id| by_id(org, &settings, id));
            user.ok_or_else(|| Refusal::grant("expired access/refresh token"))?
        }
        _ => {
            return Err(Refusal { error: "unsupported_grant_type", description: "grant type not supported" });
        }
    };
    if user.active {
        Ok(user)
    } else {
        Err(Refusal { error: "inactive_user", description: "user is inactive" })
    }
}

fn check_client(settings: &Settings, headers: &HeaderMap, form: &TokenForm) -> Result<(), Refusal> {
    let (id, secret) = basic(headers).unwrap_or_else(|| (form.client_id.clone(), form.client_secret.clone()));
    if id != settings.auth.client_id {
        Err(Refusal::client_id())
    } else if secret != settings.auth.client_secret {
        Err(Refusal::client())
    } else {
        Ok(())
    }
}

/// Id and secret of a `Basic` header.
fn basic(headers: &HeaderMap) -> Option<(String, String)> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, encoded) = text.split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = String::from_utf8(STANDARD.decode(encoded.trim()).ok()?).ok()?;
    let (id, secret) = decoded.split_once(':')?;
    Some((id.to_owned(), secret.to_owned()))
}

/// The user of a name and a password with the security token behind it.
pub(super) fn by_password(settings: &Settings, username: &str, password: &str) -> Option<UserSettings> {
    let user = settings.users.iter().find(|user| user.username.eq_ignore_ascii_case(username))?;
    (password == format!("{}{}", user.password, user.security_token)).then(|| user.clone())
}

fn by_id(org: &OrgState, settings: &Settings, id: crate::id::RecordId) -> Option<UserSettings> {
    settings.users.iter().find(|user| org.user_id(&user.username) == Some(id)).cloned()
}
