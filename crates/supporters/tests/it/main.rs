//! The contract on both adapters, and what only a real SQLite file can do to us.

#![allow(clippy::unwrap_used)] // the helpers of tests may fail as loudly as the tests
mod along;
mod clocks_change;
mod hostile;
mod inspect;
mod memory;
mod postgres;
mod spellings;
mod sqlite;
mod stamps;
mod support;
mod tables;
mod triggers;
mod writers;
