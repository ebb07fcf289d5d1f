//! The service's parts as a program uses them: real sockets, held time.

#![allow(clippy::unwrap_used, clippy::panic)] // what a helper cannot do fails the test

mod admin;
mod control;
mod control_hostile;
mod runner;
mod schedule;
mod schedule_dst;
mod stop;
