//! The world of one simulation: an org, a supporter database, an engine that may die, and people who edit both sides.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use model::field_map::plain_rule;
use model::{Cell, Clock, FieldMap, FieldRule, FieldType, Stamp, Supporter, SupporterId, TechnicalFields};
use plan::{ContactColumns, CycleReport, Fatal, Quiet, Settings, Sides};
use salesforce::{Grant, OrgConfig, RetryPolicy};
use serde_json::{Value as Json, json};
use service::request::{Mode, Request};
use simorg::Admin;
use simorg::duplicate::{DuplicateAction, DuplicateSettings};
use state::{MemoryStore, State};
use supporters::{Memory, Supporters};

use crate::net::Net;
use crate::random::Random;

/// Contact field, supporter column: what people edit on both sides.
pub const FIELDS: [(&str, &str); 4] =
    [("MailingCity", "city"), ("HomePhone", "phone"), ("FirstName", "first_name"), ("Title", "title")];

/// Where the world's clocks begin.
const BEGINNING: i64 = 1_790_000_000;

/// What people did: for each person and field, the values each side was given, in order.
#[derive(Debug, Default)]
pub struct Deeds {
    /// By supporter id and field: values typed on the supporter's side.
    pub supporter: BTreeMap<(String, String), Vec<String>>,
    /// By Contact Id and field: values typed in Salesforce.
    pub contact: BTreeMap<(String, String), Vec<String>>,
    /// Contacts that were merged away, with their survivors.
    pub merged: Vec<(String, String)>,
    /// Contacts that people made.
    pub made: usize,
    /// Contacts that people deleted.
    pub deleted: Vec<String>,
    /// Numbers for values that are like no other.
    next: u64,
}

/// Everything but the engine's own memory.
pub struct World {
    pub org: simorg::Org,
    pub net: Net,
    pub database: Memory,
    pub clock: Clock,
    pub store: MemoryStore,
    pub deeds: Arc<Mutex<Deeds>>,
    pub random: Random,
    seed: u64,
    map: Arc<FieldMap>,
    sides: Option<Sides>,
    /// Overlaps, deaths and the like that were reached.
    pub reached: BTreeMap<&'static str, u64>,
}

fn rules() -> Vec<FieldRule> {
    let text = |field: &str, column: &str| FieldRule {
        max_length: Some(40),
        ..plain_rule(field, column, FieldType::Text)
    };
    vec![
        plain_rule("Email", "email", FieldType::Email),
        text("FirstName", "first_name"),
        FieldRule { max_length: Some(80), ..text("LastName", "last_name") },
        text("MailingCity", "city"),
        plain_rule("HomePhone", "phone", FieldType::Phone),
        text("Title", "title"),
    ]
}

impl World {
    /// A world of so many people, half of them on both sides already.
    pub async fn new(seed: u64, people: usize) -> Self {
        let mut random = Random::new(seed);
        let mut settings = simorg::Settings { seed, ..simorg::Settings::default() };
        settings.duplicates = if random.permille(500) {
            DuplicateSettings::name_and_email(DuplicateAction::Alert, "Use one of these records?")
        } else {
            DuplicateSettings::none()
        };
        let marker = random.permille(500);
        settings.bulk.lock_rate = if random.permille(300) { 0.05 } else { 0.0 };
        let org = simorg::Org::in_process(settings);
        org.admin().clock().hold(simorg::value::Stamp(BEGINNING * 1_000));
        let clock = Clock::held(Stamp::from_seconds(BEGINNING));
        let technical = TechnicalFields {
            supporter_id: "EN_Supporter_Id__c".into(),
            account_id: None,
            push_marker: marker.then(|| "EN_Push__c".to_owned()),
        };
        let map = Arc::new(FieldMap::new(rules(), technical).expect("a map"));
        let database = Memory::new(map.columns(), "email", clock.clone());
        let net = Net::new(org.router(), seed ^ 0xfeed);
        let store = MemoryStore::new(seed);
        let mut world = Self {
            org,
            net,
            database,
            clock,
            store,
            deeds: Arc::default(),
            random,
            seed,
            map,
            sides: None,
            reached: BTreeMap::new(),
        };
        for _ in 0..people {
            let mut hands = world.hands();
            if world.random.permille(500) {
                hands.new_supporter(&mut world.random);
            } else {
                hands.new_twins(&mut world.random);
            }
        }
        world.advance(Duration::from_secs(600));
        world
    }

    /// Both clocks go on together.
    pub fn advance(&self, by: Duration) {
        self.clock.advance(by);
        self.org.admin().clock().advance(by);
    }

