//! A database that holds only what it still says, written while it is open. sled's file grows to several times of what it holds: it
//! writes whole pages for each change, and takes old ones back only where half of their neighbours are old, too.
//!
//! Everything is copied into a new database beside the old one, which takes its place by name. A crash at any moment leaves one of
//! them, and the next opening removes the other ([`crate::compact::put_back`]): both say the same.

use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::durable_files::DurableFiles;
use crate::error::Fatal;
use crate::leaf;
use crate::private_files;
use crate::sled_store::db::{
    Shelf, WALK_TOUCHES, apply, guarded, leaf_of, open_to_fill, physical, read_number, touch,
};
use crate::sled_store::filling::Filling;
use crate::takeover::{self, WRITTEN_ANEW};
use crate::tree::Tree;

/// Databases below this many bytes are better left as they are.
pub const SMALL_BYTES: u64 = 16 * 1024 * 1024;
/// A database is written anew when it has grown to so many times what it was when that was done last.
const GROWN: u64 = 2;
/// What an open database has more than a closed one: sled gives its file whole segments.
const SLACK: u64 = 1024 * 1024;
/// What it brought.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WrittenAnew {
    /// Bytes on disk before.
    pub before: u64,
    /// Bytes on disk after.
    pub after: u64,
}

/// Writes the database anew where it has grown much and the disk has room for both.
///
/// # Errors
/// [`Fatal`] when it cannot be read, written or put into its place; the database may be closed then.
pub(crate) fn if_worth_it(
    shelf: &Shelf,
    small_bytes: u64,
) -> Result<Option<(WrittenAnew, DurableFiles)>, Fatal> {
    let io = |e| Fatal::io("writing the state anew", &e);
    let before = private_files::size_of(shelf.dir()).map_err(io)?;
    let last = shelf.read(|db| read_number(db, WRITTEN_ANEW))?.unwrap_or(0);
    let room = fs2::available_space(shelf.dir()).map_err(io)?;
    if before < small_bytes || before < last.saturating_mul(GROWN) + SLACK || room < before.saturating_mul(2)
    {
        return Ok(None);
    }
    let (new, old) = (beside(shelf.dir(), ".new"), beside(shelf.dir(), ".old"));
    remove(&new).map_err(io)?;
    private_files::make_dir(&new)?;
    let after = shelf.read(|db| copied(db, &new))?;
    private_files::tighten_all(&new).map_err(io)?;
    let sync = shelf.exchange(|| put_into_place(shelf.dir(), &new, &old).map_err(io))?;
    Ok(Some((WrittenAnew { before, after }, sync)))
}

/// `<dir>.new`, `<dir>.old`
fn beside(dir: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = dir.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn remove(dir: &Path) -> io::Result<()> {
    match fs::remove_dir_all(dir) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        removed => removed,
    }
}

/// Copies everything, and returns the size of the copy, which is durable and closed.
fn copied(db: &sled::Db, to: &Path) -> Result<u64, Fatal> {
    let (new, sync) = open_to_fill(to)?;
    let mut filling = Filling::of(&new);
    let mut rows = db.iter();
    while let Some((key, value)) = guarded("reading", || rows.next().transpose())? {
        touch(db, &key, WALK_TOUCHES)?;
        let at_rest = leaf_of(&key).and_then(|(tree, lower)| leaf::at_rest(tree, lower, &value));
        filling.add(key, at_rest.map_or(value, sled::IVec::from))?;
    }
    filling.end()?;
    apply(&new, &sync, sled::Batch::default())?;
    let size = private_files::size_of(to).map_err(|e| Fatal::io("writing the state anew", &e))?;
    let mut noted = sled::Batch::default();
    noted.insert(physical(Tree::Meta, WRITTEN_ANEW), takeover::number_value(WRITTEN_ANEW, size));
    apply(&new, &sync, noted)?;
    drop(new);
    Ok(size)
}

fn put_into_place(dir: &Path, new: &Path, old: &Path) -> io::Result<()> {
    let parent = dir.parent().unwrap_or(Path::new("."));
    drill::reached(drill::KillPoint::K40);
    fs::rename(dir, old)?;
    drill::reached(drill::KillPoint::K40);
    fs::rename(new, dir)?;
    drill::reached(drill::KillPoint::K40);
    private_files::sync_dir(parent)?;
    fs::remove_dir_all(old)?;
    private_files::sync_dir(parent)
}
