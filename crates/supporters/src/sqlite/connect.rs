//! Opening the file, running work on a blocking thread with patience, and turning SQLite's answers into our errors.
//!
//! SQLite is a library of blocking calls: a connection belongs to one thread at a time, a page of rows or a batch of
//! writes is one piece of work on it, and the values go from SQLite's own memory straight into ours.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, ffi};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::spelling::Lists;
use crate::Error;
use crate::error::bounded;

/// What a statement fails with.
pub(super) type Fault = rusqlite::Error;

/// How long SQLite itself waits for a lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a call that found the database locked is tried in all, and how long is waited before the second.
const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);
/// How many connections are open at most.
const SEATS: u32 = 4;
/// How long a call waits for a connection.
const SEAT_PATIENCE: Duration = Duration::from_secs(30);
/// Statements each connection keeps prepared.
const PREPARED: usize = 64;

/// An open file.
#[derive(Clone)]
pub(super) struct Database(Arc<Inner>);

struct Inner {
    path: PathBuf,
    read_only: bool,
    idle: Mutex<Vec<Seat>>,
    seats: Arc<Semaphore>,
}

/// A connection, and what was prepared on it.
pub(super) struct Seat {
    pub(super) connection: Connection,
    pub(super) lists: Lists,
}

/// Whether somebody still waits for what is being done: a call that was given up leaves nothing behind.
pub(super) struct Wanted(Arc<AtomicBool>);

impl Wanted {
    /// # Errors
    /// An interruption, when the call was given up. An open transaction is undone by it.
    pub(super) fn check(&self) -> Result<(), Fault> {
        if self.0.load(Ordering::Relaxed) {
            return Ok(());
        }
        Err(Fault::SqliteFailure(ffi::Error::new(ffi::SQLITE_INTERRUPT), None))
    }
}

/// Tells the blocking thread when the caller is gone.
struct Caller(Arc<AtomicBool>);

impl Drop for Caller {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Relaxed);
    }
}

impl Database {
    /// Opens an existing file. Never makes one, and never changes its journal mode: it is somebody else's.
    pub(super) async fn open(url: &str, read_only: bool) -> Result<Self, Error> {
        let operation = "open";
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
        if path.is_empty() || path.starts_with(":memory:") || path.starts_with("file:") || path.contains('\0')
        {
            let detail = "the url must be the path of a file".to_owned();
            return Err(Error::Unreachable { operation, detail });
        }
        let seats = Arc::new(Semaphore::new(SEATS as usize));
        let database =
            Self(Arc::new(Inner { path: PathBuf::from(path), read_only, idle: Mutex::default(), seats }));
        // The first read finds out whether the file is a database at all.
        let first = |seat: &mut Seat, _: &Wanted| {
            seat.connection.query_row("SELECT count(*) FROM sqlite_schema", (), |_| Ok(()))
        };
        database.call(operation, "", first).await?;
        Ok(database)
    }

    /// Whether this user may write the file. SQLite itself tells only at the first write, when the other side may have
    /// been written already.
    pub(super) fn writable(&self) -> bool {
        std::fs::OpenOptions::new().write(true).open(&self.0.path).is_ok()
    }

