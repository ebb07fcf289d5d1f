//! The world a cell is played in: three people with something to bring across, and what must be so when it has been.

use std::sync::Arc;
use std::time::Duration;

use model::field_map::plain_rule;
use model::{
    CaseKind, Cell, Clock, ContactId, FieldMap, FieldType, JournalEntry, Phase, Side, Stamp, Subject,
    Supporter, SupporterId, TechnicalFields,
};
use plan::{ContactColumns, CycleReport, Fatal, Quiet, Settings, Sides};
use salesforce::{Grant, OrgConfig};
use serde_json::{Value as Json, json};
use service::request::{Mode, Request, Seen};
use state::{Batch, MemoryStore, Scan, State, Store as _, Tree};
use supporters::Memory;

use crate::call::Call;
use crate::database::Database;
use crate::fault::Trouble;
use crate::wire::Wire;

const BEGINNING: i64 = 1_790_000_000;
const SEED: u64 = 1;

/// Where a cell begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// Two linked people, one edited on each side, and a new one.
    Hour,
    /// The same, and the process was started anew.
    NewProcess,
    /// The same, and the process died in the cycle before, when this call had taken effect.
    KilledAt(Call),
    /// Nobody is linked yet; one of the three is on both sides.
    FirstLoad,
}

/// Both sides, and the engine between them.
pub struct World {
    pub org: simorg::Org,
    pub wire: Wire,
    pub database: Database,
    pub clock: Clock,
    pub store: MemoryStore,
    pub state: State,
    map: Arc<FieldMap>,
    /// The running process's client and what it learned of the org.
    process: Option<(salesforce::Org, Arc<ContactColumns>)>,
    /// When the last edit was made: what a watermark must not pass before it is delivered.
    edited: Stamp,
    undamaged: Batch,
    /// An Open job that the org was made to deny stays behind; Salesforce sweeps it.
    pub knows_of_open_jobs: bool,
}

fn id(number: u32) -> SupporterId {
    SupporterId::parse(&number.to_string()).expect("a number is an id")
}

impl World {
    /// A world at this stage.
    pub async fn at(stage: Stage) -> Self {
        let mut settings = simorg::Settings { seed: SEED, ..simorg::Settings::default() };
        settings.duplicates = simorg::duplicate::DuplicateSettings::none();
        let org = simorg::Org::in_process(settings);
        org.admin().clock().hold(simorg::value::Stamp(BEGINNING * 1_000));
        let clock = Clock::held(Stamp::from_seconds(BEGINNING));
        let text = |field, column| plain_rule(field, column, FieldType::Text);
        let rules = vec![
            plain_rule("Email", "email", FieldType::Email),
            text("FirstName", "first_name"),
            text("LastName", "last_name"),
            text("MailingCity", "city"),
        ];
        let technical = TechnicalFields {
            supporter_id: "EN_Supporter_Id__c".into(),
            account_id: None,
            push_marker: None,
        };
        let map = Arc::new(FieldMap::new(rules, technical).expect("a map"));
        let database = Database::over(Memory::new(map.columns(), "email", clock.clone()));
        let (wire, store) = (Wire::new(&org), MemoryStore::new(SEED));
        let edited = clock.now();
        let undamaged = Batch::new();
        let state = State::over_memory(store.clone(), SEED, clock.clone()).expect("a state");
        let mut world = Self {
            org,
            wire,
            database,
            clock,
            store,
            state,
            map,
            process: None,
            edited,
            undamaged,
            knows_of_open_jobs: false,
        };
        world.begin(stage).await;
        world
    }

