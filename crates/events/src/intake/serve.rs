//! Connections: bounded in number and in patience, and how they end.

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper::server::conn::http1;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt as _;

/// Connections at a time; more wait to be accepted.
const CONNECTIONS: usize = 512;
/// How long a client may take to send a head; also how long a connection may be idle.
const HEAD_PATIENCE: Duration = Duration::from_secs(30);
/// How long running requests may take when the service stops.
const LAST_WORDS: Duration = Duration::from_secs(20);
/// How long to wait when the system has no connection to give, such as for want of file descriptors.
const REST: Duration = Duration::from_millis(100);

/// Serves until `stop`, then lets running requests come to their end, each answered as ever: what is acknowledged is durable.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let connections = TaskTracker::new();
    let room = Arc::new(Semaphore::new(CONNECTIONS));
    loop {
        let accepted = async {
            let place = Arc::clone(&room).acquire_owned().await;
            (place, listener.accept().await)
        };
        let (place, accepted) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = accepted => accepted,
        };
        let Ok((stream, _)) = accepted else {
            tokio::time::sleep(REST).await;
            continue;
        };
        let served = connection(stream, router.clone(), stop.clone());
        connections.spawn(async move {
            served.await;
            drop(place);
        });
    }
    drop(listener);
    connections.close();
    if tokio::time::timeout(LAST_WORDS, connections.wait()).await.is_err() {
        tracing::warn!("{} connections were cut: they did not end in time", connections.len());
    }
}

async fn connection(stream: TcpStream, router: Router, stop: CancellationToken) {
    // Small answers must not wait for the acknowledgement of the last one.
    let _ = stream.set_nodelay(true);
    let service = router.map_request(|request: hyper::Request<hyper::body::Incoming>| -> Request {
        request.map(axum::body::Body::new)
    });
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_PATIENCE)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut served = pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    // A client that goes away is no trouble of ours: it sends again what it got no answer for.
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection broke");
    }
}
