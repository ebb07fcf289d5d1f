//! Making a state directory from an export.

use std::io::{BufRead, Read};
use std::path::{Path, PathBuf};

use serde::de::DeserializeOwned;
use sha2::{Digest as _, Sha256};

use crate::error::{Error, Fatal, Refusal};
use crate::export::{Header, Line, TEXT_VERSION, Trailer};
use crate::manifest::{Manifest, ManifestFile};
use crate::open::{DATABASE, LOCK};
use crate::sled_store::SledStore;
use crate::store::{Batch, Store};
use crate::{OpenOptions, State, digest_key, private_files, seal, upgrade};

/// The longest line that an export can hold, in bytes: key and value in hexadecimal, and names.
const MAX_LINE: u64 = 2 * (crate::MAX_VALUE_BYTES as u64 + 1_024) + 1_024;
/// Rows per commit.
const COMMIT: usize = 1_000;

impl State {
    /// Makes a state directory from an export and opens it. Built beside `dir` and renamed when it is complete; `dir` must not
    /// exist or be empty. Blocks.
    ///
    /// # Errors
    /// [`Refusal::Export`] when the text is cut, changed or of another kind; [`Refusal::NotAStateDirectory`] when `dir` holds
    /// something; otherwise as [`State::open`].
    pub fn import(
        dir: impl AsRef<Path>,
        from: &mut dyn BufRead,
        options: OpenOptions,
    ) -> Result<Self, Error> {
        let dir = dir.as_ref();
        let taken = match std::fs::read_dir(dir) {
            Ok(mut entries) => entries.next().is_some(),
            Err(e) => e.kind() != std::io::ErrorKind::NotFound,
        };
        if taken {
            return Err(Refusal::NotAStateDirectory(dir.to_path_buf()).into());
        }
        let aside = aside(dir);
        let io = |e| Fatal::io("importing", &e);
        if aside.exists() {
            std::fs::remove_dir_all(&aside).map_err(io)?;
        }
        private_files::make_dir(&aside)?;
        if let Err(error) = fill(&aside, from) {
            // The refusal counts; what is left over is removed by the next import.
            let _ = std::fs::remove_dir_all(&aside);
            return Err(error);
        }
        drill::reached(drill::KillPoint::K40);
        std::fs::rename(&aside, dir).map_err(io)?;
        match dir.parent().filter(|parent| !parent.as_os_str().is_empty()) {
            Some(parent) => private_files::sync_dir(parent).map_err(io)?,
            None => private_files::sync_dir(Path::new(".")).map_err(io)?,
        }
        Self::open(dir, options)
    }
}

/// `<dir>.importing`
fn aside(dir: &Path) -> PathBuf {
    let mut name = dir.as_os_str().to_owned();
    name.push(".importing");
    PathBuf::from(name)
}

fn fill(dir: &Path, from: &mut dyn BufRead) -> Result<(), Error> {
    let mut lines = Lines { from, hash: Sha256::new() };
    let header: Header = parse(&lines.next()?.ok_or(Refusal::Export("it is empty"))?)?;
    if header.highwater_export != TEXT_VERSION {
        return Err(Refusal::Export("it is of another kind").into());
    }
    upgrade::check(header.format, upgrade::FORMAT)?;
    let key = digest_key::parse(header.digest_key.as_bytes()).ok_or(Refusal::Export("no digest key"))?;
    digest_key::store(dir, &key)?;
    private_files::open_file(&dir.join(LOCK)).map_err(|e| Fatal::io("importing", &e))?;
    let database = dir.join(DATABASE);
    private_files::make_dir(&database)?;
    let store = SledStore::open(&database)?;
    let generation = rows(&store, &mut lines)?;
    let manifest = Manifest {
        format: header.format,
        org: header.org,
        supporter_account: header.supporter_account,
        map: None,
        epoch: 0,
        generation,
        key_check: digest_key::check(&key),
    };
    drop(ManifestFile::create(dir, manifest)?);
    Ok(())
}

/// Stores all rows up to a trailer that fits, and returns the generation reached.
fn rows(store: &SledStore, lines: &mut Lines<'_>) -> Result<u64, Error> {
    let (mut batch, mut count) = (Batch::new(), 0);
    loop {
        let hash_before = hex::encode(lines.hash.clone().finalize());
        let text = lines.next()?.ok_or(Refusal::Export("it is cut"))?;
        if let Ok(trailer) = serde_json::from_slice::<Trailer>(&text) {
            if trailer != (Trailer { rows: count, sha256: hash_before }) {
                return Err(Refusal::Export("count or checksum do not fit").into());
            }
            if lines.next()?.is_some() {
                return Err(Refusal::Export("it goes on after its end").into());
            }
            return Ok(store.commit_blocking(batch)?.generation);
        }
        let line: Line = parse(&text)?;
        let decode = |hex| hex::decode(hex).map_err(|_| Refusal::Export("a row does not parse"));
        let (key, value) = (decode(line.key)?, decode(line.value)?);
        let value = seal::read_in(line.tree, &key, value)?;
        batch.put(line.tree, key, value);
        count += 1;
        if batch.len() >= COMMIT {
            store.commit_blocking(std::mem::take(&mut batch))?;
        }
    }
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice(line).map_err(|_| Refusal::Export("a line does not parse"))
}

/// Lines of bounded length, hashed as they are read.
struct Lines<'r> {
    from: &'r mut dyn BufRead,
    hash: Sha256,
}

impl Lines<'_> {
    /// The next line with its end; `None` at the end of the text.
    fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let mut line = Vec::new();
        let mut bounded = Read::take(&mut *self.from, MAX_LINE);
        bounded.read_until(b'\n', &mut line).map_err(|e| Fatal::io("reading the export", &e))?;
        if line.is_empty() {
            return Ok(None);
        }
        if line.last() != Some(&b'\n') {
            return Err(Refusal::Export("it is cut").into());
        }
        self.hash.update(&line);
        Ok(Some(line))
    }
}
