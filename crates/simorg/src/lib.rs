//! A simulated Salesforce org over real HTTP, with scripted faults; knows no other crate of highwater.

mod auth;
mod bulk;
pub mod clock;
mod control;
pub mod duplicate;
mod http;
pub mod id;
mod org;
mod random;
pub mod record;
mod rest;
pub mod save;
pub mod schema;
pub mod settings;
mod setup;
mod snapshot;
pub mod soql;
pub mod store;
pub mod value;

pub use bulk::{JobInfo, JobState, Progress};
pub use org::{Admin, CallCounts, Fault, Locks, Op, Org, OrgError, serve};
pub use settings::Settings;
pub use snapshot::SnapshotError;
