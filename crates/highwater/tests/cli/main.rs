//! The binary as its users meet it: what it prints, and how it ends.

#![allow(clippy::unwrap_used, clippy::panic, reason = "the helpers of a test fail like the test itself")]
#![allow(unreachable_pub, reason = "a test binary exports nothing")]

mod admin;
mod admin_client;
mod bench;
mod block;
mod boot;
mod budget;
mod cases;
mod certificates;
mod check;
mod database_trouble;
mod demo_walk;
mod disk_full;
mod endpoint;
mod events;
mod events_alone;
mod first_load;
mod grants_end;
mod half_answers;
mod help;
mod hostile_events;
mod hostile_sign_in;
mod jwt;
mod leads;
mod links;
mod live;
mod merge_report;
mod org_trouble;
mod other_objects;
mod other_user;
mod plan_on_file;
mod postgres;
mod rebuild;
mod refusals;
mod sandbox;
mod setup;
mod stage;
mod standing;
mod state_trouble;
mod stopping;
mod told;
mod two_processes;
mod verify;
mod ways_in;
