//! Files that hold what is nobody else's business: new, readable by their owner only, no link followed.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use crate::failure::Failure;

/// Makes a file that was not there, or, where that is asked for, replaces a plain file.
///
/// # Errors
/// When it is there already, or cannot be made.
pub fn create(path: &Path, replace: bool) -> Result<File, Failure> {
    let failed = |source| Failure::Output { what: path.display().to_string(), source };
    if replace {
        remove(path).map_err(failed)?;
    }
    match private(path) {
        Ok(file) => Ok(file),
        Err(problem) if problem.kind() == io::ErrorKind::AlreadyExists => Err(Failure::Arguments {
            problem: format!("{} is there already", path.display()),
            advice: "name another file, or replace it with --force",
        }),
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => Err(Failure::Arguments {
            problem: format!("the folder of {} does not exist", path.display()),
            advice: "make the folder, or name another file",
        }),
        Err(source) => Err(failed(source)),
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match std::fs::symlink_metadata(path) {
        Ok(found) if found.is_file() => std::fs::remove_file(path),
        Ok(_) => Err(io::Error::new(io::ErrorKind::AlreadyExists, "it is no plain file")),
        Err(problem) if problem.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(problem) => Err(problem),
    }
}

/// Makes a file that was not there. `create_new` follows no link.
///
/// # Errors
/// When it is there already, or cannot be made.
pub fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}
