//! Events against the simulated org: the examples of the systems people come from, and everything they lose.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking, as tests do")]

mod bulk;
mod examples;
mod faults;
mod matchers;
mod order;
mod queue;
mod reference;
mod replicas;
mod simulation;
mod support;
