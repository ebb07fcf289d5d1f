//! Rows that need a record another transaction holds.

use super::{Api, SaveContext, SaveEnv, SaveError, Work};
use crate::id::RecordId;
use crate::schema::{FieldType, ObjectSchema, Source};

/// Refuses rows whose record is held, or whose parent record is: saving a Contact locks its Account (Salesforce help:
/// record-level locking).
pub(super) fn check(schema: &ObjectSchema, env: &SaveEnv<'_>, context: &SaveContext, works: &mut [Work]) {
    if context.api == Api::Seed || env.locks.is_none_or(crate::org::Locks::is_empty) {
        return;
    }
    let references: Vec<u16> = schema
        .fields
        .iter()
        .filter(|f| f.kind == FieldType::Reference && f.source == Source::Stored && f.name != "OwnerId")
        .map(|field| field.index)
        .collect();
    for work in works.iter_mut().filter(|work| work.passes()) {
        let parents = references.iter().filter_map(|field| work.draft.get(*field).text());
        let parents = parents.filter_map(RecordId::parse);
        let held = work.id.into_iter().chain(parents).find(|id| is_held(env, id));
        work.errors.extend(held.map(|id| refusal(&id)));
    }
}

/// Whether a record is held now.
pub(super) fn is_held(env: &SaveEnv<'_>, id: &RecordId) -> bool {
    env.locks.is_some_and(|locks| locks.holds(id, env.now))
}

/// The refusal of a row that needs this record.
pub(super) fn refusal(id: &RecordId) -> SaveError {
    let text = format!("unable to obtain exclusive access to this record or 1 records: {id}");
    SaveError::new("UNABLE_TO_LOCK_ROW", text)
}
