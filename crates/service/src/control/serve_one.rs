//! One client, from greeting to exit code.

use std::future::Future;
use std::sync::Arc;

use tokio::io::BufReader;
use tokio::net::UnixStream;
use tokio::net::unix::OwnedWriteHalf;
use tokio::sync::{OwnedSemaphorePermit, mpsc};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::frame::{ARGUMENTS, Answer, PROTOCOL, REQUEST_BYTES, Request};
use super::output::Output;
use super::{Error, HEARTBEAT, PATIENCE, line};

/// Serves one client. The handler runs in a task of its own and outlives the connection if it must.
pub(super) async fn serve_one<H, F>(
    client: UnixStream,
    handle: Arc<H>,
    tracker: TaskTracker,
    seat: OwnedSemaphorePermit,
    stop: CancellationToken,
) where
    H: Fn(Vec<String>, Output) -> F + Send + Sync + 'static,
    F: Future<Output = i32> + Send + 'static,
{
    let (from, mut to) = client.into_split();
    let mut from = BufReader::new(from);
    let greeted = tokio::select! {
        greeted = greet(&mut from, &mut to) => greeted,
        () = stop.cancelled() => Err(Error::Refused("it is stopping".to_owned())),
    };
    let request = match greeted {
        Ok(Some(request)) => request,
        // Somebody only looked whether a service is there.
        Ok(None) => return,
        Err(why) => {
            tracing::debug!(error = %why, "a client of the control socket was turned away");
            let _ = line::write(&mut to, &Answer::Refused(why.to_string()), PATIENCE).await;
            return;
        }
    };
    let (output, chunks) = Output::new(request.format, request.width);
    let verb = tracker.spawn(async move {
        let exit = handle(request.argv, output).await;
        // Whoever carries out a verb has a seat, connected or not.
        drop(seat);
        exit
    });
    if let Err(why) = relay(&mut to, chunks, verb).await {
        tracing::debug!(error = %why, "a client of the control socket has gone");
    }
}

async fn greet(
    from: &mut (impl tokio::io::AsyncBufRead + Unpin),
    to: &mut OwnedWriteHalf,
) -> Result<Option<Request>, Error> {
    let hello = Answer::Hello { protocol: PROTOCOL, program: env!("CARGO_PKG_VERSION").to_owned() };
    line::write(to, &hello, PATIENCE).await?;
    let Some(request) = line::read::<Request>(from, REQUEST_BYTES, PATIENCE).await? else { return Ok(None) };
    if request.protocol != PROTOCOL {
        return Err(Error::Version { theirs: request.protocol });
    }
    if request.argv.len() > ARGUMENTS {
        return Err(Error::Protocol("too many arguments"));
    }
    Ok(Some(request))
}

/// Passes on what the verb prints, shows signs of life in between, and ends with the exit code.
async fn relay(
    to: &mut OwnedWriteHalf,
    mut chunks: mpsc::Receiver<Answer>,
    verb: JoinHandle<i32>,
) -> Result<(), Error> {
    loop {
        // Receiving may be cancelled without loss, so the heartbeat can interrupt it.
        match tokio::time::timeout(HEARTBEAT, chunks.recv()).await {
            Ok(Some(chunk)) => line::write(to, &chunk, PATIENCE).await?,
            Ok(None) => break,
            Err(_) => line::write(to, &Answer::Alive(true), PATIENCE).await?,
        }
    }
    // Every output is closed; the verb may still be at work.
    tokio::pin!(verb);
    let ended = loop {
        match tokio::time::timeout(HEARTBEAT, &mut verb).await {
            Ok(ended) => break ended,
            Err(_) => line::write(to, &Answer::Alive(true), PATIENCE).await?,
        }
    };
    let last = match ended {
        Ok(exit) => Answer::Exit(exit),
        Err(_) => {
            Answer::Refused("the command failed in an unexpected way; see the service's log".to_owned())
        }
    };
    line::write(to, &last, PATIENCE).await
}
