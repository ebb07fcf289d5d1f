//! Reads one segment, frame by frame, in bounded memory.

use std::io;

use model::Stamp;

use crate::disk::{DiskFile, read_full};
use crate::error::Error;
use crate::frame::{HEAD, Head, MARK, MAX_ENTRY, Seal};

/// Least bytes fetched at once.
const FETCH: usize = 256 * 1024;

/// A frame that was read and fits.
#[derive(Debug)]
pub(crate) struct Frame<'b> {
    pub(crate) offset: u64,
    pub(crate) next: u64,
    /// Where the group began that it was written with.
    pub(crate) group: u64,
    /// Entries of the same append behind it.
    pub(crate) left: u32,
    pub(crate) stamp: Stamp,
    pub(crate) bytes: &'b [u8],
}

/// What lies at a place.
pub(crate) enum Found<'b> {
    Frame(Frame<'b>),
    /// The limit was reached, exactly.
    End,
    /// No frame begins here, although bytes do.
    Bad,
}

/// Walks over a segment.
pub(crate) struct Scanner<'f> {
    file: &'f dyn DiskFile,
    seal: Seal,
    /// Nothing at or behind this is read.
    limit: u64,
    at: u64,
    buffer: Vec<u8>,
    /// Where in the file the buffer begins.
    buffered: u64,
}

impl<'f> Scanner<'f> {
    pub(crate) fn new(file: &'f dyn DiskFile, seal: Seal, from: u64, limit: u64) -> Self {
        Self { file, seal, limit, at: from, buffer: Vec::new(), buffered: from }
    }

    pub(crate) const fn at(&self) -> u64 {
        self.at
    }

    /// The frame here, and steps behind it.
    pub(crate) fn next(&mut self) -> Result<Found<'_>, Error> {
        if self.at >= self.limit {
            return Ok(Found::End);
        }
        let offset = self.at;
        let Some(length) = self.length_here().map_err(reading)? else { return Ok(Found::Bad) };
        self.at = offset + length as u64;
        let start = place(offset, self.buffered);
        let bytes = &self.buffer[start..start + length];
        let Some(head) = Head::read(bytes) else { return Ok(Found::Bad) };
        Ok(Found::Frame(Frame {
            offset,
            next: self.at,
            group: offset.saturating_sub(u64::from(head.back)),
            left: head.left,
            stamp: head.stamp,
            bytes: &bytes[HEAD..],
        }))
    }

    /// Whether a frame lies behind here that belongs to a group begun behind here, too: then everything up to here was
    /// durable once, and what is bad here is damage and no torn tail.
    pub(crate) fn was_durable(&mut self) -> Result<bool, Error> {
        let bad = self.at;
        let mut at = bad + 1;
        while at + (HEAD as u64) <= self.limit {
            self.at = at;
            self.fetch(at, HEAD).map_err(reading)?;
            let start = place(at, self.buffered);
            let Some(ahead) = self.buffer[start..].windows(MARK.len()).position(|four| four == MARK) else {
                // The last bytes may be the beginning of a mark.
                at = (self.buffered + self.buffer.len() as u64)
                    .saturating_sub(MARK.len() as u64 - 1)
                    .max(at + 1);
                continue;
            };
            self.at = at + ahead as u64;
            at = self.at + 1;
            if let Found::Frame(frame) = self.next()?
                && frame.group > bad
            {
                return Ok(true);
            }
        }
        self.at = bad;
        Ok(false)
    }

    /// Length of the frame that begins here, head included, when it is whole and fits.
    fn length_here(&mut self) -> io::Result<Option<usize>> {
        let offset = self.at;
        if self.limit - offset < HEAD as u64 {
            return Ok(None);
        }
        self.fetch(offset, HEAD)?;
        let Some(head) = Head::read(&self.buffer[place(offset, self.buffered)..]) else { return Ok(None) };
        let length = HEAD + head.length as usize;
        if head.length as usize > MAX_ENTRY || self.limit - offset < length as u64 {
            return Ok(None);
        }
        self.fetch(offset, length)?;
        let start = place(offset, self.buffered);
        let Some(bytes) = self.buffer.get(start..start + length) else { return Ok(None) };
        Ok(head.fits(self.seal, offset, &bytes[HEAD..]).then_some(length))
    }

    /// Has `length` bytes from `offset` on in the buffer, or what there is of them.
    fn fetch(&mut self, offset: u64, length: usize) -> io::Result<()> {
        let end = offset + length as u64;
        if offset >= self.buffered && end <= self.buffered + self.buffer.len() as u64 {
            return Ok(());
        }
        let wanted = (length.max(FETCH) as u64).min(self.limit - offset);
        self.buffer.resize(usize::try_from(wanted).unwrap_or(length), 0);
        self.buffered = offset;
        let read = read_full(self.file, &mut self.buffer, offset)?;
        self.buffer.truncate(read);
        Ok(())
    }
}

/// Where a file's offset lies in the buffer.
fn place(offset: u64, buffered: u64) -> usize {
    usize::try_from(offset - buffered).unwrap_or(usize::MAX)
}

fn reading(e: io::Error) -> Error {
    Error::io("reading a segment", &e)
}
