//! What an administrator can do with an org, past the Salesforce API.

use super::calls::CallCounts;
use super::error::OrgError;
use super::faults::Fault;
use super::op::Op;
use super::state::OrgState;
use crate::bulk::{self, JobInfo, Progress};
use crate::clock::Clock;
use crate::id::RecordId;
use crate::rest::{RowError, record_json, seeded_row};
use crate::save::{self, Api, Conversion, Converted, Failure, SaveContext, Target};
use crate::schema::{Field, ObjectSchema};
use crate::settings::Settings;
use crate::store::Store;
use serde_json::{Map, Value as Json};
use std::sync::Arc;
use std::time::Duration;

/// Seeds, edits, watches and disturbs an org. Clones act on the same org.
#[derive(Clone)]
pub struct Admin {
    state: Arc<OrgState>,
}

impl Admin {
    pub(super) fn new(state: Arc<OrgState>) -> Self {
        Self { state }
    }

    pub(crate) fn state(&self) -> &Arc<OrgState> {
        &self.state
    }

    /// Consumer key of the connected app.
    pub fn client_id(&self) -> String {
        self.state.settings().auth.client_id.clone()
    }

    /// Consumer secret of the connected app.
    pub fn client_secret(&self) -> String {
        self.state.settings().auth.client_secret.clone()
    }

    /// Usernames of all users of the settings.
    pub fn usernames(&self) -> Vec<String> {
        self.state.settings().users.iter().map(|user| user.username.clone()).collect()
    }

    /// Username of the first user who is no integration user.
    pub fn person(&self) -> String {
        let settings = self.state.settings();
        let person = settings.users.iter().find(|user| !user.integration).or(settings.users.first());
        person.map(|user| user.username.clone()).unwrap_or_default()
    }

    /// Private key (PKCS#8 PEM) whose assertions the org accepts, unless the settings name another public key.
    pub fn jwt_private_key_pem(&self) -> String {
        self.state.keys.private_pem().to_owned()
    }

    /// The org's 18-character id.
    pub fn org_id(&self) -> String {
        self.state.org_id().to_string()
    }

    /// Id of a user by name.
    pub fn user_id(&self, username: &str) -> Option<String> {
        self.state.user_id(username).map(|id| id.to_string())
    }

    /// The settings as they are now.
    pub fn settings(&self) -> Settings {
        Settings::clone(&self.state.settings())
    }

    /// Changes settings while the org runs. Rules, fields, rights and knobs take effect at once; users, ids
    /// and ports stay.
    pub fn configure(&self, change: impl FnOnce(&mut Settings)) {
        self.state.configure(change);
    }

    /// The org's clock. Moving it moves stamps, sessions and the HTTP `Date` header.
    pub fn clock(&self) -> &Clock {
        &self.state.clock
    }

    /// Counted calls.
    pub fn calls(&self) -> CallCounts {
        self.state.calls.counts()
    }

    /// Counts from zero again.
    pub fn reset_calls(&self) {
        self.state.calls.reset();
    }

    /// Scripts a fault for the next call of this kind that has none yet.
    pub fn fault(&self, op: Op, fault: Fault) {
        self.state.faults.push(op, fault);
    }

    /// Forgets all scripted faults.
    pub fn clear_faults(&self) {
        self.state.faults.clear();
    }

    /// Ends every session: the next call of each client is answered 401.
    pub fn end_sessions(&self) {
        self.state.sessions.end_all();
    }

    /// Closes every query cursor: the next page is answered `INVALID_QUERY_LOCATOR`.
    pub fn close_cursors(&self) {
        self.state.cursors.close_all();
    }

    /// Adds records as the person user, without rules and flows. `CreatedDate`, `LastModifiedDate` and
    /// `SystemModstamp` may be given.
    ///
    /// # Errors
    /// The first row that is malformed or breaks a unique field; rows before it stay.
    pub fn seed(&self, object: &str, rows: Vec<Map<String, Json>>) -> Result<Vec<String>, OrgError> {
        self.seed_as(&self.person(), object, rows)
    }

