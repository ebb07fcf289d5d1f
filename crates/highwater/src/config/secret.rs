//! Secrets are named in the configuration and fetched when they are needed.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use secrecy::SecretString;

/// A consumer secret has some sixty characters, a private key some thousands.
const MOST_BYTES: u64 = 64 << 10;

/// Where one secret is kept: exactly one of the three.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretSource<'a> {
    /// The key's name without its ending.
    pub key: &'static str,
    /// The environment variable.
    pub env: Option<&'a str>,
    /// The file; relative to the configuration's folder.
    pub file: Option<&'a Path>,
    /// The command and its arguments; no shell.
    pub command: Option<&'a [String]>,
}

/// A secret that cannot be had. Never holds any part of it.
#[derive(Debug, thiserror::Error)]
pub enum SecretError {
    /// The configuration names no source.
    #[error("nothing says where {0} is kept")]
    Unnamed(&'static str),
    /// The configuration names several.
    #[error("{0} is said to be kept in more than one place")]
    Ambiguous(&'static str),
    /// The variable is set, and empty.
    #[error("the environment variable {variable}, named by {key}_env, is set and empty")]
    Empty {
        /// The key.
        key: &'static str,
        /// The variable's name.
        variable: String,
    },
    /// The variable is not set.
    #[error("the environment variable {variable}, named by {key}_env, is not set")]
    NotSet {
        /// The key.
        key: &'static str,
        /// The variable's name.
        variable: String,
    },
    /// There is no such file.
    #[error("the secret file {}, named by {key}_file, is not there", path.display())]
    Missing {
        /// The key.
        key: &'static str,
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be read.
    #[error("the secret file {}, named by {key}_file, cannot be read", path.display())]
    Unreadable {
        /// The key.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Others may read the file, or it is somebody else's.
    #[error("the secret file {}, named by {key}_file, {problem}", path.display())]
    Exposed {
        /// The key.
        key: &'static str,
        /// The file.
        path: PathBuf,
        /// Who may read it.
        problem: &'static str,
    },
    /// The command failed.
    #[error("the command named by {key}_command {problem}")]
    Command {
        /// The key.
        key: &'static str,
        /// How.
        problem: String,
    },
    /// There is nothing in it, or far too much, or it is no text.
    #[error("what {0} names holds no usable secret")]
    Unusable(&'static str),
}

impl SecretError {
    /// What to do, in one sentence.
    #[must_use]
    pub const fn advice(&self) -> &'static str {
        match self {
            Self::Unnamed(_) => "name it in [salesforce] with the key ending in _env, _file or _command",
            Self::Ambiguous(_) => "keep one of the keys ending in _env, _file and _command",
            Self::NotSet { .. } => "set the variable for the process that runs highwater",
            Self::Empty { .. } => "put the secret into the variable for the process that runs highwater",
            Self::Missing { .. } => {
                "make the file, or correct the path, which begins at the configuration's folder"
            }
            Self::Unreadable { .. } => "let the user that runs highwater read the file",
            Self::Exposed { .. } => "chown it to the user that runs highwater and chmod 600 it",
            Self::Command { .. } => "run the command by hand as the user that runs highwater",
            Self::Unusable(_) => "store the secret alone, as text",
        }
    }
}

impl SecretSource<'_> {
    /// How many sources are named.
    #[must_use]
    pub const fn named(&self) -> usize {
        self.env.is_some() as usize + self.file.is_some() as usize + self.command.is_some() as usize
    }

    /// Fetches the secret. `folder` is where relative paths start.
    ///
    /// # Errors
    /// [`SecretError`] says which source did not give it, and never what it gave.
    pub fn fetch(&self, folder: &Path) -> Result<SecretString, SecretError> {
        match (self.env, self.file, self.command) {
            (None, None, None) => Err(SecretError::Unnamed(self.key)),
            (Some(variable), None, None) => self.read_environment(variable),
            (None, Some(file), None) => self.read_file(&folder.join(file)),
            (None, None, Some(command)) => self.read_command(command),
            _ => Err(SecretError::Ambiguous(self.key)),
        }
    }

    fn read_environment(&self, variable: &str) -> Result<SecretString, SecretError> {
        let (key, name) = (self.key, variable.to_owned());
        match std::env::var(variable) {
            Ok(value) if value.is_empty() => Err(SecretError::Empty { key, variable: name }),
            Ok(value) => self.accept(value),
            Err(std::env::VarError::NotPresent) => Err(SecretError::NotSet { key, variable: name }),
            Err(std::env::VarError::NotUnicode(_)) => Err(SecretError::Unusable(key)),
        }
    }

    fn read_file(&self, path: &Path) -> Result<SecretString, SecretError> {
        let unreadable = |source| SecretError::Unreadable { key: self.key, path: path.to_owned(), source };
        let file = std::fs::File::open(path).map_err(|source| {
            let missing = source.kind() == std::io::ErrorKind::NotFound;
            if missing {
                SecretError::Missing { key: self.key, path: path.to_owned() }
            } else {
                unreadable(source)
            }
        })?;
        if let Some(problem) = exposure(&file.metadata().map_err(unreadable)?) {
            return Err(SecretError::Exposed { key: self.key, path: path.to_owned(), problem });
        }
        let mut text = String::new();
        file.take(MOST_BYTES + 1).read_to_string(&mut text).map_err(unreadable)?;
        self.accept(text)
    }

    fn read_command(&self, command: &[String]) -> Result<SecretString, SecretError> {
        let failed = |problem: String| SecretError::Command { key: self.key, problem };
        let (program, arguments) = command.split_first().ok_or_else(|| failed("is empty".to_owned()))?;
        let done = Command::new(program)
            .args(arguments)
            .stdin(Stdio::null())
            .stderr(Stdio::inherit())
            .output()
            .map_err(|error| failed(format!("cannot be started: {}", error.kind())))?;
        if !done.status.success() {
            return Err(failed(format!("ended with {}", done.status)));
        }
        self.accept(String::from_utf8(done.stdout).map_err(|_| SecretError::Unusable(self.key))?)
    }

    fn accept(&self, text: String) -> Result<SecretString, SecretError> {
        let secret = text.trim_end_matches(['\r', '\n']);
        if secret.is_empty() || secret.len() as u64 > MOST_BYTES {
            return Err(SecretError::Unusable(self.key));
        }
        Ok(SecretString::from(secret.to_owned()))
    }
}

/// Who besides its owner may read the file.
#[cfg(unix)]
fn exposure(metadata: &std::fs::Metadata) -> Option<&'static str> {
    use std::os::unix::fs::MetadataExt;
    if metadata.mode() & 0o077 != 0 {
        return Some("may be read by others");
    }
    match own_user() {
        Some(user) if user != metadata.uid() && user != 0 => Some("belongs to another user"),
        _ => None,
    }
}

/// The user this process runs as.
#[cfg(unix)]
fn own_user() -> Option<u32> {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata("/proc/self").ok().map(|own| own.uid())
}

/// Other systems keep permissions where this check does not reach.
#[cfg(not(unix))]
fn exposure(_: &std::fs::Metadata) -> Option<&'static str> {
    None
}
