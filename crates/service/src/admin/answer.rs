//! Answers, each with the headers that keep a browser from doing anything with it that we do not mean.

use axum::body::Body;
use http::header::{self, HeaderName};
use http::{HeaderMap, HeaderValue, Response, StatusCode};

use super::hosts::Door;
use super::pages::Reply;

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
/// The text format of Prometheus (Prometheus, "Exposition formats").
const FIGURES: HeaderValue = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");

/// What stands on every answer, whatever it is.
const ALWAYS: [(HeaderName, &str); 8] = [
    (
        header::CONTENT_SECURITY_POLICY,
        "default-src 'none'; style-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'",
    ),
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (header::X_FRAME_OPTIONS, "DENY"),
    // Tells other sites nothing, as no-referrer does; but under that one browsers send `Origin: null` with our own forms, too
    // (Fetch, "append a request Origin header"; seen in Chromium), and the check of where a form comes from would lose its half.
    (header::REFERRER_POLICY, "same-origin"),
    (header::CACHE_CONTROL, "no-store"),
    (HeaderName::from_static("cross-origin-opener-policy"), "same-origin"),
    (HeaderName::from_static("cross-origin-resource-policy"), "same-origin"),
    (HeaderName::from_static("x-robots-tag"), "noindex, nofollow"),
];

/// Puts on what stands on every answer.
pub(super) fn protect(mut answer: Response<Body>, door: Option<Door>) -> Response<Body> {
    for (name, value) in ALWAYS {
        answer.headers_mut().insert(name, HeaderValue::from_static(value));
    }
    if door == Some(Door::Public) {
        // A browser that came over TLS once never comes without.
        let year = HeaderValue::from_static("max-age=31536000");
        answer.headers_mut().insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    answer
}

fn of(status: StatusCode, media: HeaderValue, body: Body) -> Response<Body> {
    let mut answer = Response::new(body);
    *answer.status_mut() = status;
    answer.headers_mut().insert(header::CONTENT_TYPE, media);
    answer
}

pub(super) fn page(status: StatusCode, html: String) -> Response<Body> {
    of(status, HTML, Body::from(html))
}

pub(super) fn style(text: &'static str) -> Response<Body> {
    of(StatusCode::OK, HeaderValue::from_static("text/css; charset=utf-8"), Body::from(text))
}

pub(super) fn figures(text: String) -> Response<Body> {
    of(StatusCode::OK, FIGURES, Body::from(text))
}

pub(super) fn line(status: StatusCode, text: &str) -> Response<Body> {
    of(status, HeaderValue::from_static("text/plain; charset=utf-8"), Body::from(format!("{text}\n")))
}

/// Look there instead, with `GET`.
pub(super) fn see(path: &str) -> Response<Body> {
    let mut answer = Response::new(Body::empty());
    *answer.status_mut() = StatusCode::SEE_OTHER;
    // A path that is no header value is a defect; the overview is always there.
    let place = HeaderValue::from_str(path).unwrap_or(HeaderValue::from_static("/"));
    answer.headers_mut().insert(header::LOCATION, place);
    answer
}

pub(super) fn reply(reply: Reply) -> Response<Body> {
    match reply {
        Reply::Page { status, html } => page(status, html),
        Reply::See(path) => see(&path),
        Reply::File { name, media, body } => {
            let mut answer = of(StatusCode::OK, HeaderValue::from_static(media), body);
            let kept: String =
                name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.')).collect();
            let place = HeaderValue::from_str(&format!("attachment; filename=\"{kept}\""));
            let place = place.unwrap_or(HeaderValue::from_static("attachment"));
            answer.headers_mut().insert(header::CONTENT_DISPOSITION, place);
            answer
        }
    }
}

/// Sets cookies beside each other.
pub(super) fn with_cookies(
    mut answer: Response<Body>,
    cookies: impl IntoIterator<Item = HeaderValue>,
) -> Response<Body> {
    let headers: &mut HeaderMap = answer.headers_mut();
    for cookie in cookies {
        headers.append(header::SET_COOKIE, cookie);
    }
    answer
}
