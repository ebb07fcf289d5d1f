//! The page over a listener, and how it ends.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::{hmac, rand};
use axum::body::Body;
use hyper::service::service_fn;
use listen::Bounds;
use tokio::net::TcpListener;
use tokio_util::task::TaskTracker;

use super::hosts::Hosts;
use super::pages::Pages;
use super::session::Sessions;
use super::throttle::Throttle;
use super::{AdminOptions, gate};

/// What a browser may take.
const BOUNDS: Bounds = Bounds {
    connections: 64,
    head_patience: Duration::from_secs(10),
    life: Duration::from_secs(15 * 60),
    head_bytes: 16 << 10,
    headers: 64,
};
/// How long running requests may take when the service stops.
const LAST_WORDS: Duration = Duration::from_secs(5);

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
    let of_all = Arc::clone(&site);
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let answer = gate::answer(Arc::clone(&of_all), request.map(Body::new));
        async move { Ok::<_, Infallible>(answer.await) }
    });
    let connections = listen::accept(listener, BOUNDS, service, &stop).await;
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