    /// As [`Admin::seed`], by a user of choice.
    ///
    /// # Errors
    /// As [`Admin::seed`], and when the user does not exist.
    pub fn seed_as(
        &self,
        username: &str,
        object: &str,
        rows: Vec<Map<String, Json>>,
    ) -> Result<Vec<String>, OrgError> {
        let context = SaveContext::new(self.user(username)?, Api::Seed);
        let mut ready = Vec::with_capacity(rows.len());
        {
            let store = self.state.store();
            let schema = schema(&store, object)?;
            for (number, row) in rows.iter().enumerate() {
                ready.push(seeded_row(&store, schema, row).map_err(|error| malformed(number, &error))?);
            }
        }
        let mut ids = Vec::with_capacity(ready.len());
        let mut ready = ready.into_iter().peekable();
        while ready.peek().is_some() {
            let chunk = ready.by_ref().take(2_000).collect();
            for result in self.state.save(&context, object, chunk) {
                ids.push(result.map_err(OrgError::Refused)?.id.to_string());
            }
        }
        Ok(ids)
    }

    /// A person creates a record in the user interface: flows and validation run, a duplicate alert is
    /// dismissed, a block is not.
    ///
    /// # Errors
    /// When the save is refused.
    pub fn create_as(&self, username: &str, object: &str, row: &Json) -> Result<String, OrgError> {
        self.write_as(username, object, Target::New, row)
    }

    /// A person edits a record in the user interface.
    ///
    /// # Errors
    /// When the save is refused.
    pub fn edit_as(&self, username: &str, object: &str, id: &str, row: &Json) -> Result<(), OrgError> {
        let id = RecordId::parse(id).ok_or(OrgError::Id)?;
        self.write_as(username, object, Target::Id(id), row).map(|_| ())
    }

    fn write_as(&self, username: &str, object: &str, target: Target, row: &Json) -> Result<String, OrgError> {
        let context = SaveContext::new(self.user(username)?, Api::Ui);
        let empty = Map::new();
        let mut ready = {
            let store = self.state.store();
            let schema = schema(&store, object)?;
            seeded_row(&store, schema, row.as_object().unwrap_or(&empty)).map_err(|e| malformed(0, &e))?
        };
        ready.target = target;
        let result = self.state.save(&context, object, vec![ready]).pop();
        let saved = result.ok_or(OrgError::Id)?.map_err(OrgError::Refused)?;
        Ok(saved.id.to_string())
    }

    /// A person deletes a record.
    ///
    /// # Errors
    /// When there is no such live record.
    pub fn delete_as(&self, username: &str, object: &str, id: &str) -> Result<(), OrgError> {
        let context = SaveContext::new(self.user(username)?, Api::Ui);
        let id = RecordId::parse(id).ok_or(OrgError::Id)?;
        done(self.state.delete(&context, object, &[id], false))
    }

    /// A person takes a record out of the recycle bin.
    ///
    /// # Errors
    /// When it is not there, or a live record holds its unique value.
    pub fn undelete_as(&self, username: &str, object: &str, id: &str) -> Result<(), OrgError> {
        let context = SaveContext::new(self.user(username)?, Api::Ui);
        let id = RecordId::parse(id).ok_or(OrgError::Id)?;
        done(self.state.change(|store, env| save::undelete(store, env, &context, object, &[id])))
    }

    /// A person merges up to two records into a master.
    ///
    /// # Errors
    /// When one of them is not live, or the merge is not possible.
    pub fn merge_as(
        &self,
        username: &str,
        object: &str,
        master: &str,
        losers: &[&str],
    ) -> Result<(), OrgError> {
        let context = SaveContext::new(self.user(username)?, Api::Ui);
        let master = RecordId::parse(master).ok_or(OrgError::Id)?;
        let losers = losers.iter().map(|id| RecordId::parse(id)).collect::<Option<Vec<_>>>();
        let losers = losers.ok_or(OrgError::Id)?;
        let merged =
            self.state.change(|store, env| save::merge(store, env, &context, object, master, &losers));
        merged.map(|_| ()).map_err(OrgError::Refused)
    }

