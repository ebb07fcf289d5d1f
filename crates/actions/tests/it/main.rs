//! Events against the simulated org: the examples of the systems people come from, and everything they lose.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking, as tests do")]
#![allow(clippy::print_stdout, reason = "the figure beside what others document is to be read")]

mod bulk;
mod deletes;
mod examples;
mod faults;
mod flags;
mod found_again;
mod jobs;
mod matchers;
mod nulls;
mod order;
mod pointing;
mod queue;
mod reference;
mod references;
mod replicas;
mod shared;
mod simulation;
mod support;
mod tables;
