//! The thread that writes. It takes what waits, writes it as one group, syncs once, and then tells everybody.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use model::Stamp;
use tokio::sync::mpsc::Receiver;

use crate::Entry;
use crate::cursor::Cursor;
use crate::disk::Disk;
use crate::error::Error;
use crate::frame::{self, HEAD, Head};
use crate::header::Header;
use crate::log::{Options, Shared};
use crate::open::{Tail, begin, open_file};
use crate::rewrite::{Anew, write_anew};

/// Whom to tell where the entries of one append lie.
pub(crate) type Done = Box<dyn FnOnce(Result<Vec<Cursor>, Error>) + Send>;

/// One append.
pub(crate) struct Request {
    pub(crate) entries: Vec<Entry>,
    pub(crate) done: Done,
}

impl Request {
    fn size(&self) -> usize {
        self.entries.iter().map(|entry| HEAD + entry.bytes.len()).sum()
    }

    fn newest(&self) -> Stamp {
        self.entries.iter().map(|entry| entry.stamp).max().unwrap_or(Stamp::EPOCH)
    }
}

/// Whom to tell how many entries were replaced.
pub(crate) type Replaced = Box<dyn FnOnce(Result<u64, Error>) + Send>;

/// What the writer is asked for.
pub(crate) enum Order {
    Append(Request),
    /// Other bytes for entries that are there.
    Overwrite(Vec<(Cursor, Vec<u8>)>, Replaced),
}

/// Owns the tail.
pub(crate) struct Writer {
    pub(crate) disk: Arc<dyn Disk>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) options: Options,
    pub(crate) tail: Tail,
    /// Frames of the group in the making, to lie at the tail's end.
    pub(crate) group: Vec<u8>,
    /// Newest stamp in the group.
    pub(crate) newest: Stamp,
    /// Whom to tell when the group is durable, and what.
    pub(crate) waiting: Vec<(Done, Vec<Cursor>)>,
}

impl Writer {
    /// Runs until nobody can append any more.
    pub(crate) fn run(mut self, mut queue: Receiver<Order>) {
        while let Some(first) = queue.blocking_recv() {
            self.carry_out(first);
            while self.group.len() < self.options.group_bytes {
                let Ok(more) = queue.try_recv() else { break };
                self.carry_out(more);
            }
            self.commit();
        }
    }

    fn carry_out(&mut self, order: Order) {
        match order {
            Order::Append(request) => self.take(request),
            Order::Overwrite(entries, done) => {
                self.commit();
                done(self.overwrite(entries));
            }
        }
    }

    /// Segment by segment; of the one that is written to, the tail goes on in the new file.
    fn overwrite(&mut self, entries: Vec<(Cursor, Vec<u8>)>) -> Result<u64, Error> {
        if self.shared.stopped.load(Ordering::SeqCst) {
            return Err(Error::Stopped);
        }
        let mut segments: BTreeMap<u64, BTreeMap<u64, Vec<u8>>> = BTreeMap::new();
        for (at, bytes) in entries {
            segments.entry(at.segment).or_default().insert(at.offset, bytes);
        }
        let shared = Arc::clone(&self.shared);
        let _turn = shared.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let first = shared.bounds().first;
        let mut replaced = 0;
        for (number, entries) in segments.split_off(&first) {
            replaced += entries.len() as u64;
            let tail = number == self.tail.header.number;
            let end = tail.then_some(self.tail.end);
            let anew = write_anew(self.disk.as_ref(), number, end, entries);
            if tail && let Anew::Exchanged | Anew::Unknown(_) = &anew {
                match open_file(self.disk.as_ref(), number) {
                    Ok(file) => self.tail.file = file,
                    Err(error) => {
                        self.stop();
                        return Err(error);
                    }
                }
            }
            match anew {
                Anew::Exchanged => {}
                Anew::Refused(error) => return Err(error),
                Anew::Unknown(error) => {
                    self.stop();
                    return Err(error);
                }
            }
        }
        Ok(replaced)
    }

