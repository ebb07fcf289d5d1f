//! The typed layer over a store: what the engine works with.

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::{Clock, DigestKey, OrgId};
use tempfile::TempDir;

use crate::case_filter::CaseFilter;
use crate::cycle::Running;
use crate::error::{Error, Fatal, Refusal};
use crate::manifest::ManifestFile;
use crate::story::Book;
use crate::{MemoryStore, Store, WrittenAnew, meta, private_files, takeover};

/// How far below a watermark records are remembered as seen, unless told otherwise: the longest overlap of any side, that of a
/// supporter database whose stamps carry no offset.
pub(crate) const DEFAULT_OVERLAP: Duration = Duration::from_secs(7_200);

/// How long each person's story is kept, unless told otherwise.
pub(crate) const DEFAULT_HISTORY: Duration = Duration::from_secs(90 * 24 * 3600);

/// The state of one org and one supporter database. Clones share it.
#[derive(Clone)]
pub struct State(Arc<Inner>);

/// Fields are dropped in this order: the store is closed before the directory's lock is given up.
pub(crate) struct Inner {
    pub(crate) store: Box<dyn Store>,
    pub(crate) book: Book,
    /// How long the book's pages are kept.
    pub(crate) history: Duration,
    /// The generation the state was found at, before this writer took it over.
    pub(crate) opened: u64,
    pub(crate) manifest: Option<ManifestFile>,
    /// Held from reading to the end of writing, so that a draft never misses an earlier commit.
    pub(crate) turn: Mutex<()>,
    /// Asked and told by whoever has the turn.
    pub(crate) case_filter: CaseFilter,
    pub(crate) running: Running,
    pub(crate) plans: AtomicU64,
    pub(crate) epoch: u64,
    pub(crate) org: Mutex<Option<OrgId>>,
    pub(crate) clock: Clock,
    pub(crate) overlap: Duration,
    pub(crate) digest_key: DigestKey,
    /// Commit on the caller's own thread: the store never waits.
    pub(crate) inline: bool,
    pub(crate) dir: PathBuf,
    pub(crate) _lock: Option<std::fs::File>,
    pub(crate) _temporary: Option<TempDir>,
}

impl State {
    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// A state in memory, for tests: `seed` decides its digest key and what survives crashes.
    ///
    /// # Errors
    /// [`Error::Fatal`] when no directory for spools can be made.
    pub fn in_memory(seed: u64) -> Result<Self, Error> {
        Self::over_memory(MemoryStore::new(seed), seed, Clock::system())
    }

    /// A state over a memory store that the caller keeps a clone of, to crash it. Taking it over fences every earlier state
    /// on the same medium.
    ///
    /// # Errors
    /// [`Error::Fatal`] when the store is stopped or no directory for spools can be made.
    pub fn over_memory(store: MemoryStore, seed: u64, clock: Clock) -> Result<Self, Error> {
        let temporary =
            TempDir::with_prefix("highwater-state-").map_err(|e| Fatal::io("temporary directory", &e))?;
        private_files::make_dir(&temporary.path().join("spool"))?;
        let opened = takeover::generation(&store)?;
        let epoch = opened + 1;
        store.commit_blocking(takeover::take_over(epoch))?;
        let plans: u64 = meta::get(&store, meta::PLAN)?.unwrap_or(0);
        let mut key = [0; 16];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        Ok(Self::new(Inner {
            store: Box::new(store),
            book: Book::in_memory(),
            history: DEFAULT_HISTORY,
            opened,
            manifest: None,
            turn: Mutex::new(()),
            case_filter: CaseFilter::default(),
            running: Running::default(),
            plans: AtomicU64::new(plans),
            epoch,
            org: Mutex::new(None),
            clock,
            overlap: DEFAULT_OVERLAP,
            digest_key: DigestKey::new(key),
            inline: true,
            dir: temporary.path().to_path_buf(),
            _lock: None,
            _temporary: Some(temporary),
        }))
    }

    /// The key under which values are digested: random, made with the state, never in the database.
    #[must_use]
    pub fn digest_key(&self) -> DigestKey {
        self.0.digest_key.clone()
    }

    /// The org the state belongs to, once it is known.
    #[must_use]
    pub fn org(&self) -> Option<OrgId> {
        *self.0.org.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Binds the state to the org that answered, if it is bound to none; to be called after every sign-in. Blocks for one
    /// small write the first time.
    ///
    /// # Errors
    /// [`Error::Refused`] when the state belongs to another org.
    pub fn adopt_org(&self, org: OrgId) -> Result<(), Error> {
        let mut mine = self.0.org.lock().unwrap_or_else(PoisonError::into_inner);
        match *mine {
            Some(expected) if expected == org => Ok(()),
            Some(expected) => {
                Err(Refusal::OtherOrg { expected: expected.to_string(), found: org.to_string() }.into())
            }
            None => {
                if let Some(manifest) = &self.0.manifest {
                    manifest.check_ours()?;
                    manifest.adopt_org(org)?;
                }
                *mine = Some(org);
                Ok(())
            }
        }
    }

    /// The lower layer, to look at. Whoever writes past [`State::commit`] breaks the counters.
    #[must_use]
    pub fn store(&self) -> &dyn Store {
        &*self.0.store
    }

    /// Gives back the room on disk of what was replaced and removed, where there is much of it and the database has at least
    /// `small_bytes` ([`crate::SMALL_BYTES`]); to be called when work is done.
    /// A crash at any moment costs nothing.
    ///
    /// # Errors
    /// [`Error::Fatal`]: stop, nothing may begin any more.
    pub async fn write_anew(&self, small_bytes: u64) -> Result<Option<WrittenAnew>, Error> {
        let inner = Arc::clone(&self.0);
        if inner.inline {
            return Ok(inner.store.write_anew(small_bytes)?);
        }
        tokio::task::spawn_blocking(move || Ok(inner.store.write_anew(small_bytes)?))
            .await
            .unwrap_or(Err(Error::Fatal(Fatal::Panicked { operation: "writing the state anew" })))
    }

    /// The state directory.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.0.dir
    }

    /// How many bytes the state directory takes.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn bytes_on_disk(&self) -> std::io::Result<u64> {
        private_files::size_of(&self.0.dir)
    }

    /// Where files of jobs in flight lie; only this user can read it. Files of plans that the journal does not name are
    /// leftovers and may be removed.
    #[must_use]
    pub fn spool_dir(&self) -> PathBuf {
        self.0.dir.join("spool")
    }

    pub(crate) const fn inner(&self) -> &Arc<Inner> {
        &self.0
    }

    pub(crate) fn plans(&self) -> &AtomicU64 {
        &self.0.plans
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "State({})", self.0.dir.display())
    }
}
