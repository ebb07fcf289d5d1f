//! The org: its shared state, and the handle tests and the binary hold.

mod admin;
mod approve;
mod calls;
mod error;
mod faults;
mod handle;
mod locks;
mod op;
mod state;
mod transaction;
mod usage;

pub use admin::Admin;
pub use calls::CallCounts;
pub use error::OrgError;
pub use faults::Fault;
pub use handle::{Org, serve};
pub use locks::Locks;
pub use op::Op;
pub(crate) use state::OrgState;
pub(crate) use transaction::Transaction;
pub(crate) use usage::Allowance;
