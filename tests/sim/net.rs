//! The network between the engine and the org: in one process, with every kind of fault, crashes, and people who act between two
//! calls.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::body::{Body as AxumBody, Bytes};
use axum::http::{Response as AxumResponse, StatusCode};
use futures_util::StreamExt as _;
use model::Clock;
use salesforce::transport::{Body, Request, Response, Transport, TransportError, TransportErrorKind};
use simorg::{Admin, JobState, Op};
use tokio::sync::Notify;
use tower::ServiceExt as _;

use crate::book::By;
use crate::people::People;
use crate::random::Random;

/// The most calls that a cycle of so few people may need.
const CALLS: u64 = 3_000;

/// How bad the network is, in thousandths of the calls.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// A fault of any kind.
    pub faults: u64,
    /// A person acts just before the org does.
    pub hands: u64,
    /// A job that is looked at moves on.
    pub pace: u64,
    /// Somebody has deleted the job that is asked about.
    pub gone: u64,
    /// The org signs the engine in and takes none of its sessions.
    pub locked_out: bool,
}

/// What goes wrong with a call: the columns of the fault matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Fair,
    NotSent,
    LostAnswer,
    Cut,
    CutCleanly,
    SignedOut,
    Answered(u16, &'static str),
    /// Somebody has deleted the job.
    Gone,
    DieBefore,
    DieAfter,
}

