//! A cycle, now.

use std::time::Duration;

use http::StatusCode;
use service::admin::Reply;
use service::request::{Mode, Request};

use super::frame::Frame;
use super::{audit, busy, said};
use crate::desk::{Desk, Worker};
use crate::failure::Failure;
use crate::job::Job;

/// How long to wait until the cycle shows as begun.
const BEGINS: Duration = Duration::from_secs(3);

/// Asks for a cycle, unless one runs or is about to. Its outcome is the overview's to show, and the log's.
pub(super) async fn run(desk: Desk, token: String) -> Result<Reply, Failure> {
    let Worker::Service { handle, .. } = &desk.worker else { return Ok(not_now(&desk, token)) };
    if busy(&desk).is_some() {
        return Ok(not_now(&desk, token));
    }
    let before = handle.status().runs;
    let asking = handle.clone();
    // A cycle that was asked for is carried out, whoever waits for it.
    tokio::spawn(async move { asking.run(Job::cycle(Request::whole(Mode::Sync))).await });
    tracing::info!("a cycle was asked for on the admin page");
    audit(&desk, "asked for a cycle").await;
    let begun = handle.when(|status| status.runs > before || status.stopping);
    let _ = tokio::time::timeout(BEGINS, begun).await;
    Ok(Reply::See("/".to_owned()))
}

fn not_now(desk: &Desk, token: String) -> Reply {
    let why = busy(desk).unwrap_or_default();
    let html = said::page(Frame::of(desk, "Not now", "/", token), vec![why], ("/", "To the overview"));
    Reply::Page { status: StatusCode::CONFLICT, html }
}