    async fn begin(&mut self, stage: Stage) {
        self.supporter(1, "Jo", "Doe", "");
        let ann = json!({"FirstName": "Ann", "LastName": "Lee", "Email": "p2@example.org"});
        let admin = self.org.admin();
        let person = admin.person();
        let ann = admin.create_as(&person, "Contact", &ann).expect("the Contact is new");
        self.supporter(2, "Ann", "Lee", "");
        if stage != Stage::FirstLoad {
            self.advance(3_600);
            self.cycle().await.expect("nothing is wrong yet");
            self.advance(3_600);
        }
        self.edited = self.clock.now();
        self.database.rows.edit(&id(1), "city", Cell::Value("Perth".into()));
        admin
            .edit_as(&person, "Contact", &ann, &json!({"MailingCity": "Hobart"}))
            .expect("the edit is allowed");
        self.supporter(3, "Sam", "Poe", "Cairns");
        self.advance(600);
        match stage {
            Stage::Hour | Stage::FirstLoad => {
                self.engine().await.expect("nothing is wrong yet");
            }
            Stage::NewProcess => self.restart(),
            Stage::KilledAt(call) => {
                self.wire.die_at(call);
                assert!(self.cycle_or_death().await.is_none(), "no cycle got as far as {call:?}");
                self.restart();
                self.wire.clear();
                self.engine().await.expect("nothing is wrong yet");
            }
        }
        self.wire.clear();
        self.database.clear();
    }

    fn supporter(&self, number: u32, first: &str, last: &str, city: &str) {
        let cells = self.map.columns().iter().map(|column| match column.as_str() {
            "first_name" => Cell::Value(first.into()),
            "last_name" => Cell::Value(last.into()),
            "email" => Cell::Value(format!("p{number}@example.org").into()),
            _ if city.is_empty() => Cell::Empty,
            _ => Cell::Value(city.into()),
        });
        let cells = cells.collect();
        let row = Supporter { id: id(number), modified: self.clock.now(), contact_id: Cell::Empty, cells };
        self.database.rows.put(row);
    }

    /// Both clocks go on together.
    pub fn advance(&self, seconds: u64) {
        let by = Duration::from_secs(seconds);
        self.clock.advance(by);
        self.org.admin().clock().advance(by);
    }

    /// The engine, started if it is not running.
    async fn engine(&mut self) -> Result<Sides, Fatal> {
        let settings = Settings { direct_calls: 0, ..Settings::default() };
        if self.process.is_none() {
            let client = self.client();
            let describe = client.describe("Contact").await?;
            let columns = ContactColumns::new(&self.map, &settings, &describe).expect("every field is there");
            self.process = Some((client, Arc::new(columns)));
        }
        let (org, columns) = self.process.clone().expect("it was just started");
        Ok(Sides {
            org,
            supporters: Arc::new(self.database.clone()),
            state: self.state.clone(),
            map: Arc::clone(&self.map),
            columns,
            settings: Arc::new(settings),
            clock: self.clock.clone(),
            progress: Arc::new(Quiet),
            stop: tokio_util::sync::CancellationToken::new(),
        })
    }

    fn client(&self) -> salesforce::Org {
        let admin = self.org.admin();
        let grant = Grant::ClientCredentials {
            client_id: admin.client_id(),
            client_secret: admin.client_secret().into(),
        };
        let mut config = OrgConfig::new("http://127.0.0.1", grant);
        config.allow_plain_http_loopback = true;
        config.sizes.json = 1 << 20;
        config.sizes.file = 1 << 20;
        salesforce::Org::with_transport(config, Arc::new(self.wire.clone())).expect("a client")
    }

    /// One cycle.
    pub async fn cycle(&mut self) -> Result<CycleReport, Fatal> {
        let sides = self.engine().await?;
        let mut sink = |_: Seen<'_>| {};
        let ended = service::cycle::run(&sides, &Request::whole(Mode::Sync), &mut sink).await?;
        Ok(ended.expect("no other cycle is running"))
    }

    async fn cycle_or_death(&mut self) -> Option<Result<CycleReport, Fatal>> {
        let death = Arc::clone(&self.wire.death);
        tokio::select! {
            biased;
            () = death.notified() => None,
            ended = self.cycle() => Some(ended),
        }
    }

