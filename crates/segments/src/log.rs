//! The log as its users see it.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::sync_channel;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use model::{Clock, Stamp};
use tokio::sync::{mpsc, oneshot};

use crate::Entry;
use crate::cursor::Cursor;
use crate::disk::Disk;
use crate::error::{Damage, Error};
use crate::folder::Folder;
use crate::frame::{HEAD, MAX_ENTRY};
use crate::header::{HEADER, file_name};
use crate::open::{damaged, open, open_file, read_header};
use crate::read::{Page, PageLimit, read_page};
use crate::writer::{Done, Order, Request, Writer, random};

/// Appends that may wait for the writer; more wait outside.
const WAITING: usize = 256;

/// Sizes of a log.
#[derive(Debug, Clone)]
pub struct Options {
    /// A segment ends before the append that would make it longer, in bytes. Default 64 MiB; less than 2 GiB.
    pub segment_bytes: u64,
    /// Longest entry, in bytes. Default 1 MiB; at most 16 MiB.
    pub entry_bytes: usize,
    /// Largest append, frames included, in bytes. Default 8 MiB.
    pub append_bytes: usize,
    /// A group takes no more appends when it has this many bytes. Default 1 MiB.
    pub group_bytes: usize,
    /// Where this machine's time comes from: the day of the very first segment.
    pub clock: Clock,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 * 1024 * 1024,
            entry_bytes: 1024 * 1024,
            append_bytes: 8 * 1024 * 1024,
            group_bytes: 1024 * 1024,
            clock: Clock::system(),
        }
    }
}

/// The oldest segment, and how far everything is durable.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bounds {
    pub(crate) first: u64,
    pub(crate) end: Cursor,
}

/// What writer and readers share.
pub(crate) struct Shared {
    pub(crate) bounds: Mutex<Bounds>,
    pub(crate) stopped: AtomicBool,
    /// Held while segments are removed or written anew.
    pub(crate) turn: Mutex<()>,
}

impl Shared {
    pub(crate) fn bounds(&self) -> MutexGuard<'_, Bounds> {
        self.bounds.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is known of a segment without reading its entries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SegmentInfo {
    /// Its number.
    pub number: u64,
    /// Its length in bytes.
    pub bytes: u64,
    /// The stamp it was opened for.
    pub opened: Stamp,
    /// Newest stamp in it; `None` while it is written to.
    pub newest: Option<Stamp>,
}

/// A log that is open for writing. Dropping it waits for the last append.
pub struct Log {
    disk: Arc<dyn Disk>,
    shared: Arc<Shared>,
    options: Options,
    requests: Option<mpsc::Sender<Order>>,
    writer: Option<JoinHandle<()>>,
}

impl std::fmt::Debug for Log {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Log").field("bounds", &*self.shared.bounds()).finish_non_exhaustive()
    }
}

impl Log {
    /// Opens or makes the log in a directory of its own, which is made private. Blocks: the newest segment is read.
    ///
    /// # Errors
    /// [`Error::InUse`], [`Error::Damaged`], [`Error::Io`].
    pub fn open(path: &Path, options: Options) -> Result<Self, Error> {
        Self::open_on(Arc::new(Folder::for_writing(path)?), options)
    }

    /// The same on any disk.
    ///
    /// # Errors
    /// As [`Log::open`].
    pub fn open_on(disk: Arc<dyn Disk>, options: Options) -> Result<Self, Error> {
        let (first, tail) = open(disk.as_ref(), random()?, options.clock.now())?;
        let bounds = Mutex::new(Bounds { first, end: tail.cursor() });
        let shared = Arc::new(Shared { bounds, stopped: AtomicBool::new(false), turn: Mutex::new(()) });
        let writer = Writer {
            disk: Arc::clone(&disk),
            shared: Arc::clone(&shared),
            options: options.clone(),
            tail,
            group: Vec::new(),
            newest: Stamp::EPOCH,
            waiting: Vec::new(),
        };
        let (requests, queue) = mpsc::channel(WAITING);
        let writer = std::thread::Builder::new()
            .name("log-writer".into())
            .spawn(move || writer.run(queue))
            .map_err(|e| Error::io("starting a thread", &e))?;
        let requests = Some(requests);
        Ok(Self { disk, shared, options, requests, writer: Some(writer) })
    }

