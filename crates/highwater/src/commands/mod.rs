//! One file per verb.

pub mod backfill;
pub mod bench;
pub mod cases;
pub mod check;
pub mod completions;
mod cycle;
pub mod demo;
pub mod errors;
pub mod events;
pub mod events_kept;
pub mod explain;
pub mod init;
pub mod intake;
pub mod plan;
pub mod pull;
pub mod push;
pub mod report;
pub mod resync;
pub mod serve;
pub mod setup;
pub mod simorg;
mod starting;
pub mod status;
pub mod sync;
pub mod verify_merges;
pub mod watermark;
pub mod why;
