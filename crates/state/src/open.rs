//! Opening a state directory: everything that is checked before anybody may trust it.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use model::{Clock, Digest, DigestKey, OrgId};

use crate::case_filter::CaseFilter;
use crate::cycle::Running;
use crate::error::{Error, Fatal, Refusal};
use crate::manifest::{self, Manifest, ManifestFile};
use crate::sled_store::SledStore;
use crate::state::{DEFAULT_HISTORY, DEFAULT_OVERLAP, Inner};
use crate::store::Store;
use crate::story::Book;
use crate::{State, compact, digest_key, meta, private_files, takeover, upgrade};

/// Least free space beside a state, in bytes, unless told otherwise.
const MIN_FREE_BYTES: u64 = 200 * 1024 * 1024;

/// The file whose lock keeps other processes out.
pub(crate) const LOCK: &str = "lock";
/// The directory of the people's story.
pub(crate) const HISTORY: &str = "history";
/// The directory that belongs to sled.
pub(crate) const DATABASE: &str = "db";

/// How a state directory is opened.
#[derive(Debug, Clone)]
pub struct OpenOptions {
    /// The org, if it is known already. Refused when the state belongs to another.
    pub org: Option<OrgId>,
    /// The supporter database, as the configuration names it. Refused when the state belongs to another.
    pub supporter_account: Option<String>,
    /// Digest of the field map, noted in the manifest; see [`State::map_digest`] for the one everybody was compared under.
    pub map: Option<Digest>,
    /// Where this machine's time comes from.
    pub clock: Clock,
    /// How far below a watermark records are remembered as seen; the largest overlap of any window. Default 2 hours.
    pub overlap: Duration,
    /// Refuse to start with fewer bytes free than this. Default 200 MiB. Twice the state's size is asked for in any case.
    pub min_free_bytes: u64,
    /// How long each person's story is kept; zero: none is. Default 90 days.
    pub history: Duration,
    /// Commit on the caller's own thread, which then blocks: for a simulation that lives on one thread. Default no.
    pub inline: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self {
            org: None,
            supporter_account: None,
            map: None,
            clock: Clock::system(),
            overlap: DEFAULT_OVERLAP,
            min_free_bytes: MIN_FREE_BYTES,
            history: DEFAULT_HISTORY,
            inline: false,
        }
    }
}

/// A database that was never opened to its end is smaller than this; whatever is larger is not thrown away.
const BEGUN_BYTES: u64 = 64 * 1024;

impl State {
    /// Opens a state directory, or makes one where nothing is yet. Blocks: recovering a large state takes seconds.
    ///
    /// # Errors
    /// [`Error::Refused`] tells what is wrong with the directory and what to do; [`Error::Fatal`] when it is damaged. A state
    /// that is damaged or rolled back is never started afresh.
    pub fn open(dir: impl AsRef<Path>, options: OpenOptions) -> Result<Self, Error> {
        let dir = dir.as_ref();
        check_place(dir)?;
        private_files::make_dir(dir)?;
        let lock = lock(dir)?;
        compact::put_back(dir)?;
        private_files::make_dir(&dir.join("spool"))?;
        check_space(dir, options.min_free_bytes)?;
        let found = manifest::read(dir)?;
        let key = match &found {
            Some(found) => check_manifest(dir, found, &options)?,
            None if dir.join(DATABASE).exists() => return Err(Refusal::Manifest.into()),
            None => digest_key::load(dir, true)?,
        };
        let epoch = random_epoch()?;
        // Before the database is made, so that a database without a manifest is always a damaged state.
        if found.is_none() {
            drop(ManifestFile::create(dir, describe(None, &options, &key, epoch, 0))?);
        }
        let store = open_store(dir, found.as_ref().map_or(0, |found| found.generation))?;
        let opened = takeover::generation(&store)?;
        let generation = store.commit_blocking(takeover::take_over(epoch))?.generation;
        let described = describe(found, &options, &key, epoch, generation);
        let org = Mutex::new(described.org);
        let manifest = ManifestFile::create(dir, described)?;
        let plans: u64 = meta::get(&store, meta::PLAN)?.unwrap_or(0);
        let book = if options.history.is_zero() {
            Book::Closed
        } else {
            Book::in_folder(dir.join(HISTORY), options.clock.clone())
        };
        Ok(Self::new(Inner {
            store: Box::new(store),
            book,
            history: options.history,
            opened,
            manifest: Some(manifest),
            turn: Mutex::new(()),
            case_filter: CaseFilter::default(),
            running: Running::default(),
            plans: AtomicU64::new(plans),
            epoch,
            org,
            clock: options.clock,
            overlap: options.overlap,
            digest_key: key,
            inline: options.inline,
            dir: dir.to_path_buf(),
            _lock: Some(lock),
            _temporary: None,
        }))
    }
}

