//! Where supporters come from and go back to.
//!
//! [`Supporters`] is the contract: discover what changed, read people fresh, find them by Contact Id or e-mail, and write
//! with a compare so that nobody's edit is overwritten. [`Sqlite`] serves it from any existing table of a SQLite file,
//! [`Postgres`] from any table or view of a PostgreSQL database, each described by a [`Table`]; [`Memory`] serves it in tests. [`inspect`] looks at a database nobody has described yet and
//! proposes a [`Table`] and a field map. This crate knows nothing of Salesforce beyond the form of a Contact Id.
//!
//! The promises every adapter keeps, and the suite in `conformance` (behind the feature of that name) checks:
//!
//! - **Change order.** `(second of the stamp, id)`. The order of ids within a second is the database's own, the same for
//!   [`Supporters::changed`] and [`Supporters::ids`]; nobody outside an adapter may compare two ids of one second.
//! - **Undated rows.** A row whose stamp is missing, unreadable, not after 1970-01-01, or more than a day ahead of the
//!   database's clock is *undated*: every window delivers it, first, stamped [`UNDATED`]. Comparing it again costs a
//!   look; leaving it out would lose a change. In SQLite, where an index keeps stamps that are texts, one that stands among
//!   them and is unreadable is looked for by those windows in which it becomes 0:00, 6:00, 12:00 or 18:00 UTC.
//! - **Pages.** A page shorter than its limit is the last one.
//! - **Writes compare.** The compare stands inside the statement that writes. Nothing is written over a value that is not
//!   the one that was read.

mod applied;
mod carried;
#[cfg(feature = "conformance")]
pub mod conformance;
mod error;
mod found;
pub mod inspect;
mod loose;
pub mod memory;
pub mod postgres;
mod refusal_code;
mod shape;
mod sqlite;
mod table;

use async_trait::async_trait;
use model::{ContactId, Email, Position, Stamp, Supporter, SupporterId, Window};

pub use applied::{Applied, ContactIdWrite, SupporterWrite};
pub use error::{Error, ErrorKind};
pub use memory::Memory;
pub use postgres::Postgres;
pub use refusal_code::RefusalCode;
pub use shape::{Column, ColumnKind, Note, Relation, Shape};
pub use sqlite::Sqlite;
pub use table::{InvalidZone, NewId, StampFormat, Table, UndatedRows, Zone};

/// The stamp of a row that has none to go by: the lower end of time, so that such rows come first in every window.
pub const UNDATED: Stamp = Stamp::EPOCH;

/// The most rows one Contact Id or one e-mail address brings back. Two are enough to know that a person is not clear;
/// a placeholder address that half of a table shares must not fill the memory.
pub const MAX_MATCHES_PER_KEY: usize = 200;

/// The longest cell that is read as it is, in bytes. What is longer arrives cut to a length that [`model::FieldType`]
/// refuses as too long for Salesforce, so that it is named and never carried.
pub const MAX_CELL_BYTES: usize = 512 * 1024;

/// Whether a text is a number written plainly, with at most so many digits: no sign but a minus, no nought before others, no
/// exponent. Columns for numbers keep such a number.
pub(crate) fn plain_number(text: &str, most_digits: usize) -> bool {
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, "0"));
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
    digits(whole)
        && digits(fraction)
        && (whole == "0" || !whole.starts_with('0'))
        && unsigned.bytes().filter(u8::is_ascii_digit).count() <= most_digits
}

/// One row that a window found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Changed {
    /// The row's id.
    pub id: SupporterId,
    /// The row's stamp, as fine as the database keeps it; [`UNDATED`] for a row without a usable one.
    pub modified: Stamp,
    /// Where to go on after this row: the second of the stamp, and the id.
    pub position: Position,
}

