//! What the service is doing, as `status` shows it.

use model::Stamp;
use serde::Serialize;

/// Why a run was started.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Trigger {
    /// The schedule.
    Schedule,
    /// Somebody asked for it.
    Manual,
}

/// A run that is going on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Running {
    /// Why it was started.
    pub trigger: Trigger,
    /// When it began, by this machine's clock.
    pub since: Stamp,
}

/// A run that came to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finished<O> {
    /// Why it was started.
    pub trigger: Trigger,
    /// When it began, by this machine's clock.
    pub began: Stamp,
    /// When it ended, by this machine's clock.
    pub ended: Stamp,
    /// What came of it.
    pub outcome: O,
}

/// What the runner is doing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Status<O> {
    /// The run that is going on.
    pub running: Option<Running>,
    /// When the next scheduled run begins; none without a schedule.
    pub next: Option<Stamp>,
    /// How many runs began since the service started.
    pub runs: u64,
    /// The last run that came to its end since the service started.
    pub last: Option<Finished<O>>,
    /// It was told to stop: nothing new begins.
    pub stopping: bool,
}

impl<O> Default for Status<O> {
    fn default() -> Self {
        Self { running: None, next: None, runs: 0, last: None, stopping: false }
    }
}
