//! From a field map to metadata and back.

#![allow(clippy::panic, reason = "the helpers of a test fail like the test itself")]

mod changes;
mod files;
mod maps;
mod org;
mod reading;
