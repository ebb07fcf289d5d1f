//! The way in on a port of this machine.

use std::num::NonZeroU32;
use std::sync::Arc;

use events::intake::{IntakeOptions, Origins, Source, Sources, WriteKey, router, serve};
use events::{FlagRule, Limits, Queue, SourceName};
use model::Clock;
use reqwest::{Client, RequestBuilder};
use segments::CutDisk;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

use crate::support::{clock, options};

pub(crate) const WEB: &str = "web-write-key-0001";
pub(crate) const APP: &str = "app-write-key-0002";

pub(crate) struct Server {
    pub(crate) url: String,
    pub(crate) queue: Queue,
    pub(crate) disk: CutDisk,
    pub(crate) clock: Clock,
    pub(crate) client: Client,
    pub(crate) stop: CancellationToken,
    pub(crate) served: JoinHandle<()>,
}

pub(crate) async fn start() -> Server {
    start_with(FlagRule::Optional, None).await
}

pub(crate) async fn start_with(flag: FlagRule, events_per_second: Option<NonZeroU32>) -> Server {
    let (disk, clock) = (CutDisk::new(), clock());
    let queue = Queue::open_on(Arc::new(disk.clone()), options(&clock)).expect("a new queue opens");
    let key = |text: &str| WriteKey::parse(text.to_owned().into()).expect("a key");
    let name = |text| SourceName::parse(text).expect("a name");
    let sources = [(name("web"), key(WEB)), (name("app"), key(APP))];
    let intake = IntakeOptions {
        sources: Sources::new(sources.map(|(name, key)| Source { name, key })).expect("they differ"),
        flag,
        origins: Origins::parse(&["https://www.example.org".to_owned()]).expect("an origin"),
        events_per_second,
        limits: Limits::default(),
        clock: clock.clone(),
    };
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("it is bound"));
    let stop = CancellationToken::new();
    let served = tokio::spawn(serve(listener, router(queue.clone(), intake), stop.clone()));
    let client = Client::builder().no_proxy().build().expect("a client");
    Server { url, queue, disk, clock, client, stop, served }
}

impl Server {
    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}/v1/{path}", self.url)).header("content-type", "application/json")
    }

    /// Sends with the first source's key: status and answer.
    pub(crate) async fn send(&self, path: &str, body: impl Into<reqwest::Body>) -> (u16, Value) {
        answer(self.post(path).basic_auth(WEB, Some("")).body(body)).await
    }

    /// Everything that is kept, as it lies in the queue.
    pub(crate) fn kept(&self) -> Vec<events::Event> {
        self.queue.next(10_000).expect("readable").into_iter().map(|queued| queued.event).collect()
    }
}

pub(crate) async fn answer(request: RequestBuilder) -> (u16, Value) {
    let response = request.send().await.expect("an answer");
    let status = response.status().as_u16();
    let text = response.text().await.expect("a whole answer");
    (status, serde_json::from_str(&text).unwrap_or(Value::Null))
}

/// The statuses of the results, in order.
pub(crate) fn statuses(answer: &Value) -> Vec<u64> {
    let results = answer["results"].as_array().cloned().unwrap_or_default();
    results.iter().map(|result| result["status"].as_u64().unwrap_or(0)).collect()
}
