//! The network between the delivery and the org, in one process: it loses requests and answers, cuts them, and takes the process
//! with it.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::body::{Body as AxumBody, Bytes};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use futures_util::StreamExt as _;
use salesforce::transport::{Body, Request, Response, Transport, TransportError, TransportErrorKind};
use simorg::Admin;
use tokio::sync::Notify;
use tower::ServiceExt as _;

use crate::random::Random;

struct Inner {
    random: Random,
    /// Faults in a hundred calls.
    faults: u64,
    /// Calls until the process dies, and whether the org still does its part.
    dies_in: Option<(u32, bool)>,
    /// How many went wrong.
    wrong: u64,
}

/// The network. Clones are the same network.
#[derive(Clone)]
pub struct Net {
    router: axum::Router,
    admin: Admin,
    inner: Arc<Mutex<Inner>>,
    /// Told when the process dies.
    pub death: Arc<Notify>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    Fair,
    NotSent,
    LostAnswer,
    Cut,
    SignedOut,
    Refused(u16, &'static str),
    DieBefore,
    DieAfter,
}

const REFUSALS: [(u16, &str); 3] = [
    (403, r#"[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]"#),
    (503, r#"[{"errorCode":"SERVER_UNAVAILABLE","message":"too busy"}]"#),
    (500, r#"[{"errorCode":"UNKNOWN_EXCEPTION","message":"unexpected"}]"#),
];

impl Net {
    pub fn new(org: &simorg::Org, seed: u64) -> Self {
        let inner = Inner { random: Random::new(seed), faults: 0, dies_in: None, wrong: 0 };
        let (inner, death) = (Arc::new(Mutex::new(inner)), Arc::new(Notify::new()));
        Self { router: org.router(), admin: org.admin(), inner, death }
    }

    /// So many faults in a hundred calls from now on.
    pub fn faults(&self, percent: u64) {
        self.lock().faults = percent;
    }

    /// The process dies at the `nth` call from now, before or after the org did its part; `None`: it lives.
    pub fn dies_in(&self, nth: Option<(u32, bool)>) {
        self.lock().dies_in = nth;
    }

    /// How many calls went wrong.
    pub fn wrong(&self) -> u64 {
        self.lock().wrong
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn fate(&self) -> Fate {
        let mut inner = self.lock();
        if let Some((left, done)) = inner.dies_in.as_mut() {
            *left = left.saturating_sub(1);
            if *left == 0 {
                return if *done { Fate::DieAfter } else { Fate::DieBefore };
            }
        }
        let faults = inner.faults;
        if !inner.random.percent(faults) {
            return Fate::Fair;
        }
        inner.wrong += 1;
        match inner.random.below(8) {
            0 => Fate::NotSent,
            1..=3 => Fate::LostAnswer,
            4 => Fate::Cut,
            5 => Fate::SignedOut,
            _ => {
                let (status, body) = REFUSALS[inner.random.below(REFUSALS.len())];
                Fate::Refused(status, body)
            }
        }
    }

    async fn die(&self) -> ! {
        self.death.notify_one();
        std::future::pending::<()>().await;
        unreachable!("a dead process does not go on")
    }

    async fn ask(&self, from: Request) -> Result<(StatusCode, HeaderMap, Bytes), TransportError> {
        let local = |_| TransportError::new(TransportErrorKind::LocalFile);
        let body = match from.body {
            Body::Empty => AxumBody::empty(),
            Body::Bytes(bytes) => AxumBody::from(bytes),
            Body::File { path, .. } => AxumBody::from(std::fs::read(path).map_err(local)?),
        };
        let mut request = axum::http::Request::builder().method(from.method).uri(from.url.as_str());
        if let Some(headers) = request.headers_mut() {
            *headers = from.headers;
        }
        let request = request.body(body).map_err(|_| TransportError::new(TransportErrorKind::NotSent))?;
        let answer = match self.router.clone().oneshot(request).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        let (head, body) = answer.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX).await;
        Ok((head.status, head.headers, bytes.map_err(|_| TransportError::new(TransportErrorKind::BodyCut))?))
    }
}

fn response(status: StatusCode, headers: HeaderMap, pieces: Vec<Result<Bytes, TransportError>>) -> Response {
    Response { status, headers, body: futures_util::stream::iter(pieces).boxed() }
}

#[async_trait::async_trait]
impl Transport for Net {
    async fn send(&self, from: Request) -> Result<Response, TransportError> {
        let fate = self.fate();
        match fate {
            Fate::DieBefore => self.die().await,
            Fate::NotSent => return Err(TransportError::new(TransportErrorKind::NotSent)),
            Fate::SignedOut => self.admin.end_sessions(),
            Fate::Refused(status, body) => {
                let status = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
                let json = HeaderValue::from_static("application/json");
                let headers = HeaderMap::from_iter([(axum::http::header::CONTENT_TYPE, json)]);
                return Ok(response(status, headers, vec![Ok(Bytes::from_static(body.as_bytes()))]));
            }
            Fate::Fair | Fate::LostAnswer | Fate::Cut | Fate::DieAfter => {}
        }
        let (status, headers, bytes) = self.ask(from).await?;
        match fate {
            Fate::DieAfter => self.die().await,
            Fate::LostAnswer => Err(TransportError::new(TransportErrorKind::NoAnswer)),
            Fate::Cut if !bytes.is_empty() => {
                let pieces = vec![
                    Ok(bytes.slice(..bytes.len() / 2)),
                    Err(TransportError::new(TransportErrorKind::BodyCut)),
                ];
                Ok(response(status, headers, pieces))
            }
            Fate::Fair
            | Fate::Cut
            | Fate::SignedOut
            | Fate::NotSent
            | Fate::Refused(..)
            | Fate::DieBefore => Ok(response(status, headers, vec![Ok(bytes)])),
        }
    }
}
