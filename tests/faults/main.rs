//! The fault matrix: every call against every fault, one test each. What is done, what is left behind, and that both sides
//! agree once the fault is over.
//!
//! `call` names the rows, `fault` the columns, `action` what a letter promises, and `matrix` is the table.

#![allow(clippy::panic, reason = "a broken promise fails the test")]
#![allow(unreachable_pub, reason = "a test binary exports nothing")]
#![allow(clippy::wildcard_enum_match_arm, reason = "a test looks at some of many calls and faults")]

mod action;
mod call;
mod database;
mod fault;
mod matrix;
mod wire;
mod world;
