//! The PostgreSQL adapter on a real server.

#[allow(dead_code, unreachable_pub)] // shared with the tests of the workspace, which use all of it
#[path = "../../../../../tests/support/postgres.rs"]
mod server;

mod clock;
mod columns;
mod concurrency;
mod contract;
mod inspect;
mod login;
mod spellings;
mod support;
