//! The client against scripted transports, real sockets that misbehave, and the simulated org.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod answers;
mod budget;
mod downloads;
mod files;
mod hosts;
mod jobs;
mod queries;
mod saves;
mod sessions;
mod simulated;
mod support;
mod ways_in;
mod wire;
