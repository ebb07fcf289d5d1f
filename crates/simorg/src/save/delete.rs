//! Into the recycle bin and out of it.

use super::{Api, Failure, SaveContext, SaveEnv, SaveError, Saved, locked, person};
use crate::id::RecordId;
use crate::store::{Store, Table};
use crate::value::Stamp;

/// Days a record stays in the recycle bin.
pub const RECYCLE_DAYS: i64 = 15;

/// Puts records into the recycle bin (or away for good), and answers for each in order.
pub fn delete(
    store: &mut Store,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    object: &str,
    ids: &[RecordId],
    hard: bool,
) -> Vec<Result<Saved, Failure>> {
    let pair = |id: &RecordId| Some((*id, person::contact_of(store, id)?));
    let behind: Vec<(RecordId, RecordId)> = ids.iter().filter_map(pair).collect();
    let shadows: Vec<RecordId> =
        ids.iter().filter(|id| person::is_behind_person(store, id)).copied().collect();
    let Some(table) = store.table_mut(object) else {
        return ids.iter().map(|_| Err(SaveError::unknown_object(object).into())).collect();
    };
    let bound = matches!(context.api, Api::Rest | Api::Bulk) && !table.schema().access.delete;
    let refused = |id: &RecordId| if bound { Some(SaveError::no_access()) } else { refusal(table, id, hard) };
    let held = |id: &RecordId| locked::is_held(env, id).then(|| locked::refusal(id));
    let shadow = |id: &RecordId| shadows.contains(id).then(SaveError::no_access);
    let refused = |id: &RecordId| refused(id).or_else(|| held(id)).or_else(|| shadow(id));
    let errors: Vec<Option<SaveError>> = ids.iter().map(refused).collect();
    let stop = context.all_or_none && errors.iter().any(Option::is_some);
    let results = ids
        .iter()
        .zip(errors)
        .map(|(id, error)| {
            let error = error.or_else(|| stop.then(SaveError::rolled_back));
            // Deleting the same id twice in one call finds it gone the second time.
            if let Some(error) = error.or_else(|| refusal(table, id, hard)) {
                return Err(Failure { id: Some(*id), errors: vec![error] });
            }
            remove(table, env, context, id, None, hard);
            Ok(Saved { id: *id, created: false })
        })
        .collect();
    // The Contact behind a person account goes with it.
    for (account, contact) in behind {
        let gone = store.table(object).is_some_and(|t| t.get(&account).is_none_or(|record| record.deleted));
        if let Some(contacts) = store.table_mut("Contact").filter(|_| gone) {
            remove(contacts, env, context, &contact, None, hard);
        }
    }
    results
}

fn refusal(table: &Table, id: &RecordId, hard: bool) -> Option<SaveError> {
    match table.get(id) {
        None => Some(SaveError::cross_reference()),
        Some(record) if record.deleted && !hard => Some(SaveError::deleted()),
        Some(_) => None,
    }
}

/// Marks one record deleted, with its winner when it lost a merge.
pub(super) fn remove(
    table: &mut Table,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    id: &RecordId,
    master: Option<RecordId>,
    hard: bool,
) {
    let Some(slot) = table.slot(id) else { return };
    if hard {
        table.purge(slot);
        return;
    }
    let Some(mut version) = table.at(slot).cloned() else { return };
    let lag = i64::try_from(env.settings.latency.commit_lag_s).unwrap_or(0).saturating_mul(1000);
    version.previous = None;
    version.deleted = true;
    version.master = master;
    version.stamp = env.now.to_second();
    version.modified = version.stamp;
    version.modified_by = context.user;
    version.visible_at = version.stamp.plus_millis(lag);
    table.replace(slot, version);
}

/// Takes records out of the recycle bin. Duplicate rules do not run; unique values are checked.
pub fn undelete(
    store: &mut Store,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    object: &str,
    ids: &[RecordId],
) -> Vec<Result<Saved, Failure>> {
    let Some(table) = store.table_mut(object) else {
        return ids.iter().map(|_| Err(SaveError::unknown_object(object).into())).collect();
    };
    ids.iter().map(|id| restore(table, env, context, id)).collect()
}

fn restore(
    table: &mut Table,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    id: &RecordId,
) -> Result<Saved, Failure> {
    let fail = |error: SaveError| Err(Failure { id: Some(*id), errors: vec![error] });
    let Some((slot, record)) = table.slot(id).zip(table.get(id)) else {
        return fail(SaveError::cross_reference());
    };
    if !record.deleted {
        let text = "Entity is not in the recycle bin";
        return fail(SaveError::new("UNDELETE_FAILED", text));
    }
    for field in table.schema().fields.iter().filter(|field| field.flags.unique) {
        let holders = record.value(field).text().map(|text| table.holders(field, text)).unwrap_or_default();
        if let Some(holder) = holders.first() {
            return fail(SaveError::duplicate_value(&field.name, Some(holder.id)));
        }
    }
    let mut version = record.clone();
    version.previous = None;
    version.deleted = false;
    version.master = None;
    version.stamp = env.now.to_second();
    version.modified = version.stamp;
    version.modified_by = context.user;
    version.visible_at = version.stamp;
    table.replace(slot, version);
    Ok(Saved { id: *id, created: false })
}

/// Purges what has been in the recycle bin for longer than [`RECYCLE_DAYS`].
pub fn empty_recycle_bin(store: &mut Store, now: Stamp) {
    let limit = now.plus_millis(-RECYCLE_DAYS * 86_400_000);
    let names: Vec<String> = store.tables().map(|table| table.schema().name.clone()).collect();
    for name in names {
        let Some(table) = store.table_mut(&name) else { continue };
        let stale: Vec<_> = table
            .touched_between(Stamp(0), limit)
            .into_iter()
            .filter(|slot| table.at(*slot).is_some_and(|record| record.deleted && record.stamp <= limit))
            .collect();
        for slot in stale {
            table.purge(slot);
        }
    }
}

/// Automation touches every live record: only `SystemModstamp` moves.
pub fn touch_all(store: &mut Store, env: &SaveEnv<'_>, object: &str) {
    let Some(table) = store.table_mut(object) else { return };
    for slot in 0..table.slots() {
        let Some(record) = table.at(slot).filter(|record| !record.deleted) else { continue };
        let mut version = record.clone();
        version.previous = None;
        version.stamp = env.now.to_second();
        version.visible_at = version.stamp;
        table.replace(slot, version);
    }
}
