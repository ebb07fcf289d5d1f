//! Reports over a state in memory.

#![allow(clippy::unwrap_used, clippy::panic)] // what a helper cannot do fails the test

mod csv_safety;
mod flat;
mod groups;
mod merges;
mod page;
mod people;
mod scale;
