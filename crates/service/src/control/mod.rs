//! The local control socket: every verb works the same beside a running service.
//!
//! The service holds the state's lock, so a second process cannot open the state. It asks the service instead: the client
//! sends the verb with its arguments, the service carries it out and streams back what the verb prints, and its exit code.
//!
//! The socket is `control/socket` in the state directory: a 0600 socket in a 0700 directory, and both ends check that the
//! other end is the same user. The protocol is one JSON object a line (see [`frame`]): the server greets with its version,
//! the client sends one request, the server answers with chunks of output and the exit code, and the connection ends.

pub mod client;
pub mod frame;
mod line;
pub mod output;
mod place;
mod serve_one;
pub mod server;

use std::io;
use std::time::Duration;

pub use client::Client;
pub use frame::{PROTOCOL, Request, Stream};
pub use output::{Output, Writer};
pub use server::Server;

/// How long a client may take to send its request, and either end to take in one line.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// How often the server shows that it is there while a verb prints nothing.
pub const HEARTBEAT: Duration = Duration::from_secs(5);

/// How many clients are served at a time.
pub const CLIENTS: usize = 32;

/// Why the control socket could not be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// A call to the system failed.
    #[error("the control socket: {what} failed")]
    Io {
        /// Which step.
        what: &'static str,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Something about the socket or its directory is not as only the owner could have made it.
    #[error("the control socket is not used: {0}")]
    Unsafe(&'static str),
    /// The socket or its directory is another user's.
    #[error("the control socket belongs to another user, and so does the service")]
    OtherUser,
    /// Another service answers on this socket.
    #[error("a service is running on this state directory already")]
    Taken,
    /// The path does not fit into a socket address (108 bytes on Linux, 104 elsewhere).
    #[error("the state directory's path is too long for a socket; choose a shorter one")]
    PathTooLong,
    /// The running service speaks another version of the protocol.
    #[error(
        "the running service speaks version {theirs} of the control protocol, this program {PROTOCOL}; restart the service"
    )]
    Version {
        /// The service's version.
        theirs: u32,
    },
    /// The other end sent something that is not in the protocol.
    #[error("the other end of the control socket broke the protocol: {0}")]
    Protocol(&'static str),
    /// The service refused the request.
    #[error("the service refused: {0}")]
    Refused(String),
    /// The connection ended before the exit code came: the service was stopped or crashed.
    #[error("the service went away before the command was done")]
    Gone,
    /// Nothing came for so long that the other end must be stuck.
    #[error("the other end of the control socket does not answer")]
    Silent,
}

impl Error {
    fn io(what: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { what, source }
    }
}
