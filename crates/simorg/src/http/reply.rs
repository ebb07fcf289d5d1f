//! Answers that are wrong on purpose.

use super::line::Line;
use crate::org::Fault;
use crate::settings::Flaky;
use axum::body::{Body, Bytes};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use std::io;
use std::time::Duration;

const PAGE: &str = "<!DOCTYPE html><html><head><title>Salesforce</title></head><body>\
                    <h1>We are setting things up.</h1></body></html>";

/// A page where JSON was expected.
pub(super) fn html(status: u16) -> Response {
    with_body(status, PAGE)
}

/// An answer with this body; HTML when it starts like it, JSON otherwise.
pub(super) fn with_body(status: u16, body: &str) -> Response {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
    let kind =
        if body.starts_with('<') { "text/html; charset=UTF-8" } else { "application/json;charset=UTF-8" };
    (status, [(header::CONTENT_TYPE, kind)], body.to_owned()).into_response()
}

/// Trouble of an edge server.
pub(super) fn flaky(kind: Flaky) -> Response {
    let json = |code: &str, message: &str| format!(r#"[{{"message":"{message}","errorCode":"{code}"}}]"#);
    match kind {
        Flaky::Moved => html(420),
        Flaky::Maintenance => html(503),
        Flaky::BadGateway => html(502),
        Flaky::NotAcceptable => StatusCode::NOT_ACCEPTABLE.into_response(),
        Flaky::Unavailable => with_body(503, &json("SERVER_UNAVAILABLE", "Too busy, try again later")),
        Flaky::TooMany => with_body(429, &json("REQUEST_LIMIT_EXCEEDED", "Too many requests")),
        Flaky::Unknown => with_body(500, &json("UNKNOWN_EXCEPTION", "An unexpected error occurred")),
    }
}

/// No answer: the connection is cut. In-process callers, who have no connection, get a body that fails.
pub(super) fn dropped(line: Option<&Line>) -> Response {
    if let Some(line) = line {
        line.cut();
    }
    let reset = stream::once(async { Err::<Bytes, _>(io::Error::from(io::ErrorKind::ConnectionReset)) });
    let mut response = Body::from_stream(reset).into_response();
    *response.status_mut() = StatusCode::BAD_GATEWAY;
    response
}

/// A 302.
pub(super) fn redirect(to: &str) -> Response {
    let mut response = StatusCode::FOUND.into_response();
    if let Ok(place) = HeaderValue::from_str(to) {
        response.headers_mut().insert(header::LOCATION, place);
    }
    response
}

/// Spoils an answer after everything was done.
pub(super) async fn spoil(response: Response, fault: &Fault, line: Option<&Line>) -> Response {
    match fault {
        Fault::DoThenDropReply => dropped(line),
        Fault::Truncate { bytes } => cut_short(response, *bytes, true).await,
        Fault::TruncateCleanly { bytes } => cut_short(response, *bytes, false).await,
        Fault::Strip { lines } => stripped(response, *lines).await,
        Fault::Bloat { bytes } => bloated(response, *bytes).await,
        Fault::Slow { millis_per_kib } => slow(response, *millis_per_kib).await,
        Fault::Refuse { .. } | Fault::DropBeforeDoing | Fault::Html { .. } | Fault::Redirect { .. } => {
            response
        }
    }
}

async fn whole(response: Response) -> (axum::http::response::Parts, Bytes) {
    let (parts, body) = response.into_parts();
    (parts, axum::body::to_bytes(body, usize::MAX).await.unwrap_or_default())
}

async fn cut_short(response: Response, bytes: usize, abruptly: bool) -> Response {
    let (mut parts, body) = whole(response).await;
    let kept = body.slice(..bytes.min(body.len()));
    if !abruptly {
        parts.headers.remove(header::CONTENT_LENGTH);
        return Response::from_parts(parts, Body::from(kept));
    }
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    let broken = stream::once(async {
        // What was written must leave the buffer before the connection breaks.
        tokio::task::yield_now().await;
        Err(io::Error::from(io::ErrorKind::ConnectionReset))
    });
    Response::from_parts(parts, Body::from_stream(stream::once(async { Ok(kept) }).chain(broken)))
}

async fn stripped(response: Response, lines: usize) -> Response {
    let (mut parts, body) = whole(response).await;
    let told: Vec<HeaderName> =
        parts.headers.keys().filter(|name| name.as_str().starts_with("sforce-")).cloned().collect();
    for name in told.into_iter().chain([header::CONTENT_LENGTH]) {
        parts.headers.remove(name);
    }
    let kept: usize = body.split_inclusive(|byte| *byte == b'\n').take(lines).map(<[u8]>::len).sum();
    Response::from_parts(parts, Body::from(body.slice(..kept)))
}

async fn bloated(response: Response, bytes: usize) -> Response {
    let (mut parts, body) = whole(response).await;
    parts.headers.remove(header::CONTENT_LENGTH);
    let mut all = body.to_vec();
    all.resize(all.len() + bytes, b' ');
    Response::from_parts(parts, Body::from(all))
}

async fn slow(response: Response, millis: u64) -> Response {
    let (parts, body) = whole(response).await;
    let pieces: Vec<Bytes> = (0..body.len().div_ceil(1024))
        .map(|i| body.slice(i * 1024..((i + 1) * 1024).min(body.len())))
        .collect();
    let trickle = stream::iter(pieces).then(move |piece| async move {
        tokio::time::sleep(Duration::from_millis(millis)).await;
        Ok::<_, io::Error>(piece)
    });
    Response::from_parts(parts, Body::from_stream(trickle))
}

/// Sets a header whose value is known to be plain text.
pub(super) fn set(response: &mut Response, name: HeaderName, value: &str) {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(name, value);
    }
}
