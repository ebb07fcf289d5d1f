//! What runs highwater by itself: the schedule, one cycle at a time, the control socket, graceful stop.
//!
//! [`Schedule`] says when the next run is due, [`Runner`] carries runs out one after the other, [`control`] lets the same
//! verbs be used beside a running service, [`admin`] lets the page of an administrator be opened in a browser, and
//! [`until_stopped`] brings everything to an orderly end. None of them knows what a cycle does: the work is handed in as an async
//! function.

pub mod admin;
pub mod agreed;
mod batch;
pub mod control;
pub mod cycle;
mod flags;
pub mod in_flight;
pub mod lift;
mod quarrel;
pub mod request;
pub mod resync;
mod rulings;
pub mod runner;
pub mod schedule;
pub mod standing;
pub mod status;
pub mod stop;
mod sweep;
pub mod take_back;
mod turn;
pub mod upkeep;
pub mod verify;
mod whom;

pub use runner::{Handle, NotRun, Runner};
pub use schedule::{Due, InvalidSchedule, Schedule};
pub use status::{Finished, Running, Status, Trigger};
pub use stop::{Ended, StopSignals, until_stopped};
