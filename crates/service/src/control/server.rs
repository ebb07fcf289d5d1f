//! The service's end: listens, checks who calls, hands each request to the handler.

use std::fs::{self, Permissions};
use std::future::Future;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::frame::Answer;
use super::output::Output;
use super::{CLIENTS, Error, PATIENCE, line, place, serve_one};

/// Listens on the control socket. The socket is removed when this is dropped.
pub struct Server {
    listener: UnixListener,
    socket: PathBuf,
    /// Device and inode of our socket: another one at the same path is not ours to remove.
    identity: Option<(u64, u64)>,
    user: u32,
}

impl Server {
    /// Begins to listen in the state directory `state`. The caller holds the state's lock, so a socket that nobody answers
    /// on was left by a process that is gone; it is removed.
    ///
    /// # Errors
    /// [`Error::Taken`] when somebody answers on the socket; [`Error::Unsafe`] when the directory is not ours or something
    /// that is no socket is in the way; [`Error::PathTooLong`]; [`Error::Io`].
    pub async fn bind(state: &Path) -> Result<Self, Error> {
        let user = place::own_user()?;
        let socket = place::socket(state)?;
        place::prepare(state, user)?;
        if place::found(&socket)?.is_some() {
            match UnixStream::connect(&socket).await {
                Ok(_) => return Err(Error::Taken),
                Err(why) if why.kind() == io::ErrorKind::ConnectionRefused => {
                    fs::remove_file(&socket).map_err(Error::io("removing the one left behind"))?;
                }
                Err(why) if why.kind() == io::ErrorKind::NotFound => {}
                Err(why) => return Err(Error::io("trying the one that is there")(why)),
            }
        }
        let listener = UnixListener::bind(&socket).map_err(Error::io("listening"))?;
        // Between these two lines the 0700 directory keeps others out.
        fs::set_permissions(&socket, Permissions::from_mode(0o600))
            .map_err(Error::io("closing it to others"))?;
        let identity = place::found(&socket)?;
        Ok(Self { listener, socket, identity, user })
    }

    /// Serves until `stop` is cancelled, then waits for the requests that are being carried out; whoever wants a limit to
    /// that wait drops the future.
    ///
    /// `handle` gets the verb with its arguments and prints to the output; its value is the exit code. It runs to its end
    /// even when the client goes away.
    pub async fn serve<H, F>(self, handle: H, stop: CancellationToken)
    where
        H: Fn(Vec<String>, Output) -> F + Send + Sync + 'static,
        F: Future<Output = i32> + Send + 'static,
    {
        let handle = Arc::new(handle);
        let seats = Arc::new(Semaphore::new(CLIENTS));
        let tracker = TaskTracker::new();
        loop {
            let accepted = tokio::select! {
                biased;
                () = stop.cancelled() => break,
                accepted = self.listener.accept() => accepted,
            };
            let client = match accepted {
                Ok((client, _)) => client,
                Err(why) => {
                    tracing::warn!(error = %why, "the control socket could not accept a client");
                    // Out of file handles, most likely: give others time to close theirs.
                    tokio::time::sleep(Duration::from_millis(200)).await;
                    continue;
                }
            };
            if !self.is_owner(&client) {
                tracing::warn!("the control socket turned away another user");
                continue;
            }
            let handle = Arc::clone(&handle);
            match Arc::clone(&seats).try_acquire_owned() {
                Ok(seat) => drop(tracker.spawn(serve_one::serve_one(
                    client,
                    handle,
                    tracker.clone(),
                    seat,
                    stop.clone(),
                ))),
                Err(_) => drop(tracker.spawn(refuse(client))),
            }
        }
        // From here on a client finds no service, instead of one that never greets it.
        drop(self);
        tracker.close();
        tracker.wait().await;
    }

    /// Whether the process at the other end runs as the user we run as. Told by the kernel, not by the client.
    fn is_owner(&self, client: &UnixStream) -> bool {
        client.peer_cred().is_ok_and(|peer| peer.uid() == self.user)
    }
}

async fn refuse(mut client: UnixStream) {
    let full = Answer::Refused(format!("{CLIENTS} clients are connected already"));
    // A client that does not take the refusal is dropped all the same.
    let _ = line::write(&mut client, &full, PATIENCE).await;
}

impl Drop for Server {
    fn drop(&mut self) {
        if self.identity.is_some() && place::found(&self.socket).ok().flatten() == self.identity {
            // A socket that stays behind is recognised as stale by the next start.
            let _ = fs::remove_file(&self.socket);
        }
    }
}