    /// Appends entries in order, all or none, and returns their places when they are durable. When the caller goes away
    /// meanwhile, they are appended all the same.
    ///
    /// # Errors
    /// [`Error::TooLarge`], [`Error::Full`], [`Error::Io`], [`Error::Stopped`]: nothing was acknowledged, and after a sync that
    /// failed nobody knows whether it is there.
    pub async fn append(&self, entries: Vec<Entry>) -> Result<Vec<Cursor>, Error> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        self.check(&entries)?;
        let (tell, told) = oneshot::channel();
        let done: Done = Box::new(move |result| drop(tell.send(result)));
        let requests = self.requests.as_ref().ok_or(Error::Stopped)?;
        requests.send(Order::Append(Request { entries, done })).await.map_err(|_| Error::Stopped)?;
        told.await.unwrap_or(Err(Error::Stopped))
    }

    /// [`Log::append`] for threads that may block. Not to be called inside an asynchronous task.
    ///
    /// # Errors
    /// As [`Log::append`].
    pub fn append_blocking(&self, entries: Vec<Entry>) -> Result<Vec<Cursor>, Error> {
        if entries.is_empty() {
            return Ok(Vec::new());
        }
        self.check(&entries)?;
        let (tell, told) = sync_channel(1);
        let done: Done = Box::new(move |result| drop(tell.send(result)));
        let requests = self.requests.as_ref().ok_or(Error::Stopped)?;
        requests.blocking_send(Order::Append(Request { entries, done })).map_err(|_| Error::Stopped)?;
        told.recv().unwrap_or(Err(Error::Stopped))
    }

    /// Puts other bytes of the same length in the place of entries, for good: each segment that holds one is written anew, whole and under
    /// the same name, and the old file is gone when this returns. After a crash a segment is the old one or the new one. Places stay what
    /// they are. What lies in segments that were given up meanwhile is passed over. Returns how many entries were replaced.
    ///
    /// # Errors
    /// [`Error::Damaged`] where no entry of that length lies at a place, [`Error::Full`], [`Error::Io`], [`Error::Stopped`]: some may be
    /// replaced; doing it again is right.
    pub async fn overwrite(&self, entries: Vec<(Cursor, Vec<u8>)>) -> Result<u64, Error> {
        let (tell, told) = oneshot::channel();
        let done = Box::new(move |result| drop(tell.send(result)));
        let requests = self.requests.as_ref().ok_or(Error::Stopped)?;
        requests.send(Order::Overwrite(entries, done)).await.map_err(|_| Error::Stopped)?;
        told.await.unwrap_or(Err(Error::Stopped))
    }

    /// How many of these entries, from the first on, one append takes; at least one.
    #[must_use]
    pub fn at_once(&self, entries: &[Entry]) -> usize {
        let mut room = self.options.append_bytes;
        let fits = entries.iter().take_while(|entry| match room.checked_sub(entry.bytes.len() + HEAD) {
            Some(left) => {
                room = left;
                true
            }
            None => false,
        });
        fits.count().max(1)
    }

    fn check(&self, entries: &[Entry]) -> Result<(), Error> {
        let longest = entries.iter().map(|entry| entry.bytes.len()).max().unwrap_or(0);
        let max = self.options.entry_bytes.min(MAX_ENTRY);
        if longest > max {
            return Err(Error::TooLarge { bytes: longest, max });
        }
        let bytes = entries.iter().map(|entry| entry.bytes.len() + HEAD).sum();
        if bytes > self.options.append_bytes {
            return Err(Error::TooLarge { bytes, max: self.options.append_bytes });
        }
        if self.shared.stopped.load(Ordering::SeqCst) { Err(Error::Stopped) } else { Ok(()) }
    }

    /// Whether anything can be appended: no sync has failed. A full disk is no reason against it.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        !self.shared.stopped.load(Ordering::SeqCst)
    }

    /// Before the oldest entry that is kept.
    #[must_use]
    pub fn first(&self) -> Cursor {
        Cursor { segment: self.shared.bounds().first, offset: HEADER as u64 }
    }

    /// Behind the newest entry that is durable.
    #[must_use]
    pub fn end(&self) -> Cursor {
        self.shared.bounds().end
    }

    /// Reads entries from a place on, in order, durable ones only. Blocks.
    ///
    /// # Errors
    /// [`Error::Damaged`] where what was acknowledged does not read back, or ends before `from`.
    pub fn read(&self, from: Cursor, limit: PageLimit) -> Result<Page, Error> {
        read_page(self.disk.as_ref(), &|| *self.shared.bounds(), from, limit)
    }

    /// Removes the oldest segments, as far as everything in them lies before `consumed` and is older than `older_than`.
    /// Returns how many. The segment that is written to stays. Blocks.
    ///
    /// # Errors
    /// [`Error::Io`]; what was removed stays removed.
    pub fn forget(&self, consumed: Cursor, older_than: Stamp) -> Result<u64, Error> {
        let _turn = self.shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut removed = 0;
        loop {
            let Bounds { first, end } = *self.shared.bounds();
            if first >= end.segment || first >= consumed.segment {
                return Ok(removed);
            }
            let next = read_header(open_file(self.disk.as_ref(), first + 1)?.as_ref(), first + 1)?;
            if next.newest_before >= older_than {
                return Ok(removed);
            }
            // Readers must not miss the file before they know that it goes.
            self.shared.bounds().first = first + 1;
            let gone = self.disk.remove(&file_name(first)).and_then(|()| self.disk.sync_names());
            gone.map_err(|e| Error::io("removing a segment", &e))?;
            removed += 1;
        }
    }

    /// The segments, oldest first. Blocks.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Damaged`].
    pub fn segments(&self) -> Result<Vec<SegmentInfo>, Error> {
        let Bounds { first, end } = *self.shared.bounds();
        let mut infos: Vec<SegmentInfo> = Vec::new();
        for number in first..=end.segment {
            let header = read_header(open_file(self.disk.as_ref(), number)?.as_ref(), number)?;
            if let Some(before) = infos.last_mut() {
                *before = SegmentInfo {
                    bytes: header.length_before,
                    newest: Some(header.newest_before),
                    ..*before
                };
            }
            infos.push(SegmentInfo { number, bytes: end.offset, opened: header.opened, newest: None });
        }
        Ok(infos)
    }

    pub(crate) fn disk(&self) -> &Arc<dyn Disk> {
        &self.disk
    }

    /// Refuses a place behind the end: whoever was there has read what is lost now.
    pub(crate) fn check_reaches(&self, cursor: Cursor) -> Result<(), Error> {
        if cursor > self.end() {
            return Err(damaged(cursor.segment, cursor.offset, Damage::End));
        }
        Ok(())
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        drop(self.requests.take());
        if let Some(writer) = self.writer.take() {
            // It never panics on purpose; there is nobody left to tell.
            let _ = writer.join();
        }
    }
}
