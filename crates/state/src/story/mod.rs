//! The story of each person: what commits told, in their order, beside the database and never in it.
//!
//! A page of the book is written before the commit it belongs to and is believed only when that commit came to be: nothing that
//! happened is missing after a crash, and nothing is told twice or of a commit that never was.

mod book;
mod page;
mod read;

use model::{CycleId, Happened, Stamp, Subject};
use serde::Serialize;

pub(crate) use book::Book;
pub(crate) use page::{Head, Page};
pub(crate) use read::copy_without;

/// One thing that happened, when, in which cycle, and to whom.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Told {
    /// When, by this machine's clock.
    pub at: Stamp,
    /// The last cycle that had begun by then.
    pub cycle: CycleId,
    /// To whom; `None`: a job.
    pub who: Option<Subject>,
    /// What.
    pub what: Happened,
}