/// Refuses links, and directories that hold something else.
pub(crate) fn check_place(dir: &Path) -> Result<(), Error> {
    let metadata = match std::fs::symlink_metadata(dir) {
        Ok(metadata) => metadata,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(Fatal::io("looking at the state directory", &e).into()),
    };
    if metadata.is_symlink() {
        return Err(Refusal::Symlink(dir.to_path_buf()).into());
    }
    // In this order: whoever makes the directory at this moment makes the lock before anything else in it.
    if !metadata.is_dir() || (!is_empty(dir)? && !dir.join(LOCK).exists()) {
        return Err(Refusal::NotAStateDirectory(dir.to_path_buf()).into());
    }
    Ok(())
}

fn is_empty(dir: &Path) -> Result<bool, Fatal> {
    let mut entries = std::fs::read_dir(dir).map_err(|e| Fatal::io("looking at the state directory", &e))?;
    Ok(entries.next().is_none())
}

/// Keeps other processes out until the file is dropped, also after a crash of this one.
pub(crate) fn lock(dir: &Path) -> Result<File, Error> {
    let file = private_files::open_file(&dir.join(LOCK)).map_err(|e| Fatal::io("opening the lock", &e))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Refusal::InUse(dir.to_path_buf()).into()),
        Err(TryLockError::Error(e)) => Err(Fatal::io("locking the state directory", &e).into()),
    }
}

pub(crate) fn check_space(dir: &Path, floor: u64) -> Result<(), Error> {
    let io = |e| Fatal::io("measuring free space", &e);
    let needed = floor.max(2 * private_files::size_of(dir).map_err(io)?);
    let free = fs2::available_space(dir).map_err(io)?;
    if free < needed { Err(Refusal::LittleSpace { free, needed }.into()) } else { Ok(()) }
}

/// Checks whose state it is, and that the digest key is the right one.
pub(crate) fn check_manifest(
    dir: &Path,
    found: &Manifest,
    options: &OpenOptions,
) -> Result<DigestKey, Error> {
    upgrade::check(found.format, upgrade::FORMAT)?;
    if let (Some(expected), Some(asked)) = (found.org, options.org)
        && expected != asked
    {
        return Err(Refusal::OtherOrg { expected: expected.to_string(), found: asked.to_string() }.into());
    }
    if let (Some(expected), Some(asked)) = (&found.supporter_account, &options.supporter_account)
        && expected != asked
    {
        return Err(Refusal::OtherSupporterAccount.into());
    }
    let key = digest_key::load(dir, false)?;
    if digest_key::check(&key) == found.key_check { Ok(key) } else { Err(Refusal::DigestKey.into()) }
}

/// Opens the database, refuses an old copy of it, and brings it to this version's format.
pub(crate) fn open_store(dir: &Path, expected: u64) -> Result<SledStore, Error> {
    let path: PathBuf = dir.join(DATABASE);
    private_files::make_dir(&path)?;
    let store = open_or_begin(&path, expected)?;
    private_files::tighten_all(&path).map_err(|e| Fatal::io("making the database private", &e))?;
    let database = takeover::generation(&store)?;
    if database < expected {
        return Err(Refusal::RolledBack { database, manifest: expected }.into());
    }
    if database == 0 {
        upgrade::write(&store, upgrade::FORMAT)?;
    }
    upgrade::upgrade(&store, upgrade::STEPS, upgrade::FORMAT)?;
    Ok(store)
}

/// Opens the database. One whose making was cut off is made again: as long as the manifest expects nothing no opening has come to its
/// end, and nobody has been told that anything is kept.
fn open_or_begin(path: &Path, expected: u64) -> Result<SledStore, Fatal> {
    let io = |e| Fatal::io("making the database again", &e);
    match SledStore::open(path) {
        Err(Fatal::Corrupt { .. } | Fatal::Panicked { .. })
            if expected == 0 && private_files::size_of(path).map_err(io)? <= BEGUN_BYTES =>
        {
            std::fs::remove_dir_all(path).map_err(io)?;
            private_files::make_dir(path)?;
            SledStore::open(path)
        }
        opened => opened,
    }
}

/// The manifest of this start: what was known stays, what is newly known is added.
fn describe(
    found: Option<Manifest>,
    options: &OpenOptions,
    key: &DigestKey,
    epoch: u64,
    generation: u64,
) -> Manifest {
    let (org, account, map) =
        found.map_or((None, None, None), |found| (found.org, found.supporter_account, found.map));
    Manifest {
        format: upgrade::FORMAT,
        org: org.or(options.org),
        supporter_account: account.or_else(|| options.supporter_account.clone()),
        map: options.map.map(|map| format!("{:016x}", map.0)).or(map),
        epoch,
        generation,
        key_check: digest_key::check(key),
    }
}

fn random_epoch() -> Result<u64, Fatal> {
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes)
        .map_err(|e| Fatal::Backend { operation: "drawing an epoch", reason: e.to_string() })?;
    Ok(u64::from_le_bytes(bytes))
}
