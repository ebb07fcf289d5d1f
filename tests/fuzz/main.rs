//! Whatever comes from outside, almost right: a value or an error, never a panic, never more than is allowed. Thirteen targets,
//! each with its corpus; a case that failed once becomes an entry of it.
//!
//! `HIGHWATER_FUZZ_CASES=1000000 cargo test -p e2e --test fuzz` runs longer, `HIGHWATER_FUZZ_SEED` otherwise.

#![allow(clippy::panic, reason = "a broken promise fails the test")]
#![allow(unreachable_pub, reason = "a test binary exports nothing")]

mod answers;
mod mutate;
mod stored;
mod texts;
