//! HTTP around the handlers: errors, the gate every call passes, and connections that can be cut.

mod error;
mod gate;
mod line;
mod reply;
mod serve;
mod session;

pub(crate) use error::{ApiError, in_collection};
pub(crate) use gate::gate;
pub(crate) use serve::serve;
pub(crate) use session::{Caller, authorise, served_version};

/// Reads a form; `None` when it is none.
pub(crate) fn form<T: serde::de::DeserializeOwned>(body: &[u8]) -> Option<T> {
    serde_urlencoded::from_bytes(body).ok()
}
