//! Where pages are kept: a log of segments beside the database, or memory for tests.

use std::collections::VecDeque;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use model::{Clock, Stamp};
use segments::{Cursor, Entry, Log, Options, PageLimit, View};

use crate::error::Fatal;

/// How many pages a book in memory keeps.
const MOST_IN_MEMORY: usize = 20_000;
/// When a segment ends, in bytes: days with little to tell end theirs by the day.
const SEGMENT_BYTES: u64 = 16 * 1024 * 1024;
/// How much is read at once.
const READ: PageLimit = PageLimit { entries: 256, bytes: 1024 * 1024 };
/// How much is handed to the log at once, in bytes: less than one append may hold.
const APPEND_BYTES: usize = 4 * 1024 * 1024;

/// All pages, oldest first.
pub(crate) enum Book {
    /// Nothing is kept.
    Closed,
    /// For tests: the last pages, gone with the process.
    Memory(Mutex<VecDeque<Vec<u8>>>),
    /// A folder of segments, opened when the first page is written.
    Folder {
        /// Where.
        path: PathBuf,
        /// This machine's time.
        clock: Clock,
        /// Open for writing.
        log: Mutex<Option<Log>>,
    },
}

fn failed(operation: &'static str) -> impl Fn(segments::Error) -> Fatal {
    move |error| Fatal::Backend { operation, reason: error.to_string() }
}

fn held<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Book {
    pub(crate) fn in_memory() -> Self {
        Self::Memory(Mutex::new(VecDeque::new()))
    }

    pub(crate) fn in_folder(path: PathBuf, clock: Clock) -> Self {
        Self::Folder { path, clock, log: Mutex::new(None) }
    }

    /// Appends pages; they are durable when this returns. Blocks.
    pub(crate) fn append(&self, at: Stamp, pages: Vec<Vec<u8>>) -> Result<(), Fatal> {
        match self {
            Self::Closed => {}
            Self::Memory(kept) => {
                let mut kept = held(kept);
                kept.extend(pages);
                let spare = kept.len().saturating_sub(MOST_IN_MEMORY);
                kept.drain(..spare);
            }
            Self::Folder { path, clock, log } => {
                let mut log = held(log);
                let log = match &mut *log {
                    Some(log) => log,
                    none => {
                        let clock = clock.clone();
                        let options = Options { segment_bytes: SEGMENT_BYTES, clock, ..Options::default() };
                        none.insert(Log::open(path, options).map_err(failed("opening the history"))?)
                    }
                };
                let mut entries: Vec<Entry> = Vec::new();
                let mut bytes = 0;
                for page in pages {
                    if bytes + page.len() > APPEND_BYTES && !entries.is_empty() {
                        let full = std::mem::take(&mut entries);
                        log.append_blocking(full).map_err(failed("writing the history"))?;
                        bytes = 0;
                    }
                    bytes += page.len();
                    entries.push(Entry { stamp: at, bytes: page });
                }
                log.append_blocking(entries).map_err(failed("writing the history"))?;
            }
        }
        Ok(())
    }

    /// Shows every page, oldest first.
    pub(crate) fn each(&self, see: &mut dyn FnMut(&[u8]) -> Result<(), Fatal>) -> Result<(), Fatal> {
        match self {
            Self::Closed => Ok(()),
            Self::Memory(kept) => held(kept).iter().try_for_each(|page| see(page)),
            Self::Folder { path, .. } if !path.exists() => Ok(()),
            // Readers do not keep a running cycle waiting.
            Self::Folder { path, .. } => {
                let view = View::open(path).map_err(failed("reading the history"))?;
                let mut from = Cursor::START;
                loop {
                    let page = view.read(from, READ).map_err(failed("reading the history"))?;
                    if page.records.is_empty() {
                        return Ok(());
                    }
                    page.records.iter().try_for_each(|record| see(&record.bytes))?;
                    from = page.next;
                }
            }
        }
    }

    /// Gives up whole segments in which everything is older than `before`. Blocks.
    pub(crate) fn forget(&self, before: Stamp) -> Result<(), Fatal> {
        let Self::Folder { log, .. } = self else { return Ok(()) };
        match &*held(log) {
            Some(log) => log.forget(log.end(), before).map(drop).map_err(failed("giving up old history")),
            // Nothing was written since the start: the next cycle that writes something sees to it.
            None => Ok(()),
        }
    }
}
