//! The one way a row gets into the store: REST, collections, Bulk and the user interface all end here.
//!
//! Order of checks: target → types and lengths → required → unique → validation rules → before-save flows →
//! duplicate rules (once for all rows of the save, against committed data) → commit.

mod check;
mod coerce;
mod commit;
mod convert;
mod delete;
mod derived;
mod duplicates;
mod error;
mod flows;
mod history;
mod locked;
mod merge;
mod npsp;
mod person;
mod regions;
mod target;
mod triggers;
mod unique;

pub use coerce::{CoerceError, from_csv, from_json};
pub(crate) use commit::plain_record;
pub use convert::{Conversion, Converted, convert};
pub use delete::{RECYCLE_DAYS, delete, empty_recycle_bin, touch_all, undelete};
pub use error::{Failure, SaveError};
pub use merge::merge;

use crate::duplicate::DuplicateEngine;
use crate::id::RecordId;
use crate::org::Locks;
use crate::record::Draft;
use crate::schema::ObjectSchema;
use crate::settings::Settings;
use crate::store::{Slot, Store};
use crate::value::{Stamp, Value};

/// Through which door a save comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// REST, collections included.
    Rest,
    /// Bulk API 2.0.
    Bulk,
    /// A person in the user interface.
    Ui,
    /// Seeding: no rules, no flows, audit fields may be given.
    Seed,
}

/// `Sforce-Duplicate-Rule-Header` (REST guide: all three are false unless given).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DuplicateHeader {
    /// Save although a rule alerts. No effect on rules that block.
    pub allow_save: bool,
    /// Show the fields of matched records, not only their ids.
    pub include_record_details: bool,
    /// Match only what the caller may see.
    pub run_as_current_user: bool,
}

/// Who saves, how, and under which conditions.
#[derive(Clone, Copy, Debug)]
pub struct SaveContext {
    /// The user.
    pub user: RecordId,
    /// The door.
    pub api: Api,
    /// The duplicate header of the call.
    pub duplicates: DuplicateHeader,
    /// One refused row refuses all.
    pub all_or_none: bool,
    /// An upsert may not insert.
    pub update_only: bool,
    /// API version of the call, for URLs in bodies.
    pub version: u32,
}

impl SaveContext {
    /// A save through this door without any special wish.
    pub fn new(user: RecordId, api: Api) -> Self {
        let duplicates = DuplicateHeader::default();
        Self { user, api, duplicates, all_or_none: false, update_only: false, version: 66 }
    }
}

/// Which record a row is for.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// A new record.
    New,
    /// The record with this id.
    Id(RecordId),
    /// The record that holds this text in this field (external id or idLookup), or a new one.
    Key {
        /// Index of the key field.
        field: u16,
        /// Its value; blank is refused.
        value: String,
    },
}

/// A reference given by an external id of the other record, as in `Account.EN_Account_Id__c`.
#[derive(Clone, Debug, PartialEq)]
pub struct ForeignKey {
    /// The reference field that gets the id.
    pub field: u16,
    /// Object of the other record.
    pub object: String,
    /// Field of the other record: external id or idLookup.
    pub key: u16,
    /// Value to look for; blank clears the reference.
    pub value: String,
}

/// Audit fields a seeded row brings along.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Audit {
    /// `CreatedDate`.
    pub created: Option<Stamp>,
    /// `LastModifiedDate`.
    pub modified: Option<Stamp>,
    /// `SystemModstamp`.
    pub stamp: Option<Stamp>,
}

/// One row on its way in. Fields not named stay as they are; `Value::Null` clears.
#[derive(Clone, Debug, PartialEq)]
pub struct RowToSave {
    /// Which record.
    pub target: Target,
    /// Values by field index, already of the field's type (see [`from_json`] and [`from_csv`]).
    pub values: Vec<(u16, Value)>,
    /// References by foreign key.
    pub foreign: Vec<ForeignKey>,
    /// Audit fields; only [`Api::Seed`] heeds them.
    pub audit: Audit,
}

impl RowToSave {
    /// A row of plain values.
    pub fn new(target: Target, values: Vec<(u16, Value)>) -> Self {
        Self { target, values, foreign: Vec::new(), audit: Audit::default() }
    }
}

/// What became of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// The record.
    pub id: RecordId,
    /// It is new.
    pub created: bool,
}

/// What every save needs of the org around the store.
#[derive(Clone, Copy)]
pub struct SaveEnv<'a> {
    /// The org's settings.
    pub settings: &'a Settings,
    /// The present moment.
    pub now: Stamp,
    /// The duplicate rules; none lets everything pass.
    pub duplicates: Option<&'a DuplicateEngine>,
    /// Records held by other transactions; none holds nothing.
    pub locks: Option<&'a Locks>,
}

/// A row on its way through the checks.
struct Work {
    row: RowToSave,
    slot: Option<Slot>,
    id: Option<RecordId>,
    draft: Draft,
    changed: Vec<u16>,
    errors: Vec<SaveError>,
    reports: Vec<duplicates::MatchReport>,
}

impl Work {
    fn passes(&self) -> bool {
        self.errors.is_empty()
    }

    fn is_new(&self) -> bool {
        self.slot.is_none()
    }
}

/// Object permissions of the API's callers.
fn access(schema: &ObjectSchema, context: &SaveContext, work: &mut Work) {
    if !matches!(context.api, Api::Rest | Api::Bulk) || !work.passes() {
        return;
    }
    if work.is_new() && !schema.access.create {
        work.errors.push(SaveError::not_inserted(&schema.label));
    } else if !work.is_new() && !schema.access.edit {
        work.errors.push(SaveError::no_access());
    }
}

/// Saves rows of one object (at most 200 in one transaction) and answers for each in order. Rows fail one by
/// one unless the context says all or none. An unknown object fails every row with `INVALID_TYPE`.
pub fn save(
    store: &mut Store,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    object: &str,
    rows: Vec<RowToSave>,
) -> Vec<Result<Saved, Failure>> {
    let Some(table) = store.table(object) else {
        return rows.iter().map(|_| Err(SaveError::unknown_object(object).into())).collect();
    };
    let name = table.schema().name.clone();
    let mut works: Vec<Work> = target::resolve(table, context, rows);
    for work in &mut works {
        access(table.schema(), context, work);
        target::fill_draft(store, table, context, work);
        person::shape(store, table.schema(), env, context, work);
        target::set_name(table, &mut work.draft);
        regions::sync(table.schema(), work);
        check::types(store, table.schema(), work);
        check::required(table.schema(), work);
    }
    locked::check(table.schema(), env, context, &mut works);
    unique::check(table, &mut works);
    if context.api != Api::Seed {
        check::validation(table, env, &mut works);
        for work in works.iter_mut().filter(|work| work.errors.is_empty()) {
            flows::before_save(table.schema(), env, work);
        }
        npsp::check_households(store, env, context, &name, &mut works);
        duplicates::check(store, env, context, &name, &mut works);
    }
    if context.api != Api::Seed {
        triggers::throw(table.schema(), env, &mut works);
    }
    if context.all_or_none && works.iter().any(|work| !work.passes()) {
        for work in works.iter_mut().filter(|work| work.passes()) {
            work.errors.push(SaveError::rolled_back());
        }
    }
    works.into_iter().map(|work| commit::commit(store, env, context, &name, work)).collect()
}
