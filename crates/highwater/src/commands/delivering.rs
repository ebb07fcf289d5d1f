//! The part of the service that delivers events, a few seconds after they came.

use std::time::Duration;

use actions::run::drain;
use events::Queue;
use model::Clock;
use plan::Sides;

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
pub async fn until_stopped(config: &Config, sides: &Sides, queue: Option<Queue>) -> Result<(), Failure> {
    let Some(queue) = queue.filter(|_| !config.actions.is_empty()) else { return Ok(()) };
    let stop = sides.stop.clone();
    let (org, state) = (sides.org.clone(), sides.state.clone());
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
