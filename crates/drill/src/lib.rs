//! What the engine's drills need inside the engine: points at which the process can be made to die, a count of the branches
//! that only a fault leads to, and mistakes that can be planted to see whether the tests notice.
//!
//! Nothing of it ships. Without the feature `kill-points` [`reached`] and [`met`] are empty, without `sabotage` [`planted`] is
//! `false` before the compiler looks any further. Both features are off unless a drill asks for them by name.

mod branch;
mod kill_point;
mod mistake;
#[cfg(feature = "kill-points")]
mod stage;

pub use branch::{Branch, met};
pub use kill_point::{KillPoint, UnknownKillPoint, reached};
pub use mistake::{Mistake, planted};

#[cfg(feature = "sabotage")]
pub use mistake::{ENVIRONMENT as MISTAKE_ENVIRONMENT, plant};
#[cfg(feature = "kill-points")]
pub use stage::{Counts, ENVIRONMENT as KILL_ENVIRONMENT, Killed, arm, disarm, take_counts};
