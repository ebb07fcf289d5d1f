//! What highwater cannot decide, and what went wrong, for the person who can do something about it.
//!
//! [`merges()`] lists the open cases with both records side by side and proposes whom to keep, [`errors()`] the records that are set aside, [`conflicts()`]
//! the fields both sides had changed. Each reads the state page by page and writes as it goes: memory does not grow with
//! the number of entries. Three formats: a table for reading, CSV for a spreadsheet (made safe to open there), JSON for
//! programs (values exactly as they are).

pub mod cases;
mod comparison;
pub mod conflicts;
mod entry;
mod error;
pub mod errors;
pub mod evidence;
mod format;
mod group;
pub mod inert;
mod link_pattern;
pub mod merges;
mod options;
pub mod people;
mod proposal;
mod resolution;
pub mod story;
pub mod verify;

pub use cases::cases;
pub use conflicts::conflicts;
pub use error::Error;
pub use errors::errors;
pub use evidence::evidence;
pub use format::{Format, InvalidFormat};
pub use link_pattern::{InvalidLinkPattern, LinkPattern};
pub use merges::merges;
pub use options::{Consent, Links, Options};
