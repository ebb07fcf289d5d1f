//! The harness: one simulated org, one SQLite supporter database, one state, and the rules between them.

mod holding;
mod people;
pub mod postgres;
mod world;

use std::sync::Arc;
use std::time::Duration;

use model::field_map::plain_rule;
use model::{Clock, Email, FieldMap, FieldRule, FieldType, Stamp, Subject, SupporterId, TechnicalFields};
use plan::{ContactColumns, CycleReport, Quiet, Sides};
use salesforce::{Grant, Org, OrgConfig, PollPolicy, RetryPolicy};
use serde_json::{Map, Value as Json, json};
use service::request::{Mode, Request, Seen};
use service::resync::{ResyncReport, Who};
use simorg::duplicate::DuplicateSettings;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Row as _, SqlitePool};
use state::{OpenOptions, State};
use supporters::{Sqlite, Table};

pub use holding::{Hold, Holding};
pub use people::{Contact, Person};
pub use world::{World, alerting};

/// Everything a cycle needs, and hands on both sides.
pub struct Harness {
    /// The org.
    pub org: Arc<simorg::Org>,
    /// Both sides and what stands between them.
    pub sides: Sides,
    /// The supporter database, for people's own edits.
    pub pool: SqlitePool,
    /// Where everything lies.
    pub dir: tempfile::TempDir,
    /// Where the supporter database can be made to stand still.
    pub holding: Arc<Holding>,
    /// As the world was told: see [`World::patient`].
    pub patient: bool,
}

impl Harness {
    /// The default world: no duplicate rule, no Flows, no marker.
    pub async fn start() -> Self {
        Self::start_in(World::default()).await
    }

    /// A world of choice.
    pub async fn start_in(mut world: World) -> Self {
        if !world.own_duplicate_rules {
            world.org.duplicates = DuplicateSettings::none();
        }
        let org = Arc::new(simorg::Org::start(world.org.clone()).await.expect("the org starts"));
        Self::over(org, world).await
    }

    /// Another supporter database that feeds the same org, with a state of its own.
    pub async fn beside(&self, world: World) -> Self {
        Self::over(Arc::clone(&self.org), world).await
    }

    async fn over(org: Arc<simorg::Org>, world: World) -> Self {
        let dir = tempfile::tempdir().expect("a temporary directory");
        let pool = database(&dir.path().join("supporters.db"), world.text_ids).await;
        let patient = world.patient;
        let (sides, holding) = sides(&org, &dir, world).await;
        Self { org, sides, pool, dir, holding, patient }
    }

    /// The same world after the process died: a new sign-in, and the state read again from disk where it lies there.
    pub async fn restart(&mut self) {
        self.sides.org = client(&self.org, self.patient);
        self.holding.hold(Hold::Not);
        let path = state_path(&self.dir);
        if path.exists() {
            // The old one gives up its lock when the last of its writes has ended.
            self.sides.state = State::in_memory(1).expect("a state");
            self.sides.state = open(&path).await;
        }
    }

    /// Runs a cycle until `held` says that it stands where it should be killed; kills it there.
    ///
    /// # Panics
    /// When the cycle comes to its end before.
    pub async fn kill_when(&self, mode: Mode, held: impl Fn(&Self) -> bool) {
        let request = Request::whole(mode);
        let mut sink = |_: Seen<'_>| {};
        let cycle = service::cycle::run(&self.sides, &request, &mut sink);
        tokio::pin!(cycle);
        while !held(self) {
            tokio::select! {
                ended = &mut cycle => assert!(held(self), "the cycle ended first: {ended:?}"),
                () = tokio::time::sleep(Duration::from_millis(1)) => {}
            }
        }
    }

