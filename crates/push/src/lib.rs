//! Supporters to Contacts: discover who changed, encode, deliver through Bulk API 2.0 jobs, settle every row, resolve what a
//! duplicate rule refused.
//!
//! This crate does not know `pull`. What both need (reading fresh, deciding, looking up) stands in `plan`.

pub mod ask;
pub mod deliver;
mod direct;
pub mod discover;
pub mod encode;
mod isolate;
mod json_value;
pub mod outbox;
mod pace;
pub mod packed;
pub mod recover;
pub mod recovery;
pub mod resolve;
pub mod results;
pub mod settle;
pub mod spill;
pub mod spool;
mod unflag;
pub mod waiting;
pub mod write_back;

pub use deliver::deliver;
pub use discover::{Discovery, discover};
pub use isolate::{MOST_CALLS, isolate};
pub use outbox::Outbox;
pub use recover::recover;
pub use recovery::Recovery;
pub use resolve::{Refused, resolve};
pub use settle::{Again, Settled, Suspect};
