//! How much the way in takes: batches of 100 over loopback, each acknowledged when it is on disk.
//!
//! `cargo run --release -p events --example load -- SECONDS [CLIENTS] [FOLDER] [RATE]` prints events a second, how long an answer took,
//! and how much memory and disk there was over time, server and clients together. FOLDER is a directory on the disk to measure.
//!
//! Without RATE each client sends one batch after the other, as fast as it is answered. With it, so many events a second are sent
//! whatever the answers do: a batch that had to wait for its turn has taken that long. Somebody else settles what comes in, and what
//! is settled for a minute is given up.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use events::intake::{IntakeOptions, Origins, Source, Sources, WriteKey, router, serve};
use events::{Ending, FlagRule, Limits, Queue, QueueOptions, Settlement, SourceName};
use model::Clock;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const KEY: &str = "load-write-key-0001";
const BATCH: usize = 100;
/// How long events are kept, and known again, where they come at a fixed rate.
const KEPT: Duration = Duration::from_secs(60);
/// How often memory and disk are looked at.
const READINGS: u32 = 10;

type Failed = Box<dyn std::error::Error + Send + Sync>;

fn main() -> Result<(), Failed> {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().map_or(Ok(10), |text| text.parse())?;
    let clients: usize = arguments.next().map_or(Ok(8), |text| text.parse())?;
    let below: PathBuf = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let rate: Option<u32> = arguments.next().map(|text| text.parse()).transpose()?;
    let folder = tempfile::tempdir_in(below)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let span = Duration::from_secs(seconds);
    let report = runtime.block_on(load(folder.path().join("events"), span, clients, rate))?;
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}

