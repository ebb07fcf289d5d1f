//! The server of the Salesforce side.

use super::line::{CuttableStream, Line};
use axum::Router;
use axum::extract::Request;
use axum::extract::connect_info::ConnectInfo;
use axum::serve::Listener;
use hyper::server::conn::http1;
use hyper_util::rt::TokioIo;
use hyper_util::service::TowerToHyperService;
use std::pin::pin;
use tokio::net::{TcpListener, TcpStream};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tower::ServiceExt;

/// Serves until `stop`, then waits for running calls. Requests carry their connection as `ConnectInfo<Line>`.
///
/// Header names go out as the guides write them, in capitals and small letters (`Content-Type`, `Sforce-Locator`: Bulk
/// guide v66, get results for a query job). Names are compared without case, but there are clients that do not.
pub(crate) async fn serve(mut listener: TcpListener, router: Router, stop: CancellationToken) {
    let connections = TaskTracker::new();
    loop {
        let (stream, _) = tokio::select! {
            () = stop.cancelled() => break,
            accepted = Listener::accept(&mut listener) => accepted,
        };
        connections.spawn(connection(stream, router.clone(), stop.clone()));
    }
    connections.close();
    connections.wait().await;
}

async fn connection(stream: TcpStream, router: Router, stop: CancellationToken) {
    // Small answers must not wait for the acknowledgement of the last one.
    let _ = stream.set_nodelay(true);
    let line = Line::default();
    let stream = CuttableStream::new(stream, line.clone());
    let service = router.map_request(move |mut request: hyper::Request<hyper::body::Incoming>| -> Request {
        request.extensions_mut().insert(ConnectInfo(line.clone()));
        request.map(axum::body::Body::new)
    });
    let served = http1::Builder::new()
        .title_case_headers(true)
        .serve_connection(TokioIo::new(stream), TowerToHyperService::new(service));
    let mut served = pin!(served);
    let ended = tokio::select! {
        ended = served.as_mut() => ended,
        () = stop.cancelled() => {
            served.as_mut().graceful_shutdown();
            served.await
        }
    };
    // A caller that goes away, or a line that was cut, is no trouble of the org's.
    if let Err(error) = ended {
        tracing::trace!(%error, "a connection broke");
    }
}
