//! Where the rows of a large job wait: in a file that has no name, so that nothing of it outlives the process. A job may hold
//! 100,000 rows, and a machine that runs an hourly job has better things to do with its memory.

use std::fmt;
use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// So many bytes are written, or read, at a time. Rows are read in nearly the order they were written in.
const WINDOW: usize = 64 * 1024;

/// A file of waiting rows.
#[derive(Debug)]
pub struct Spill(Mutex<Pages>);

struct Pages {
    file: File,
    /// How many bytes are in the file.
    written: u64,
    /// What is not yet.
    tail: Vec<u8>,
    /// A piece of the file as it was read last, and where it begins.
    window: Vec<u8>,
    window_at: u64,
}

/// Shows no row.
impl fmt::Debug for Pages {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pages({} bytes)", self.written + self.tail.len() as u64)
    }
}

/// A row's place in a [`Spill`].
#[derive(Debug, Clone, Copy)]
pub struct Place {
    /// Where it begins.
    pub at: u64,
    /// How many bytes it has.
    pub length: u32,
}

impl Spill {
    /// A new file in this directory, mode 0600, whose name is gone at once.
    ///
    /// # Errors
    /// When the file system refuses it.
    pub fn create(dir: &Path) -> io::Result<Self> {
        let path = dir.join("outbox.rows");
        // Left over from a process that ended between the two lines below.
        let _ = std::fs::remove_file(&path);
        let file = OpenOptions::new().read(true).write(true).create_new(true).mode(0o600).open(&path)?;
        std::fs::remove_file(&path)?;
        let (tail, window) = (Vec::with_capacity(WINDOW), Vec::new());
        Ok(Self(Mutex::new(Pages { file, written: 0, tail, window, window_at: 0 })))
    }

    /// Puts a row away.
    ///
    /// # Errors
    /// When the disk is full, for one. What was put away before stands.
    pub fn park(&self, row: &[u8]) -> io::Result<Place> {
        let length = u32::try_from(row.len()).map_err(io::Error::other)?;
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if pages.tail.len() + row.len() > WINDOW {
            pages.flush()?;
        }
        let at = pages.written + pages.tail.len() as u64;
        pages.tail.extend_from_slice(row);
        Ok(Place { at, length })
    }

    /// A row's bytes.
    ///
    /// # Errors
    /// When the disk fails.
    pub fn read(&self, place: Place) -> io::Result<Box<[u8]>> {
        let mut pages = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pages.read(place.at, place.length as usize)
    }
}

impl Pages {
    fn flush(&mut self) -> io::Result<()> {
        self.file.write_all_at(&self.tail, self.written)?;
        self.written += self.tail.len() as u64;
        self.tail.clear();
        Ok(())
    }

    fn read(&mut self, at: u64, length: usize) -> io::Result<Box<[u8]>> {
        if at >= self.written {
            return part(&self.tail, at - self.written, length);
        }
        let end = at + length as u64;
        let window_end = self.window_at + self.window.len() as u64;
        // Out of turn: whoever reads here and there reads a row at a time.
        if at < self.window_at || at > window_end {
            let mut row = vec![0; length];
            self.file.read_exact_at(&mut row, at)?;
            return Ok(row.into());
        }
        if end > window_end {
            // No row lies across the border of what was written at once.
            let size = (self.written - at).min(WINDOW.max(length) as u64);
            self.window.resize(usize::try_from(size).map_err(io::Error::other)?, 0);
            self.window_at = at;
            self.file.read_exact_at(&mut self.window, at)?;
        }
        part(&self.window, at - self.window_at, length)
    }
}

fn part(bytes: &[u8], from: u64, length: usize) -> io::Result<Box<[u8]>> {
    let from = usize::try_from(from).map_err(io::Error::other)?;
    let piece = bytes.get(from..).and_then(|rest| rest.get(..length));
    piece.map(Into::into).ok_or_else(|| io::ErrorKind::UnexpectedEof.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_put_away_is_read_in_any_order_and_while_more_is_put_away(
            rows in proptest::collection::vec((0_usize..30_000, any::<u8>()), 1..40),
            picks in proptest::collection::vec(any::<proptest::sample::Index>(), 1..60),
        ) {
            let dir = tempfile::tempdir().unwrap();
            let spill = Spill::create(dir.path()).unwrap();
            let mut parked: Vec<(Place, Vec<u8>)> = Vec::new();
            let mut picks = picks.into_iter().cycle();
            for (length, byte) in rows {
                let row = vec![byte; length];
                parked.push((spill.park(&row).unwrap(), row));
                let (place, row) = picks.next().unwrap().get(&parked);
                prop_assert_eq!(&*spill.read(*place).unwrap(), row.as_slice());
            }
            for (place, row) in parked.iter().rev().chain(&parked) {
                prop_assert_eq!(&*spill.read(*place).unwrap(), row.as_slice());
            }
            prop_assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
        }
    }
}