    /// The people of this world.
    pub fn hands(&self) -> Hands {
        Hands {
            admin: self.org.admin(),
            database: self.database.clone(),
            columns: self.map.columns().to_vec(),
            clock: self.clock.clone(),
            deeds: Arc::clone(&self.deeds),
            net: self.net.clone(),
        }
    }

    /// The engine, started if it is not running.
    pub async fn engine(&mut self) -> Result<Sides, Fatal> {
        if let Some(sides) = &self.sides {
            return Ok(sides.clone());
        }
        self.net.reborn();
        let admin = self.org.admin();
        let grant = Grant::ClientCredentials {
            client_id: admin.client_id(),
            client_secret: admin.client_secret().into(),
        };
        let mut config = OrgConfig::new("http://127.0.0.1", grant);
        config.allow_plain_http_loopback = true;
        config.retry = RetryPolicy { total: Duration::from_secs(40), ..config.retry };
        let client = salesforce::Org::with_transport(config, Arc::new(self.net.clone())).expect("a client");
        let settings = Settings { batch: 7, job_rows: 9, ..Settings::default() };
        let describe = client.describe("Contact").await?;
        let columns = ContactColumns::new(&self.map, &settings, &describe).expect("every field is there");
        let state = State::over_memory(self.store.clone(), self.seed, self.clock.clone())?;
        let sides = Sides {
            org: client,
            supporters: Arc::new(self.database.clone()) as Arc<dyn Supporters>,
            state,
            map: Arc::clone(&self.map),
            columns: Arc::new(columns),
            settings: Arc::new(settings),
            clock: self.clock.clone(),
            progress: Arc::new(Quiet),
            stop: tokio_util::sync::CancellationToken::new(),
        };
        self.sides = Some(sides.clone());
        Ok(sides)
    }

    /// Kills the engine: what was not durable is gone, files of jobs in flight stay.
    pub fn kill(&mut self) {
        *self.reached.entry("killed").or_default() += 1;
        self.net.note("the process dies".to_owned());
        let old = self.sides.take();
        self.store = self.store.crash();
        // The next state has a spool of its own; the files are carried over as a disk would.
        if let Some(old) = old {
            let next =
                State::over_memory(self.store.clone(), self.seed, self.clock.clone()).expect("a state");
            for file in std::fs::read_dir(old.state.spool_dir()).into_iter().flatten().flatten() {
                let _ = std::fs::copy(file.path(), next.spool_dir().join(file.file_name()));
            }
            self.sides = Some(Sides { state: next, ..old });
            self.net.reborn();
        }
    }

    /// One cycle, to its end or to the process's death.
    pub async fn cycle(&mut self) -> Option<CycleReport> {
        let death = Arc::clone(&self.net.death);
        let sides = match self.engine_or_death().await {
            Some(sides) => sides,
            None => return None,
        };
        let request = Request::whole(Mode::Sync);
        let mut sink = |_: service::request::Seen<'_>| {};
        let ended = tokio::select! {
            biased;
            () = death.notified() => None,
            ended = service::cycle::run(&sides, &request, &mut sink) => Some(ended),
        };
        match ended {
            Some(Ok(Ok(report))) => {
                self.net.note(format!("{} cycle {:?}", self.clock.now(), report.outcomes));
                Some(report)
            }
            Some(Ok(Err(_))) => panic!("another cycle is running"),
            Some(Err(fatal)) => {
                *self.reached.entry("gave up").or_default() += 1;
                self.net.note(format!("the cycle gave up: {fatal}"));
                if matches!(fatal, Fatal::State(_)) {
                    self.kill();
                }
                None
            }
            None => {
                self.kill();
                None
            }
        }
    }

    async fn engine_or_death(&mut self) -> Option<Sides> {
        let death = Arc::clone(&self.net.death);
        let started = tokio::select! {
            biased;
            () = death.notified() => None,
            started = self.engine() => Some(started),
        };
        match started {
            Some(Ok(sides)) => Some(sides),
            Some(Err(Fatal::State(_))) => {
                self.kill();
                None
            }
            Some(Err(_)) => None,
            None => {
                self.kill();
                None
            }
        }
    }
}

/// People who edit either side.
pub struct Hands {
    admin: Admin,
    database: Memory,
    columns: Vec<String>,
    clock: Clock,
    deeds: Arc<Mutex<Deeds>>,
    net: Net,
}

impl Hands {
    fn deeds(&self) -> std::sync::MutexGuard<'_, Deeds> {
        self.deeds.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn number(&self) -> u64 {
        let mut deeds = self.deeds();
        deeds.next += 1;
        deeds.next
    }

    /// Names that no two people share, so that nobody can be taken for another.
    fn name(number: u64) -> (String, String) {
        let letters = |mut n: u64| {
            let mut text = String::new();
            for _ in 0..6 {
                text.push(char::from(b'a' + u8::try_from(n % 26).unwrap_or(0)));
                n = n / 26 + 7 * n + 11;
            }
            text
        };
        (format!("F{}", letters(number * 7 + 3)), format!("L{}", letters(number * 31 + 17)))
    }

