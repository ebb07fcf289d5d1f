//! One cycle at a time.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use model::{CycleId, Stamp};

use crate::error::Error;
use crate::{Change, Changes, State};

/// The cycle that is running; `None` inside: it has just begun and has no number yet.
pub(crate) type Running = Arc<Mutex<Option<(Stamp, Option<CycleId>)>>>;

/// Another cycle is running in this process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AlreadyRunning {
    /// Since when, by this machine's clock.
    pub since: Stamp,
    /// Which; `None` in the instant before it got its number.
    pub cycle: Option<CycleId>,
}

impl fmt::Display for AlreadyRunning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cycle {
            Some(cycle) => write!(f, "cycle {cycle} is running since {}", self.since),
            None => write!(f, "a cycle is running since {}", self.since),
        }
    }
}

/// The right to be the one running cycle; given back when dropped.
#[derive(Debug)]
pub struct CycleGuard {
    /// The cycle's number, never used before.
    pub id: CycleId,
    _permit: Permit,
}

#[derive(Debug)]
struct Permit(Running);

impl Drop for Permit {
    fn drop(&mut self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl State {
    /// Begins a cycle under the next number, unless one is running in this process. Other processes are kept out by the lock
    /// on the state directory.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the number cannot be made durable.
    pub async fn begin_cycle(&self) -> Result<Result<CycleGuard, AlreadyRunning>, Error> {
        let running = &self.inner().running;
        let permit = {
            let mut now = running.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some((since, cycle)) = *now {
                return Ok(Err(AlreadyRunning { since, cycle }));
            }
            *now = Some((self.inner().clock.now(), None));
            Permit(Arc::clone(running))
        };
        let _ = self.commit(Changes(vec![Change::BeginCycle])).await?;
        let id = self.last_cycle()?;
        if let Some((_, cycle)) = running.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            *cycle = Some(id);
        }
        Ok(Ok(CycleGuard { id, _permit: permit }))
    }
}