    /// Does a piece of work on a connection of its own, once more where it found the database locked. Work that fails must
    /// have left no transaction open that matters: the connection is then not used again.
    pub(super) async fn call<T, W>(&self, operation: &'static str, table: &str, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: Fn(&mut Seat, &Wanted) -> Result<T, Fault> + Send + 'static,
    {
        let closed = || Error::Unreachable { operation, detail: "the connection was closed".to_owned() };
        let seats = Arc::clone(&self.0.seats);
        let seat = tokio::time::timeout(SEAT_PATIENCE, seats.acquire_owned()).await;
        let seat = seat.map_err(|_| Error::Busy { operation })?.map_err(|_| closed())?;
        let wanted = Arc::new(AtomicBool::new(true));
        let caller = Caller(Arc::clone(&wanted));
        let inner = Arc::clone(&self.0);
        let done = tokio::task::spawn_blocking(move || inner.work(seat, &Wanted(wanted), work)).await;
        drop(caller);
        done.map_err(|_| closed())?.map_err(|fault| classify(operation, table, &fault))
    }

    /// Closes the connections; calls after this fail.
    pub(super) async fn close(&self) {
        // Whoever is still at work finishes first.
        let _all = self.0.seats.acquire_many(SEATS).await;
        self.0.seats.close();
        self.0.idle.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl Inner {
    fn work<T>(
        &self,
        seat: OwnedSemaphorePermit,
        wanted: &Wanted,
        work: impl Fn(&mut Seat, &Wanted) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let mut own = match idle {
            Some(own) => own,
            None => Seat { connection: self.connect()?, lists: Lists::default() },
        };
        let mut tried = 0;
        let done = loop {
            tried += 1;
            match work(&mut own, wanted) {
                Err(fault) if is_busy(&fault) && tried < TRIES && wanted.check().is_ok() => {
                    std::thread::sleep(FIRST_PAUSE * 4_u32.pow(tried - 1));
                }
                done => break done,
            }
        };
        if done.is_err() {
            own.lists.forget();
        }
        if own.connection.is_autocommit() {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(own);
        }
        drop(seat);
        done
    }

    fn connect(&self) -> Result<Connection, Fault> {
        let access =
            if self.read_only { OpenFlags::SQLITE_OPEN_READ_ONLY } else { OpenFlags::SQLITE_OPEN_READ_WRITE };
        let connection = Connection::open_with_flags(&self.path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        connection.set_prepared_statement_cache_capacity(PREPARED);
        // As SQLite's own shell does not, and as every application that declares them means it.
        connection.pragma_update(None, "foreign_keys", true)?;
        Ok(connection)
    }
}

fn is_busy(fault: &Fault) -> bool {
    matches!(code(fault).map(|code| code & 0xff), Some(ffi::SQLITE_BUSY | ffi::SQLITE_LOCKED))
}

/// SQLite's extended result code, where the failure came from SQLite.
#[allow(clippy::wildcard_enum_match_arm)] // the enum is rusqlite's own, and open
pub(super) fn code(fault: &Fault) -> Option<i32> {
    match fault {
        Fault::SqliteFailure(error, _) => Some(error.extended_code),
        Fault::SqlInputError { error, .. } => Some(error.extended_code),
        _ => None,
    }
}

/// SQLite's own words.
#[allow(clippy::wildcard_enum_match_arm)] // the enum is rusqlite's own, and open
pub(super) fn message(fault: &Fault) -> Option<&str> {
    match fault {
        Fault::SqliteFailure(_, message) => message.as_deref(),
        Fault::SqlInputError { msg, .. } => Some(msg),
        _ => None,
    }
}

/// The failure of a whole call.
fn classify(operation: &'static str, table: &str, fault: &Fault) -> Error {
    let code = code(fault);
    let detail = match (message(fault), code) {
        (Some(words), _) => bounded(words),
        (None, Some(code)) => bounded(ffi::code_to_str(code)),
        // Not rusqlite's own words: they may quote a value.
        (None, None) => "a value could not be read".to_owned(),
    };
    // Primary codes: https://www.sqlite.org/rescode.html
    match code.map(|code| (code & 0xff, code)) {
        Some((5 | 6, _)) => Error::Busy { operation },
        Some((8, _)) => {
            Error::ReadOnly { table: table.to_owned(), reason: "the file or its folder cannot be written" }
        }
        Some((3 | 10 | 14 | 23, _)) | None => Error::Unreachable { operation, detail },
        Some((1, _)) if detail.starts_with("no such") => Error::Unsuitable {
            table: table.to_owned(),
            reason: format!(
                "its shape changed since it was opened ({detail}); check the configuration and start again"
            ),
        },
        Some((_, code)) => Error::Database { operation, code: code.to_string(), detail },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sqlite_takes_no_lock_for_each_page_or_piece_of_memory() {
        let connection = Connection::open_in_memory().unwrap();
        let mut options = connection.prepare("PRAGMA compile_options").unwrap();
        let options: Vec<String> =
            options.query_map((), |row| row.get(0)).unwrap().map(Result::unwrap).collect();
        let has = |option: &str| options.iter().any(|known| known == option);
        assert!(has("DEFAULT_MEMSTATUS=0") && has("OMIT_SHARED_CACHE"), "{options:?}");
        assert!(!has("ENABLE_MEMORY_MANAGEMENT"), "{options:?}");
        // Connections are handed from thread to thread, and several are in use at a time.
        assert!(has("THREADSAFE=1"), "{options:?}");
    }
}
