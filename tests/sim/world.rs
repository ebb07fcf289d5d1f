//! The world of one simulation: an org, a supporter database, people, and an engine that may die at any moment.

use std::collections::BTreeMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use drill::Killed;
use futures_util::FutureExt as _;
use model::{Clock, FieldMap, Policy, Side, Stamp, TechnicalFields};
use plan::{ContactColumns, CycleReport, Fatal, Quiet, Settings, Sides};
use salesforce::{Grant, OrgConfig, PollPolicy, RetryPolicy};
use service::request::{Mode, Request};
use simorg::Progress;
use simorg::duplicate::{DuplicateAction, DuplicateSettings};
use simorg::settings::ThrowingTrigger;
use state::{Conflict, MemoryStore, OpenOptions, State};
use supporters::{Memory, Supporters};

use crate::book::{By, Ran};
use crate::database::Database;
use crate::fields::{NOWHERE, OWNER, custom_fields, rules, tracked};
use crate::net::Net;
use crate::options::Options;
use crate::people::People;
use crate::random::Random;

/// Where the world's clocks begin.
const BEGINNING: i64 = 1_790_000_000;

/// Everything but the engine's own memory.
pub struct World {
    pub org: simorg::Org,
    pub net: Net,
    pub rows: Memory,
    pub database: Database,
    pub people: People,
    pub options: Options,
    /// The clock of the supporter database.
    clock: Clock,
    /// This machine's clock.
    local: Clock,
    store: MemoryStore,
    /// The state lies on disk: commits, manifest and all.
    disk: Option<tempfile::TempDir>,
    seed: u64,
    map: Arc<FieldMap>,
    sides: Option<Sides>,
    /// Both watermarks as they were last seen.
    watermarks: [Option<Stamp>; 2],
    /// Every line of the log of what a policy overwrote: the engine keeps them for a month, a story may last longer.
    pub log: BTreeMap<u64, Conflict>,
    /// Promises that were seen to be broken on the way.
    pub broken: Vec<String>,
    /// How often the process died, and how often a cycle gave up.
    pub deaths: u64,
    /// Cycles that did not come to their end.
    pub gave_up: u64,
    /// The engine does nothing at all: to see who notices.
    pub idle: bool,
}

fn map(options: &Options, title: Policy) -> FieldMap {
    let technical = TechnicalFields {
        supporter_id: OWNER.into(),
        account_id: None,
        push_marker: options.marker.then(|| "EN_Push__c".to_owned()),
    };
    FieldMap::new(rules(title), technical).expect("the rules fit together")
}

fn org_settings(options: &Options, seed: u64) -> simorg::Settings {
    let mut settings = simorg::Settings { seed, ..simorg::Settings::default() };
    settings.custom_fields.extend(custom_fields());
    settings.duplicates = rules_of(options.duplicates);
    settings.flows.stamp = options.marker;
    settings.flows.reset = options.marker;
    settings.bulk.lock_rate = if options.locks { 0.05 } else { 0.0 };
    settings.bulk.fail_after_rows = options.fails_after;
    settings.bulk.batch_rows = if options.piecemeal { 1 } else { options.batch };
    settings.http.query_page_rows = options.page;
    settings.http.gzip = false;
    if options.history {
        settings.tracked_fields = tracked().map(|field| field.contact.to_owned()).collect();
    }
    settings
}

/// The org's duplicate rules, or none.
pub fn rules_of(on: bool) -> DuplicateSettings {
    let alert = || DuplicateSettings::name_and_email(DuplicateAction::Alert, "Use one of these records?");
    if on { alert() } else { DuplicateSettings::none() }
}

impl World {
    /// The world of these options.
    pub fn new(seed: u64, options: Options) -> Self {
        let org = simorg::Org::in_process(org_settings(&options, seed));
        org.admin().clock().hold(simorg::value::Stamp(BEGINNING * 1_000));
        org.admin().progress(Progress::Stepped);
        let clock = Clock::held(Stamp::from_seconds(BEGINNING));
        let local = Clock::held(Stamp::from_seconds(BEGINNING + options.clock_hours * 3_600));
        let map = Arc::new(map(&options, options.title));
        let rows = Memory::new(map.columns(), "email", clock.clone());
        let people = People::new(org.admin(), rows.clone(), map.columns(), clock.clone(), &options);
        let database = Database::over(rows.clone(), people.clone(), seed ^ 0xda7a);
        let net = Net::new(&org, people.clone(), [clock.clone(), local.clone()], options.late, seed ^ 0xfeed);
        let world = Self {
            org,
            net,
            rows,
            database,
            people,
            clock,
            local,
            store: MemoryStore::new(seed),
            disk: None,
            seed,
            map,
            sides: None,
            watermarks: [None; 2],
            log: BTreeMap::new(),
            broken: Vec::new(),
            deaths: 0,
            gave_up: 0,
            idle: false,
            options,
        };
        let mut random = Random::new(seed ^ 0x9e0);
        for _ in 0..world.options.people {
            world.people.newcomer(&mut random);
        }
        world.people.look(By::People);
        world.turn(Duration::from_secs(600));
        world
    }

