//! What the state promises, checked from outside: one suite for every store, and the typed layer above.

#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail by panicking, as tests do")]

mod cases;
mod conformance;
mod crash;
mod cycle;
mod damage;
mod dirty;
mod export;
mod fixture;
mod forgetting;
mod history;
mod journal;
mod kill;
mod links;
mod opening;
mod stored_bytes;
mod story;
mod support;
mod verify;
mod watermarks;
