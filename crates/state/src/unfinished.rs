//! A summary of the log that sled was writing when the power went. sled gives it its name once it is whole and synced, and yet takes
//! one that still has its first name for the newest of all when it opens: torn, it refuses the whole database for its sake,
//! although the log holds everything.

use std::ffi::OsStr;
use std::fs;
use std::io::{self, ErrorKind};
use std::path::Path;

/// What such a file is called until it is whole (sled 0.34, `pagecache/snapshot.rs`).
const BEFORE: &str = "snap.";
const UNFINISHED: &str = "generating";
/// What it ends with: how long it is unpacked, and a checksum over what stands before both.
const LENGTH: usize = 8;
const CHECKSUM: usize = 4;

/// Removes summaries that were never finished and are torn. Whole ones stay: sled reads them. Nobody may have the database open.
///
/// # Errors
/// When the directory cannot be read or a file not be removed.
pub(crate) fn remove_torn(dir: &Path) -> io::Result<()> {
    let entries = match fs::read_dir(dir) {
        Ok(entries) => entries,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry?.path();
        let named = path.file_name().and_then(OsStr::to_str).is_some_and(|name| name.starts_with(BEFORE));
        if named && path.extension().is_some_and(|end| end == UNFINISHED) && !is_whole(&fs::read(&path)?) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

fn is_whole(bytes: &[u8]) -> bool {
    let Some((rest, checksum)) = bytes.split_last_chunk::<CHECKSUM>() else { return false };
    let Some((summary, _)) = rest.split_last_chunk::<LENGTH>() else { return false };
    !summary.is_empty() && crc32fast::hash(summary) == u32::from_le_bytes(*checksum)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sled_store::SledStore;

    #[test]
    fn a_torn_summary_is_removed_and_the_database_opens() {
        let dir = tempfile::tempdir().unwrap();
        drop(SledStore::open(dir.path()).unwrap());
        let torn = dir.path().join("snap.00000000FFFFFFFF.generating");
        for bytes in [vec![], vec![0; 12], vec![0; 4096], b"half of what was to be written".to_vec()] {
            fs::write(&torn, bytes).unwrap();
            drop(SledStore::open(dir.path()).unwrap());
            assert!(!torn.exists());
        }
    }

    #[test]
    fn what_is_whole_or_has_another_name_stays() {
        let dir = tempfile::tempdir().unwrap();
        let whole = [b"summary".as_slice(), &[7; 8], &crc32fast::hash(b"summary").to_le_bytes()].concat();
        let names = ["snap.0000000000000001.generating", "snap.0000000000000001", "db"];
        for (name, bytes) in names.iter().zip([whole.as_slice(), b"torn", b"torn"]) {
            fs::write(dir.path().join(name), bytes).unwrap();
        }
        remove_torn(dir.path()).unwrap();
        assert!(names.iter().all(|name| dir.path().join(name).exists()));
        remove_torn(&dir.path().join("nowhere")).unwrap();
    }
}
