//! The way in over HTTP: the tracking API as Segment's and RudderStack's SDKs speak it.
//!
//! `POST /v1/identify`, `group`, `track`, `page`, `screen`, `alias` and `batch` (also by the short paths of browser
//! libraries). An answer is sent when everything it acknowledges is durable, and says of every event what became of it. The
//! status of a request is one the SDKs do the right thing with: they drop what got 4xx, and send again on 429, 5xx and silence.
//! So a request gets 200 as soon as one of its events is kept; the `results` say which were not.

mod answer;
mod body;
mod cors;
mod credentials;
mod handle;
mod rate;
mod request;
mod serve;
mod sources;

use std::num::NonZeroU32;
use std::sync::Arc;

use axum::Router;
use axum::routing::{any, get};
use model::Clock;
use tokio::sync::Semaphore;

pub use cors::Origins;
pub use serve::serve;
pub use sources::{Source, Sources, SourcesError, WriteKey};

use crate::flag::FlagRule;
use crate::limits::Limits;
use crate::queue::Queue;
use rate::Rates;

/// Requests whose events are being checked and kept at a time; more wait. Bounds the memory that strangers can take.
const KEEPING: usize = 64;

/// How the way in behaves.
#[derive(Debug, Clone)]
pub struct IntakeOptions {
    /// Who may send.
    pub sources: Sources,
    /// What `integrations.Salesforce` means.
    pub flag: FlagRule,
    /// Which websites' scripts may send.
    pub origins: Origins,
    /// Events a source may send in a second, on the average; one second's worth may come at once. `None`: as many as come.
    pub events_per_second: Option<NonZeroU32>,
    /// How large anything may be.
    pub limits: Limits,
    /// Where this machine's time comes from: `receivedAt`.
    pub clock: Clock,
}

/// What every request works with.
struct Intake {
    queue: Queue,
    options: IntakeOptions,
    rates: Rates,
    keeping: Semaphore,
}

/// The API over a queue.
pub fn router(queue: Queue, options: IntakeOptions) -> Router {
    let rates = Rates::new(options.events_per_second, options.clock.clone());
    let intake = Arc::new(Intake { queue, options, rates, keeping: Semaphore::new(KEEPING) });
    Router::new()
        .route("/v1/{call}", any(handle::call))
        // Segment's SDK for Java ends each of its paths with a slash.
        .route("/v1/{call}/", any(handle::call))
        .route("/health", get(handle::health))
        .fallback(handle::nothing)
        .with_state(intake)
}
