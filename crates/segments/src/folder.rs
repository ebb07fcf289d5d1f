//! A directory of this machine as a [`Disk`].

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use crate::disk::{Disk, DiskFile};
use crate::error::Error;

const DIR_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;
/// The file whose lock keeps other writers out.
const LOCK: &str = "lock";

/// A directory, for writing (locked) or for looking.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
    _lock: Option<File>,
}

impl Folder {
    /// Makes or opens a directory to write to, private to this user, and keeps other writers out until it is dropped.
    ///
    /// # Errors
    /// [`Error::InUse`] when another process writes there, [`Error::Io`] when it cannot be made.
    pub fn for_writing(path: &Path) -> Result<Self, Error> {
        let make = || {
            DirBuilder::new().recursive(true).mode(DIR_MODE).create(path)?;
            fs::set_permissions(path, Permissions::from_mode(DIR_MODE))?;
            let lock = private(&path.join(LOCK), false)?;
            // The directory's own name must survive, too.
            File::open(parent(path))?.sync_all()?;
            Ok(lock)
        };
        let lock = make().map_err(|e| Error::io("making the log's directory", &e))?;
        match lock.try_lock() {
            Ok(()) => Ok(Self { path: path.to_owned(), _lock: Some(lock) }),
            Err(TryLockError::WouldBlock) => Err(Error::InUse(path.to_owned())),
            Err(TryLockError::Error(e)) => Err(Error::io("locking the log's directory", &e)),
        }
    }

    /// A directory to look into beside whoever writes there. Nothing is made or changed.
    #[must_use]
    pub fn for_reading(path: &Path) -> Self {
        Self { path: path.to_owned(), _lock: None }
    }
}

fn parent(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn private(path: &Path, empty: bool) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(empty).mode(FILE_MODE);
    let file = options.open(path)?;
    file.set_permissions(Permissions::from_mode(FILE_MODE))?;
    Ok(file)
}

impl Disk for Folder {
    fn names(&self) -> io::Result<Vec<String>> {
        let mut names = Vec::new();
        for entry in fs::read_dir(&self.path)? {
            // A name that is no text is none of ours.
            names.extend(entry?.file_name().into_string().ok());
        }
        Ok(names)
    }

    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(private(&self.path.join(name), true)?))
    }

    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        let path = self.path.join(name);
        let writes = self._lock.is_some();
        Ok(Box::new(OpenOptions::new().read(true).write(writes).open(path)?))
    }

    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        fs::rename(self.path.join(from), self.path.join(to))
    }

    fn remove(&self, name: &str) -> io::Result<()> {
        fs::remove_file(self.path.join(name))
    }

    fn sync_names(&self) -> io::Result<()> {
        File::open(&self.path)?.sync_all()
    }
}

impl DiskFile for File {
    fn size(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, into, offset)
    }

    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        FileExt::write_all_at(self, bytes, offset)
    }

    fn cut(&self, bytes: u64) -> io::Result<()> {
        self.set_len(bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}
