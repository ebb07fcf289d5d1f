//! What the log needs of a disk, as a trait: so that a test can take the power away between any two calls.

use std::io;

/// One directory.
pub trait Disk: Send + Sync {
    /// Names of the files in it, in any order.
    ///
    /// # Errors
    /// What the file system says.
    fn names(&self) -> io::Result<Vec<String>>;

    /// Makes a file, empty, readable for its owner only. What had the name is gone.
    ///
    /// # Errors
    /// What the file system says.
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;

    /// Opens a file that is there.
    ///
    /// # Errors
    /// What the file system says; `NotFound` when it is not there.
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>>;

    /// Gives a file another name, in place of whatever has it.
    ///
    /// # Errors
    /// What the file system says.
    fn rename(&self, from: &str, to: &str) -> io::Result<()>;

    /// Removes a name.
    ///
    /// # Errors
    /// What the file system says.
    fn remove(&self, name: &str) -> io::Result<()>;

    /// Makes names durable: created, renamed and removed ones.
    ///
    /// # Errors
    /// What the file system says.
    fn sync_names(&self) -> io::Result<()>;
}

/// One open file.
pub trait DiskFile: Send + Sync {
    /// Its length in bytes.
    ///
    /// # Errors
    /// What the file system says.
    fn size(&self) -> io::Result<u64>;

    /// Reads up to a buffer's length; 0 at the end.
    ///
    /// # Errors
    /// What the file system says.
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize>;

    /// Writes all of it.
    ///
    /// # Errors
    /// What the file system says; a part may have been written.
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()>;

    /// Cuts it to a length.
    ///
    /// # Errors
    /// What the file system says.
    fn cut(&self, bytes: u64) -> io::Result<()>;

    /// Makes content and length durable.
    ///
    /// # Errors
    /// What the file system says; then nobody knows what is durable.
    fn sync(&self) -> io::Result<()>;
}

/// Reads until the buffer is full or the file ends; how much it was.
pub(crate) fn read_full(file: &dyn DiskFile, into: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < into.len() {
        match file.read_at(&mut into[read..], offset + read as u64) {
            Ok(0) => break,
            Ok(more) => read += more,
            Err(e) if e.kind() == io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok(read)
}