    /// Adds a supporter.
    pub async fn supporter(&self, person: &Person) {
        let columns = "id, email, first_name, last_name, address_1, address_2, city, phone, opt_in, sf_contact_id, modified";
        let sql = format!("INSERT INTO supporters ({columns}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        sqlx::query(AssertSqlSafe(sql))
            .bind(person.id)
            .bind(&person.email)
            .bind(&person.first)
            .bind(&person.last)
            .bind(&person.street)
            .bind(&person.street_2)
            .bind(&person.city)
            .bind(&person.phone)
            .bind(&person.opt_in)
            .bind(&person.contact_id)
            .bind(self.supporter_time())
            .execute(&self.pool)
            .await
            .expect("the supporter is new");
    }

    fn supporter_time(&self) -> String {
        Clock::system().now().minus(Duration::from_secs(2)).to_seconds_text()
    }

    /// A person edits one column of a supporter, now.
    pub async fn edit_supporter(&self, id: i64, column: &str, value: Option<&str>) {
        let sql = format!("UPDATE supporters SET \"{column}\" = ?, modified = ? WHERE id = ?");
        let done = sqlx::query(AssertSqlSafe(sql))
            .bind(value)
            .bind(Clock::system().now().minus(Duration::from_secs(1)).to_seconds_text())
            .bind(id)
            .execute(&self.pool)
            .await
            .expect("the edit is allowed");
        assert_eq!(done.rows_affected(), 1, "no supporter {id}");
    }

    /// Some program writes bytes into one column of a supporter, now.
    pub async fn spoil_supporter(&self, id: i64, column: &str, bytes: &[u8]) {
        let sql = format!("UPDATE supporters SET \"{column}\" = ?, modified = ? WHERE id = ?");
        let done = sqlx::query(AssertSqlSafe(sql))
            .bind(bytes)
            .bind(Clock::system().now().minus(Duration::from_secs(1)).to_seconds_text())
            .bind(id)
            .execute(&self.pool)
            .await
            .expect("SQLite takes anything");
        assert_eq!(done.rows_affected(), 1, "no supporter {id}");
    }

    /// Deletes a supporter.
    pub async fn delete_supporter(&self, id: i64) {
        sqlx::query("DELETE FROM supporters WHERE id = ?")
            .bind(id)
            .execute(&self.pool)
            .await
            .expect("deleted");
    }

    /// One column of a supporter.
    pub async fn supporter_cell(&self, id: i64, column: &str) -> Option<String> {
        let sql = format!("SELECT \"{column}\" FROM supporters WHERE id = ?");
        let row = sqlx::query(AssertSqlSafe(sql))
            .bind(id)
            .fetch_one(&self.pool)
            .await
            .expect("the supporter is there");
        row.get(0)
    }

    /// How many supporters there are.
    pub async fn supporters(&self) -> i64 {
        sqlx::query("SELECT count(*) FROM supporters").fetch_one(&self.pool).await.expect("counted").get(0)
    }

    /// Adds a Contact, as if it had always been there. Returns its Id.
    pub fn contact(&self, contact: &Contact) -> String {
        let ids = self.org.admin().seed("Contact", vec![contact.to_json()]).expect("the Contact is seeded");
        ids.into_iter().next().expect("one Contact")
    }

    /// A person edits a Contact in Salesforce, now.
    pub fn edit_contact(&self, id: &str, fields: &Json) {
        let admin = self.org.admin();
        admin.edit_as(&admin.person(), "Contact", id, fields).expect("the edit is allowed");
    }

    /// The live Contacts.
    #[must_use]
    pub fn contacts(&self) -> Vec<Json> {
        self.org.admin().records("Contact")
    }

    /// A live Contact's field as text; empty when null.
    #[must_use]
    pub fn contact_field(&self, id: &str, field: &str) -> String {
        let found = self.contacts().into_iter().find(|contact| contact["Id"] == id);
        let found = found.unwrap_or_else(|| Json::Object(Map::new()));
        match &found[field] {
            Json::String(text) => text.clone(),
            Json::Null => String::new(),
            other @ (Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_)) => other.to_string(),
        }
    }

    /// Runs a cycle.
    pub async fn run(&self, mode: Mode) -> CycleReport {
        self.try_run(mode).await.expect("the cycle runs")
    }

    /// Runs a cycle that may fail.
    ///
    /// # Errors
    /// What the cycle failed with.
    pub async fn try_run(&self, mode: Mode) -> Result<CycleReport, plan::Fatal> {
        let report = service::cycle::run(&self.sides, &Request::whole(mode), &mut |_| {}).await?;
        let report = report.expect("no other cycle is running");
        assert!(report.rows.balance(), "rows do not balance: {:?}", report.rows);
        let counted: u64 = report.outcomes.values().sum();
        assert_eq!(
            counted, report.selected,
            "every selected person has exactly one outcome: {:?}",
            report.outcomes
        );
        Ok(report)
    }

    /// A whole cycle in both directions.
    pub async fn sync(&self) -> CycleReport {
        self.run(Mode::Sync).await
    }

