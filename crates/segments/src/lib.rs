//! An append-only log on disk, for whatever must be kept in order: events that were accepted, what happened to a person.
//!
//! Bytes with a stamp go in, the same bytes with a place come out. The promises, all of them under "only what was synced
//! survives a power cut":
//!
//! - [`Log::append`] returns when its entries are durable, all of one call or none. Many callers share one sync.
//! - A tail that was being written when the power went is cut at the next opening. Whatever was acknowledged and is not
//!   readable any more is [`Error::Damaged`], never silence.
//! - Files are 0600 in a directory of 0700; one process writes, others may look ([`View`]).
//! - Segments end by size and by day; whole segments are given up from the oldest on ([`Log::forget`]).
//! - A full disk is an error to whoever appends. The log goes on when there is room again. After a failed sync nothing is
//!   written any more, because nobody can know what is on disk.

mod aside;
mod cursor;
mod cut_disk;
mod disk;
mod error;
mod folder;
mod frame;
mod header;
mod log;
mod marker;
mod open;
mod read;
mod rewrite;
mod scan;
mod view;
mod writer;

pub use cursor::Cursor;
pub use cut_disk::CutDisk;
pub use disk::{Disk, DiskFile};
pub use error::{Damage, Error};
pub use folder::Folder;
pub use log::{Log, Options, SegmentInfo};
pub use marker::Marker;
pub use read::{Page, PageLimit, Record};
pub use view::View;

/// What is appended: bytes, and when they came to be.
#[derive(Clone, PartialEq, Eq)]
pub struct Entry {
    /// When, by the clock of whoever appends. Decides the day a segment belongs to and how long it is kept.
    pub stamp: model::Stamp,
    /// What. The log never looks inside.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Entry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Entry").field("stamp", &self.stamp).field("bytes", &self.bytes.len()).finish()
    }
}
