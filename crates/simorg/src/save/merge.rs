//! Merging records, as the user interface and SOAP `merge()` do; REST has no merge.

use super::delete::remove;
use super::{Failure, SaveContext, SaveEnv, SaveError, Saved, history, person};
use crate::id::RecordId;
use crate::store::Store;
use crate::value::Value;

/// Merges up to two losers into a master (three records in all). The master keeps its values; the losers go to
/// the recycle bin with `MasterRecordId`; records that pointed at a loser point at the master. Duplicate
/// rules do not run.
pub fn merge(
    store: &mut Store,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    object: &str,
    master: RecordId,
    losers: &[RecordId],
) -> Result<Saved, Failure> {
    let all = || std::iter::once(&master).chain(losers);
    if object == "Contact" && all().any(|id| person::is_behind_person(store, id)) {
        // A person is merged as an Account.
        return Err(SaveError::no_access().into());
    }
    let Some(table) = store.table_mut(object) else {
        return Err(SaveError::unknown_object(object).into());
    };
    if !table.schema().mergeable || losers.is_empty() || losers.len() > 2 || losers.contains(&master) {
        return Err(SaveError::new("INVALID_FIELD", "merge request is not valid").into());
    }
    for id in all() {
        match table.get(id) {
            None => return Err(SaveError::cross_reference().into()),
            Some(record) if record.deleted => return Err(SaveError::deleted().into()),
            Some(_) => {}
        }
    }
    let shadow = |id: &RecordId| person::contact_of(store, id);
    let shadows: Vec<RecordId> = losers.iter().filter_map(shadow).collect();
    let kept = shadow(&master);
    let Some(table) = store.table_mut(object) else {
        return Err(SaveError::unknown_object(object).into());
    };
    for loser in losers {
        remove(table, env, context, loser, Some(master), false);
    }
    if let Some((slot, mut version)) = table.slot(&master).zip(table.get(&master).cloned()) {
        version.previous = None;
        version.stamp = env.now.to_second();
        version.modified = version.stamp;
        version.modified_by = context.user;
        version.visible_at = version.stamp;
        table.replace(slot, version);
    }
    for loser in losers {
        repoint(store, object, *loser, master);
    }
    // A person account takes the Contacts behind the losers along.
    for contact in shadows {
        if let Some(contacts) = store.table_mut("Contact") {
            remove(contacts, env, context, &contact, kept, false);
        }
    }
    if store.schema(object).is_some_and(|schema| schema.fields.iter().any(|field| field.flags.tracked)) {
        let rows = losers.iter().map(|_| history::event("contactMerged")).collect();
        history::write(store, env, context, object, master, rows);
    }
    Ok(Saved { id: master, created: false })
}

/// Children of the loser become children of the master.
fn repoint(store: &mut Store, object: &str, loser: RecordId, master: RecordId) {
    let owners: Vec<String> = store
        .tables()
        .filter(|table| table.schema().fields.iter().any(|f| f.reference_to.iter().any(|to| to == object)))
        .map(|table| table.schema().name.clone())
        .collect();
    for owner in owners {
        let Some(table) = store.table_mut(&owner) else { continue };
        let fields: Vec<u16> = table
            .schema()
            .fields
            .iter()
            .filter(|f| {
                f.source == crate::schema::Source::Stored && f.reference_to.iter().any(|to| to == object)
            })
            .map(|f| f.index)
            .collect();
        for slot in 0..table.slots() {
            let Some(record) = table.at(slot) else { continue };
            let mut draft = None;
            for field in fields.iter().filter_map(|index| table.schema().at(*index)) {
                if record.value(field).text() == Some(loser.as_str()) {
                    let draft = draft.get_or_insert_with(|| record.cells.draft());
                    draft.set(field.index, Value::text(master.as_str()));
                }
            }
            if let Some(draft) = draft {
                let mut version = record.clone();
                version.cells = crate::record::Cells::pack(&draft);
                table.replace(slot, version);
            }
        }
    }
}