    /// The plans of a dry run, as JSON.
    pub async fn plans(&self, mode: Mode) -> Vec<Json> {
        let mut plans = Vec::new();
        let request = Request { dry_run: true, ..Request::whole(mode) };
        let mut keep = |seen: Seen<'_>| {
            if let Seen::Plan(plan, _) = seen {
                plans.push(serde_json::to_value(plan).unwrap_or_default());
            }
        };
        service::cycle::run(&self.sides, &request, &mut keep)
            .await
            .expect("the dry run runs")
            .expect("alone");
        plans
    }

    /// Resyncs one supporter.
    pub async fn resync(&self, id: i64) -> ResyncReport {
        let subject = Subject::Supporter(SupporterId::parse(&id.to_string()).expect("an id"));
        service::resync::resync(&self.sides, &Who::Subject(subject))
            .await
            .expect("the resync runs")
            .expect("alone")
            .expect("the supporter is known")
    }

    /// The Contact a supporter is linked to.
    #[must_use]
    pub fn link(&self, id: i64) -> Option<String> {
        let id = SupporterId::parse(&id.to_string()).expect("an id");
        self.sides.state.link_of(&id).expect("readable").map(|link| link.contact.to_string())
    }

    /// The kinds of the open cases, sorted.
    #[must_use]
    pub fn cases(&self) -> Vec<&'static str> {
        let cases = self.sides.state.cases_page(None, 1_000).expect("readable");
        let mut kinds: Vec<&'static str> = cases.iter().map(|case| case.kind.code()).collect();
        kinds.sort_unstable();
        kinds
    }

    /// The supporter's block, by code.
    #[must_use]
    pub fn block(&self, id: i64) -> Option<String> {
        let id = SupporterId::parse(&id.to_string()).expect("an id");
        self.sides.state.block_of(&id).expect("readable").map(|block| block.code)
    }

    /// Both watermarks: supporters', Salesforce's.
    #[must_use]
    pub fn watermarks(&self) -> (Option<Stamp>, Option<Stamp>) {
        let state = &self.sides.state;
        let of = |side| state.watermark(side).expect("readable");
        (of(model::Side::Supporter), of(model::Side::Salesforce))
    }
}

async fn database(path: &std::path::Path, text_ids: bool) -> SqlitePool {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.expect("a database");
    sqlx::query("PRAGMA journal_mode = WAL").execute(&pool).await.expect("WAL");
    let id = if text_ids { "TEXT" } else { "INTEGER" };
    sqlx::query(AssertSqlSafe(format!(
        "CREATE TABLE supporters (id {id} PRIMARY KEY, email TEXT, first_name TEXT, last_name TEXT, address_1 TEXT, \
         address_2 TEXT, city TEXT, phone TEXT, opt_in TEXT, sf_contact_id TEXT, modified TEXT, merged_into TEXT, \
         opt_in_at TEXT, contact_gone TEXT)"
    )))
    .execute(&pool)
    .await
    .expect("a table");
    let view = "CREATE VIEW supporters_seen AS SELECT * FROM supporters";
    sqlx::query(view).execute(&pool).await.expect("a view");
    pool
}

/// The table of [`Harness::pool`] as the adapter is told of it.
#[must_use]
pub fn table(dir: &std::path::Path) -> Table {
    serde_json::from_value(json!({
        "url": dir.join("supporters.db").to_string_lossy(),
        "table": "supporters",
        "id": "id",
        "modified": "modified",
        "modified_format": "text",
        "contact_id": "sf_contact_id",
        "email": "email",
    }))
    .expect("a table description")
}

fn state_path(dir: &tempfile::TempDir) -> std::path::PathBuf {
    dir.path().join("state")
}

/// Opens a state on disk, once whoever had it open has let go of it.
async fn open(path: &std::path::Path) -> State {
    for _ in 0..2_000 {
        match State::open(path, OpenOptions::default()) {
            Err(state::Error::Refused(state::Refusal::InUse(_))) => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            opened => return opened.expect("the state opens"),
        }
    }
    State::open(path, OpenOptions::default()).expect("the state is let go of in ten seconds")
}

fn client(org: &simorg::Org, patient: bool) -> Org {
    let admin = org.admin();
    let grant = Grant::ClientCredentials {
        client_id: admin.client_id(),
        client_secret: admin.client_secret().into(),
    };
    let mut config = OrgConfig::new(org.url(), grant);
    config.allow_plain_http_loopback = true;
    config.retry = RetryPolicy {
        base: Duration::from_millis(5),
        cap: Duration::from_millis(20),
        total: Duration::from_millis(if patient { 60_000 } else { 400 }),
        ..config.retry
    };
    config.poll = PollPolicy { first: Duration::from_millis(5), ..config.poll };
    Org::new(config).expect("a client")
}

/// The fields that every world maps.
fn seven_rules() -> Vec<FieldRule> {
    let text = |field: &str, column: &str| plain_rule(field, column, FieldType::Text);
    vec![
        plain_rule("Email", "email", FieldType::Email),
        FieldRule { max_length: Some(40), ..text("FirstName", "first_name") },
        FieldRule { max_length: Some(80), ..text("LastName", "last_name") },
        FieldRule {
            columns: vec!["address_1".into(), "address_2".into()],
            max_length: Some(255),
            ..plain_rule("MailingStreet", "", FieldType::TextArea)
        },
        FieldRule { max_length: Some(40), ..text("MailingCity", "city") },
        FieldRule { max_length: Some(40), ..plain_rule("HomePhone", "phone", FieldType::Phone) },
        FieldRule {
            yes_no: Some(("Y".into(), "N".into())),
            ..plain_rule("Email_Opt_In__c", "opt_in", FieldType::Boolean)
        },
    ]
}

