//! The database's files, held open beside it, to make durable what it only hands to the kernel.

use std::fs::File;
use std::path::{Path, PathBuf};

/// Name of the file inside the database's directory that all commits go to.
const DB_FILE: &str = "db";
/// Name of the directory that it writes values over its page size to.
const BLOB_DIR: &str = "blobs";

/// Our own handles of the database's files.
pub(crate) struct DurableFiles {
    file: File,
    blobs: PathBuf,
}

impl DurableFiles {
    /// Opens the files in the database's directory, whose names become durable with that.
    ///
    /// # Errors
    /// When one of them cannot be opened or synced.
    pub(crate) fn open(dir: &Path) -> std::io::Result<Self> {
        let file = File::open(dir.join(DB_FILE))?;
        let blobs = dir.join(BLOB_DIR);
        // The names and sled's small files, once: they do not change while it runs.
        for entry in std::fs::read_dir(dir)? {
            File::open(entry?.path())?.sync_all()?;
        }
        File::open(dir)?.sync_all()?;
        Ok(Self { file, blobs })
    }

    /// Makes durable what was written until now.
    ///
    /// # Errors
    /// When the disk fails.
    pub(crate) fn now(&self) -> std::io::Result<()> {
        // sled syncs a blob's content itself, not its name.
        if std::fs::read_dir(&self.blobs)?.next().is_some() {
            File::open(&self.blobs)?.sync_all()?;
        }
        self.file.sync_data()
    }
}
