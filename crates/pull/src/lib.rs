//! Contacts to supporters: discover what changed in Salesforce, say whose Contact it is, and write the supporter.
//!
//! This crate does not know `push`. What both need (reading fresh, deciding, looking up) stands in `plan`.

pub mod apply;
pub mod discover;
pub mod identify;
mod merged;
mod wide;

pub use apply::{Writes, Written, apply, intend};
pub use discover::{Discovery, discover};
pub use identify::{Identified, identify};
pub use wide::{QueryInFlight, query_in_flight};