/// The map over the columns that no rule fills.
fn with_columns_beside(map: FieldMap, settings: &mut plan::Settings, merges: bool) -> FieldMap {
    let map = if settings.contact_deleted == plan::OnDelete::Flag {
        let (map, place) = map.with_contact_deleted("contact_gone");
        let said = |text| model::Cell::from_nullable(Some(text));
        settings.deleted_flags.column = Some((place, said("yes"), said("")));
        map
    } else {
        map
    };
    if merges { map.with_merged_into("merged_into") } else { map }
}

/// The rules of a world's map.
fn rules(world: &mut World) -> Vec<FieldRule> {
    let object = world.object;
    let mut rules = seven_rules();
    for rule in &mut rules {
        rule.contact_field = World::name(object, &rule.contact_field);
    }
    rules.append(&mut world.rules);
    if object == model::PersonObject::Lead {
        let company = FieldRule {
            columns: Vec::new(),
            constant: Some("Household".to_owned()),
            direction: model::Direction::Push,
            ..plain_rule("Company", "", FieldType::Text)
        };
        rules.push(company);
    }
    for (field, policy) in std::mem::take(&mut world.policies) {
        rules.iter_mut().filter(|rule| rule.contact_field == field).for_each(|rule| rule.policy = policy);
    }
    for (field, policy) in std::mem::take(&mut world.first_link) {
        rules.iter_mut().filter(|rule| rule.contact_field == field).for_each(|rule| rule.first_link = policy);
    }
    for (field, direction) in std::mem::take(&mut world.directions) {
        rules
            .iter_mut()
            .filter(|rule| rule.contact_field == field)
            .for_each(|rule| rule.direction = direction);
    }
    for field in std::mem::take(&mut world.confirmed) {
        rules.iter_mut().filter(|rule| rule.contact_field == field).for_each(|rule| rule.confirmation = true);
    }
    for (field, date) in std::mem::take(&mut world.dated) {
        let consents = rules.iter_mut().filter(|rule| rule.contact_field == field);
        consents.for_each(|rule| rule.dated_by = Some(date.clone()));
    }
    rules
}

async fn sides(org: &simorg::Org, dir: &tempfile::TempDir, mut world: World) -> (Sides, Arc<Holding>) {
    let rules = rules(&mut world);
    let World {
        object,
        mut settings,
        push_marker,
        account,
        on_disk,
        patient,
        through_view,
        no_contact_id,
        merges,
        direct,
        ..
    } = world;
    if !direct {
        settings.direct_calls = 0;
    }
    let technical = TechnicalFields {
        supporter_id: "EN_Supporter_Id__c".into(),
        account_id: account.map(|own| ("EN_Account_Id__c".to_owned(), own)),
        push_marker: push_marker.then(|| "EN_Push__c".to_owned()),
    };
    let map = FieldMap::of(object, rules, technical).expect("a map");
    let map = with_columns_beside(map, &mut settings, merges);
    let client = client(org, patient);
    let describe = client.describe(object.name()).await.expect("described");
    // Tests turn the org's clock between the sign-in and the first cycle: no cycle takes the sign-in's time for the present.
    let _ = client.has_just_signed_in(Duration::MAX).await.expect("signed in");
    let columns = ContactColumns::new(&map, &settings, &describe).expect("every field is there");
    let mut table = table(dir.path());
    if through_view {
        table.table = "supporters_seen".to_owned();
    }
    if no_contact_id {
        table.contact_id = None;
    }
    let supporters = Sqlite::open(&table, map.columns()).await.expect("the table fits").for_map(&map);
    let holding = Holding::over(Arc::new(supporters));
    let state = if on_disk { open(&state_path(dir)).await } else { State::in_memory(1).expect("a state") };
    std::fs::create_dir_all(state.spool_dir()).expect("a spool");
    let sides = Sides {
        org: client,
        supporters: Arc::<Holding>::clone(&holding),
        state,
        map: Arc::new(map),
        columns: Arc::new(columns),
        settings: Arc::new(settings),
        clock: Clock::system(),
        progress: Arc::new(Quiet),
        stop: tokio_util::sync::CancellationToken::new(),
    };
    (sides, holding)
}

/// An address that parses.
#[must_use]
pub fn email(raw: &str) -> Email {
    Email::parse(raw).expect("an address")
}
