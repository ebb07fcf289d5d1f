//! An org, a state, actions, and events to send through them.

use std::sync::Arc;
use std::time::Duration;

use actions::action::Action;
use actions::check::{Mismatch, Schema, check_all};
use actions::deliver::{Delivery, deliver};
use actions::entry::{Entry, actions_of};
use actions::incoming::Incoming;
use actions::job::Jobs;
use actions::outcome::Outcome;
use model::Clock;
use salesforce::{Grant, Org, OrgConfig, RetryPolicy};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use simorg::Settings;
use state::{MemoryStore, State};

/// Everything a delivery needs.
pub(crate) struct World {
    pub(crate) org: simorg::Org,
    pub(crate) client: Org,
    pub(crate) medium: MemoryStore,
    pub(crate) state: State,
    pub(crate) jobs: Jobs,
    _spool: tempfile::TempDir,
    number: u32,
}

#[derive(Deserialize)]
struct File {
    actions: Vec<Entry>,
}

/// Actions as a configuration says them.
pub(crate) fn actions(text: &str) -> Vec<Action> {
    actions_of(&toml::from_str::<File>(text).unwrap().actions).unwrap()
}

pub(crate) fn preset(name: &str) -> Vec<Action> {
    actions(&format!("[[actions]]\npreset = \"{name}\"\n"))
}

/// Custom fields that the examples need.
pub(crate) fn settings() -> Settings {
    let field = |object: &str, name: &str, kind: &str, length: u32, key: bool| json!({"object": object, "name": name, "label": name, "type": kind, "length": length, "external_id": key, "unique": key});
    serde_json::from_value(json!({"custom_fields": [
        field("Lead", "testProp__c", "string", 40, false),
        field("Lead", "Person_Key__c", "string", 40, true),
        field("Contact", "Person_Key__c", "string", 40, true),
        field("Case", "Event_Key__c", "string", 80, true),
    ]}))
    .unwrap()
}

pub(crate) fn client(org: &simorg::Org) -> Org {
    let grant =
        Grant::ClientCredentials { client_id: org.client_id(), client_secret: org.client_secret().into() };
    let mut config = OrgConfig::new(org.url(), grant);
    config.allow_plain_http_loopback = true;
    config.retry = RetryPolicy { total: Duration::from_millis(200), ..RetryPolicy::default() };
    config.poll.first = Duration::from_millis(20);
    config.poll.longest = Duration::from_millis(200);
    Org::new(config).unwrap()
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::of(settings()).await
    }

    pub(crate) async fn of(settings: Settings) -> Self {
        let org = simorg::Org::start(settings).await.unwrap();
        let client = client(&org);
        let medium = MemoryStore::new(7);
        let state = State::over_memory(medium.clone(), 7, Clock::system()).unwrap();
        let spool = tempfile::tempdir().unwrap();
        let patience = Duration::from_secs(60);
        let jobs = Jobs { direct_calls: 5, patience, spool: spool.path().join("jobs") };
        Self { org, client, medium, state, jobs, _spool: spool, number: 0 }
    }

    pub(crate) async fn checked(&self, actions: &[Action]) -> Result<Delivery, Vec<(String, Vec<Mismatch>)>> {
        let schema = Schema::of(&self.client, actions).await.unwrap();
        let prepared = check_all(actions, &schema)?;
        Ok(Delivery {
            org: self.client.clone(),
            state: self.state.clone(),
            actions: prepared.into(),
            schema: Arc::new(schema),
            api_share: 0.9,
            jobs: self.jobs.clone(),
            turn: Arc::default(),
            stop: tokio_util::sync::CancellationToken::new(),
        })
    }

    pub(crate) async fn delivery(&self, actions: &[Action]) -> Delivery {
        self.checked(actions).await.unwrap()
    }

    /// The state as a new process finds it.
    pub(crate) fn restart(&mut self, cx: &mut Delivery) {
        self.state = State::over_memory(self.medium.clone(), 7, Clock::system()).unwrap();
        cx.state = self.state.clone();
    }

    /// An event with an id of its own, at a second of one hour. It is for Salesforce unless it says otherwise.
    pub(crate) fn event(&mut self, second: u32, body: Value) -> Incoming {
        self.number += 1;
        let mut body = body;
        if body.get("integrations").is_none() {
            body["integrations"] = json!({"Salesforce": true});
        }
        body["messageId"] = json!(format!("m{}", self.number));
        body["timestamp"] = json!(format!("2026-10-05T12:{:02}:{:02}Z", second / 60, second % 60));
        Incoming::of_body(body).unwrap()
    }

    pub(crate) fn seed(&self, object: &str, rows: &[Value]) -> Vec<String> {
        let rows: Vec<Map<String, Value>> = rows.iter().map(|row| row.as_object().unwrap().clone()).collect();
        self.org.seed(object, rows).unwrap()
    }

    pub(crate) fn records(&self, object: &str) -> Vec<Value> {
        self.org.records(object)
    }

    /// The one record of an object.
    pub(crate) fn only(&self, object: &str) -> Value {
        let mut records = self.records(object);
        assert_eq!(records.len(), 1, "{object}");
        records.remove(0)
    }
}

/// Delivers one event for one action.
pub(crate) async fn one(cx: &Delivery, event: &Incoming) -> Outcome {
    let mut outcomes = deliver(cx, std::slice::from_ref(event)).await.unwrap().outcomes.remove(0);
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
    outcomes.remove(0)
}

/// Delivers events; the word of the first outcome of each.
pub(crate) async fn all(cx: &Delivery, events: &[Incoming]) -> Vec<String> {
    let delivered = deliver(cx, events).await.unwrap();
    delivered.outcomes.iter().map(|outcomes| outcomes[0].answer.code().to_owned()).collect()
}

/// Some fields of a record.
pub(crate) fn fields(record: &Value, names: &[&str]) -> Vec<Value> {
    names.iter().map(|name| record[*name].clone()).collect()
}