    /// The next process: only what was durable, and the spool files, are left.
    pub fn restart(&mut self) {
        self.process = None;
        self.store = self.store.crash();
        let next = State::over_memory(self.store.clone(), SEED, self.clock.clone()).expect("a state");
        for file in std::fs::read_dir(self.state.spool_dir()).expect("a spool").flatten() {
            std::fs::copy(file.path(), next.spool_dir().join(file.file_name())).expect("the file is copied");
        }
        self.state = next;
    }

    /// Lets this trouble happen to this call.
    pub fn trouble(&mut self, call: Call, trouble: &Trouble, times: Option<u32>) {
        match trouble {
            Trouble::Database(..) | Trouble::RowRefused | Trouble::RowGone => {
                self.database.trouble(call, trouble)
            }
            Trouble::DiskFull => self.store.set_full(true),
            Trouble::DamagedValue => self.damage(),
            Trouble::Transport(..) | Trouble::NoBody | Trouble::Drip | Trouble::Org(_) => {
                self.wire.trouble(call, trouble, times);
            }
        }
    }

    /// The trouble is over.
    pub fn clear(&mut self) {
        self.wire.clear();
        self.database.clear();
        self.store.set_full(false);
        let undamaged = std::mem::replace(&mut self.undamaged, Batch::new());
        if !undamaged.is_empty() {
            self.store = self.store.crash();
            self.store.commit_blocking(undamaged).expect("the medium is well");
        }
    }

    /// Every stored value ends early, but for the numbers the store itself keeps. A bit that turned over is another matter: rows
    /// that lie in leaves are guarded by the leaf's checksum, which a medium in memory has none of; the state's own tests turn
    /// bits over in a file.
    fn damage(&mut self) {
        let mut damaged = Batch::new();
        for tree in Tree::ALL.into_iter().filter(|tree| *tree != Tree::Meta) {
            for (key, value) in self.store.scan(tree, Scan::default(), 1_000).expect("readable") {
                let wrong = value.get(..value.len() / 2).unwrap_or_default().to_vec();
                self.undamaged.put(tree, key.clone(), value);
                damaged.put(tree, key, wrong);
            }
        }
        assert!(!damaged.is_empty(), "the state holds something");
        self.store.commit_blocking(damaged).expect("the medium takes anything");
    }

    /// How many times this call was made since the trouble began.
    pub fn count(&self, call: Call) -> usize {
        match call {
            Call::SupporterRead | Call::SupporterWrite => self.database.count(call),
            _ => self.wire.count(call),
        }
    }

    /// The journal's only entry.
    pub fn journal(&self) -> Option<JournalEntry> {
        self.state.journal().expect("readable").into_iter().next()
    }

    /// How far the only job got.
    pub fn phase(&self) -> Option<Phase> {
        self.journal().map(|entry| entry.phase)
    }

    /// Both watermarks.
    pub fn watermarks(&self) -> [Option<Stamp>; 2] {
        [Side::Supporter, Side::Salesforce].map(|side| self.state.watermark(side).expect("readable"))
    }

    /// What a live Contact holds, by Id.
    fn contact(&self, contact: &str) -> Option<Json> {
        self.org.admin().records("Contact").into_iter().find(|record| record["Id"] == contact)
    }

    fn city_of(&self, number: u32) -> (String, Option<String>) {
        let rows = self.database.rows.rows();
        let Some(row) = rows.into_iter().find(|row| row.id == id(number)) else {
            return (String::new(), None);
        };
        let place =
            self.map.columns().iter().position(|column| column == "city").expect("the column is mapped");
        let text = |cell: &Cell| match cell {
            Cell::Value(text) => text.to_string(),
            Cell::Empty | Cell::Absent => String::new(),
        };
        let contact = match &row.contact_id {
            Cell::Value(text) => Some(text.to_string()),
            Cell::Empty | Cell::Absent => None,
        };
        (text(&row.cells[place]), contact)
    }

