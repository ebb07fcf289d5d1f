//! A database that holds only what it still says. sled's file keeps what was removed until it is written over; here every
//! row is copied into a new one, which takes the old one's place.

use std::path::{Path, PathBuf};

use model::Subject;

use crate::error::{Error, Fatal, Refusal};
use crate::forgotten::is_among;
use crate::open::{DATABASE, HISTORY, check_manifest, check_place, check_space, lock, open_store};
use crate::sled_store::SledStore;
use crate::store::{Batch, Scan, Store};
use crate::story::copy_without;
use crate::takeover::{EPOCH, GENERATION, WRITTEN_ANEW};
use crate::tree::Tree;
use crate::{OpenOptions, State, manifest, private_files, takeover};

/// What is written anew.
const PARTS: [&str; 2] = [HISTORY, DATABASE];
/// Rows per commit.
const COMMIT: usize = 1_000;

/// What a crash may leave beside a part: its new form and its old one, and those of the new one, which is written anew in its turn.
const LEFT: [&str; 4] = [".new", ".old", ".new.new", ".new.old"];

/// A part while it is made anew.
fn making(dir: &Path, part: &str) -> PathBuf {
    dir.join(format!("{part}.new"))
}

/// A part's old form, while the new one takes its place.
fn replaced(dir: &Path, part: &str) -> PathBuf {
    dir.join(format!("{part}.old"))
}

impl State {
    /// Writes the database anew, without anything that was removed from it, and the history, without anybody who was forgotten.
    /// Nobody may have the state open. Blocks; a crash at any moment leaves of each the old or the new one.
    ///
    /// # Errors
    /// As [`State::open`]; [`Refusal::Manifest`] where there is no state.
    pub fn compact(dir: impl AsRef<Path>, options: &OpenOptions) -> Result<(), Error> {
        let dir = dir.as_ref();
        check_place(dir)?;
        let _lock = lock(dir)?;
        put_back(dir)?;
        check_space(dir, options.min_free_bytes)?;
        let mut found = manifest::read(dir)?.ok_or(Refusal::Manifest)?;
        let key = check_manifest(dir, &found, options)?;
        private_files::make_dir(&making(dir, DATABASE))?;
        {
            let old = open_store(dir, found.generation)?;
            let new = SledStore::open(&making(dir, DATABASE))?;
            if dir.join(HISTORY).exists() {
                private_files::make_dir(&making(dir, HISTORY))?;
                let until = takeover::generation(&old)?;
                let left_out = |subject: &Subject| is_among(&old, &key, subject);
                copy_without(&dir.join(HISTORY), &making(dir, HISTORY), until, &options.clock, &left_out)?;
            }
            // Never ahead of the database, whichever of the two is found after a crash.
            found.generation = copy(&old, &new)?;
            // Row by row it lies there as it was written: larger than what a running state makes of itself.
            new.write_anew(0)?;
        }
        let io = |e| Fatal::io("writing the state anew", &e);
        private_files::tighten_all(&making(dir, DATABASE)).map_err(io)?;
        drop(manifest::ManifestFile::create(dir, found)?);
        for part in PARTS.into_iter().filter(|part| making(dir, part).exists()) {
            std::fs::rename(dir.join(part), replaced(dir, part)).map_err(io)?;
            drill::reached(drill::KillPoint::K40);
            std::fs::rename(making(dir, part), dir.join(part)).map_err(io)?;
            private_files::sync_dir(dir).map_err(io)?;
            std::fs::remove_dir_all(replaced(dir, part)).map_err(io)?;
        }
        private_files::sync_dir(dir).map_err(io)?;
        Ok(())
    }
}

/// Finishes or takes back what a crash left of a compaction: the old form counts until the new one stands in its place.
pub(crate) fn put_back(dir: &Path) -> Result<(), Fatal> {
    let mend = |part: &str| {
        let (now, replaced) = (dir.join(part), replaced(dir, part));
        if replaced.exists() && !now.exists() {
            std::fs::rename(&replaced, &now)?;
            private_files::sync_dir(dir)?;
        }
        let left = LEFT.map(|ending| dir.join(format!("{part}{ending}")));
        let left: Vec<_> = left.iter().filter(|left| left.exists()).collect();
        if left.is_empty() {
            return Ok(());
        }
        left.into_iter().try_for_each(std::fs::remove_dir_all)?;
        private_files::sync_dir(dir)
    };
    PARTS.into_iter().try_for_each(mend).map_err(|e| Fatal::io("ending a compaction", &e))
}

/// Copies every row but those that each database keeps for itself, and returns the generation reached.
fn copy(from: &dyn Store, to: &dyn Store) -> Result<u64, Fatal> {
    for tree in Tree::ALL {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let page = from.scan(tree, Scan { prefix: &[], after: after.as_deref() }, COMMIT)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            let mut batch = Batch::new();
            for (key, value) in page {
                if tree != Tree::Meta || ![EPOCH, GENERATION, WRITTEN_ANEW].contains(&key.as_slice()) {
                    batch.put(tree, key, value);
                }
            }
            to.commit_blocking(batch)?;
        }
    }
    Ok(to.commit_blocking(Batch::new())?.generation)
}
