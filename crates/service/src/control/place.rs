//! Where the socket is, and whether only its owner could have put it there.

use std::fs::{self, DirBuilder, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use tokio::net::UnixStream;

use super::Error;

/// The longest socket path that fits everywhere: `sun_path` has 104 bytes on macOS and 108 on Linux, with the final zero.
const PATH_BYTES: usize = 103;

/// Who this process is to others: its effective user. Asked of a socket pair, the one place that tells without a raw call.
pub(super) fn own_user() -> Result<u32, Error> {
    let (end, _other) = UnixStream::pair().map_err(Error::io("finding out who we are"))?;
    Ok(end.peer_cred().map_err(Error::io("finding out who we are"))?.uid())
}

/// The directory of the socket.
pub(super) fn directory(state: &Path) -> PathBuf {
    state.join("control")
}

/// The socket.
pub(super) fn socket(state: &Path) -> Result<PathBuf, Error> {
    let socket = directory(state).join("socket");
    if socket.as_os_str().len() > PATH_BYTES { Err(Error::PathTooLong) } else { Ok(socket) }
}

/// Makes the directory, private from the first moment, or takes the one that is there if it is ours; a mode that lets
/// others in is tightened.
pub(super) fn prepare(state: &Path, user: u32) -> Result<(), Error> {
    let directory = directory(state);
    match DirBuilder::new().mode(0o700).create(&directory) {
        Ok(()) => {}
        Err(why) if why.kind() == io::ErrorKind::AlreadyExists => {}
        Err(why) => return Err(Error::io("making its directory")(why)),
    }
    match check_directory(state, user) {
        Err(Error::Unsafe(LOOSE)) => {
            fs::set_permissions(&directory, Permissions::from_mode(0o700))
                .map_err(Error::io("closing its directory to others"))?;
            check_directory(state, user)
        }
        checked => checked,
    }
}

const LOOSE: &str = "its directory lets other users in";

/// A real directory of ours that nobody else can enter.
pub(super) fn check_directory(state: &Path, user: u32) -> Result<(), Error> {
    let found = fs::symlink_metadata(directory(state)).map_err(Error::io("looking at its directory"))?;
    if !found.is_dir() {
        return Err(Error::Unsafe("its directory is no directory"));
    }
    if found.uid() != user {
        return Err(Error::OtherUser);
    }
    if found.mode() & 0o777 != 0o700 {
        return Err(Error::Unsafe(LOOSE));
    }
    Ok(())
}

/// What stands at the socket's path: `None` for nothing, else device and inode of a socket.
pub(super) fn found(socket: &Path) -> Result<Option<(u64, u64)>, Error> {
    match fs::symlink_metadata(socket) {
        Ok(found) if found.file_type().is_socket() => Ok(Some((found.dev(), found.ino()))),
        Ok(_) => Err(Error::Unsafe("something else stands in its place")),
        Err(why) if matches!(why.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => Ok(None),
        Err(why) => Err(Error::io("looking for it")(why)),
    }
}
