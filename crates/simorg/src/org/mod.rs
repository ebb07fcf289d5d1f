//! The org: its shared state, and the handle tests and the binary hold.

mod calls;
mod faults;
mod handle;
mod op;
mod state;
mod usage;

pub use calls::CallCounts;
pub use faults::Fault;
pub use handle::{Org, OrgError};
pub use op::Op;
pub(crate) use state::OrgState;
pub(crate) use usage::Allowance;
