//! The part of the service that delivers events, a few seconds after they came.

use std::sync::Arc;
use std::time::Duration;

use actions::run::drain;
use events::Queue;
use model::Clock;
use salesforce::Org;
use service::upkeep::without_cycles;
use state::State;
use tokio_util::sync::CancellationToken;

use crate::config::Config;
use crate::failure::Failure;
use crate::output::counted;
use crate::wire;

/// How long the service looks for events that are due again when none arrives.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Delivers until the service stops. Without actions there is nothing to do.
///
/// # Errors
/// Actions that do not fit the org, and what only a person can put right. What passes is logged and tried again.
pub(super) async fn until_stopped(
    config: &Config,
    (org, state): (Org, State),
    queue: Option<Queue>,
    stop: CancellationToken,
) -> Result<(), Failure> {
    let Some(queue) = queue.filter(|_| !config.actions.is_empty()) else { return Ok(()) };
    let mut delivery = wire::delivery::delivery(config, org, state, stop.clone()).await?;
    let describe_every = Duration::from_secs(60 * config.delivery.describe_minutes.get());
    let mut described = Clock::system().now();
    let settings = wire::delivery::settings(config);
    let gather = Duration::from_secs(config.delivery.gather_seconds.get());
    let mut arrivals = queue.arrivals();
    while !stop.is_cancelled() {
        let (counts, now) = (queue.counts(), Clock::system().now());
        if counts.unread + counts.waiting > 0 && now.since(described) >= describe_every {
            delivery = wire::delivery::described_anew(config, delivery).await;
            described = now;
        }
        match drain(&delivery, &queue, &settings, &Clock::system()).await {
            Ok(report) if report.events > 0 => tracing::info!(
                delivery.events = report.events,
                delivery.calls = report.calls,
                delivery.waiting = report.waiting,
                delivery.for_a_person = report.for_a_person,
                "{} delivered with {}, {}, {} for a person",
                counted(report.events, "event", "events"),
                counted(report.calls, "call", "calls"),
                counted(report.waiting, "waits", "wait"),
                report.for_a_person
            ),
            Ok(_) => {}
            Err(fatal) if fatal.passes() => tracing::warn!("events wait: {fatal}"),
            Err(fatal) => return Err(wire::delivery::failure(fatal)),
        }
        let counts = queue.counts();
        if counts.unread + counts.waiting == 0 {
            wire::budget::close(&delivery.org).await;
        }
        tokio::select! {
            () = stop.cancelled() => break,
            _ = arrivals.changed() => {
                // Those that come meanwhile travel along.
                tokio::select! {
                    () = stop.cancelled() => break,
                    () = tokio::time::sleep(gather) => {}
                }
            }
            () = tokio::time::sleep(LOOK_EVERY) => {}
        }
    }
    Ok(())
}

/// How often the state and the books of the org's requests are seen to where no cycle does it.
const TIDY_EVERY: Duration = Duration::from_secs(3_600);

/// Sees to them at once and now and then until the service stops. What fails is logged; the delivery meets it, too.
pub(super) async fn tidy_until_stopped(org: &Org, state: &State, stop: &CancellationToken) {
    loop {
        let closed = org.close_books().await.map_err(Failure::from);
        for failure in [closed.err(), tidy(state).await.err()].into_iter().flatten() {
            tracing::error!("the state cannot be tidied: {failure}");
        }
        if stop.run_until_cancelled(tokio::time::sleep(TIDY_EVERY)).await.is_none() {
            return;
        }
    }
}

/// Gives up what has been kept long enough, and room on disk.
///
/// # Errors
/// When the state fails.
pub(super) async fn tidy(state: &State) -> Result<(), Failure> {
    let tidied = without_cycles(state, Clock::system().now()).await;
    tidied.map_err(|fatal| Failure::Cycle(Arc::new(Err(fatal))))
}
