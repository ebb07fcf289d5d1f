//! The way in over a listener.

use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use hyper_util::service::TowerToHyperService;
use listen::Bounds;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;

/// What a client may take. A batch of 500 KB over a line of 10 kB a second is sent in less than a minute; SDKs keep no connection for an hour.
const BOUNDS: Bounds = Bounds {
    connections: 512,
    head_patience: Duration::from_secs(30),
    life: Duration::from_secs(3_600),
    head_bytes: 32 << 10,
    headers: 100,
};
/// How long running requests may take when the service stops.
const LAST_WORDS: Duration = Duration::from_secs(20);

/// Serves until `stop`, then lets running requests come to their end, each answered as ever: what is acknowledged is durable.
pub async fn serve(listener: TcpListener, router: Router, stop: CancellationToken) {
    let service = router.map_request(|request: hyper::Request<hyper::body::Incoming>| -> Request {
        request.map(axum::body::Body::new)
    });
    let connections = listen::accept(listener, BOUNDS, TowerToHyperService::new(service), &stop).await;
    if tokio::time::timeout(LAST_WORDS, connections.wait()).await.is_err() {
        tracing::warn!("{} connections were cut: they did not end in time", connections.len());
    }
}
