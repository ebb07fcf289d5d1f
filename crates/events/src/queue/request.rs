//! A decision that another process left on disk for whoever holds the queue: it cannot write beside them.
//!
//! What is asked is a file `….ask` in a folder inside the queue's; it is carried out, answered in a file `….done`, and removed. Whoever
//! dies in between finds it again and decides anew, which changes nothing.

use std::collections::HashSet;
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use segments::Cursor;
use serde::{Deserialize, Serialize};

use super::Queue;
use super::decide::{Decided, Decision};
use super::error::QueueError;
use super::look::{Found, Look};

const FOLDER: &str = "decisions";
/// More is nobody's decision, in bytes: a million events.
const MOST: u64 = 32 * 1024 * 1024;

/// What went wrong with one.
#[derive(Debug, thiserror::Error)]
pub enum RequestError {
    /// The folder cannot be read or written.
    #[error("decisions about events cannot be left or read: {0}")]
    Io(#[from] io::Error),
    /// The queue.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

#[derive(Serialize, Deserialize)]
struct Asked {
    retry: bool,
    /// Nothing is decided about them: they are erased.
    #[serde(default)]
    erase: bool,
    places: Vec<String>,
}

#[derive(Serialize, Deserialize)]
struct Answered {
    decided: Vec<String>,
    left_alone: u64,
}

/// A decision that was left for somebody.
#[derive(Debug)]
pub struct Request {
    ask: PathBuf,
    done: PathBuf,
}

impl Request {
    /// Leaves a decision for whoever holds the queue of a directory. Blocks.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn leave(dir: &Path, decision: Decision, found: &Found) -> Result<Self, RequestError> {
        let folder = folder_in(dir)?;
        Self::put_down(&folder, decision == Decision::Retry, false, found)
    }

    /// Leaves it to whoever holds the queue to erase events: see [`Queue::erase`]. Blocks.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn leave_erasure(dir: &Path, found: &Found) -> Result<Self, RequestError> {
        Self::put_down(&folder_in(dir)?, false, true, found)
    }

    fn put_down(folder: &Path, retry: bool, erase: bool, found: &Found) -> Result<Self, RequestError> {
        let places = found.events.iter().map(|seen| seen.at.to_string()).collect();
        let asked = Asked { retry, erase, places };
        let name = uuid::Uuid::new_v4().to_string();
        let left =
            Self { ask: folder.join(format!("{name}.ask")), done: folder.join(format!("{name}.done")) };
        put(&left.ask, &asked)?;
        Ok(left)
    }

    /// What came of it, once somebody carried it out. Blocks.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn answer(&self) -> Result<Option<Decided>, RequestError> {
        let Some(answered) = get::<Answered>(&self.done)? else { return Ok(None) };
        std::fs::remove_file(&self.done)?;
        let decided = answered.decided.iter().filter_map(|place| place.parse().ok()).collect();
        Ok(Some(Decided { decided, left_alone: answered.left_alone }))
    }

    /// Takes it back, as long as nobody has carried it out.
    #[must_use]
    pub fn take_back(&self) -> bool {
        std::fs::remove_file(&self.ask).is_ok()
    }

    /// Carries out what was left for whoever holds this queue; how many decisions that were.
    ///
    /// # Errors
    /// When the folder cannot be read or written, and as [`Queue::decide`]: what was not carried out is left.
    pub async fn take_up_all(queue: &Queue, dir: &Path) -> Result<u64, RequestError> {
        let folder = dir.join(FOLDER);
        let names = match std::fs::read_dir(&folder) {
            Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(0),
            names => names?,
        };
        let mut carried_out = 0;
        for name in names {
            let ask = name?.path();
            if ask.extension().is_some_and(|end| end == "ask") {
                take_up(queue, dir, &ask).await?;
                carried_out += 1;
            }
        }
        Ok(carried_out)
    }
}

/// Where they are left.
fn folder_in(dir: &Path) -> Result<PathBuf, RequestError> {
    let folder = dir.join(FOLDER);
    match std::fs::DirBuilder::new().mode(0o700).create(&folder) {
        Err(e) if e.kind() != io::ErrorKind::AlreadyExists => Err(e.into()),
        Ok(()) | Err(_) => Ok(folder),
    }
}

async fn take_up(queue: &Queue, dir: &Path, ask: &Path) -> Result<(), RequestError> {
    // Taken back meanwhile, or nothing that one of ours wrote.
    let Some(asked) = get::<Asked>(ask)? else { return Ok(()) };
    let places: HashSet<Cursor> = asked.places.iter().filter_map(|place| place.parse().ok()).collect();
    let dir = dir.to_owned();
    let looked =
        tokio::task::spawn_blocking(move || Look::open(&dir)?.find(|seen| places.contains(&seen.at))).await;
    let found = looked.map_err(|_| QueueError::Log(segments::Error::Stopped))??;
    let decision = if asked.retry { Decision::Retry } else { Decision::Drop };
    let Decided { decided, left_alone } = if asked.erase {
        let erased = queue.erase(&found).await?;
        Decided { decided: erased.erased, left_alone: erased.on_their_way }
    } else {
        queue.decide(&found, decision).await?
    };
    let decided = decided.iter().map(Cursor::to_string).collect();
    put(&ask.with_extension("done"), &Answered { decided, left_alone })?;
    Ok(std::fs::remove_file(ask)?)
}

/// The whole file or none, for its owner only.
fn put(path: &Path, content: &impl Serialize) -> Result<(), RequestError> {
    let fresh = path.with_extension("new");
    let mut file =
        std::fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&fresh)?;
    // Texts and numbers always have a JSON form.
    file.write_all(&serde_json::to_vec(content).unwrap_or_default())?;
    file.sync_all()?;
    Ok(std::fs::rename(&fresh, path)?)
}

fn get<T: for<'de> Deserialize<'de>>(path: &Path) -> Result<Option<T>, RequestError> {
    let size = match std::fs::metadata(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => return Ok(None),
        size => size?.len(),
    };
    if size > MOST {
        return Ok(None);
    }
    match std::fs::read(path) {
        Err(e) if e.kind() == io::ErrorKind::NotFound => Ok(None),
        bytes => Ok(serde_json::from_slice(&bytes?).ok()),
    }
}
