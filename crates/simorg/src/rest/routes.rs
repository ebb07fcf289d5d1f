//! All paths of the Salesforce side.

use super::{batch, changes, collections, composite, describe, limits, query, sobject, versions};
use crate::auth;
use crate::http::{ApiError, authorise, gate};
use crate::org::OrgState;
use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::{get, patch, post};
use std::sync::Arc;
use tower_http::CompressionLevel;
use tower_http::compression::CompressionLayer;
use tower_http::decompression::RequestDecompressionLayer;

/// Largest accepted body: a Bulk upload and some room.
const BODY_BYTES: usize = 170_000_000;

/// The service of one org.
pub(crate) fn router(org: &Arc<OrgState>) -> Router {
    let signed_in = records()
        .merge(data())
        .merge(composites())
        .merge(crate::bulk::routes())
        .route("/services/oauth2/userinfo", get(auth::userinfo).post(auth::userinfo))
        .route("/id/{org}/{user}", get(auth::identity))
        .fallback(missing)
        .method_not_allowed_fallback(not_allowed)
        .layer(from_fn_with_state(Arc::clone(org), authorise));
    let all = Router::new()
        .route("/services/oauth2/token", post(auth::token))
        .route("/services/oauth2/revoke", post(auth::revoke))
        .route("/services/Soap/{kind}/{version}", post(auth::login))
        .route("/services/Soap/{kind}/{version}/{org}", post(auth::login))
        .route("/services/data", get(versions::versions))
        .merge(signed_in)
        .layer(RequestDecompressionLayer::new())
        .layer(CompressionLayer::new().quality(CompressionLevel::Fastest))
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(Arc::clone(org), gate))
        .with_state(Arc::clone(org));
    // A layer runs after its router has chosen a route, so the path is trimmed one router further out.
    Router::new().fallback_service(all).layer(from_fn(slash))
}

/// What a subrequest reaches: no sign-in, no jobs, no further composite.
pub(super) fn inner(org: &Arc<OrgState>) -> Router {
    records()
        .merge(data())
        .fallback(missing)
        .method_not_allowed_fallback(not_allowed)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .with_state(Arc::clone(org))
}

fn composites() -> Router<Arc<OrgState>> {
    Router::new()
        .route("/services/data/{version}/composite", get(composite::index).post(composite::composite))
        .route("/services/data/{version}/composite/batch", post(batch::batch))
}

fn data() -> Router<Arc<OrgState>> {
    Router::new()
        .route("/services/data/{version}", get(versions::resources))
        .route("/services/data/{version}/limits", get(limits::limits))
        .route("/services/data/{version}/query", get(query::query))
        .route("/services/data/{version}/queryAll", get(query::query_all))
        .route("/services/data/{version}/query/{cursor}", get(query::more))
        .route("/services/data/{version}/queryAll/{cursor}", get(query::more))
}

fn records() -> Router<Arc<OrgState>> {
    Router::new()
        .route("/services/data/{version}/sobjects", get(describe::global))
        .route("/services/data/{version}/sobjects/{object}", get(describe::basic).post(sobject::create))
        .route("/services/data/{version}/sobjects/{object}/describe", get(describe::describe))
        .route("/services/data/{version}/sobjects/{object}/describe/{what}", get(missing))
        .route("/services/data/{version}/sobjects/{object}/updated", get(changes::updated))
        .route("/services/data/{version}/sobjects/{object}/deleted", get(changes::deleted))
        .route("/services/data/{version}/sobjects/{object}/Id", post(sobject::create))
        .route(
            "/services/data/{version}/sobjects/{object}/{id}",
            get(sobject::read).patch(sobject::update).delete(sobject::delete),
        )
        .route(
            "/services/data/{version}/sobjects/{object}/{field}/{value}",
            get(sobject::read_external).patch(sobject::upsert).delete(sobject::delete_external),
        )
        .route(
            "/services/data/{version}/composite/sobjects",
            post(collections::create).patch(collections::update).delete(collections::delete),
        )
        .route(
            "/services/data/{version}/composite/sobjects/{object}",
            get(collections::read).post(collections::read_posted),
        )
        .route("/services/data/{version}/composite/sobjects/{object}/{field}", patch(collections::upsert))
}

/// A slash at the end of a path means nothing; two slashes within it are another path (404).
async fn slash(
    mut request: axum::extract::Request,
    next: axum::middleware::Next,
) -> axum::response::Response {
    let uri = request.uri();
    let path = uri.path();
    if path.len() > 1 && path.ends_with('/') && !path.ends_with("//") {
        let query = uri.query().map(|query| format!("?{query}")).unwrap_or_default();
        let trimmed = format!("{}{query}", path.trim_end_matches('/'));
        if let Ok(uri) = trimmed.parse() {
            *request.uri_mut() = uri;
        }
    }
    next.run(request).await
}

async fn missing() -> ApiError {
    ApiError::not_found()
}

async fn not_allowed(request: axum::extract::Request) -> ApiError {
    let text = format!("HTTP Method '{}' not allowed.", request.method());
    ApiError::new(405, "METHOD_NOT_ALLOWED", &text)
}
