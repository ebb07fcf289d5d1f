//! What a reader keeps beside the segments: something it can work out again, and would rather not.

use std::io;

use crate::disk::{Disk, read_full};
use crate::error::Error;
use crate::log::Log;
use crate::marker::replace;
use crate::view::View;

/// More is taken for damage, in bytes.
const MOST: u64 = 256 * 1024 * 1024;

impl Log {
    /// Keeps bytes under a name, a plain word; durable when this returns, and the old ones until then. Blocks.
    ///
    /// # Errors
    /// [`Error::Io`], [`Error::Full`]: what was kept is kept.
    pub fn keep_aside(&self, name: &str, bytes: &[u8]) -> Result<(), Error> {
        let mut whole = crc32fast::hash(bytes).to_le_bytes().to_vec();
        whole.extend_from_slice(bytes);
        replace(self.disk().as_ref(), &file(name), &whole).map_err(|e| Error::io("keeping a summary", &e))
    }

    /// What was kept under a name; `None` when nothing was, or when it does not read back: whoever kept it can do without. Blocks.
    ///
    /// # Errors
    /// [`Error::Io`].
    pub fn aside(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        read(self.disk().as_ref(), &file(name))
    }
}

impl View {
    /// As [`Log::aside`].
    ///
    /// # Errors
    /// As [`Log::aside`].
    pub fn aside(&self, name: &str) -> Result<Option<Vec<u8>>, Error> {
        read(self.disk(), &file(name))
    }
}

fn file(name: &str) -> String {
    format!("{name}.aside")
}

fn read(disk: &dyn Disk, name: &str) -> Result<Option<Vec<u8>>, Error> {
    let failed = |e: &io::Error| Error::io("reading a summary", e);
    let file = match disk.open(name) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(failed(&e)),
    };
    let size = file.size().map_err(|e| failed(&e))?;
    let Some(size) = usize::try_from(size).ok().filter(|_| size <= MOST) else { return Ok(None) };
    let mut whole = vec![0; size];
    let read = read_full(file.as_ref(), &mut whole, 0).map_err(|e| failed(&e))?;
    let Some((checksum, bytes)) = whole[..read].split_first_chunk::<4>() else { return Ok(None) };
    Ok((crc32fast::hash(bytes) == u32::from_le_bytes(*checksum)).then(|| bytes.to_vec()))
}