    /// All clocks go on together, the one by which the engine measures how old something is among them.
    pub async fn advance(&self, by: Duration) {
        self.turn(by);
        tokio::time::advance(by).await;
    }

    fn turn(&self, by: Duration) {
        self.clock.advance(by);
        self.local.advance(by);
        self.org.admin().clock().advance(by);
    }

    /// The map's columns.
    pub fn columns(&self) -> &[String] {
        self.map.columns()
    }

    /// This machine's clock goes wrong by a day while the process runs, or by any span while it does not.
    pub fn turn_the_clock(&mut self, random: &mut Random) {
        if self.sides.is_some() {
            self.local.advance(Duration::from_secs(24 * 3_600));
        } else {
            let now = self.clock.now().minus(Duration::from_secs(24 * 3_600));
            self.local = Clock::held(now.plus(Duration::from_secs(random.next() % 172_800)));
        }
    }

    /// The administrator changes the map: the engine is stopped in order and started again.
    pub fn change_the_map(&mut self, random: &mut Random) {
        let policies = [Policy::Salesforce, Policy::Supporter, Policy::NonEmpty];
        let title = random.pick(&policies).copied().unwrap_or(self.options.title);
        self.map = Arc::new(map(&self.options, title));
        self.sides = None;
    }

    /// The org's triggers. `hostile`: one of them fails on whatever is saved.
    pub fn set_traps(&self, hostile: bool) {
        let on = |holds: &str| ThrowingTrigger {
            object: "Contact".to_owned(),
            field: "MailingCity".to_owned(),
            holds: holds.to_owned(),
        };
        let always = hostile.then(|| on(""));
        let sometimes = self.options.trap.then(|| on(NOWHERE));
        let traps = always.into_iter().chain(sometimes).collect();
        self.org.admin().configure(|settings| settings.throwing_triggers = traps);
    }

    /// A second process opens the same state: the first one is fenced off.
    pub fn second_process(&self) {
        drop(State::over_memory(self.store.clone(), self.seed, self.local.clone()));
    }

    /// The state fails at one of its next commits.
    pub fn fail_at_commit(&self, nth: u32) {
        self.store.crash_at_commit(nth);
    }

    async fn start(&mut self) -> Result<Sides, Fatal> {
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
        config.clock = self.local.clone();
        // No jitter: the network's own time goes by, the same with the same seed.
        let (none, total) = (Duration::ZERO, Duration::from_secs(20));
        config.retry = RetryPolicy { base: none, cap: none, total, first_contact: total, ..config.retry };
        config.poll = PollPolicy { first: Duration::from_secs(2), ..config.poll };
        let client = salesforce::Org::with_transport(config, Arc::new(self.net.clone())).expect("a client");
        let settings = self.settings();
        let describe = client.describe("Contact").await?;
        let columns = ContactColumns::new(&self.map, &settings, &describe).expect("every field is there");
        let state = self.open()?;
        let sides = Sides {
            org: client,
            supporters: Arc::new(self.database.clone()) as Arc<dyn Supporters>,
            state,
            map: Arc::clone(&self.map),
            columns: Arc::new(columns),
            settings: Arc::new(settings),
            clock: self.local.clone(),
            progress: Arc::new(Quiet),
            stop: tokio_util::sync::CancellationToken::new(),
        };
        self.sides = Some(sides.clone());
        self.read_the_log();
        Ok(sides)
    }

    /// From now on the state lies on disk, where it has a manifest and is opened.
    pub fn keep_on_disk(&mut self) {
        self.disk = Some(tempfile::tempdir().expect("a temporary directory"));
    }

    fn open(&self) -> Result<State, state::Error> {
        let Some(disk) = &self.disk else {
            return State::over_memory(self.store.clone(), self.seed, self.local.clone());
        };
        let (clock, inline) = (self.local.clone(), true);
        // No stories: these are written by a thread of their own, and here is one thread only.
        let history = Duration::ZERO;
        let options = OpenOptions { clock, inline, history, min_free_bytes: 0, ..OpenOptions::default() };
        State::open(disk.path().join("state"), options)
    }

    /// The fields whose history the org keeps.
    pub fn tracked(&self) -> Vec<String> {
        tracked().filter(|_| self.options.history).map(|field| field.contact.to_owned()).collect()
    }

