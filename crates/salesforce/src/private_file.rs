//! Files that only this user may read: they hold personal data or a secret. The mode is set at creation, whatever the umask.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use tokio::fs::{File, OpenOptions};

/// Creates a file that must not exist yet; never follows a link that somebody left there.
pub(crate) async fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path).await
}

/// Gives a file new content: whole and on disk, or not at all. Blocks.
pub(crate) fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let fresh = beside(path);
    let written = write_new(&fresh, content).and_then(|()| std::fs::rename(&fresh, path));
    if written.is_err() {
        // Nobody needs a half-made file that holds a secret; the failure that counts is the one above.
        let _ = std::fs::remove_file(&fresh);
        return written;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Without this the rename itself may be lost with the power.
    std::fs::File::open(folder)?.sync_all()
}

fn write_new(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}

/// `token` makes `token.new-4711`: of this process alone.
fn beside(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".new-{}", std::process::id()));
    PathBuf::from(name)
}
