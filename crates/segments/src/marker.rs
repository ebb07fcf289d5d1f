//! How far somebody has read, durable.

use std::io;

use crate::cursor::Cursor;
use crate::disk::{Disk, read_full};
use crate::error::{Damage, Error};
use crate::log::Log;
use crate::open::damaged;

const BYTES: usize = 20;

/// A reader's place, kept beside the segments under the reader's name.
#[derive(Debug)]
pub struct Marker {
    name: String,
    at: Option<Cursor>,
}

impl Marker {
    /// Reads a marker; one that was never set stands nowhere yet. Blocks. `name` is a plain word.
    ///
    /// # Errors
    /// [`Error::Damaged`] when it does not read back, or when the log ends before it; [`Error::Io`].
    pub fn open(log: &Log, name: &str) -> Result<Self, Error> {
        let at = read(log.disk().as_ref(), &file(name))?;
        if let Some(at) = at {
            log.check_reaches(at)?;
        }
        Ok(Self { name: name.to_owned(), at })
    }

    /// Where it stands; `None` when nothing was read yet.
    #[must_use]
    pub const fn at(&self) -> Option<Cursor> {
        self.at
    }

    /// Moves it on; durable when this returns. It never moves back: the place it stands at afterwards is returned. Blocks.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Full`]: it stands where it stood. [`Error::Damaged`] for a place the log does not reach.
    pub fn advance(&mut self, log: &Log, to: Cursor) -> Result<Cursor, Error> {
        log.check_reaches(to)?;
        if let Some(at) = self.at.filter(|at| *at >= to) {
            return Ok(at);
        }
        replace(log.disk().as_ref(), &file(&self.name), &encode(to))
            .map_err(|e| Error::io("moving a marker", &e))?;
        self.at = Some(to);
        Ok(to)
    }
}

fn file(name: &str) -> String {
    format!("{name}.cursor")
}

fn encode(cursor: Cursor) -> [u8; BYTES] {
    let mut bytes = [0; BYTES];
    bytes[..8].copy_from_slice(&cursor.segment.to_le_bytes());
    bytes[8..16].copy_from_slice(&cursor.offset.to_le_bytes());
    let checksum = crc32fast::hash(&bytes[..16]);
    bytes[16..].copy_from_slice(&checksum.to_le_bytes());
    bytes
}

fn decode(bytes: &[u8]) -> Option<Cursor> {
    let bytes = bytes.first_chunk::<BYTES>()?;
    let (body, checksum) = bytes.split_last_chunk::<4>()?;
    let (segment, offset) = (body.first_chunk::<8>()?, body.last_chunk::<8>()?);
    let cursor = Cursor { segment: u64::from_le_bytes(*segment), offset: u64::from_le_bytes(*offset) };
    (crc32fast::hash(body) == u32::from_le_bytes(*checksum)).then_some(cursor)
}

fn read(disk: &dyn Disk, name: &str) -> Result<Option<Cursor>, Error> {
    let file = match disk.open(name) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(Error::io("reading a marker", &e)),
    };
    let mut bytes = [0; BYTES + 1];
    let read = read_full(file.as_ref(), &mut bytes, 0).map_err(|e| Error::io("reading a marker", &e))?;
    let cursor = decode(&bytes[..read]).filter(|_| read == BYTES);
    cursor.map(Some).ok_or(damaged(0, 0, Damage::Marker))
}

/// The old content or the new one, never a part.
pub(crate) fn replace(disk: &dyn Disk, name: &str, content: &[u8]) -> io::Result<()> {
    let fresh = format!("{name}.new");
    let file = disk.create(&fresh)?;
    file.write_all_at(content, 0)?;
    file.sync()?;
    disk.rename(&fresh, name)?;
    disk.sync_names()
}