    /// Adds an append to the group; begins a segment before it where one is due.
    fn take(&mut self, request: Request) {
        if self.shared.stopped.load(Ordering::SeqCst) {
            return (request.done)(Err(Error::Stopped));
        }
        let newest = request.newest();
        if self.is_segment_due(request.size(), newest) {
            self.commit();
            if let Err(error) = self.rotate(newest) {
                return (request.done)(Err(error));
            }
        }
        self.newest = self.newest.max(newest);
        let mut places = Vec::with_capacity(request.entries.len());
        let mut left = u32::try_from(request.entries.len()).unwrap_or(u32::MAX);
        for entry in &request.entries {
            left = left.saturating_sub(1);
            let back = self.group.len();
            let offset = self.tail.end + back as u64;
            let length = u32::try_from(entry.bytes.len()).unwrap_or(u32::MAX);
            let back = u32::try_from(back).unwrap_or(u32::MAX);
            let head = Head { checksum: 0, length, left, back, stamp: entry.stamp };
            frame::write(&mut self.group, self.tail.header.seal(), offset, head, &entry.bytes);
            places.push(Cursor { segment: self.tail.header.number, offset });
        }
        self.waiting.push((request.done, places));
    }

    /// A segment ends by size, and by the UTC day it was opened for. An older stamp never begins a day anew.
    fn is_segment_due(&self, size: usize, newest: Stamp) -> bool {
        let length = self.tail.end + self.group.len() as u64;
        let is_empty = length == crate::header::HEADER as u64;
        !is_empty
            && (length + size as u64 > self.options.segment_bytes
                || day(newest) > day(self.tail.header.opened))
    }

    /// Makes the group durable and tells everybody.
    fn commit(&mut self) {
        if self.waiting.is_empty() {
            return;
        }
        let result = self.write_group();
        if result.is_ok() {
            self.tail.end += self.group.len() as u64;
            self.tail.newest = self.tail.newest.max(self.newest);
            self.shared.bounds().end = self.tail.cursor();
        }
        self.group.clear();
        self.group.shrink_to(self.options.group_bytes);
        self.newest = Stamp::EPOCH;
        for (done, places) in self.waiting.drain(..) {
            done(result.clone().map(|()| places));
        }
    }

    fn write_group(&self) -> Result<(), Error> {
        let end = self.tail.end;
        if let Err(e) = self.tail.file.write_all_at(&self.group, end) {
            // A part may be there. It goes, or nothing is written behind it.
            if self.tail.file.cut(end).is_err() {
                self.stop();
            }
            return Err(Error::io("writing a segment", &e));
        }
        self.tail.file.sync().map_err(|e| {
            self.stop();
            // The kernel forgets what it failed to write: a second sync would succeed and prove nothing.
            let _ = self.tail.file.cut(end);
            Error::Io { operation: "syncing a segment", kind: e.kind() }
        })
    }

    fn rotate(&mut self, opened: Stamp) -> Result<(), Error> {
        if self.shared.stopped.load(Ordering::SeqCst) {
            return Err(Error::Stopped);
        }
        let header = Header {
            number: self.tail.header.number + 1,
            salt: random()?,
            // Days never go back, or every late entry would begin a segment.
            opened: opened.max(self.tail.header.opened),
            length_before: self.tail.end,
            newest_before: self.tail.newest,
        };
        let tail = begin(self.disk.as_ref(), header);
        if matches!(tail, Err(Error::Io { operation: "syncing a new segment", .. })) {
            self.stop();
        }
        self.tail = tail?;
        self.shared.bounds().end = self.tail.cursor();
        Ok(())
    }

    fn stop(&self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
    }
}

fn day(stamp: Stamp) -> i64 {
    stamp.micros().div_euclid(86_400 * 1_000_000)
}

/// A number nobody can guess.
pub(crate) fn random() -> Result<u64, Error> {
    let mut bytes = [0; 8];
    let drawn = getrandom::fill(&mut bytes);
    drawn.map_err(|_| Error::Io { operation: "drawing a random number", kind: std::io::ErrorKind::Other })?;
    Ok(u64::from_le_bytes(bytes))
}
