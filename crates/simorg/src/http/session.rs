//! Who calls, and in which API version.

use super::error::ApiError;
use crate::id::RecordId;
use crate::org::{Op, OrgState};
use crate::save::{Api, DuplicateHeader, SaveContext};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

/// The signed-in user of a call and the version in its path. Handlers take it as `Extension<Caller>`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Caller {
    /// The user.
    pub(crate) user: RecordId,
    /// Major API version: 66 for `v66.0`.
    pub(crate) version: u32,
}

impl Caller {
    /// Start of every resource URL: `/services/data/v66.0`.
    pub(crate) fn base(self) -> String {
        format!("/services/data/v{}.0", self.version)
    }

    /// The context of a REST save with the headers of the call.
    pub(crate) fn rest(self, headers: &HeaderMap) -> SaveContext {
        let mut context = SaveContext::new(self.user, Api::Rest);
        context.version = self.version;
        context.duplicates = duplicate_header(headers);
        context
    }
}

fn duplicate_header(headers: &HeaderMap) -> DuplicateHeader {
    let text = headers.get("sforce-duplicate-rule-header").and_then(|value| value.to_str().ok());
    let is_true = |name: &str| {
        text.into_iter().flat_map(|text| text.split([';', ','])).filter_map(|part| part.split_once('=')).any(
            |(key, value)| key.trim().eq_ignore_ascii_case(name) && value.trim().eq_ignore_ascii_case("true"),
        )
    };
    DuplicateHeader {
        allow_save: is_true("allowSave"),
        include_record_details: is_true("includeRecordDetails"),
        run_as_current_user: is_true("runAsCurrentUser"),
    }
}

/// The layer of every call that needs a session: the version must be served, the token must be live.
pub(crate) async fn authorise(
    State(org): State<Arc<OrgState>>,
    mut request: Request,
    next: Next,
) -> Response {
    let version = match served_version(&org, request.uri().path()) {
        Ok(version) => version,
        Err(error) => return error.into_response(),
    };
    let identity = Op::of(request.method(), request.uri().path()) == Op::UserInfo;
    let Some(token) = bearer(request.headers()) else { return refused(identity, "Missing_OAuth_Token") };
    let settings = org.settings();
    let Some(user) = org.sessions.use_token(token, org.clock.now(), &settings.auth) else {
        return refused(identity, "Bad_OAuth_Token");
    };
    request.extensions_mut().insert(Caller { user, version });
    next.run(request).await
}

/// No session: the identity service answers 403 and one word (Help, "Identity URLs"; seen by
/// forcedotcom/SalesforceMobileSDK-Android#2430 and jsforce#736), all others 401 and JSON.
fn refused(identity: bool, word: &'static str) -> Response {
    if identity { (StatusCode::FORBIDDEN, word).into_response() } else { ApiError::session().into_response() }
}

/// The token of an `Authorization` header, `Bearer` or `OAuth`.
fn bearer(headers: &HeaderMap) -> Option<&str> {
    let text = headers.get(header::AUTHORIZATION)?.to_str().ok()?;
    let (scheme, token) = text.split_once(' ')?;
    let known = scheme.eq_ignore_ascii_case("bearer") || scheme.eq_ignore_ascii_case("oauth");
    known.then(|| token.trim())
}

/// The version of a data path; paths elsewhere count as the highest.
pub(crate) fn served_version(org: &OrgState, path: &str) -> Result<u32, ApiError> {
    let api = org.settings().api;
    let Some(rest) = path.strip_prefix("/services/data/") else { return Ok(api.ceiling) };
    let name = rest.split('/').next().unwrap_or_default();
    let number = name.strip_prefix('v').and_then(|name| name.strip_suffix(".0"));
    let version: u32 = number.and_then(|number| number.parse().ok()).ok_or_else(ApiError::not_found)?;
    if version > api.ceiling || version < 20 {
        return Err(ApiError::not_found());
    }
    if version < api.floor {
        let text = "The requested resource is no longer available: this API version is retired";
        return Err(ApiError::new(410, "UNSUPPORTED_API_VERSION", text));
    }
    Ok(version)
}
