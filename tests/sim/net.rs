//! The network between the engine and the org: in one process, with faults, crashes and people who act between two calls.

use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body as AxumBody;
use futures_util::StreamExt as _;
use salesforce::transport::{Body, Request, Response, Transport, TransportError, TransportErrorKind};
use tokio::sync::Notify;
use tower::ServiceExt as _;

use crate::random::Random;

/// How bad the network is, in thousandths of the calls.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// No connection: nothing was done.
    pub not_sent: u64,
    /// Everything was done, and the answer is lost.
    pub lost_answer: u64,
    /// The answer breaks off.
    pub cut: u64,
    /// A person acts just before the org does.
    pub hands: u64,
}

/// What a person does when the network says that it is their turn.
pub type Hands = Box<dyn FnMut(&mut Random) + Send>;

struct Inner {
    random: Random,
    weather: Weather,
    /// Calls until the process dies, and whether the org still does its part.
    dies_in: Option<(u32, bool)>,
    hands: Option<Hands>,
    trace: Vec<String>,
}

/// The network.
#[derive(Clone)]
pub struct Net {
    router: axum::Router,
    inner: Arc<Mutex<Inner>>,
    /// Told when the process dies.
    pub death: Arc<Notify>,
}

impl Net {
    /// A network to this org.
    pub fn new(router: axum::Router, seed: u64) -> Self {
        let inner = Inner {
            random: Random::new(seed),
            weather: Weather::default(),
            dies_in: None,
            hands: None,
            trace: Vec::new(),
        };
        let (inner, death) = (Arc::new(Mutex::new(inner)), Arc::new(Notify::new()));
        Self { router, inner, death }
    }

    /// From now on.
    pub fn weather(&self, weather: Weather) {
        self.lock().weather = weather;
    }

    /// Who acts between calls.
    pub fn hands(&self, hands: Option<Hands>) {
        self.lock().hands = hands;
    }

    /// The process dies at the `nth` call from now, before or after the org did its part.
    pub fn die_at(&self, nth: u32, done: bool) {
        self.lock().dies_in = Some((nth, done));
    }

    /// The process was started again.
    pub fn reborn(&self) {
        self.lock().dies_in = None;
    }

    /// Every call so far, and what came of it.
    pub fn trace(&self) -> Vec<String> {
        self.lock().trace.clone()
    }

    /// Something that belongs into the trace.
    pub fn note(&self, what: String) {
        self.lock().trace.push(what);
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn die(&self) -> ! {
        self.death.notify_one();
        std::future::pending::<()>().await;
        unreachable!("a dead process does not go on")
    }

    /// What is to happen to the next call.
    fn fate(&self) -> Fate {
        let mut inner = self.lock();
        if let Some((left, done)) = inner.dies_in.as_mut() {
            *left = left.saturating_sub(1);
            if *left == 0 {
                return if *done { Fate::DieAfter } else { Fate::DieBefore };
            }
        }
        let weather = inner.weather;
        let roll = inner.random.next() % 1_000;
        let (a, b) = (weather.not_sent, weather.not_sent + weather.lost_answer);
        if roll < a {
            Fate::NotSent
        } else if roll < b {
            Fate::LostAnswer
        } else if roll < b + weather.cut {
            Fate::Cut
        } else {
            Fate::Fair
        }
    }

    fn let_people_act(&self) {
        let (mut hands, mut random) = {
            let mut inner = self.lock();
            let per = inner.weather.hands;
            if !inner.random.permille(per) {
                return;
            }
            let seed = inner.random.next();
            (inner.hands.take(), Random::new(seed))
        };
        if let Some(act) = hands.as_mut() {
            act(&mut random);
        }
        self.lock().hands = hands;
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Fair,
    NotSent,
    LostAnswer,
    Cut,
    DieBefore,
    DieAfter,
}

async fn request(from: Request) -> Result<http::Request<AxumBody>, TransportError> {
    let local = |_| TransportError::new(TransportErrorKind::LocalFile);
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
    to.body(body).map_err(|_| TransportError::new(TransportErrorKind::NotSent))
}

#[async_trait::async_trait]
impl Transport for Net {
    async fn send(&self, from: Request) -> Result<Response, TransportError> {
        let name = format!("{} {}", from.method, from.url.path());
        let fate = self.fate();
        self.let_people_act();
        match fate {
            Fate::DieBefore => self.die().await,
            Fate::NotSent => {
                self.note(format!("{name} not sent"));
                return Err(TransportError::new(TransportErrorKind::NotSent));
            }
            Fate::Fair | Fate::LostAnswer | Fate::Cut | Fate::DieAfter => {}
        }
        let answer = match self.router.clone().oneshot(request(from).await?).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        let (head, body) = answer.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX)
            .await
            .map_err(|_| TransportError::new(TransportErrorKind::BodyCut))?;
        self.note(format!("{name} {} {fate:?}", head.status.as_u16()));
        match fate {
            Fate::DieAfter => self.die().await,
            Fate::LostAnswer => return Err(TransportError::new(TransportErrorKind::NoAnswer)),
            Fate::Fair | Fate::NotSent | Fate::Cut | Fate::DieBefore => {}
        }
        let cut = fate == Fate::Cut && !bytes.is_empty();
        let kept = if cut { bytes.slice(..bytes.len() / 2) } else { bytes };
        let mut pieces = vec![Ok(kept)];
        if cut {
            pieces.push(Err(TransportError::new(TransportErrorKind::BodyCut)));
        }
        let body = futures_util::stream::iter(pieces).boxed();
        Ok(Response { status: head.status, headers: head.headers, body })
    }
}
