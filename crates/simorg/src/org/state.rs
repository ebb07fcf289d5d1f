//! What all requests of one org share.

use super::calls::Calls;
use super::faults::Faults;
use super::locks::Locks;
use super::transaction::noted;
use super::usage::Usage;
use crate::auth::{Keys, Sessions};
use crate::clock::Clock;
use crate::duplicate::DuplicateEngine;
use crate::id::RecordId;
use crate::random::Random;
use crate::rest::Cursors;
use crate::save::{self, Api, Failure, RowToSave, SaveContext, SaveEnv, Saved};
use crate::schema::Schema;
use crate::settings::Settings;
use crate::setup;
use crate::store::Store;
use crate::value::Value;
use std::sync::{Arc, OnceLock, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// One org. Handlers get it as `State<Arc<OrgState>>`.
pub(crate) struct OrgState {
    settings: RwLock<Arc<Settings>>,
    store: RwLock<Store>,
    engine: RwLock<Arc<DuplicateEngine>>,
    /// The org's clock.
    pub(crate) clock: Clock,
    /// The org's randomness.
    pub(crate) random: Random,
    /// Signed-in sessions.
    pub(crate) sessions: Sessions,
    /// Key pair of the connected app.
    pub(crate) keys: Keys,
    /// Counted calls.
    pub(crate) calls: Calls,
    /// Scripted faults.
    pub(crate) faults: Faults,
    /// Use of the daily allowances.
    pub(crate) usage: Usage,
    /// Records held by other transactions.
    pub(crate) locks: Locks,
    /// Bulk jobs.
    pub(crate) jobs: crate::bulk::Jobs,
    /// Open query cursors.
    pub(crate) cursors: Cursors,
    /// Base URL: the public one, or the address once the server listens.
    pub(crate) url: OnceLock<String>,
}

impl OrgState {
    /// An org with its users and no other record.
    pub(crate) fn new(settings: Settings) -> Self {
        let schema = Schema::of_settings(&settings);
        let mut store = Store::new(&schema, &settings.pod);
        let clock = Clock::default();
        let engine = DuplicateEngine::new(&settings.duplicates, &schema);
        engine.arm(&mut store);
        let env = SaveEnv { settings: &settings, now: clock.now(), duplicates: None, locks: None };
        add_users(&mut store, &env);
        add_rules(&mut store, &env);
        setup::refresh(&mut store, &settings, clock.now());
        // Set first, it stays: the address it listens on is no name clients know.
        let url: OnceLock<String> = settings
            .http
            .public_url
            .as_deref()
            .map(|url| url.trim_end_matches('/').to_owned().into())
            .unwrap_or_default();
        Self {
            store: RwLock::new(store),
            engine: RwLock::new(Arc::new(engine)),
            clock,
            random: Random::new(settings.seed),
            sessions: Sessions::default(),
            keys: Keys::default(),
            calls: Calls::default(),
            faults: Faults::default(),
            usage: Usage::default(),
            locks: Locks::default(),
            jobs: crate::bulk::Jobs::default(),
            cursors: Cursors::default(),
            url,
            settings: RwLock::new(Arc::new(settings)),
        }
    }

    /// The settings as they are now.
    pub(crate) fn settings(&self) -> Arc<Settings> {
        Arc::clone(&self.settings.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Changes settings. Fields, rights and rules take effect at once; users, ids and ports do not change.
    pub(crate) fn configure(&self, change: impl FnOnce(&mut Settings)) {
        let mut guard = self.settings.write().unwrap_or_else(PoisonError::into_inner);
        let mut settings = Settings::clone(&guard);
        change(&mut settings);
        // Rules read every record when they are made ready, so they are left alone when nothing changed.
        if !settings.same_shape(&guard) || settings.duplicates != guard.duplicates {
            self.rebuild(&settings);
        }
        *guard = Arc::new(settings);
    }

    fn rebuild(&self, settings: &Settings) {
        let schema = Schema::of_settings(settings);
        let mut store = self.store_mut();
        store.adopt(&schema);
        let full = Schema::of(store.tables().map(|table| table.schema().clone()).collect());
        let engine = DuplicateEngine::new(&settings.duplicates, &full);
        engine.arm(&mut store);
        add_rules(&mut store, &SaveEnv { settings, now: self.clock.now(), duplicates: None, locks: None });
        setup::refresh(&mut store, settings, self.clock.now());
        *self.engine.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(engine);
    }

    /// Replaces settings and records, and makes the rules ready for them.
    pub(crate) fn put(&self, settings: Settings, mut store: Store) {
        let schema = Schema::of(store.tables().map(|table| table.schema().clone()).collect());
        let engine = DuplicateEngine::new(&settings.duplicates, &schema);
        engine.arm(&mut store);
        setup::refresh(&mut store, &settings, self.clock.now());
        let mut place = self.settings.write().unwrap_or_else(PoisonError::into_inner);
        *self.store_mut() = store;
        *self.engine.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(engine);
        *place = Arc::new(settings);
    }

    /// The records, to read. Hold it shortly and never across an await.
    pub(crate) fn store(&self) -> RwLockReadGuard<'_, Store> {
        self.store.read().unwrap_or_else(PoisonError::into_inner)
    }

    /// The records, to change.
    pub(crate) fn store_mut(&self) -> RwLockWriteGuard<'_, Store> {
        self.store.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Saves rows of one object in one transaction; see [`save::save`].
    pub(crate) fn save(
        &self,
        context: &SaveContext,
        object: &str,
        rows: Vec<RowToSave>,
    ) -> Vec<Result<Saved, Failure>> {
        self.change(|store, env| save::save(store, env, context, object, rows))
    }

    /// Deletes records; see [`save::delete`].
    pub(crate) fn delete(
        &self,
        context: &SaveContext,
        object: &str,
        ids: &[RecordId],
        hard: bool,
    ) -> Vec<Result<Saved, Failure>> {
        self.change(|store, env| save::delete(store, env, context, object, ids, hard))
    }

    /// Runs a change of the store with the settings, rules and clock of this moment.
    pub(crate) fn change<T>(&self, work: impl FnOnce(&mut Store, &SaveEnv<'_>) -> T) -> T {
        let settings = self.settings();
        let engine = Arc::clone(&self.engine.read().unwrap_or_else(PoisonError::into_inner));
        let mut store = self.store_mut();
        // Read under the lock, so that stamps never run backward between saves.
        let now = self.clock.now();
        let env = SaveEnv { settings: &settings, now, duplicates: Some(&engine), locks: Some(&self.locks) };
        noted(&mut store, |store| work(store, &env))
    }

    /// Base URL of the org.
    pub(crate) fn url(&self) -> &str {
        self.url.get().map_or("http://127.0.0.1", String::as_str)
    }

    /// The id of a user by name.
    pub(crate) fn user_id(&self, username: &str) -> Option<RecordId> {
        let store = self.store();
        let table = store.table("User")?;
        let field = table.schema().any_field("Username")?;
        table.holders(field, username).first().map(|record| record.id)
    }

    /// The org's id; a malformed setting reads as the default org's.
    pub(crate) fn org_id(&self) -> RecordId {
        RecordId::parse(&self.settings().org_id).unwrap_or_else(|| RecordId::mint("00D", "5f0", 1))
    }
}

fn add_users(store: &mut Store, env: &SaveEnv<'_>) {
    let first = RecordId::mint("005", &env.settings.pod, 1);
    let context = SaveContext::new(first, Api::Seed);
    for user in &env.settings.users {
        let alias: String = user.last_name.chars().take(8).collect();
        let name = format!("{} {}", user.first_name, user.last_name);
        let fields = [
            ("Username", Value::text(user.username.as_str())),
            ("FirstName", Value::text(user.first_name.as_str())),
            ("LastName", Value::text(user.last_name.as_str())),
            ("Name", Value::text(name.trim())),
            ("Email", Value::text(user.email.as_str())),
            ("Alias", Value::text(alias)),
            ("IsActive", Value::Bool(user.active)),
            ("UserType", Value::text("Standard")),
            ("ProfileId", Value::text(setup::profile_id(env.settings, user.profile()).as_str())),
            ("UserPermissionsMarketingUser", Value::Bool(user.marketing)),
            ("TimeZoneSidKey", Value::text("GMT")),
            ("LocaleSidKey", Value::text("en_US")),
            ("LanguageLocaleKey", Value::text("en_US")),
            ("EmailEncodingKey", Value::text("UTF-8")),
        ];
        save::plain_record(store, env, &context, "User", &fields);
    }
}

/// The record of a duplicate rule by its developer name.
fn rule_id(store: &Store, name: &str) -> Option<RecordId> {
    let table = store.table("DuplicateRule")?;
    let field = table.schema().any_field("DeveloperName")?;
    table.iter().find(|record| record.value(field).text() == Some(name)).map(|record| record.id)
}

fn add_rules(store: &mut Store, env: &SaveEnv<'_>) {
    let context = SaveContext::new(RecordId::mint("005", &env.settings.pod, 1), Api::Seed);
    for rule in &env.settings.duplicates.rules {
        if rule_id(store, &rule.name).is_some() {
            continue;
        }
        let fields = [
            ("DeveloperName", Value::text(rule.name.as_str())),
            ("MasterLabel", Value::text(rule.name.replace('_', " "))),
            ("SobjectType", Value::text(rule.object.as_str())),
            ("IsActive", Value::Bool(true)),
        ];
        save::plain_record(store, env, &context, "DuplicateRule", &fields);
    }
}