/// A database of supporters.
///
/// Reads see committed data only, and hold no lock between two calls. Every method is bounded in memory by the size of
/// what it returns.
#[async_trait]
pub trait Supporters: Send + Sync {
    /// Up to when a window may reach: now, by the clock that stamps the rows, or earlier, where somebody has written and not
    /// yet committed and his rows may still appear under an earlier stamp.
    ///
    /// # Errors
    /// [`Error`] when the database does not answer.
    async fn now(&self) -> Result<Stamp, Error>;

    /// A window ended at `end` in an earlier run: whatever is stamped before it was there to be read then. A database that does not
    /// say since when somebody has been writing takes it for the end of the next window, as long as he is.
    fn ended_at(&self, _end: Stamp) {}

    /// Why nothing can be written, where something is known against it. Reads nothing.
    fn read_only(&self) -> Option<&'static str>;

    /// Whether there is a column for the Contact Id, and nothing is known against changing it. Reads nothing.
    fn takes_contact_ids(&self) -> bool;

    /// The rows changed in a window, in change order, at most `limit`, those after `after` only. Undated rows come first
    /// in every window. A page shorter than `limit` is the last.
    ///
    /// # Errors
    /// [`Error`] when the database does not answer or no longer has the table's shape.
    async fn changed(
        &self,
        window: &Window,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<Changed>, Error>;

    /// How many rows there are.
    ///
    /// # Errors
    /// As [`Supporters::changed`].
    async fn count(&self) -> Result<u64, Error>;

    /// All ids in the database's own order, at most `limit`, those after `after` only. A page shorter than `limit` is the
    /// last. Rows whose id is no [`SupporterId`] are left out; [`Supporters::shape`] counts them.
    ///
    /// # Errors
    /// As [`Supporters::changed`].
    async fn ids(&self, after: Option<&SupporterId>, limit: usize) -> Result<Vec<SupporterId>, Error>;

    /// The rows with these ids, one answer for each in the order asked; `None` where no row has the id.
    ///
    /// A cell that holds bytes that are no text arrives as [`model::Cell::Absent`]: nothing can be concluded from it, and
    /// nothing is written over it.
    ///
    /// # Errors
    /// As [`Supporters::changed`].
    async fn get(&self, ids: &[SupporterId]) -> Result<Vec<Option<Supporter>>, Error>;

    /// All rows that carry one of these Contact Ids, each row once, in no particular order: with 15 or 18 characters and
    /// white space around them. At most [`MAX_MATCHES_PER_KEY`] rows for each.
    ///
    /// The first call may scan the column once. In a large table that others write to all the time, an Id that is spelled
    /// otherwise than plainly may be missed for half a minute; what is found is what the rows hold now.
    ///
    /// # Errors
    /// As [`Supporters::changed`].
    async fn by_contact_ids(&self, contacts: &[ContactId]) -> Result<Vec<Supporter>, Error>;

    /// All rows with one of these addresses, each row once, in no particular order: case and white space around an
    /// address do not count. At most [`MAX_MATCHES_PER_KEY`] rows for each.
    ///
    /// The first call may scan the column once. In a large table that others write to all the time, an address that is
    /// spelled otherwise than plainly may be missed for half a minute; what is found is what the rows hold now.
    ///
    /// # Errors
    /// As [`Supporters::changed`].
    async fn by_emails(&self, emails: &[Email]) -> Result<Vec<Supporter>, Error>;

    /// Writes the rows in one transaction and says for each what became of it, in the order given. A row that the database
    /// refuses harms only itself. When this returns `Err`, nothing was written or the outcome is unknown: read again.
    ///
    /// # Errors
    /// [`Error::ReadOnly`] for what may not be written at all, [`Error::Busy`] when others hold the database for longer
    /// than we wait, else as [`Supporters::changed`].
    async fn apply(&self, writes: &[SupporterWrite]) -> Result<Vec<Applied>, Error>;

    /// What the table looks like, and how many rows need an administrator's eye. Scans the table.
    ///
    /// # Errors
    /// As [`Supporters::changed`].
    async fn shape(&self) -> Result<Shape, Error>;
}