async fn load(path: PathBuf, span: Duration, clients: usize, rate: Option<u32>) -> Result<Value, Failed> {
    let mut options = QueueOptions::default();
    if rate.is_some() {
        (options.repeat_window, options.keep) = (KEPT, KEPT);
    }
    let queue = Queue::open(&path, options)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/v1/batch", listener.local_addr()?);
    let stop = CancellationToken::new();
    let served = tokio::spawn(serve(listener, router(queue.clone(), intake()?), stop.clone()));
    let settled = rate.map(|_| tokio::spawn(settle(queue.clone(), stop.clone())));
    let plan = Arc::new(Plan {
        url,
        begun: Instant::now(),
        span,
        every: rate.map(|rate| Duration::from_secs_f64(BATCH as f64 / f64::from(rate))),
        next: AtomicU32::new(0),
    });
    let mut running = tokio::task::JoinSet::new();
    for client in 0..clients {
        running.spawn(send(Arc::clone(&plan), client));
    }
    let mut readings = Vec::new();
    for _ in 0..READINGS {
        tokio::time::sleep(span / READINGS).await;
        readings.push(json!({
            "second": plan.begun.elapsed().as_secs(), "memory_mib": kilobytes("VmRSS:") / 1_024,
            "disk_mib": bytes_in(&path) >> 20,
        }));
    }
    let sent = running.join_all().await;
    let took = plan.begun.elapsed().as_secs_f64();
    let refused: u64 = sent.iter().map(|(_, refused)| refused).sum();
    let mut times: Vec<Duration> = sent.into_iter().flat_map(|(times, _)| times).collect();
    stop.cancel();
    served.await?;
    if let Some(settled) = settled {
        settled.await??;
    }
    times.sort_unstable();
    let share = |share: f64| {
        times.get((times.len() as f64 * share) as usize).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    let events = times.len() * BATCH;
    Ok(json!({
        "clients": clients, "asked_per_second": rate, "batches": times.len(), "not_acknowledged": refused,
        "events": events, "seconds": took, "events_per_second": (events as f64 / took).round(),
        "answer_ms": { "p50": share(0.5), "p99": share(0.99), "p999": share(0.999), "worst": share(0.999_999_9) },
        "over_time": readings, "peak_memory_mib": kilobytes("VmHWM:") / 1_024,
        "kept": queue.counts().unread, "remembered_ids": queue.counts().ids,
    }))
}

fn intake() -> Result<IntakeOptions, Failed> {
    let key = WriteKey::parse(KEY.to_owned().into()).ok_or("no key")?;
    Ok(IntakeOptions {
        sources: Sources::new([Source { name: SourceName::parse("load")?, key }])?,
        flag: FlagRule::Optional,
        origins: Origins::default(),
        events_per_second: None,
        limits: Limits::default(),
        clock: Clock::system(),
    })
}

/// What all clients share.
struct Plan {
    url: String,
    begun: Instant,
    span: Duration,
    every: Option<Duration>,
    next: AtomicU32,
}

impl Plan {
    /// When the next batch is due; `None`: no more.
    fn due(&self) -> Option<Instant> {
        let due = match self.every {
            None => Instant::now(),
            Some(every) => self.begun + every * self.next.fetch_add(1, Ordering::Relaxed),
        };
        (due < self.begun + self.span).then_some(due)
    }
}

/// Sends batches; how long each took from when it was due to its acknowledgement, and how many got none.
async fn send(plan: Arc<Plan>, client: usize) -> (Vec<Duration>, u64) {
    let http = reqwest::Client::builder().no_proxy().build().unwrap_or_default();
    let (mut times, mut refused) = (Vec::new(), 0);
    while let Some(due) = plan.due() {
        let nth = times.len() as u64 + refused;
        let events: Vec<_> = (0..BATCH).map(|place| event(client, nth, place)).collect();
        let body = json!({ "batch": events }).to_string();
        tokio::time::sleep_until(due.into()).await;
        let answer = http.post(&plan.url).basic_auth(KEY, Some("")).body(body).send().await;
        if answer.is_ok_and(|answer| answer.status() == 200) {
            times.push(due.elapsed());
        } else {
            refused += 1;
        }
    }
    (times, refused)
}

fn event(client: usize, nth: u64, place: usize) -> Value {
    json!({
        "type": "identify", "userId": format!("u{place}"), "messageId": format!("{client}-{nth}-{place}"),
        "timestamp": "2026-01-01T00:00:00.000Z", "integrations": { "Salesforce": true },
        "traits": { "email": format!("u{place}@example.org"), "firstName": "Jo", "lastName": "Doe",
            "address": { "street": "1 Main Street", "city": "Bonn", "postalCode": "53111" } },
        "context": { "library": { "name": "load", "version": "1" }, "ip": "192.0.2.1" },
    })
}

/// Works off what comes in, as a delivery does to the queue, and gives old events up.
async fn settle(queue: Queue, stop: CancellationToken) -> Result<(), events::QueueError> {
    let mut looked = Instant::now();
    while !stop.is_cancelled() {
        let ours = queue.clone();
        let batch =
            tokio::task::spawn_blocking(move || ours.next(2_000)).await.unwrap_or_else(|_| Ok(Vec::new()))?;
        let items = batch.iter().map(|queued| Settlement {
            at: queued.at,
            ending: Ending::Done,
            attempts: 1,
            stamp: queued.event.received_at,
            detail: json!({ "outcomes": [{ "action": "leads", "object": "Lead", "answer": "updated" }] }),
        });
        queue.settle(items.collect()).await?;
        if looked.elapsed() > Duration::from_secs(10) {
            looked = Instant::now();
            let ours = queue.clone();
            let done = tokio::task::spawn_blocking(move || ours.forget().and_then(|_| ours.summarize()));
            done.await.unwrap_or(Ok(()))?;
        }
        if batch.len() < 1_000 {
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
    }
    Ok(())
}

fn bytes_in(folder: &Path) -> u64 {
    let files = std::fs::read_dir(folder).into_iter().flatten().flatten();
    files.filter_map(|file| file.metadata().ok()).map(|file| file.len()).sum()
}

/// A line of what Linux knows of this process.
fn kilobytes(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0)
}
