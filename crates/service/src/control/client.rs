//! The end of whoever asks.

use std::io;
use std::path::Path;
use std::time::Duration;

use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::net::unix::{OwnedReadHalf, OwnedWriteHalf};

use super::frame::{ANSWER_BYTES, Answer, PROTOCOL, Request, Stream};
use super::{Error, HEARTBEAT, PATIENCE, line, place};

/// How long the service may say nothing at all. It shows signs of life every [`HEARTBEAT`].
const SILENCE: Duration = HEARTBEAT.saturating_mul(12);

/// A connection to the service that holds the state.
pub struct Client {
    from: BufReader<OwnedReadHalf>,
    to: OwnedWriteHalf,
}

impl Client {
    /// Connects to the service on the state directory `state`. `None` when none is running there: no socket, or one that a
    /// process which is gone left behind.
    ///
    /// # Errors
    /// [`Error::OtherUser`] when the socket is not our own user's, [`Error::Unsafe`] when it cannot be the service's; [`Error::Version`] when the service is another
    /// version; [`Error::Refused`] when it serves too many already; [`Error::Silent`], [`Error::Io`].
    pub async fn connect(state: &Path) -> Result<Option<Self>, Error> {
        let socket = match place::socket(state) {
            Ok(socket) => socket,
            // No service can listen there either.
            Err(Error::PathTooLong) => return Ok(None),
            Err(why) => return Err(why),
        };
        if place::found(&socket)?.is_none() {
            return Ok(None);
        }
        let user = place::own_user()?;
        place::check_directory(state, user)?;
        let stream = match UnixStream::connect(&socket).await {
            Ok(stream) => stream,
            Err(why) if matches!(why.kind(), io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound) => {
                return Ok(None);
            }
            Err(why) => return Err(Error::io("connecting")(why)),
        };
        if stream.peer_cred().map_err(Error::io("asking who answers"))?.uid() != user {
            return Err(Error::OtherUser);
        }
        let (from, to) = stream.into_split();
        let mut client = Self { from: BufReader::new(from), to };
        client.greeting().await?;
        Ok(Some(client))
    }

    async fn greeting(&mut self) -> Result<(), Error> {
        match line::read(&mut self.from, ANSWER_BYTES, PATIENCE).await?.ok_or(Error::Gone)? {
            Answer::Hello { protocol: PROTOCOL, .. } => Ok(()),
            Answer::Hello { protocol, .. } => Err(Error::Version { theirs: protocol }),
            Answer::Refused(why) => Err(Error::Refused(why)),
            Answer::Stdout(_) | Answer::Stderr(_) | Answer::Alive(_) | Answer::Exit(_) => {
                Err(Error::Protocol("it does not greet"))
            }
        }
    }

    /// Has the service carry out a verb, passes on what it prints, and gives its exit code. The service carries the verb
    /// to its end even when this future is dropped.
    ///
    /// # Errors
    /// [`Error::Gone`] when the service ends first; [`Error::Io`] when `print` fails; [`Error::Refused`], [`Error::Silent`].
    pub async fn call(
        mut self,
        request: &Request,
        print: &mut (dyn FnMut(Stream, &str) -> io::Result<()> + Send),
    ) -> Result<i32, Error> {
        if let Err(why) = line::write(&mut self.to, request, PATIENCE).await {
            // A service that hangs up has said why before.
            return match line::read(&mut self.from, ANSWER_BYTES, PATIENCE).await {
                Ok(Some(Answer::Refused(said))) => Err(Error::Refused(said)),
                Ok(_) | Err(_) => Err(why),
            };
        }
        loop {
            match line::read(&mut self.from, ANSWER_BYTES, SILENCE).await?.ok_or(Error::Gone)? {
                Answer::Stdout(text) => print(Stream::Stdout, &text).map_err(Error::io("printing"))?,
                Answer::Stderr(text) => print(Stream::Stderr, &text).map_err(Error::io("printing"))?,
                Answer::Alive(_) => {}
                Answer::Exit(code) => return Ok(code),
                Answer::Refused(why) => return Err(Error::Refused(why)),
                Answer::Hello { .. } => return Err(Error::Protocol("it greets twice")),
            }
        }
    }
}
