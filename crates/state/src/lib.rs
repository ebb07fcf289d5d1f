//! Everything that survives a restart; the only crate that names sled.
//!
//! Two layers. [`Store`] is an ordered key-value store over a fixed set of [`Tree`]s whose commits are atomic and durable when
//! they return; [`SledStore`] keeps it on disk, [`MemoryStore`] in memory with a model of crashes, and one conformance suite
//! holds both to the contract. [`State`] is the typed layer above: links, bases, marks, watermarks, jobs in flight, blocks,
//! cases, conflicts. All reads are synchronous and cheap; all writes are one [`Changes`] in one [`State::commit`].
//!
//! A link is one to one, and the check happens inside the commit. A watermark never moves back by itself. Counters, the index
//! and the way from a Contact to its supporter change in the same commit as what they describe.

mod apart;
mod bases;
mod bounded_text;
mod case_filter;
mod cases;
mod changes;
mod commit;
mod compact;
mod conflicts;
mod cycle;
mod digest_key;
mod dirty;
mod draft;
mod durable_files;
mod error;
mod export;
mod forgotten;
mod import;
mod journal;
mod keys;
mod known;
mod leaf;
mod log;
mod look;
mod manifest;
mod memory_store;
mod meta;
mod notes;
mod open;
mod overlay;
mod packing;
mod people;
mod person;
mod person_bytes;
mod private_files;
mod receipt;
mod record;
mod seal;
mod seen;
mod sled_store;
mod state;
mod store;
mod story;
mod takeover;
mod tree;
mod unfinished;
mod upgrade;
mod varint;
mod verify;

pub use bases::Bases;
pub use cases::CaseKey;
pub use changes::Changes;
pub use conflicts::Conflict;
pub use cycle::{AlreadyRunning, CycleGuard, NoCycle};
pub use dirty::{Dirty, DirtyReasons};
pub use draft::case::SHOWN_RECORDS;
pub use error::{Damage, Error, Fatal, KeyText, Refusal};
pub use forgotten::Forgotten;
pub use known::Known;
pub use log::{Audit, MAX_AUDITS, MAX_SUMMARIES, Summary};
pub use memory_store::MemoryStore;
pub use meta::{Finished, Progress};
pub use notes::{Note, NoteKind};
pub use open::OpenOptions;
pub use receipt::{InTheWay, Receipt, RefusedLink};
pub use sled_store::SledStore;
pub use sled_store::written_anew::{SMALL_BYTES, WrittenAnew};
pub use state::State;
pub use store::{Batch, Durable, MAX_VALUE_BYTES, Row, Scan, SeeRow, SeeValue, Store, Write};
pub use story::Told;
pub use tree::Tree;
pub use verify::Verified;

pub(crate) use changes::Change;
