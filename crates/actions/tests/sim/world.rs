//! An org, a network to it, a state and a queue that outlive the process, and the process.

use std::sync::Arc;
use std::time::Duration;

use actions::check::{Prepared, Schema, check_all};
use actions::deliver::Delivery;
use actions::entry::{Entry, actions_of};
use actions::job::Jobs;
use events::{Queue, QueueOptions};
use model::{Clock, Stamp};
use salesforce::{Grant, OrgConfig, PollPolicy, RetryPolicy};
use segments::CutDisk;
use serde::Deserialize;
use state::{MemoryStore, State};
use tokio::sync::OnceCell;

use crate::net::Net;

/// People are Leads by their address; a gift is a Case that nothing but its subject tells from another, and one that is taken
/// back is deleted.
const ACTIONS: &str = r#"
[[actions]]
preset = "segment-classic"

[[actions]]
name = "gift"
object = "Case"
operation = "create"
on = { types = ["track"], events = ["Gave"] }
field = [{ name = "Subject", path = "properties.gift" }, { name = "Origin", value = "Web" }]

[[actions]]
name = "taken-back"
object = "Case"
operation = "delete"
allow_delete = "yes_delete_records"
on = { types = ["track"], events = ["Took back"] }
match = { all = [{ field = "Subject", path = "properties.gift" }] }
"#;

#[derive(Deserialize)]
struct File {
    actions: Vec<Entry>,
}

/// What outlives the process, and what the world is.
pub struct World {
    pub org: simorg::Org,
    pub net: Net,
    pub clock: Clock,
    pub disk: CutDisk,
    medium: MemoryStore,
    spool: tempfile::TempDir,
    direct_calls: usize,
    /// The org does not change; describing it anew at every start would be most of the work.
    described: OnceCell<(Arc<[Prepared]>, Arc<Schema>)>,
}

/// What a start makes of it.
pub struct Process {
    pub delivery: Delivery,
    pub queue: Queue,
}

impl World {
    pub fn new(seed: u64, direct_calls: usize) -> Self {
        let org = simorg::Org::in_process(simorg::Settings::default());
        let net = Net::new(&org, seed);
        let clock = Clock::held(Stamp::parse("2026-10-05T13:00:00Z").expect("a time"));
        let spool = tempfile::tempdir().expect("a directory");
        Self {
            org,
            net,
            clock,
            disk: CutDisk::new(),
            medium: MemoryStore::new(seed),
            spool,
            direct_calls,
            described: OnceCell::new(),
        }
    }

    pub fn open_queue(&self) -> Queue {
        let log = segments::Options {
            segment_bytes: 8 * 1024,
            clock: self.clock.clone(),
            ..segments::Options::default()
        };
        let options = QueueOptions { log, ..QueueOptions::default() };
        Queue::open_on(Arc::new(self.disk.clone()), options).expect("a queue opens after whatever happened")
    }

    /// Starts the process. The network must be fair meanwhile: a start that fails is a start that is tried again.
    pub async fn start(&self) -> Process {
        let grant = Grant::ClientCredentials {
            client_id: self.org.client_id(),
            client_secret: self.org.client_secret().into(),
        };
        let mut config = OrgConfig::new("http://127.0.0.1", grant);
        config.allow_plain_http_loopback = true;
        config.retry = RetryPolicy { total: Duration::from_secs(5), ..config.retry };
        config.poll = PollPolicy { first: Duration::from_millis(1), ..config.poll };
        let org = salesforce::Org::with_transport(config, Arc::new(self.net.clone())).expect("a client");
        let (prepared, schema) = self.described.get_or_init(|| describe(&org)).await.clone();
        let state = State::over_memory(self.medium.clone(), 7, Clock::system()).expect("a state");
        let delivery = Delivery {
            org,
            state,
            actions: prepared,
            schema,
            api_share: 1.0,
            jobs: Jobs {
                direct_calls: self.direct_calls,
                patience: Duration::from_secs(600),
                spool: self.spool.path().join("jobs"),
            },
            turn: Arc::default(),
            stop: tokio_util::sync::CancellationToken::new(),
        };
        Process { delivery, queue: self.open_queue() }
    }
}

async fn describe(org: &salesforce::Org) -> (Arc<[Prepared]>, Arc<Schema>) {
    let entries = toml::from_str::<File>(ACTIONS).expect("actions").actions;
    let actions = actions_of(&entries).expect("actions that can be meant");
    let schema = Schema::of(org, &actions).await.expect("the org describes itself");
    let prepared = check_all(&actions, &schema).expect("actions that fit");
    (prepared.into(), Arc::new(schema))
}
