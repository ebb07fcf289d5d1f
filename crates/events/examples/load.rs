//! How much the way in takes: batches of 100 over loopback, each acknowledged when it is on disk.
//!
//! `cargo run --release -p events --example load -- SECONDS [CLIENTS] [FOLDER]` prints events a second, how long an answer took,
//! and how much memory the process had at most, server and clients together. FOLDER is a directory on the disk to measure.

use std::io::Write as _;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use events::intake::{IntakeOptions, Origins, Source, Sources, WriteKey, router, serve};
use events::{FlagRule, Limits, Queue, QueueOptions, SourceName};
use model::Clock;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

const KEY: &str = "load-write-key-0001";
const BATCH: usize = 100;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let seconds: u64 = arguments.next().map_or(Ok(10), |text| text.parse())?;
    let clients: usize = arguments.next().map_or(Ok(8), |text| text.parse())?;
    let below: PathBuf = arguments.next().map_or_else(std::env::temp_dir, PathBuf::from);
    let folder = tempfile::tempdir_in(below)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let report =
        runtime.block_on(load(folder.path().join("events"), Duration::from_secs(seconds), clients))?;
    writeln!(std::io::stdout(), "{report}")?;
    Ok(())
}

async fn load(
    path: PathBuf,
    span: Duration,
    clients: usize,
) -> Result<serde_json::Value, Box<dyn std::error::Error>> {
    let queue = Queue::open(&path, QueueOptions::default())?;
    let key = WriteKey::parse(KEY.to_owned().into()).ok_or("no key")?;
    let options = IntakeOptions {
        sources: Sources::new([Source { name: SourceName::parse("load")?, key }])?,
        flag: FlagRule::Optional,
        origins: Origins::default(),
        events_per_second: None,
        limits: Limits::default(),
        clock: Clock::system(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/v1/batch", listener.local_addr()?);
    let stop = CancellationToken::new();
    let served = tokio::spawn(serve(listener, router(queue.clone(), options), stop.clone()));
    let begun = Instant::now();
    let mut running = tokio::task::JoinSet::new();
    for client in 0..clients {
        running.spawn(send(url.clone(), client, begun, span));
    }
    let mut memory = Vec::new();
    for _ in 0..4 {
        tokio::time::sleep(span / 4).await;
        memory.push(kilobytes("VmRSS:") / 1_024);
    }
    let mut times: Vec<Duration> = running.join_all().await.into_iter().flatten().collect();
    let took = begun.elapsed().as_secs_f64();
    stop.cancel();
    served.await?;
    times.sort_unstable();
    let share = |share: f64| {
        times.get((times.len() as f64 * share) as usize).map_or(0.0, |time| time.as_secs_f64() * 1e3)
    };
    let events = times.len() * BATCH;
    Ok(json!({
        "clients": clients, "batches": times.len(), "events": events, "seconds": took,
        "events_per_second": (events as f64 / took).round(),
        "answer_ms": { "p50": share(0.5), "p99": share(0.99), "worst": share(0.999_999) },
        "memory_mib_over_time": memory, "peak_memory_mib": kilobytes("VmHWM:") / 1_024,
        "kept": queue.counts().unread, "remembered_ids": queue.counts().ids,
    }))
}

/// Sends one batch after the other; how long each answer took.
async fn send(url: String, client: usize, begun: Instant, span: Duration) -> Vec<Duration> {
    let http = reqwest::Client::builder().no_proxy().build().unwrap_or_default();
    let mut times = Vec::new();
    while begun.elapsed() < span {
        let nth = times.len();
        let events: Vec<_> = (0..BATCH)
            .map(|place| {
                json!({
                    "type": "identify", "userId": format!("u{place}"), "messageId": format!("{client}-{nth}-{place}"),
                    "timestamp": "2026-01-01T00:00:00.000Z", "integrations": { "Salesforce": true },
                    "traits": { "email": format!("u{place}@example.org"), "firstName": "Jo", "lastName": "Doe",
                        "address": { "street": "1 Main Street", "city": "Bonn", "postalCode": "53111" } },
                    "context": { "library": { "name": "load", "version": "1" }, "ip": "192.0.2.1" },
                })
            })
            .collect();
        let body = json!({ "batch": events }).to_string();
        let asked = Instant::now();
        let answer = http.post(&url).basic_auth(KEY, Some("")).body(body).send().await;
        if answer.is_ok_and(|answer| answer.status() == 200) {
            times.push(asked.elapsed());
        }
    }
    times
}

/// A line of what Linux knows of this process.
fn kilobytes(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
    line.split_whitespace().next().and_then(|text| text.parse().ok()).unwrap_or(0)
}
