//! How a service begins: at once, or as soon as both sides are there, or the org where there is no supporter database.
//!
//! A machine that boots starts its services before its network, and an org may be in maintenance just then. Neither is a reason
//! to end; what only a person can put right is.

use std::time::Duration;

use plan::Sides;
use salesforce::Org;
use tokio::sync::watch;

use crate::config::SupporterKind;
use crate::desk::{Desk, Waiting, Worker};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::wire::sides::Purpose;

/// The first wait; each is twice the one before.
const FIRST: Duration = Duration::from_secs(1);
/// The longest wait.
const LONGEST: Duration = Duration::from_secs(300);

/// What a service works with.
pub(super) enum With {
    /// Both sides: cycles, and events beside them.
    Sides(Box<Sides>),
    /// The org alone: events.
    Org(Org),
}

/// Whether what stands in the way may pass by itself.
pub(super) fn passes(failure: &Failure) -> bool {
    failure.exit() == Exit::Unreachable
}

/// One attempt to get at what is worked with; `None`: told to stop meanwhile. Nothing is written before it succeeds.
pub(super) async fn attempt(desk: &Desk) -> Option<Result<With, Failure>> {
    let reached = async {
        Ok(match desk.config.supporters.kind {
            SupporterKind::Sqlite | SupporterKind::Postgres => {
                With::Sides(Box::new(desk.sides_to(Purpose::Write).await?))
            }
            SupporterKind::None => With::Org(desk.org_to_write().await?),
        })
    };
    tokio::select! {
        biased;
        () = desk.stop().cancelled() => None,
        with = reached => Some(with),
    }
}

/// What is worked with, after as many attempts as it takes; `None`: told to stop meanwhile. `present` learns what is waited for.
///
/// # Errors
/// What does not pass by itself.
pub(super) async fn until_begun(
    desk: &Desk,
    first: Result<With, Failure>,
    present: &watch::Sender<Desk>,
) -> Result<Option<With>, Failure> {
    let (mut outcome, mut wait, mut tries) = (first, FIRST, 1);
    loop {
        let failure = match outcome {
            Ok(with) => return Ok(Some(with)),
            Err(failure) if passes(&failure) => failure,
            Err(failure) => return Err(failure),
        };
        let because = format!("error[{}]: {failure}", failure.code());
        tracing::warn!(tries, "not begun yet, trying again in {} s: {because}", wait.as_secs());
        present.send_modify(|desk| wait_for(desk, Waiting { tries, because }));
        tokio::select! {
            biased;
            () = desk.stop().cancelled() => return Ok(None),
            () = tokio::time::sleep(wait) => {}
        }
        let Some(next) = attempt(desk).await else { return Ok(None) };
        (outcome, wait, tries) = (next, (wait * 2).min(LONGEST), tries + 1);
    }
}

fn wait_for(desk: &mut Desk, now: Waiting) {
    if let Worker::Own { progress, stop } | Worker::Starting { progress, stop, .. } = &desk.worker {
        desk.worker = Worker::Starting { progress: progress.clone(), stop: stop.clone(), waiting: now };
    }
}