    fn settings(&self) -> Settings {
        let options = &self.options;
        Settings {
            batch: options.batch,
            job_rows: options.batch,
            overlap: Duration::from_secs(options.overlap),
            lag: Duration::from_secs(360),
            settle: Duration::from_secs(60 + options.late),
            job_deadline: Duration::from_secs(options.deadline),
            directory_from: options.directory,
            create_supporters: options.create_supporters,
            // Half of the stories by calls of their own, half by jobs.
            direct_calls: usize::from(self.seed % 2 == 1),
            tracked: self.tracked(),
            page_rows: u32::try_from(options.page).unwrap_or(1),
            ..Settings::default()
        }
    }

    /// What the engine would show an administrator. Starts it if it does not run.
    pub async fn sides(&mut self) -> Option<Sides> {
        self.start().await.ok()
    }

    /// The process is gone: what was not durable with it. Files of jobs in flight stay, if the disk is kind.
    fn die(&mut self, files_stay: bool) {
        self.deaths += 1;
        drill::disarm();
        self.people.note("the process dies".to_owned());
        let old = self.sides.take();
        if self.disk.is_some() {
            // What a kill leaves on disk lies there.
            drop(old);
            self.net.reborn();
            return;
        }
        self.store = self.store.crash();
        self.net.reborn();
        let Some(old) = old.filter(|_| files_stay) else { return };
        // The next state has a spool of its own; the files are carried over as a disk would.
        let Ok(next) = State::over_memory(self.store.clone(), self.seed, self.local.clone()) else { return };
        for file in std::fs::read_dir(old.state.spool_dir()).into_iter().flatten().flatten() {
            let _ = std::fs::copy(file.path(), next.spool_dir().join(file.file_name()));
        }
        self.sides = Some(Sides { state: next, ..old });
    }

    /// The process is killed once more and everything is started again: nothing that was to fail is left.
    pub fn restart(&mut self) {
        self.store.crash_at_commit(u32::MAX);
        self.die(true);
        self.deaths -= 1;
    }

    async fn attempt(&mut self) -> Result<CycleReport, Fatal> {
        let sides = self.start().await?;
        {
            let mut memories = self.people.memories();
            memories.book.now += 1;
            memories.book.cycle_began = memories.book.now;
            memories.book.began = self.clock.now();
        }
        self.net.count_from_zero();
        let request = Request::whole(Mode::Sync);
        let mut sink = |_: service::request::Seen<'_>| {};
        let ended = service::cycle::run(&sides, &request, &mut sink).await?;
        Ok(ended.expect("nothing else runs cycles"))
    }

    /// One cycle, to its end, to its giving up, or to the process's death.
    pub async fn cycle(&mut self, random: &mut Random) -> Option<CycleReport> {
        if self.idle {
            return Some(CycleReport::new(model::CycleId(1), "sync", self.clock.now()));
        }
        let death = Arc::clone(&self.net.death);
        let ended = tokio::select! {
            biased;
            () = death.notified() => None,
            ended = AssertUnwindSafe(self.attempt()).catch_unwind() => Some(ended),
        };
        let files_stay = !random.permille(50);
        let report = match ended {
            None => {
                self.die(files_stay);
                None
            }
            Some(Err(unwound)) => {
                match unwound.downcast_ref::<Killed>() {
                    Some(Killed(point)) => self.people.note(format!("killed at {}", point.name())),
                    None => std::panic::resume_unwind(unwound),
                }
                self.die(files_stay);
                None
            }
            Some(Ok(Err(fatal))) => {
                self.gave_up += 1;
                self.people.note(format!("the cycle gave up: {fatal}"));
                if matches!(fatal, Fatal::State(_)) {
                    self.die(files_stay);
                }
                None
            }
            Some(Ok(Ok(report))) => {
                {
                    let mut memories = self.people.memories();
                    let book = &mut memories.book;
                    let (began, when, ended) = (book.cycle_began, book.began, book.now);
                    book.ended.push(Ran { began, when, ended });
                }
                self.people.note(format!("{} cycle {:?}", self.clock.now(), report.outcomes));
                Some(report)
            }
        };
        self.look_at_watermarks();
        self.read_the_log();
        report
    }

    fn read_the_log(&mut self) {
        let Some(sides) = &self.sides else { return };
        self.log.extend(sides.state.conflicts_page(None, 10_000).unwrap_or_default());
    }

    /// A watermark never goes back, and never lies in the future of the clock it comes from.
    fn look_at_watermarks(&mut self) {
        let Some(sides) = &self.sides else { return };
        for (at, side) in [Side::Supporter, Side::Salesforce].into_iter().enumerate() {
            let Ok(now) = sides.state.watermark(side) else { continue };
            if now < self.watermarks[at] {
                self.broken.push(format!("the watermark of {side:?} went back"));
            }
            if now.is_some_and(|now| now > self.clock.now()) {
                self.broken.push(format!("the watermark of {side:?} lies in the future"));
            }
            self.watermarks[at] = now.max(self.watermarks[at]);
        }
    }
}
