//! HTTP connections of strangers: bounded in number, in patience and in life, and how they end. What is answered is the
//! caller's affair.

use std::convert::Infallible;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use http::{Request, Response};
use hyper::body::{Body, Incoming};
use hyper::server::conn::http1;
use hyper::service::Service;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

/// How long to wait when the system has no connection to give, such as for want of file descriptors.
const REST: Duration = Duration::from_millis(100);

/// What a client may take of us.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Connections at a time; more wait to be accepted.
    pub connections: usize,
    /// How long a client may take to send a head; also how long a connection may be idle.
    pub head_patience: Duration,
    /// How long a connection is kept. A request that runs then may come to its end, for as long as a head may take and no longer: whoever
    /// reads an answer by the byte does not keep the place for ever.
    pub life: Duration,
    /// The largest head of a request, in bytes; hyper allows no less than 8 KiB.
    pub head_bytes: usize,
    /// The most headers of a request.
    pub headers: usize,
}

/// Accepts connections until `stop`, and lets `service` answer what comes on them. At `stop` the listener is closed, and requests
/// that run are let come to their end: the tracker that is given back knows how many are left, and is to be waited for.
pub async fn accept<S, B>(
    listener: TcpListener,
    bounds: Bounds,
    service: S,
    stop: &CancellationToken,
) -> TaskTracker
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible> + Clone + Send + 'static,
    S::Future: Send,
    B: Body<Data: Send, Error: Into<Box<dyn std::error::Error + Send + Sync>>> + Send + 'static,
{
    let connections = TaskTracker::new();
    let room = Arc::new(Semaphore::new(bounds.connections));
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
        let served = connection(stream, bounds, service.clone(), stop.clone());
        connections.spawn(async move {
            served.await;
            drop(place);
        });
    }
    connections.close();
    connections
}

async fn connection<S, B>(stream: TcpStream, bounds: Bounds, service: S, stop: CancellationToken)
where
    S: Service<Request<Incoming>, Response = Response<B>, Error = Infallible>,
    B: Body<Error: Into<Box<dyn std::error::Error + Send + Sync>>> + 'static,
{
    // Small answers must not wait for the acknowledgement of the last one.
    let _ = stream.set_nodelay(true);
    let served = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(bounds.head_patience)
        .max_buf_size(bounds.head_bytes)
        .max_headers(bounds.headers)
        .serve_connection(TokioIo::new(stream), service);
    let mut served = pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
        () = tokio::time::sleep(bounds.life) => {
            served.as_mut().graceful_shutdown();
            let Ok(ended) = tokio::time::timeout(bounds.head_patience, served).await else {
                tracing::debug!("a connection had lived long enough, and was cut");
                return;
            };
            ended
        }
    };
    // A client that goes away is no trouble of ours: it has got no answer, and knows.
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection broke");
    }
}