    /// What has not been brought across yet, person by person.
    pub fn debts(&self) -> Vec<u32> {
        let wanted = [(1, "Perth"), (2, "Hobart"), (3, "Cairns")];
        let open = wanted.into_iter().filter(|(number, city)| {
            let (there, contact) = self.city_of(*number);
            let contact = contact.and_then(|contact| self.contact(&contact));
            let arrived = contact.is_some_and(|contact| {
                contact["MailingCity"] == *city
                    && contact["EN_Supporter_Id__c"].as_str() == Some(number.to_string().as_str())
            });
            there != *city || !arrived
        });
        open.map(|(number, _)| number).collect()
    }

    /// What must never be so, whatever went wrong: a change that nobody knows of any more, or a second Contact for one person.
    pub fn harm(&self) -> Vec<String> {
        let mut harm = Vec::new();
        let [supporters, contacts] = self.watermarks();
        for number in self.debts() {
            let contact = self.city_of(number).1.and_then(|contact| ContactId::parse(&contact).ok());
            let subjects = [Some(Subject::Supporter(id(number))), contact.map(Subject::Contact)];
            let marked = subjects
                .iter()
                .flatten()
                .any(|subject| self.state.dirty_of(subject).expect("readable").is_some());
            let mark = if number == 2 { contacts } else { supporters };
            let told =
                self.is_blocked(number) || !self.database.rows.rows().iter().any(|row| row.id == id(number));
            if !told && !marked && mark.is_some_and(|mark| mark > self.edited) {
                harm.push(format!(
                    "the change of {number} is below the watermark, not delivered and not marked"
                ));
            }
        }
        let live = self.org.admin().records("Contact");
        for number in 1..=3 {
            let its = |contact: &&Json| contact["Email"] == format!("p{number}@example.org");
            let twins = live.iter().filter(its).count();
            if twins > 1 {
                harm.push(format!("{twins} Contacts for {number}"));
            }
        }
        harm
    }

    /// The kinds of the open cases.
    pub fn cases(&self) -> Vec<CaseKind> {
        self.state.cases_page(None, 100).expect("readable").iter().map(|case| case.kind).collect()
    }

    /// Whether a supporter is set aside.
    pub fn is_blocked(&self, number: u32) -> bool {
        self.state.block_of(&id(number)).expect("readable").is_some()
    }

    /// Somebody touches the Contact of the second person: what set them aside does not hold any more.
    pub fn edit_contact_again(&self) {
        let admin = self.org.admin();
        let contact = self.city_of(2).1.expect("linked");
        let touched = json!({"FirstName": "Anna"});
        admin.edit_as(&admin.person(), "Contact", &contact, &touched).expect("the edit is allowed");
    }

    /// Nothing waits, nothing is open, and a further cycle writes nothing.
    pub async fn at_rest(&mut self, what: &str) {
        self.advance(600);
        let quiet = self.cycle().await.unwrap_or_else(|error| panic!("{what}: at rest: {error}"));
        assert!(quiet.wrote_nothing(), "{what}: at rest it writes: {quiet:?}");
        assert_eq!(self.state.dirty_count().expect("readable"), 0, "{what}: marks are left");
        assert_eq!(self.journal(), None, "{what}: a job is unsettled");
        assert_eq!(self.harm(), Vec::<String>::new(), "{what}");
        let files = std::fs::read_dir(self.state.spool_dir()).expect("a spool").count();
        assert_eq!(files, 0, "{what}: files are left in the spool");
        let jobs = self.org.admin().jobs();
        let open = jobs.iter().any(|job| format!("{:?}", job.state) == "Open");
        assert_eq!(open, self.knows_of_open_jobs, "{what}: {jobs:?}");
        assert_eq!(self.org.admin().records("Contact").len(), 3, "{what}: Contacts");
    }
}
