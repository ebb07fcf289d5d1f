//! Files that only this user may read: they hold personal data. The mode is set at creation, whatever the umask.

use std::io;
use std::path::Path;

use tokio::fs::{File, OpenOptions};

/// Creates a file that must not exist yet; never follows a link that somebody left there.
pub(crate) async fn create_new(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    options.mode(0o600);
    options.open(path).await
}
