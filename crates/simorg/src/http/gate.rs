//! What every call passes: counting, scripted faults, the daily limit, and the headers of every answer.

use super::error::ApiError;
use super::line::Line;
use super::reply;
use crate::org::{Allowance, Fault, Op, OrgState};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderName, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use std::sync::Arc;

const LIMIT_INFO: HeaderName = HeaderName::from_static("sforce-limit-info");

/// The outermost layer of the Salesforce side.
pub(crate) async fn gate(State(org): State<Arc<OrgState>>, mut request: Request, next: Next) -> Response {
    let op = Op::of(request.method(), request.uri().path());
    let line = request.extensions().get::<ConnectInfo<Line>>().map(|info| info.0.clone());
    org.calls.count(op);
    let fault = org.faults.take(op);
    let settings = org.settings();
    // What follows a packed body is no longer a body, and its lines are not to be seen.
    if !settings.http.gzip || matches!(fault, Some(Fault::Bloat { .. } | Fault::Strip { .. })) {
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    let mut response = match before(&org, op, &request, fault.as_ref(), line.as_ref()) {
        Some(response) => response,
        None => next.run(request).await,
    };
    if let Some(fault) = &fault {
        response = reply::spoil(response, fault, line.as_ref()).await;
    }
    finish(&org, op, response)
}

/// An answer given before anything is done.
fn before(
    org: &OrgState,
    op: Op,
    request: &Request,
    fault: Option<&Fault>,
    line: Option<&Line>,
) -> Option<Response> {
    match fault {
        Some(Fault::Refuse { status, body, .. }) => return Some(reply::with_body(*status, body)),
        Some(Fault::Html { status }) => return Some(reply::html(*status)),
        Some(Fault::Redirect { to }) => return Some(reply::redirect(to)),
        Some(Fault::DropBeforeDoing) => return Some(reply::dropped(line)),
        Some(
            Fault::DoThenDropReply
            | Fault::Truncate { .. }
            | Fault::TruncateCleanly { .. }
            | Fault::Strip { .. }
            | Fault::Bloat { .. }
            | Fault::Slow { .. },
        )
        | None => {}
    }
    let settings = org.settings();
    let uri = request.uri().path_and_query().map_or(0, |uri| uri.as_str().len());
    if uri > settings.http.uri_bytes {
        return Some(ApiError::new(414, "URI_TOO_LONG", "URI Too Long").into_response());
    }
    if settings.bulk.refuse_gzip_upload
        && op == Op::IngestUpload
        && request.headers().contains_key(header::CONTENT_ENCODING)
    {
        return Some(
            ApiError::new(415, "UNSUPPORTED_MEDIA_TYPE", "Unsupported content encoding").into_response(),
        );
    }
    if settings.http.flaky_rate > 0.0
        && org.random.chance(settings.http.flaky_rate)
        && let Some(kind) = settings.http.flaky.get(org.random.below(settings.http.flaky.len()))
    {
        return Some(reply::flaky(*kind));
    }
    if op.is_billed() {
        let used = org.usage.add(org.clock.now(), Allowance::ApiRequests, 1);
        if used > settings.limits.daily_api {
            let error = ApiError::new(403, "REQUEST_LIMIT_EXCEEDED", "TotalRequests Limit exceeded.");
            return Some(error.into_response());
        }
    }
    None
}

/// `Date` of the org's clock, `Sforce-Limit-Info` and the charset Salesforce names.
fn finish(org: &OrgState, op: Op, mut response: Response) -> Response {
    let now = org.clock.now();
    let date = now.utc().format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    reply::set(&mut response, header::DATE, &date);
    if op.is_billed() {
        let used = org.usage.used(now, Allowance::ApiRequests);
        let limit = org.settings().limits.daily_api;
        reply::set(&mut response, LIMIT_INFO, &format!("api-usage={}/{limit}", used.min(limit)));
    }
    let kind = response.headers().get(header::CONTENT_TYPE).map(axum::http::HeaderValue::as_bytes);
    if kind == Some(b"application/json") {
        reply::set(&mut response, header::CONTENT_TYPE, "application/json;charset=UTF-8");
    }
    response
}
