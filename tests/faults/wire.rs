//! The network to an org in the same process: it counts calls, and makes one kind of them go wrong.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::Body as AxumBody;
use bytes::Bytes;
use futures_util::stream::{self, StreamExt as _};
use salesforce::transport::{Body, Request, Response, Transport, TransportError, TransportErrorKind};
use simorg::{Admin, Op};
use tokio::sync::Notify;
use tower::ServiceExt as _;

use crate::call::Call;
use crate::fault::Trouble;

/// One request that left, or tried to.
#[derive(Debug, Clone)]
pub struct Sent {
    pub call: Option<Call>,
    pub host: String,
}

#[derive(Default)]
struct Inner {
    /// Which call, what becomes of it, how often still; `None` is for good.
    trouble: Option<(Call, Trouble, Option<u32>)>,
    /// The call after whose effect the process dies.
    dies_at: Option<Call>,
    sent: Vec<Sent>,
}

/// The network.
#[derive(Clone)]
pub struct Wire {
    router: axum::Router,
    admin: Admin,
    inner: Arc<Mutex<Inner>>,
    /// Told when the process dies.
    pub death: Arc<Notify>,
}

impl Wire {
    /// To this org.
    pub fn new(org: &simorg::Org) -> Self {
        Self { router: org.router(), admin: org.admin(), inner: Arc::default(), death: Arc::default() }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on this call meets this trouble, so many times or for good.
    pub fn trouble(&self, call: Call, trouble: &Trouble, times: Option<u32>) {
        self.inner().trouble = Some((call, trouble.clone(), times));
    }

    /// Everything is well again, and counting begins anew.
    pub fn clear(&self) {
        self.admin.clear_faults();
        *self.inner() = Inner::default();
    }

    /// The process dies when this call took effect and its answer is on its way.
    pub fn die_at(&self, call: Call) {
        self.inner().dies_at = Some(call);
    }

    /// What left since the last clearing.
    pub fn sent(&self) -> Vec<Sent> {
        self.inner().sent.clone()
    }

    /// How many times this call left.
    pub fn count(&self, call: Call) -> usize {
        self.inner().sent.iter().filter(|sent| sent.call == Some(call)).count()
    }

    /// Takes note of a call, and says what becomes of it.
    fn begin(&self, call: Option<Call>, host: &str) -> (Option<Trouble>, bool) {
        let mut inner = self.inner();
        inner.sent.push(Sent { call, host: host.to_owned() });
        let dies = call.is_some() && inner.dies_at == call;
        let Some((_, trouble, times)) = inner.trouble.as_mut().filter(|(of, ..)| Some(*of) == call) else {
            return (None, dies);
        };
        match times {
            Some(0) => (None, dies),
            Some(left) => {
                *left -= 1;
                (Some(trouble.clone()), dies)
            }
            None => (Some(trouble.clone()), dies),
        }
    }
}

fn failure(kind: TransportErrorKind) -> TransportError {
    TransportError::new(kind)
}

async fn to_org(from: Request) -> Result<http::Request<AxumBody>, TransportError> {
    let local = |_| failure(TransportErrorKind::LocalFile);
    let body = match from.body {
        Body::Empty => AxumBody::empty(),
        Body::Bytes(bytes) => AxumBody::from(bytes),
        Body::File { path, bytes } => {
            let mut content = std::fs::read(path).map_err(local)?;
            content.truncate(usize::try_from(bytes).unwrap_or(usize::MAX));
            AxumBody::from(content)
        }
    };
    let mut to = http::Request::builder().method(from.method).uri(from.url.as_str());
    if let Some(headers) = to.headers_mut() {
        *headers = from.headers;
    }
    to.body(body).map_err(|_| failure(TransportErrorKind::NotSent))
}

/// A byte now and then, for longer than anybody waits.
fn drip() -> stream::BoxStream<'static, Result<Bytes, TransportError>> {
    stream::repeat(Bytes::from_static(b" "))
        .take(1_000)
        .then(|byte| async move {
            tokio::time::sleep(Duration::from_secs(20)).await;
            Ok(byte)
        })
        .boxed()
}

#[async_trait::async_trait]
impl Transport for Wire {
    async fn send(&self, from: Request) -> Result<Response, TransportError> {
        let call = Call::of(&from);
        let op = Op::of(&from.method, from.url.path());
        let (trouble, dies) = self.begin(call, from.url.host_str().unwrap_or_default());
        let mut lost = None;
        match &trouble {
            Some(Trouble::Transport(kind, false)) => return Err(failure(*kind)),
            Some(Trouble::Transport(kind, true)) => lost = Some(*kind),
            Some(Trouble::Org(fault)) => self.admin.fault(op, fault.clone()),
            Some(
                Trouble::NoBody
                | Trouble::Drip
                | Trouble::Database(..)
                | Trouble::RowRefused
                | Trouble::RowGone
                | Trouble::DiskFull
                | Trouble::DamagedValue,
            )
            | None => {}
        }
        let answer = match self.router.clone().oneshot(to_org(from).await?).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        if dies {
            self.death.notify_one();
            std::future::pending::<()>().await;
        }
        if let Some(kind) = lost {
            return Err(failure(kind));
        }
        let (head, body) = answer.into_parts();
        let body = match trouble {
            Some(Trouble::NoBody) => stream::iter([Err(failure(TransportErrorKind::BodyCut))]).boxed(),
            Some(Trouble::Drip) => drip(),
            _ => body
                .into_data_stream()
                .map(|piece| piece.map_err(|_| failure(TransportErrorKind::BodyCut)))
                .boxed(),
        };
        Ok(Response { status: head.status, headers: head.headers, body })
    }
}
