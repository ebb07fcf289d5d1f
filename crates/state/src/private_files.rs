//! Files and directories only their owner can read, whatever the process's umask is, and writes that survive a power cut.

use std::fs::{self, DirBuilder, File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use crate::error::Fatal;

const DIR_MODE: u32 = 0o700;
const FILE_MODE: u32 = 0o600;

/// Makes a directory with its parents, or tightens the one that is there. Names that are new are durable when this returns:
/// a directory whose own name a power cut takes is gone with all that was synced in it.
pub(crate) fn make_dir(path: &Path) -> Result<(), Fatal> {
    let make = || {
        let new: Vec<&Path> = path
            .ancestors()
            .take_while(|ancestor| !ancestor.as_os_str().is_empty() && !ancestor.exists())
            .collect();
        DirBuilder::new().recursive(true).mode(DIR_MODE).create(path)?;
        tighten(path, DIR_MODE)?;
        for name in new {
            let parent = name.parent().filter(|parent| !parent.as_os_str().is_empty());
            sync_dir(parent.unwrap_or(Path::new(".")))?;
        }
        Ok(())
    };
    make().map_err(|e| Fatal::io("making a state directory", &e))
}

/// Opens a file for writing, made private before anything is in it.
pub(crate) fn open_file(path: &Path) -> io::Result<File> {
    let file =
        OpenOptions::new().read(true).write(true).create(true).truncate(false).mode(FILE_MODE).open(path)?;
    tighten(path, FILE_MODE)?;
    Ok(file)
}

/// Replaces a file so that a reader, also one after a power cut, finds the old or the new content, never a part.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let temporary = path.with_extension("tmp");
    let mut file = open_file(&temporary)?;
    file.set_len(0)?;
    file.write_all(content)?;
    file.sync_all()?;
    drill::reached(drill::KillPoint::K39);
    fs::rename(&temporary, path)?;
    sync_dir(path.parent().unwrap_or(Path::new(".")))
}

/// Reads a small file; `None` when it is not there.
pub(crate) fn read_small(path: &Path) -> io::Result<Option<Vec<u8>>> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(e),
    };
    let mut content = Vec::new();
    file.take(64 * 1024).read_to_end(&mut content)?;
    Ok(Some(content))
}

/// Makes the names in a directory durable.
pub(crate) fn sync_dir(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}

/// Tightens everything below a directory that another library writes to.
pub(crate) fn tighten_all(dir: &Path) -> io::Result<()> {
    tighten(dir, DIR_MODE)?;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            tighten_all(&entry.path())?;
        } else {
            tighten(&entry.path(), FILE_MODE)?;
        }
    }
    Ok(())
}

/// Bytes below a directory.
pub(crate) fn size_of(dir: &Path) -> io::Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(dir)? {
        let entry = entry?;
        let metadata = entry.metadata()?;
        bytes += if metadata.is_dir() { size_of(&entry.path())? } else { metadata.len() };
    }
    Ok(bytes)
}

fn tighten(path: &Path, mode: u32) -> io::Result<()> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.permissions().mode() & 0o777 == mode => Ok(()),
        Ok(_) => fs::set_permissions(path, Permissions::from_mode(mode)),
        Err(e) => Err(e),
    }
}
