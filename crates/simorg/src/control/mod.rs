//! The control side: JSON over HTTP on a port of its own, so that no client comes to depend on it.
//!
//! Every call answers JSON; what is refused is answered 400 with `{"error": "…"}`.

mod org;
mod records;

use crate::org::{Admin, OrgError};
use axum::Json;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde_json::json;

/// Largest accepted body: a large seed.
const BODY_BYTES: usize = 512_000_000;

/// The service of the control port.
pub(crate) fn router(admin: Admin) -> Router {
    Router::new()
        .route("/", get(org::about))
        .route("/settings", get(org::settings).patch(org::patch_settings))
        .route("/calls", get(org::calls).delete(org::reset_calls))
        .route("/fault", post(org::fault).delete(org::clear_faults))
        .route("/clock", get(org::clock).post(org::set_clock))
        .route("/approve", post(org::approve))
        .route("/sessions", axum::routing::delete(org::end_sessions))
        .route("/cursors", axum::routing::delete(org::close_cursors))
        .route("/recycle-bin", axum::routing::delete(org::empty_recycle_bin))
        .route("/jobs", get(org::jobs))
        .route("/progress", post(org::progress))
        .route("/step", post(org::step))
        .route("/seed", post(records::seed))
        .route("/records/{object}", get(records::dump))
        .route("/create", post(records::create))
        .route("/edit", post(records::edit))
        .route("/delete", post(records::delete))
        .route("/undelete", post(records::undelete))
        .route("/merge", post(records::merge))
        .route("/touch", post(records::touch))
        .route("/convert", post(records::convert))
        .route("/lock", post(records::lock).delete(records::release_locks))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(admin)
}

/// A refused control call.
struct Refused(String);

impl From<OrgError> for Refused {
    fn from(error: OrgError) -> Self {
        Self(error.to_string())
    }
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        (StatusCode::BAD_REQUEST, Json(json!({"error": self.0}))).into_response()
    }
}