    fn put(&self, id: u64, first: &str, last: &str, email: &str) {
        let cells = self
            .columns
            .iter()
            .map(|column| match column.as_str() {
                "first_name" => Cell::Value(first.into()),
                "last_name" => Cell::Value(last.into()),
                "email" => Cell::Value(email.into()),
                _ => Cell::Empty,
            })
            .collect();
        let id = SupporterId::parse(&id.to_string()).expect("an id");
        self.database.put(Supporter { id, modified: self.clock.now(), contact_id: Cell::Empty, cells });
    }

    /// Somebody new on the supporters' side.
    pub fn new_supporter(&mut self, _random: &mut Random) {
        let number = self.number();
        let (first, last) = Self::name(number);
        self.put(number, &first, &last, &format!("p{number}@example.org"));
    }

    /// Somebody new whom both sides enter.
    pub fn new_twins(&mut self, _random: &mut Random) {
        let number = self.number();
        let (first, last) = Self::name(number);
        let email = format!("p{number}@example.org");
        self.put(number, &first, &last, &email);
        let row = json!({"FirstName": first, "LastName": last, "Email": email});
        let person = self.admin.person();
        if self.admin.create_as(&person, "Contact", &row).is_ok() {
            self.deeds().made += 1;
        }
    }

    /// One deed, of any kind.
    pub fn act(&mut self, random: &mut Random) {
        match random.below(100) {
            0..=44 => self.edit_supporter(random),
            45..=84 => self.edit_contact(random),
            85..=88 => self.new_supporter(random),
            89..=92 => self.new_twins(random),
            93..=95 => self.merge(random),
            96 => self.delete(random),
            _ => self.empty_a_field(random),
        }
    }

    fn edit_supporter(&mut self, random: &mut Random) {
        let rows = self.database.rows();
        let Some(row) = random.pick(&rows) else { return };
        let Some((field, column)) = random.pick(&FIELDS).copied() else { return };
        let value = format!("s{}", self.number());
        if self.database.edit(&row.id, column, Cell::Value(value.clone().into())) {
            self.net.note(format!(
                "{} a person sets {field} of supporter {} to {value}",
                self.clock.now(),
                row.id
            ));
            self.deeds().supporter.entry((row.id.to_string(), field.to_owned())).or_default().push(value);
        }
    }

    fn contacts(&self) -> Vec<Json> {
        self.admin.records("Contact")
    }

    fn edit_contact(&mut self, random: &mut Random) {
        let contacts = self.contacts();
        let Some(id) = random.pick(&contacts).and_then(|contact| contact["Id"].as_str()) else { return };
        let Some((field, _)) = random.pick(&FIELDS).copied() else { return };
        let value = format!("c{}", self.number());
        let person = self.admin.person();
        if self.admin.edit_as(&person, "Contact", id, &json!({field: value})).is_ok() {
            self.net.note(format!("{} a person sets {field} of {id} to {value}", self.clock.now()));
            self.deeds().contact.entry((id.to_owned(), field.to_owned())).or_default().push(value);
        }
    }

    fn empty_a_field(&mut self, random: &mut Random) {
        let rows = self.database.rows();
        let Some(row) = random.pick(&rows) else { return };
        if self.database.edit(&row.id, "phone", Cell::Empty) {
            let key = (row.id.to_string(), "HomePhone".to_owned());
            self.deeds().supporter.entry(key).or_default().push(String::new());
        }
    }

    fn merge(&mut self, random: &mut Random) {
        let contacts = self.contacts();
        let id = |contact: Option<&Json>| {
            contact.and_then(|contact| contact["Id"].as_str().map(ToOwned::to_owned))
        };
        let (Some(winner), Some(loser)) = (id(random.pick(&contacts)), id(random.pick(&contacts))) else {
            return;
        };
        if winner == loser {
            return;
        }
        let person = self.admin.person();
        if self.admin.merge_as(&person, "Contact", &winner, &[loser.as_str()]).is_ok() {
            self.net.note(format!("{} a person merges {loser} into {winner}", self.clock.now()));
            self.deeds().merged.push((loser, winner));
        }
    }

    fn delete(&mut self, random: &mut Random) {
        let contacts = self.contacts();
        let Some(id) = random.pick(&contacts).and_then(|contact| contact["Id"].as_str()) else { return };
        let person = self.admin.person();
        if self.admin.delete_as(&person, "Contact", id).is_ok() {
            self.net.note(format!("{} a person deletes {id}", self.clock.now()));
            self.deeds().deleted.push(id.to_owned());
        }
    }
}
