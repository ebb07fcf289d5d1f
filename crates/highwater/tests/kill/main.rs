//! The binary with its real state, killed: at each of the named points, and at any moment. Started again, it goes on, and in
//! the end both sides agree, nobody is lost and nobody is there twice.
//!
//! Needs the feature `kill-points`, which is never in what ships: `cargo test -p highwater --features kill-points --test kill`.
//! `HIGHWATER_KILLS=1000` kills more often at any moment than 12 times, `HIGHWATER_KILL_SEED` at others.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of a test fail like the test itself")]
#![allow(
    unreachable_pub,
    dead_code,
    reason = "a test binary exports nothing, and shares its stage with another"
)]

#[path = "../cli/endpoint.rs"]
mod endpoint;
#[path = "../cli/stage.rs"]
mod stage;

mod anywhere;
mod named;
mod town;
