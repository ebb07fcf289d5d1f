//! getUpdated and getDeleted.

use super::sobject::table;
use crate::http::ApiError;
use crate::org::OrgState;
use crate::record::Record;
use crate::value::Stamp;
use axum::Json;
use axum::extract::{Path, Query, State};
use serde::Deserialize;
use serde_json::{Value, json};
use std::sync::Arc;

const DAY: i64 = 86_400_000;
/// Most ids of one answer (REST guide).
const MOST: usize = 600_000;

/// The asked window.
#[derive(Deserialize)]
pub(super) struct Window {
    start: String,
    end: String,
}

/// Start and end with seconds cut off, checked.
fn window(given: &Window, now: Stamp) -> Result<(Stamp, Stamp), ApiError> {
    // A `+` that nobody encoded arrives as a blank.
    let read =
        |text: &str| Stamp::parse(&text.replace(' ', "+")).map(|at| Stamp(at.0.div_euclid(60_000) * 60_000));
    let (Some(start), Some(end)) = (read(&given.start), read(&given.end)) else {
        let text = "start and end must be ISO 8601 date-times";
        return Err(ApiError::new(400, "INVALID_FIELD", text));
    };
    if start >= end {
        let text = "startDate must chronologically precede endDate by more than one minute";
        return Err(ApiError::new(400, "INVALID_REPLICATION_DATE", text));
    }
    if start < now.plus_millis(-30 * DAY) {
        let text = "startDate cannot be more than 30 days ago";
        return Err(ApiError::new(400, "INVALID_REPLICATION_DATE", text));
    }
    Ok((start, end))
}

/// How far the answer covers: not the lag of commits still in flight, and not the future.
fn covered(org: &OrgState, end: Stamp, now: Stamp) -> Stamp {
    let lag = i64::try_from(org.settings().latency.commit_lag_s).unwrap_or(0).saturating_mul(1000);
    end.min(Stamp(now.plus_millis(-lag).0.div_euclid(60_000) * 60_000))
}

/// Records touched in the window as queries see them now.
fn touched(
    org: &OrgState,
    object: &str,
    span: (Stamp, Stamp),
    now: Stamp,
    deleted: bool,
) -> Result<Vec<Record>, ApiError> {
    let store = org.store();
    let table = table(&store, object)?;
    let within = |record: &&Record| record.stamp >= span.0 && record.stamp < span.1;
    let found: Vec<Record> = table
        .touched_between(span.0, span.1)
        .into_iter()
        .filter_map(|slot| table.at(slot)?.as_of(now))
        .filter(within)
        .filter(|record| record.deleted == deleted)
        .cloned()
        .collect();
    if found.len() > MOST {
        return Err(ApiError::new(400, "EXCEEDED_ID_LIMIT", "too many ids in the window"));
    }
    Ok(found)
}

/// `GET /sobjects/{object}/updated`.
pub(super) async fn updated(
    State(org): State<Arc<OrgState>>,
    Path((_, object)): Path<(String, String)>,
    Query(given): Query<Window>,
) -> Result<Json<Value>, ApiError> {
    let now = org.clock.now();
    let (start, end) = window(&given, now)?;
    let ids: Vec<_> =
        touched(&org, &object, (start, end), now, false)?.iter().map(|record| record.id).collect();
    Ok(Json(json!({"ids": ids, "latestDateCovered": covered(&org, end, now).rest()})))
}

/// `GET /sobjects/{object}/deleted`. It does not say which records were merged.
pub(super) async fn deleted(
    State(org): State<Arc<OrgState>>,
    Path((_, object)): Path<(String, String)>,
    Query(given): Query<Window>,
) -> Result<Json<Value>, ApiError> {
    let now = org.clock.now();
    let (start, end) = window(&given, now)?;
    let records: Vec<Value> = touched(&org, &object, (start, end), now, true)?
        .iter()
        .map(|record| json!({"id": record.id, "deletedDate": record.stamp.rest()}))
        .collect();
    Ok(Json(json!({
        "deletedRecords": records,
        "earliestDateAvailable": now.plus_millis(-crate::save::RECYCLE_DAYS * DAY).rest(),
        "latestDateCovered": covered(&org, end, now).rest(),
    })))
}