const JSON: [(u16, &str); 9] = [
    (403, r#"[{"errorCode":"REQUEST_LIMIT_EXCEEDED","message":"TotalRequests Limit exceeded."}]"#),
    (403, r#"[{"errorCode":"API_DISABLED_FOR_ORG","message":"The REST API is not enabled."}]"#),
    (404, r#"[{"errorCode":"NOT_FOUND","message":"The requested resource does not exist"}]"#),
    (400, r#"[{"errorCode":"MALFORMED_QUERY","message":"unexpected token"}]"#),
    (410, r#"[{"errorCode":"UNSUPPORTED_API_VERSION","message":"retired"}]"#),
    (503, r#"[{"errorCode":"SERVER_UNAVAILABLE","message":"too busy"}]"#),
    (500, r#"[{"errorCode":"UNKNOWN_EXCEPTION","message":"unexpected"}]"#),
    (200, "<html><body>Log in</body></html>"),
    (302, ""),
];

struct Inner {
    random: Random,
    weather: Weather,
    /// Calls until the process dies, and whether the org still does its part.
    dies_in: Option<(u32, bool)>,
    calls: u64,
    broken: Vec<String>,
}

/// The network.
#[derive(Clone)]
pub struct Net {
    router: axum::Router,
    admin: Admin,
    people: People,
    clocks: [Clock; 2],
    late: u64,
    inner: Arc<Mutex<Inner>>,
    /// Told when the process dies.
    pub death: Arc<Notify>,
}

impl Net {
    /// A network to this org. `clocks`: those that go on with every call, beside the org's.
    pub fn new(org: &simorg::Org, people: People, clocks: [Clock; 2], late: u64, seed: u64) -> Self {
        let inner = Inner {
            random: Random::new(seed),
            weather: Weather { pace: 1_000, ..Weather::default() },
            dies_in: None,
            calls: 0,
            broken: Vec::new(),
        };
        let (inner, death) = (Arc::new(Mutex::new(inner)), Arc::new(Notify::new()));
        Self { router: org.router(), admin: org.admin(), people, clocks, late, inner, death }
    }

    /// From now on.
    pub fn weather(&self, weather: Weather) {
        self.lock().weather = weather;
    }

    /// For one cycle the org takes no session, as when an administrator tightens a policy.
    pub fn lock_out(&self) {
        self.lock().weather.locked_out = true;
    }

    /// The process dies at the `nth` call from now, before or after the org did its part.
    pub fn die_at(&self, nth: u32, done: bool) {
        self.lock().dies_in = Some((nth, done));
    }

    /// The process was started again.
    pub fn reborn(&self) {
        let mut inner = self.lock();
        inner.dies_in = None;
        inner.calls = 0;
    }

    /// A cycle begins.
    pub fn count_from_zero(&self) {
        self.lock().calls = 0;
    }

    /// What the network saw that must not be.
    pub fn broken(&self) -> Vec<String> {
        self.lock().broken.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn die(&self) -> ! {
        self.death.notify_one();
        std::future::pending::<()>().await;
        unreachable!("a dead process does not go on")
    }

    /// Jobs move on by as much as waits.
    pub fn step(&self) {
        if self.admin.step_jobs() > 0 {
            self.people.look(By::Engine);
        }
    }

    /// What is to happen to the next call.
    fn fate(&self, op: Op) -> Fate {
        let mut inner = self.lock();
        inner.calls += 1;
        if inner.calls == CALLS {
            inner.broken.push(format!("a cycle makes more than {CALLS} calls"));
        }
        if inner.calls >= CALLS {
            // Whoever does not stop is stopped.
            return Fate::DieBefore;
        }
        if let Some((left, done)) = inner.dies_in.as_mut() {
            *left = left.saturating_sub(1);
            if *left == 0 {
                return if *done { Fate::DieAfter } else { Fate::DieBefore };
            }
        }
        if inner.weather.locked_out && op != Op::Token {
            return Fate::SignedOut;
        }
        let Weather { faults, gone, .. } = inner.weather;
        if matches!(op, Op::IngestInfo | Op::IngestSuccessful) && gone > 0 && inner.random.permille(gone) {
            return Fate::Gone;
        }
        if !inner.random.permille(faults) {
            return Fate::Fair;
        }
        match inner.random.below(14) {
            0 | 1 => Fate::NotSent,
            2..=4 => Fate::LostAnswer,
            5 => Fate::Cut,
            6 | 7 => Fate::CutCleanly,
            8 => Fate::SignedOut,
            _ => {
                let (status, body) = JSON[inner.random.below(JSON.len())];
                match (status, op) {
                    (404, Op::IngestInfo | Op::IngestSuccessful) => Fate::Gone,
                    // "Not found" is believed: where it is no truth it would prove nothing.
                    (404, op) if op != Op::QueryJobInfo => Fate::NotSent,
                    _ => Fate::Answered(status, body),
                }
            }
        }
    }

    fn let_people_act(&self) {
        let random = {
            let mut inner = self.lock();
            let per = inner.weather.hands;
            inner.random.permille(per).then(|| Random::new(inner.random.next()))
        };
        if let Some(mut random) = random {
            self.people.act(&mut random);
        }
    }

    /// Time goes by, jobs move on, and nobody has two jobs that can write.
    async fn pass(&self, op: Op) {
        let (seconds, moves) = {
            let mut inner = self.lock();
            let pace = inner.weather.pace;
            (inner.random.next() % 3, inner.random.permille(pace))
        };
        // Retries of a call that fails for ever end by this.
        tokio::time::sleep(Duration::from_secs(1 + seconds)).await;
        self.admin.clock().advance(Duration::from_secs(seconds));
        for clock in &self.clocks {
            clock.advance(Duration::from_secs(seconds));
        }
        let looks = matches!(op, Op::IngestInfo | Op::QueryJobInfo);
        if looks && moves {
            self.step();
        }
        if matches!(op, Op::IngestCreate | Op::CollectionUpdate | Op::CollectionUpsert) {
            let mut memories = self.people.memories();
            memories.book.job_planned = (memories.book.cycle_began, memories.book.began);
        }
    }

    /// At no time two jobs of ours that can write.
    fn single_flight(&self) {
        let open = |state| matches!(state, JobState::UploadComplete | JobState::InProgress);
        let flying = self.admin.jobs().iter().filter(|job| job.kind == "V2Ingest" && open(job.state)).count();
        if flying > 1 {
            self.lock().broken.push(format!("{flying} jobs are in flight at once"));
        }
    }

    /// Another administrator deletes the job that this request is about, once it has ended.
    async fn delete_job(&self, about: &Request) -> Result<(), TransportError> {
        while self.admin.step_jobs() > 0 {}
        self.people.look(By::Engine);
        let mut url = about.url.clone();
        let path: Vec<&str> = about.url.path().split('/').take(7).collect();
        url.set_path(&path.join("/"));
        url.set_query(None);
        let (headers, answer_within) = (about.headers.clone(), about.answer_within);
        let delete = Request { method: http::Method::DELETE, url, headers, body: Body::Empty, answer_within };
        self.ask(Op::IngestDelete, delete).await.map(|_| ())
    }

    async fn ask(&self, op: Op, from: Request) -> Result<(http::response::Parts, Bytes), TransportError> {
        let late = self.late > 0 && matches!(op, Op::GetUpdated | Op::GetDeleted);
        if late {
            self.admin.configure(|settings| settings.latency.commit_lag_s = self.late);
        }
        let answer = match self.router.clone().oneshot(request(from).await?).await {
            Ok(answer) => answer,
            Err(never) => match never {},
        };
        if late {
            self.admin.configure(|settings| settings.latency.commit_lag_s = 0);
        }
        let (head, body) = answer.into_parts();
        let bytes = axum::body::to_bytes(body, usize::MAX)
            .await
            .map_err(|_| TransportError::new(TransportErrorKind::BodyCut))?;
        Ok((head, bytes))
    }
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

/// An answer that somebody on the way gives.
fn answered(status: u16, body: &'static str) -> Response {
    let kind = if body.starts_with('<') { "text/html" } else { "application/json" };
    let mut answer = AxumResponse::new(());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap_or(StatusCode::BAD_GATEWAY);
    answer.headers_mut().insert("content-type", http::HeaderValue::from_static(kind));
    if status == 302 {
        answer
            .headers_mut()
            .insert("location", http::HeaderValue::from_static("https://elsewhere.example.org/"));
    }
    let (head, ()) = answer.into_parts();
    let body = futures_util::stream::iter([Ok(Bytes::from_static(body.as_bytes()))]).boxed();
    Response { status: head.status, headers: head.headers, body }
}

#[async_trait::async_trait]
impl Transport for Net {
    async fn send(&self, from: Request) -> Result<Response, TransportError> {
        let op = Op::of(&from.method, from.url.path());
        let mut fate = self.fate(op);
        let of_history = from.url.query().is_some_and(|asked| asked.contains("ContactHistory"));
        if of_history && matches!(fate, Fate::Answered(400.., _)) {
            // A refusal is believed, and nothing is asked of the history any more: where it is no truth it would prove nothing.
            fate = Fate::NotSent;
        }
        self.pass(op).await;
        self.let_people_act();
        match fate {
            Fate::DieBefore => self.die().await,
            Fate::SignedOut => self.admin.end_sessions(),
            Fate::Gone => self.delete_job(&from).await?,
            Fate::NotSent => {
                self.people.note(format!("{op:?} not sent"));
                return Err(TransportError::new(TransportErrorKind::NotSent));
            }
            Fate::Answered(status, body) => {
                self.people.note(format!("{op:?} {status} on the way"));
                return Ok(answered(status, body));
            }
            Fate::Fair | Fate::LostAnswer | Fate::Cut | Fate::CutCleanly | Fate::DieAfter => {}
        }
        let (head, bytes) = self.ask(op, from).await?;
        self.people.note(format!("{op:?} {} {fate:?}", head.status.as_u16()));
        if op == Op::IngestState {
            self.single_flight();
        }
        if matches!(op, Op::CollectionUpdate | Op::CollectionUpsert) {
            // Rows that go without a job are saved at once.
            self.people.look(By::Engine);
        }
        match fate {
            Fate::DieAfter => self.die().await,
            Fate::LostAnswer => return Err(TransportError::new(TransportErrorKind::NoAnswer)),
            Fate::Fair | Fate::Cut | Fate::CutCleanly | Fate::SignedOut | Fate::Gone => {}
            Fate::NotSent | Fate::Answered(..) | Fate::DieBefore => {}
        }
        let cut = matches!(fate, Fate::Cut | Fate::CutCleanly) && !bytes.is_empty();
        let kept = if cut { bytes.slice(..bytes.len() / 2) } else { bytes };
        let mut pieces = vec![Ok(kept)];
        if cut && fate == Fate::Cut {
            pieces.push(Err(TransportError::new(TransportErrorKind::BodyCut)));
        }
        let body = futures_util::stream::iter(pieces).boxed();
        Ok(Response { status: head.status, headers: head.headers, body })
    }
}
