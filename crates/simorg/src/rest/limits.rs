//! `GET /limits`.

use crate::org::{Allowance, OrgState};
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};
use std::sync::Arc;

/// What is left of the daily allowances.
pub(super) async fn limits(State(org): State<Arc<OrgState>>) -> Json<Value> {
    let (now, limits) = (org.clock.now(), org.settings().limits);
    let left = |max: u64, what: Allowance| json!({"Max": max, "Remaining": max.saturating_sub(org.usage.used(now, what))});
    let whole = |max: u64| json!({"Max": max, "Remaining": max});
    Json(json!({
        "DailyApiRequests": left(limits.daily_api, Allowance::ApiRequests),
        "DailyBulkApiBatches": left(limits.daily_bulk_batches, Allowance::BulkBatches),
        "DailyBulkV2QueryJobs": left(limits.daily_query_jobs, Allowance::QueryJobs),
        "DailyBulkV2QueryFileStorageMB": whole(976_562),
        "DataStorageMB": whole(10_240),
        "FileStorageMB": whole(10_240),
        "SingleEmail": whole(5_000),
        "MassEmail": whole(5_000),
        "HourlyTimeBasedWorkflow": whole(1_000),
    }))
}
