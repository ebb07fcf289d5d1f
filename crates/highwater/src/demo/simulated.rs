//! The simulated org that lives in a folder: started beside a command, saved when the command ends.
//!
//! One process at a time serves the org. A command that finds it served goes to the org that is there.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::time::Duration;

use simorg::Org;

use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;

/// How often a running command saves what changed, so that a kill loses little.
const SAVED_EVERY: Duration = Duration::from_secs(10);

/// An org served by this process.
pub struct Simulated {
    /// The org.
    pub org: Org,
    file: PathBuf,
    /// Held as long as the org is served.
    _lock: File,
}

/// Runs a command with the folder's own org, where the configuration names one; else just runs it.
///
/// # Errors
/// When the saved org cannot be read or written, and whatever the command fails with.
pub async fn beside(
    mut config: Config,
    command: impl AsyncFnOnce(Config) -> Result<Exit, Failure>,
) -> Result<Exit, Failure> {
    let Some(named) = &config.simulated_org else { return command(config).await };
    let file = config.resolve(&named.file);
    let Some(simulated) = Simulated::start(&file).await? else {
        config.salesforce.login_url = served_at(&file)?;
        return command(config).await;
    };
    config.salesforce.login_url = simulated.org.url().to_owned();
    let mut saved = 0;
    let result = {
        let mut running = std::pin::pin!(command(config));
        loop {
            match tokio::time::timeout(SAVED_EVERY, &mut running).await {
                Ok(result) => break result,
                Err(_) => simulated.save_changed(&mut saved)?,
            }
        }
    };
    simulated.save_changed(&mut saved)?;
    result
}

impl Simulated {
    /// Starts the org of a file; `None`: another process serves it.
    ///
    /// # Errors
    /// When the file holds no saved org.
    pub async fn start(file: &Path) -> Result<Option<Self>, Failure> {
        let Some(lock) = lock(file)? else { return Ok(None) };
        let saved = File::open(file).map_err(|source| unreadable(file, source))?;
        let org = Org::start_from(&mut BufReader::new(saved)).await;
        let org = org.map_err(|problem| unreadable(file, io::Error::other(problem)))?;
        Self::serve(org, file, lock).map(Some)
    }

    /// Takes a running org into a folder that has none.
    ///
    /// # Errors
    /// When the folder cannot be written, or another process serves an org there.
    pub fn found(org: Org, file: &Path) -> Result<Self, Failure> {
        let busy = || unwritten(file, io::Error::other("another process serves the org of this folder"));
        let lock = lock(file)?.ok_or_else(busy)?;
        Self::serve(org, file, lock)
    }

    fn serve(org: Org, file: &Path, lock: File) -> Result<Self, Failure> {
        let place = beside_file(file, "url");
        std::fs::write(&place, org.url()).map_err(|source| unwritten(&place, source))?;
        Ok(Self { org, file: file.to_owned(), _lock: lock })
    }

    /// Writes the org to its file: whole, or not at all.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn save(&self) -> Result<(), Failure> {
        let fresh = beside_file(&self.file, "new");
        let write = || -> io::Result<()> {
            let mut to = BufWriter::new(private(&fresh)?);
            self.org.save_to(&mut to)?;
            to.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
            std::fs::rename(&fresh, &self.file)
        };
        write().map_err(|source| unwritten(&self.file, source))
    }

    /// Saves when somebody called since `saved` calls.
    fn save_changed(&self, saved: &mut u64) -> Result<(), Failure> {
        let calls = self.org.calls().total;
        if calls != *saved {
            self.save()?;
            *saved = calls;
        }
        Ok(())
    }
}

/// The lock on an org's file; `None`: another process has it.
fn lock(file: &Path) -> Result<Option<File>, Failure> {
    let place = beside_file(file, "lock");
    let opened = OpenOptions::new().create(true).truncate(false).write(true).open(&place);
    let lock = opened.map_err(|source| unwritten(&place, source))?;
    match lock.try_lock() {
        Ok(()) => Ok(Some(lock)),
        Err(std::fs::TryLockError::WouldBlock) => Ok(None),
        Err(std::fs::TryLockError::Error(source)) => Err(unwritten(&place, source)),
    }
}

/// Where the process that has the lock serves the org.
fn served_at(file: &Path) -> Result<String, Failure> {
    let place = beside_file(file, "url");
    std::fs::read_to_string(&place).map_err(|source| unreadable(&place, source))
}

/// `org.json` and `lock` make `org.json.lock`.
fn beside_file(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// A new file that only its owner may read.
pub fn private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.create(true).truncate(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Writes a small file that only its owner may read.
///
/// # Errors
/// [`Failure::Output`].
pub fn write_private(path: &Path, text: &str) -> Result<(), Failure> {
    let written = private(path).and_then(|mut file| file.write_all(text.as_bytes()));
    written.map_err(|source| unwritten(path, source))
}

/// For `map_err` on a file of the folder.
pub fn unwritten(path: &Path, source: io::Error) -> Failure {
    Failure::Output { what: path.display().to_string(), source }
}

fn unreadable(path: &Path, source: io::Error) -> Failure {
    Failure::Arguments {
        problem: format!("the simulated org in {} cannot be started: {source}", path.display()),
        advice: "make the folder anew with `highwater demo --force`, or name the file a demo wrote",
    }
}
