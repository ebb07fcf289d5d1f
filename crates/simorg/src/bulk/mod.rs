//! Bulk API 2.0: ingest and query jobs.

mod columns;
mod csv;
mod error;
mod format;
mod ingest;
mod ingest_calls;
mod jobs;
mod list;
mod multipart;
mod query;
mod query_calls;
mod query_run;
mod results;
mod run;
mod spec;

use std::sync::Arc;

use axum::Router;
use axum::routing::{get, put};

pub use format::JobState;
pub use jobs::{JobInfo, Progress};
pub(crate) use jobs::{Jobs, start_all, step};

use crate::org::OrgState;

/// The paths of Bulk API 2.0. A slash at the end of a results path means nothing.
pub(crate) fn routes() -> Router<Arc<OrgState>> {
    let base = "/services/data/{version}/jobs";
    let ingest = format!("{base}/ingest");
    let query = format!("{base}/query");
    let mut router = Router::new()
        .route(&ingest, get(ingest_calls::list).post(ingest_calls::create))
        .route(
            &format!("{ingest}/{{id}}"),
            get(ingest_calls::info).patch(ingest_calls::change_state).delete(ingest_calls::delete),
        )
        .route(&query, get(query_calls::list).post(query_calls::create))
        .route(
            &format!("{query}/{{id}}"),
            get(query_calls::info).patch(query_calls::change_state).delete(query_calls::delete),
        );
    for end in ["", "/"] {
        router = router
            .route(&format!("{ingest}/{{id}}/batches{end}"), put(ingest_calls::upload))
            .route(&format!("{ingest}/{{id}}/successfulResults{end}"), get(ingest_calls::successful))
            .route(&format!("{ingest}/{{id}}/failedResults{end}"), get(ingest_calls::failed))
            .route(&format!("{query}/{{id}}/results{end}"), get(query_calls::results));
        for name in ["unprocessedrecords", "unprocessedRecords"] {
            router = router.route(&format!("{ingest}/{{id}}/{name}{end}"), get(ingest_calls::unprocessed));
        }
        for name in ["resultPages", "resultpages"] {
            router = router.route(&format!("{query}/{{id}}/{name}{end}"), get(query_calls::result_pages));
        }
    }
    router
}