    /// A person converts a Lead in the user interface.
    ///
    /// # Errors
    /// When the Lead is not live or was converted before, or a record of it is refused.
    pub fn convert_as(&self, username: &str, lead: &str, wish: &Conversion) -> Result<Converted, OrgError> {
        let context = SaveContext::new(self.user(username)?, Api::Ui);
        let lead = RecordId::parse(lead).ok_or(OrgError::Id)?;
        let converted = self.state.change(|store, env| save::convert(store, env, &context, lead, wish));
        converted.map_err(OrgError::Refused)
    }

    /// Another transaction holds a record for this long by the org's clock: saves that need it are refused
    /// `UNABLE_TO_LOCK_ROW`.
    ///
    /// # Errors
    /// When the text is no id.
    pub fn lock(&self, id: &str, time: Duration) -> Result<(), OrgError> {
        let id = RecordId::parse(id).ok_or(OrgError::Id)?;
        let millis = i64::try_from(time.as_millis()).unwrap_or(i64::MAX);
        self.state.locks.hold(id, self.state.clock.now().plus_millis(millis));
        Ok(())
    }

    /// Lets every held record go.
    pub fn release_locks(&self) {
        self.state.locks.release_all();
    }

    /// Automation touches every live record of an object: `SystemModstamp` moves, nothing else.
    pub fn touch_all(&self, object: &str) {
        self.state.change(|store, env| save::touch_all(store, env, object));
    }

    /// Purges what has been in the recycle bin for more than 15 days by the org's clock.
    pub fn empty_recycle_bin(&self) {
        self.state.change(|store, env| save::empty_recycle_bin(store, env.now));
    }

    /// Lets Bulk jobs run by themselves (the default), or only by [`Admin::step_jobs`]. Switching back to
    /// `Auto` starts the jobs that wait, which needs a tokio runtime.
    pub fn progress(&self, progress: Progress) {
        self.state.jobs.set_progress(progress);
        if progress == Progress::Auto {
            bulk::start_all(&self.state);
        }
    }

    /// Moves every Bulk job that waits one step on and answers how many moved. Runs on the calling thread.
    pub fn step_jobs(&self) -> usize {
        bulk::step(&self.state)
    }

    /// All Bulk jobs, oldest first.
    pub fn jobs(&self) -> Vec<JobInfo> {
        self.state.jobs.infos()
    }

    /// All live records of an object, as REST shows them; hidden fields too. Empty for an unknown object.
    pub fn records(&self, object: &str) -> Vec<Json> {
        self.dump(object, false, |schema| schema.fields.iter().collect())
    }

    /// As [`Admin::records`], with the fields of these names only. What the object does not have is left out.
    pub fn fields_of_records(&self, object: &str, fields: &[&str]) -> Vec<Json> {
        self.dump(object, false, |schema| fields.iter().filter_map(|name| schema.any_field(name)).collect())
    }

    /// As [`Admin::records`], with the recycle bin.
    pub fn all_records(&self, object: &str) -> Vec<Json> {
        self.dump(object, true, |schema| schema.fields.iter().collect())
    }

    fn dump(
        &self,
        object: &str,
        deleted: bool,
        fields: impl FnOnce(&ObjectSchema) -> Vec<&Field>,
    ) -> Vec<Json> {
        let store = self.state.store();
        let Some(table) = store.table(object) else { return Vec::new() };
        let schema = table.schema();
        let fields = fields(schema);
        let wanted = table.iter().filter(|record| deleted || !record.deleted);
        wanted.map(|record| record_json(schema, record, "", fields.iter().copied())).collect()
    }

    fn user(&self, username: &str) -> Result<RecordId, OrgError> {
        self.state.user_id(username).ok_or(OrgError::User)
    }
}

fn schema<'a>(store: &'a Store, object: &str) -> Result<&'a ObjectSchema, OrgError> {
    store.schema(object).ok_or_else(|| OrgError::Object(object.to_owned()))
}

fn malformed(row: usize, error: &RowError) -> OrgError {
    let code = match error {
        RowError::Request(_) => "JSON_PARSER_ERROR",
        RowError::Row(error) => error.status_code,
    };
    OrgError::Row { row, code }
}

fn done(results: Vec<Result<save::Saved, Failure>>) -> Result<(), OrgError> {
    results.into_iter().try_for_each(|result| result.map(|_| ()).map_err(OrgError::Refused))
}
