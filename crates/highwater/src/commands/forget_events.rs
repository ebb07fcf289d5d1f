//! What was taken in about a person who is forgotten is erased where it lies, settled or not.

use actions::run::forget_event;
use events::QueueError;
use events::queue::{Found, Look, Person, Request};
use state::Changes;

use super::events_decide::{hear, queue, unheard};
use crate::desk::Desk;
use crate::failure::Failure;

/// How often is looked again for what came in meanwhile.
const ROUNDS: usize = 5;

/// Erases the events that name a person. Returns how many there were.
///
/// # Errors
/// When the events cannot be read or written, or some are being delivered right now.
pub(super) async fn erase(desk: &Desk, person: &Person) -> Result<u64, Failure> {
    let mut erased = 0;
    for _ in 0..ROUNDS {
        let found = find(desk, person).await?;
        if found.events.is_empty() {
            return Ok(erased);
        }
        let gone = carry_out(desk, &found).await?;
        erased += gone;
        let mut changes = Changes::new();
        for seen in &found.events {
            forget_event(&mut changes, &seen.event);
        }
        let _receipt = desk.state.commit(changes).await?;
        if gone < found.events.len() as u64 {
            break;
        }
    }
    Err(Failure::Arguments {
        problem: "events about this person are being delivered, or keep coming".to_owned(),
        advice: "stop the delivery and whoever sends them, then forget the person again",
    })
}

async fn find(desk: &Desk, person: &Person) -> Result<Found, Failure> {
    let dir = desk.config.resolve(&desk.config.intake.dir);
    let person = person.clone();
    let looked = tokio::task::spawn_blocking(move || Look::open(&dir)?.of_person(&person)).await;
    Ok(looked.map_err(|_| Failure::Unexpected("looking for the events ended in a defect"))??)
}

/// By this process, or by the intake that holds the events.
async fn carry_out(desk: &Desk, found: &Found) -> Result<u64, Failure> {
    match queue(desk).await {
        Ok(queue) => Ok(queue.erase(found).await?.erased.len() as u64),
        Err(Failure::Events(QueueError::Log(segments::Error::InUse(dir)))) => {
            let left = Request::leave_erasure(&dir, found).map_err(unheard)?;
            Ok(hear(left, dir).await?.decided.len() as u64)
        }
        Err(other) => Err(other),
    }
}
