//! A refresh token while it is used.
//!
//! An org may give a new token at each use and end the old one ("refresh token rotation"). Two processes that showed the same
//! token would then lock each other out: whoever uses the file's token holds a lock on the file until the new one is in it.

use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use secrecy::{ExposeSecret as _, SecretString};

use crate::error::{Error, ErrorKind};
use crate::grant::RefreshToken;
use crate::private_file;

/// A refresh token has some hundred characters.
const MOST_BYTES: u64 = 16 << 10;

/// The token, and the lock on its file.
pub(crate) struct Held {
    pub(crate) token: SecretString,
    file: Option<(PathBuf, File)>,
}

impl Held {
    /// Reads the token that counts now.
    pub(crate) async fn take(kept: &RefreshToken) -> Result<Self, Error> {
        match kept {
            RefreshToken::Fixed(token) => Ok(Self { token: token.clone(), file: None }),
            RefreshToken::File(path) => {
                let path = path.clone();
                blocking(move || lock_and_read(&path)).await.map_err(|source| {
                    Error::new(ErrorKind::Configuration, "the refresh token's file cannot be read")
                        .with_source(source)
                })
            }
        }
    }

    /// Keeps the token that the org gave in place of this one.
    pub(crate) async fn keep(self, new: SecretString) -> Result<(), Error> {
        let Some((path, lock)) = self.file else {
            return Err(Error::new(ErrorKind::TokenNotKept, "it does not come from a file"));
        };
        let kept = blocking(move || {
            let kept = private_file::replace(&path, new.expose_secret().as_bytes());
            drop(lock);
            kept
        });
        kept.await.map_err(|source| {
            Error::new(ErrorKind::TokenNotKept, "its file cannot be replaced").with_source(source)
        })
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> io::Result<T> + Send + 'static) -> io::Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(io::Error::other)?
}

/// The lock is advisory and ends with the process. Where the disk knows no locks there is none.
fn lock_and_read(path: &Path) -> io::Result<Held> {
    // A link stays a link: what it leads to is replaced.
    let path = path.canonicalize()?;
    loop {
        let file = File::open(&path)?;
        let _ = file.lock();
        if !same(&file, &path)? {
            // Whoever had the lock has put a new file in its place.
            continue;
        }
        let mut text = String::new();
        (&file).take(MOST_BYTES + 1).read_to_string(&mut text)?;
        let token = text.trim_end_matches(['\r', '\n']);
        if token.is_empty() || text.len() as u64 > MOST_BYTES {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "no usable token"));
        }
        return Ok(Held { token: token.into(), file: Some((path, file)) });
    }
}

#[cfg(unix)]
fn same(file: &File, path: &Path) -> io::Result<bool> {
    use std::os::unix::fs::MetadataExt as _;
    let (held, there) = (file.metadata()?, std::fs::metadata(path)?);
    Ok((held.dev(), held.ino()) == (there.dev(), there.ino()))
}

#[cfg(not(unix))]
fn same(_: &File, _: &Path) -> io::Result<bool> {
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn token(held: &Held) -> &str {
        held.token.expose_secret()
    }

    #[cfg(unix)]
    #[tokio::test]
    async fn a_new_token_takes_the_old_ones_place_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        let link = folder.path().join("link");
        std::fs::write(&path, "one\n").unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        let kept = RefreshToken::File(link.clone());
        let held = Held::take(&kept).await.unwrap();
        assert_eq!(token(&held), "one");
        held.keep("two".into()).await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "two");
        assert!(std::fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "nothing is left beside it");
        assert_eq!(token(&Held::take(&kept).await.unwrap()), "two");
    }

    #[tokio::test(flavor = "multi_thread")]
    async fn whoever_comes_second_waits_and_uses_the_new_token() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("token");
        std::fs::write(&path, "one").unwrap();
        let kept = RefreshToken::File(path);
        let first = Held::take(&kept).await.unwrap();
        let second = {
            let kept = kept.clone();
            tokio::spawn(async move { token(&Held::take(&kept).await.unwrap()).to_owned() })
        };
        tokio::task::yield_now().await;
        assert!(!second.is_finished());
        first.keep("two".into()).await.unwrap();
        assert_eq!(second.await.unwrap(), "two");
    }

    #[tokio::test]
    async fn what_cannot_be_kept_or_read_is_said() {
        let held = Held::take(&RefreshToken::Fixed("one".into())).await.unwrap();
        assert_eq!(held.keep("two".into()).await.unwrap_err().kind(), ErrorKind::TokenNotKept);
        let folder = tempfile::tempdir().unwrap();
        for content in [None, Some(String::new()), Some("x".repeat(20_000))] {
            let path = folder.path().join("token");
            if let Some(content) = content {
                std::fs::write(&path, content).unwrap();
            }
            let refused = Held::take(&RefreshToken::File(path)).await.err().unwrap();
            assert_eq!(refused.kind(), ErrorKind::Configuration);
        }
    }
}
