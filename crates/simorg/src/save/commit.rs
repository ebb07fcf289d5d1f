//! The last step: the row becomes a record.

use super::duplicates::MatchReport;
use super::{Api, Failure, SaveContext, SaveEnv, Saved, Work, history, npsp, person};
use crate::id::RecordId;
use crate::record::{Cells, Draft, Record};
use crate::store::{Store, Table};
use crate::value::{Stamp, Value};

/// Stores a row that passed, or answers its errors.
pub(super) fn commit(
    store: &mut Store,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    object: &str,
    mut work: Work,
) -> Result<Saved, Failure> {
    if !work.passes() {
        return Err(Failure { id: work.id, errors: work.errors });
    }
    npsp::make_household(store, env, context, object, &mut work);
    let now = env.now.to_second();
    let (saved, rows) = {
        let Some(table) = store.table_mut(object) else {
            return Err(super::SaveError::unknown_object(object).into());
        };
        table.settle(env.now);
        let before = work.slot.and_then(|slot| table.at(slot));
        let rows = history::changes(table.schema(), context, before, &work.draft);
        let old = before.map(Audited::of);
        let id = old.as_ref().map_or_else(|| table.mint(), |old| old.id);
        if old.is_none() {
            number(table, &mut work.draft);
        }
        let record = assemble(env, context, &work, id, old.as_ref(), now);
        match work.slot {
            Some(slot) => table.replace(slot, record),
            None => {
                table.insert(record);
            }
        }
        (Saved { id, created: old.is_none() }, rows)
    };
    history::write(store, env, context, object, saved.id, rows);
    if object == "Account" && env.settings.person_accounts {
        person::mirror(store, env, context, saved.id);
    }
    for found in &work.reports {
        report(store, env, context, saved.id, found);
    }
    Ok(saved)
}

/// Gives a new record its running number.
fn number(table: &Table, draft: &mut Draft) {
    let Some(auto) = &table.schema().auto_number else { return };
    let Some(field) = table.schema().any_field(&auto.field) else { return };
    let text = format!("{}{:0digits$}", auto.prefix, table.minted(), digits = auto.digits);
    draft.set(field.index, Value::text(text));
}

/// What an update keeps of the old version.
struct Audited {
    id: RecordId,
    created_by: RecordId,
    created: Stamp,
}

impl Audited {
    fn of(record: &Record) -> Self {
        Self { id: record.id, created_by: record.created_by, created: record.created }
    }
}

fn assemble(
    env: &SaveEnv<'_>,
    context: &SaveContext,
    work: &Work,
    id: RecordId,
    old: Option<&Audited>,
    now: Stamp,
) -> Record {
    let audit = if context.api == Api::Seed { work.row.audit } else { super::Audit::default() };
    let stamp = audit.stamp.or(audit.modified).unwrap_or(now).to_second();
    let lag = i64::try_from(env.settings.latency.commit_lag_s).unwrap_or(0).saturating_mul(1000);
    let seeded = context.api == Api::Seed;
    Record {
        id,
        created_by: old.map_or(context.user, |old| old.created_by),
        created: old.map_or_else(|| audit.created.unwrap_or(stamp).to_second(), |old| old.created),
        modified_by: context.user,
        modified: audit.modified.unwrap_or(stamp).to_second(),
        stamp,
        visible_at: if seeded { stamp } else { stamp.plus_millis(lag) },
        master: None,
        deleted: false,
        purged: false,
        cells: Cells::pack(&work.draft),
        previous: None,
    }
}

/// Leaves a `DuplicateRecordSet` with its items for administrators.
fn report(store: &mut Store, env: &SaveEnv<'_>, context: &SaveContext, saved: RecordId, found: &MatchReport) {
    let rule = store.table("DuplicateRule").and_then(|table| {
        let name = table.schema().any_field("DeveloperName")?;
        table.iter().find(|record| record.value(name).text() == Some(&found.rule)).map(|record| record.id)
    });
    #[expect(clippy::cast_precision_loss, reason = "at most 100 matches")]
    let count = (found.matches.len() + 1) as f64;
    let fields = [
        ("DuplicateRuleId", rule.map_or(Value::Null, |id| Value::text(id.as_str()))),
        ("RecordCount", Value::Number(count)),
    ];
    let Some(set) = plain_record(store, env, context, "DuplicateRecordSet", &fields) else { return };
    for id in std::iter::once(saved).chain(found.matches.iter().copied()) {
        let fields =
            [("DuplicateRecordSetId", Value::text(set.as_str())), ("RecordId", Value::text(id.as_str()))];
        plain_record(store, env, context, "DuplicateRecordItem", &fields);
    }
}

/// Adds a record of a platform object without any check. `Name` is its running number.
pub(crate) fn plain_record(
    store: &mut Store,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    object: &str,
    fields: &[(&str, Value)],
) -> Option<RecordId> {
    let table = store.table_mut(object)?;
    let mut draft = Draft::default();
    if let Some(name) = table.schema().any_field("Name") {
        draft.set(name.index, Value::text(format!("DR-{:06}", table.len() + 1)));
    }
    for (name, value) in fields {
        if let Some(field) = table.schema().any_field(name) {
            draft.set(field.index, value.clone());
        }
    }
    let id = table.mint();
    let now = env.now.to_second();
    let cells = Cells::pack_for(table.schema(), &draft);
    table.insert(Record {
        id,
        created_by: context.user,
        created: now,
        modified_by: context.user,
        modified: now,
        stamp: now,
        visible_at: now,
        master: None,
        deleted: false,
        purged: false,
        cells,
        previous: None,
    });
    Some(id)
}
