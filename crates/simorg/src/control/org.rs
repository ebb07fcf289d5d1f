//! Control calls about the org as a whole.

use super::Refused;
use crate::bulk::{JobInfo, Progress};
use crate::org::{Admin, CallCounts, Fault, Op};
use crate::settings::Settings;
use crate::value::Stamp;
use axum::Json;
use axum::extract::State;
use serde::Deserialize;
use serde_json::{Value, json};
use std::time::Duration;

/// `GET /`: what a client needs to sign in.
pub(super) async fn about(State(admin): State<Admin>) -> Json<Value> {
    Json(json!({
        "url": admin.state().url(),
        "org_id": admin.org_id(),
        "client_id": admin.client_id(),
        "client_secret": admin.client_secret(),
        "jwt_private_key_pem": admin.jwt_private_key_pem(),
        "users": admin.usernames(),
    }))
}

/// `GET /settings`.
pub(super) async fn settings(State(admin): State<Admin>) -> Json<Settings> {
    Json(admin.settings())
}

/// `PATCH /settings`: members given replace those of the present settings, objects member by member.
pub(super) async fn patch_settings(
    State(admin): State<Admin>,
    Json(patch): Json<Value>,
) -> Result<Json<Settings>, Refused> {
    let mut whole = serde_json::to_value(admin.settings()).map_err(|error| Refused(error.to_string()))?;
    merge(&mut whole, patch);
    let settings: Settings = serde_json::from_value(whole).map_err(|error| Refused(error.to_string()))?;
    admin.configure(|place| *place = settings);
    Ok(Json(admin.settings()))
}

fn merge(whole: &mut Value, patch: Value) {
    match (whole, patch) {
        (Value::Object(whole), Value::Object(patch)) => {
            for (name, value) in patch {
                merge(whole.entry(name).or_insert(Value::Null), value);
            }
        }
        (whole, patch) => *whole = patch,
    }
}

/// `GET /calls`.
pub(super) async fn calls(State(admin): State<Admin>) -> Json<CallCounts> {
    Json(admin.calls())
}

/// `DELETE /calls`.
pub(super) async fn reset_calls(State(admin): State<Admin>) -> Json<CallCounts> {
    admin.reset_calls();
    Json(admin.calls())
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Script {
    op: Op,
    fault: Fault,
}

/// `POST /fault` with `{"op": "query", "fault": {"html": {"status": 503}}}`.
pub(super) async fn fault(State(admin): State<Admin>, Json(script): Json<Script>) -> Json<Value> {
    admin.fault(script.op, script.fault);
    Json(json!({}))
}

/// `DELETE /fault`.
pub(super) async fn clear_faults(State(admin): State<Admin>) -> Json<Value> {
    admin.clear_faults();
    Json(json!({}))
}

/// `GET /clock`.
pub(super) async fn clock(State(admin): State<Admin>) -> Json<Value> {
    Json(json!({"now": admin.clock().now().csv()}))
}

/// What to do with the clock; all members may be given, and happen in this order.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Move {
    hold: Option<String>,
    advance_s: Option<u64>,
    run: Option<bool>,
}

/// `POST /clock` with `{"hold": "2026-10-05T12:00:00Z"}`, `{"advance_s": 60}` or `{"run": true}`.
pub(super) async fn set_clock(
    State(admin): State<Admin>,
    Json(change): Json<Move>,
) -> Result<Json<Value>, Refused> {
    if let Some(text) = &change.hold {
        let at = Stamp::parse(text).ok_or_else(|| Refused("hold is no ISO 8601 date-time".into()))?;
        admin.clock().hold(at);
    }
    if let Some(seconds) = change.advance_s {
        admin.clock().advance(Duration::from_secs(seconds));
    }
    if change.run == Some(true) {
        admin.clock().run();
    }
    Ok(clock(State(admin)).await)
}

/// Who approves.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Approval {
    user: String,
}

/// `POST /approve` with `{"user": "…"}`: the refresh token of a user who approved the app in a browser.
pub(super) async fn approve(
    State(admin): State<Admin>,
    Json(approval): Json<Approval>,
) -> Result<Json<Value>, Refused> {
    Ok(Json(json!({"refresh_token": admin.approve(&approval.user)?})))
}

/// `DELETE /sessions`.
pub(super) async fn end_sessions(State(admin): State<Admin>) -> Json<Value> {
    admin.end_sessions();
    Json(json!({}))
}

/// `DELETE /cursors`.
pub(super) async fn close_cursors(State(admin): State<Admin>) -> Json<Value> {
    admin.close_cursors();
    Json(json!({}))
}

/// `DELETE /recycle-bin`: what is older than 15 days goes for good.
pub(super) async fn empty_recycle_bin(State(admin): State<Admin>) -> Json<Value> {
    admin.empty_recycle_bin();
    Json(json!({}))
}

/// `GET /jobs`.
pub(super) async fn jobs(State(admin): State<Admin>) -> Json<Vec<JobInfo>> {
    Json(admin.jobs())
}

/// How Bulk jobs move on.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Mode {
    mode: Progress,
}

/// `POST /progress` with `{"mode": "auto"}` or `{"mode": "stepped"}`.
pub(super) async fn progress(State(admin): State<Admin>, Json(mode): Json<Mode>) -> Json<Value> {
    admin.progress(mode.mode);
    Json(json!({}))
}

/// `POST /step`: moves every waiting job one step on.
pub(super) async fn step(State(admin): State<Admin>) -> Result<Json<Value>, Refused> {
    let moved = tokio::task::spawn_blocking(move || admin.step_jobs()).await;
    let moved = moved.map_err(|_| Refused("the step broke off".into()))?;
    Ok(Json(json!({"moved": moved})))
}
