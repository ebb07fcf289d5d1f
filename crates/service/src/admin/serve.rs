//! Connections: bounded in number, in patience and in life, and how they end.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::{hmac, rand};
use axum::body::Body;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::hosts::Hosts;
use super::pages::Pages;
use super::session::Sessions;
use super::throttle::Throttle;
use super::{AdminOptions, gate};

/// Connections at a time; more wait to be accepted.
const CONNECTIONS: usize = 64;
/// How long a client may take to send a head; also how long a connection may be idle.
const HEAD_PATIENCE: Duration = Duration::from_secs(10);
/// How long a connection lives at most: a client that reads a report by the byte does not keep its place for ever.
const LIFE: Duration = Duration::from_secs(15 * 60);
/// The largest head of a request.
const HEAD_BYTES: usize = 16 << 10;
/// The most headers.
const HEADERS: usize = 64;
/// How long running requests may take when the service stops.
const LAST_WORDS: Duration = Duration::from_secs(5);
/// How long to wait when the system has no connection to give, such as for want of file descriptors.
const REST: Duration = Duration::from_millis(100);

/// Serves until it is told to stop, then lets running requests come to their end. What was begun by a form is waited for as long.
///
/// # Errors
/// When the listener has no address, or the system gives no randomness.
pub async fn serve<P: Pages>(listener: TcpListener, options: AdminOptions, pages: P) -> std::io::Result<()> {
    let AdminOptions { password, public_url, clock, stop } = options;
    let seal = hmac::Key::generate(hmac::HMAC_SHA256, &rand::SystemRandom::new())
        .map_err(|_| std::io::Error::other("the system gives no random numbers"))?;
    let site = Arc::new(gate::Site {
        pages,
        password,
        hosts: Hosts::new(listener.local_addr()?, public_url),
        sessions: Sessions::new(clock.clone()),
        throttle: Throttle::new(clock),
        seal,
        at_work: gate::room(),
        acts: TaskTracker::new(),
    });
    let connections = TaskTracker::new();
    accept(listener, &site, &connections, &stop).await;
    connections.close();
    site.acts.close();
    let ended = async {
        connections.wait().await;
        site.acts.wait().await;
    };
    if tokio::time::timeout(LAST_WORDS, ended).await.is_err() {
        tracing::warn!(
            "{} connections of the admin page were cut: they did not end in time",
            connections.len()
        );
    }
    Ok(())
}

async fn accept<P: Pages>(
    listener: TcpListener,
    site: &Arc<gate::Site<P>>,
    connections: &TaskTracker,
    stop: &CancellationToken,
) {
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = stop.cancelled() => return,
            accepted = accepted => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(REST).await;
            continue;
        };
        let served = connection(stream, Arc::clone(site), stop.clone());
        connections.spawn(async move {
            if tokio::time::timeout(LIFE, served).await.is_err() {
                tracing::debug!("a connection of the admin page had lived long enough");
            }
            drop(place);
        });
    }
}

async fn connection<P: Pages>(stream: TcpStream, site: Arc<gate::Site<P>>, stop: CancellationToken) {
    // Small answers must not wait for the acknowledgement of the last one.
    let _ = stream.set_nodelay(true);
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let answer = gate::answer(Arc::clone(&site), request.map(Body::new));
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .max_buf_size(HEAD_BYTES)
        .max_headers(HEADERS)
        .serve_connection(TokioIo::new(stream), service);
    let mut served = pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection of the admin page broke");
    }
}
