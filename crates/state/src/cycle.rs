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

/// No cycle begins while this is held; given back when dropped. For whoever must not meet people in the middle of one.
#[derive(Debug)]
#[must_use = "cycles are kept out only as long as it is held"]
pub struct NoCycle {
    _permit: Permit,
}

impl State {
    /// Keeps cycles out of this process, unless one is running. Unlike [`State::begin_cycle`] it takes no number and writes
    /// nothing.
    ///
    /// # Errors
    /// [`AlreadyRunning`] when a cycle is at work, or somebody else keeps them out.
    pub fn keep_cycles_out(&self) -> Result<NoCycle, AlreadyRunning> {
        self.permit().map(|permit| NoCycle { _permit: permit })
    }

    fn permit(&self) -> Result<Permit, AlreadyRunning> {
        let running = &self.inner().running;
        let mut now = running.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((since, cycle)) = *now {
            return Err(AlreadyRunning { since, cycle });
        }
        *now = Some((self.inner().clock.now(), None));
        Ok(Permit(Arc::clone(running)))
    }

    /// Begins a cycle under the next number, unless one is running in this process. Other processes are kept out by the lock
    /// on the state directory.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the number cannot be made durable.
    pub async fn begin_cycle(&self) -> Result<Result<CycleGuard, AlreadyRunning>, Error> {
        let permit = match self.permit() {
            Ok(permit) => permit,
            Err(running) => return Ok(Err(running)),
        };
        let _ = self.commit(Changes(vec![Change::BeginCycle])).await?;
        let id = self.last_cycle()?;
        let running = &self.inner().running;
        if let Some((_, cycle)) = running.lock().unwrap_or_else(PoisonError::into_inner).as_mut() {
            *cycle = Some(id);
        }
        Ok(Ok(CycleGuard { id, _permit: permit }))
    }
}
