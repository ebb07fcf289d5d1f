//! Which record each row is for, and how it will look.

use super::{Api, ForeignKey, RowToSave, SaveContext, SaveError, Target, Work, convert, derived, person};
use crate::record::{Draft, Record};
use crate::schema::{Field, Source};
use crate::store::{Slot, Store, Table, key_of};
use crate::value::{Value, ValueRef};
use std::collections::HashMap;

/// Finds the record of every row. Rows that share a key or an id all fail (Bulk: every row sharing it).
pub(super) fn resolve(table: &Table, context: &SaveContext, rows: Vec<RowToSave>) -> Vec<Work> {
    let mut uses: HashMap<u64, usize> = HashMap::new();
    for row in &rows {
        if let Some(key) = target_key(table, row) {
            *uses.entry(key).or_default() += 1;
        }
    }
    rows.into_iter()
        .map(|row| {
            let twin = target_key(table, &row).is_some_and(|key| uses.get(&key).is_some_and(|n| *n > 1));
            let found = if twin { Err(twin_error(&row)) } else { find(table, context, &row) };
            let (slot, errors) = match found {
                Ok(slot) => (slot, Vec::new()),
                Err(error) => (None, vec![error]),
            };
            let id = slot.and_then(|slot| table.at(slot)).map(|record| record.id);
            Work {
                id: id.or(match row.target {
                    Target::Id(id) => Some(id),
                    Target::New | Target::Key { .. } => None,
                }),
                row,
                slot,
                draft: Draft::default(),
                changed: Vec::new(),
                errors,
                reports: Vec::new(),
            }
        })
        .collect()
}

fn target_key(table: &Table, row: &RowToSave) -> Option<u64> {
    match &row.target {
        Target::New => None,
        Target::Id(id) => Some(key_of(id.as_str(), true)),
        Target::Key { value, .. } if value.is_empty() => None,
        Target::Key { field, value } => {
            Some(key_of(value, table.schema().at(*field).is_some_and(|f| f.flags.case_sensitive)))
        }
    }
}

fn twin_error(row: &RowToSave) -> SaveError {
    let text = match &row.target {
        Target::Key { value, .. } => format!("Duplicate external id specified: {value}"),
        Target::Id(id) => format!("Duplicate id specified: {id}"),
        Target::New => String::new(),
    };
    SaveError::new("DUPLICATE_VALUE", text)
}

fn find(table: &Table, context: &SaveContext, row: &RowToSave) -> Result<Option<Slot>, SaveError> {
    match &row.target {
        Target::New => Ok(None),
        Target::Id(id) => match table.get(id) {
            Some(record) if record.deleted => Err(SaveError::deleted()),
            Some(record) => changeable(table, context, record),
            None => Err(SaveError::cross_reference()),
        },
        Target::Key { field, value } => by_key(table, context, *field, value),
    }
}

/// The slot of a record that may be changed: a converted Lead may not.
fn changeable(table: &Table, context: &SaveContext, record: &Record) -> Result<Option<Slot>, SaveError> {
    let lead = table.schema().name == "Lead" && context.api != Api::Seed;
    if lead && convert::is_converted(table.schema(), record) {
        return Err(SaveError::converted());
    }
    Ok(table.slot(&record.id))
}

fn by_key(table: &Table, context: &SaveContext, field: u16, value: &str) -> Result<Option<Slot>, SaveError> {
    let Some(field) = table.schema().at(field) else { return Err(SaveError::cross_reference()) };
    if value.is_empty() {
        let text = format!("{} not specified", field.name);
        return Err(SaveError::new("MISSING_ARGUMENT", text).on(&field.name));
    }
    let holders = table.holders(field, value);
    match holders.as_slice() {
        [] if context.update_only => {
            Err(SaveError::new("NOT_FOUND", "The requested resource does not exist"))
        }
        [] => Ok(None),
        [one] => changeable(table, context, one),
        several => {
            let ids: Vec<&str> = several.iter().map(|record| record.id.as_str()).collect();
            let text = format!(
                "{}: more than one record found for external id field: [{}]",
                field.label,
                ids.join(", ")
            );
            Err(SaveError::new("DUPLICATE_EXTERNAL_ID", text).on(&field.name))
        }
    }
}

/// Builds the row as it will be stored: the record's values, or the defaults, under the row's own.
pub(super) fn fill_draft(store: &Store, table: &Table, context: &SaveContext, work: &mut Work) {
    if !work.passes() {
        return;
    }
    let old = work.slot.and_then(|slot| table.at(slot));
    work.draft = match old {
        Some(record) => record.cells.draft(),
        None => defaults(table, context),
    };
    let mut values = std::mem::take(&mut work.row.values);
    if let (Target::Key { field, value }, None) = (&work.row.target, old) {
        values.push((*field, Value::text(value.as_str())));
    }
    for foreign in &work.row.foreign {
        match resolve_foreign(store, table, foreign) {
            Ok(value) => values.push((foreign.field, value)),
            Err(error) => work.errors.push(error),
        }
    }
    let mut refused = Vec::new();
    for (index, value) in values {
        let Some(field) = table.schema().at(index) else { continue };
        if !allowed(field, old.is_some(), context.api) {
            refused.push(field.name.clone());
            continue;
        }
        if old.is_none_or(|record| record.value(field) != value.as_ref()) {
            work.changed.push(index);
        }
        work.draft.set(index, value);
    }
    if !refused.is_empty() {
        work.errors.push(SaveError::read_only(refused));
    }
    derived::set(table.schema(), &mut work.draft);
}

/// Whether this door may write the field. Field-level security is that of the API's callers: it does not bind people.
fn allowed(field: &Field, update: bool, api: Api) -> bool {
    let by_nature = if update { field.flags.updateable } else { field.flags.createable };
    let by_rights = match api {
        Api::Rest | Api::Bulk => by_nature && !field.flags.no_edit,
        Api::Ui => by_nature,
        Api::Seed => true,
    };
    field.source == Source::Stored && by_rights
}

fn defaults(table: &Table, context: &SaveContext) -> Draft {
    let mut draft = Draft::default();
    for field in &table.schema().fields {
        if field.default != Value::Null {
            draft.set(field.index, field.default.clone());
        }
    }
    if let Some(owner) = table.schema().any_field("OwnerId") {
        draft.set(owner.index, Value::text(context.user.as_str()));
    }
    draft
}

/// `Name` of a person is made of first and last name; of other objects it is an ordinary field.
pub(super) fn set_name(table: &Table, draft: &mut Draft) {
    let schema = table.schema();
    if schema.name == "Account" && !person::is_person(schema, draft) {
        return;
    }
    let (Some(name), Some(last)) = (schema.any_field("Name"), schema.any_field("LastName")) else { return };
    let first = schema.any_field("FirstName").map_or(ValueRef::Null, |field| draft.get(field.index));
    let parts = [first.text(), draft.get(last.index).text()];
    let full = parts.into_iter().flatten().collect::<Vec<_>>().join(" ");
    draft.set(name.index, Value::text(full));
}

fn resolve_foreign(store: &Store, table: &Table, foreign: &ForeignKey) -> Result<Value, SaveError> {
    if foreign.value.is_empty() {
        return Ok(Value::Null);
    }
    let other = store.table(&foreign.object).ok_or_else(SaveError::cross_reference)?;
    let key = other.schema().at(foreign.key).ok_or_else(SaveError::cross_reference)?;
    if key.source == Source::Id {
        return Ok(Value::text(foreign.value.as_str()));
    }
    match other.holders(key, &foreign.value).as_slice() {
        [one] => Ok(Value::text(one.id.as_str())),
        [] => {
            let text = format!(
                "Foreign key external ID: {} not found for field {} in entity {}",
                foreign.value.to_lowercase(),
                key.name,
                other.schema().name
            );
            Err(SaveError::new("INVALID_FIELD", text))
        }
        several => {
            let ids: Vec<&str> = several.iter().map(|record| record.id.as_str()).collect();
            let text = format!(
                "{}: more than one record found for external id field: [{}]",
                table.schema().at(foreign.field).map_or("", |f| f.label.as_str()),
                ids.join(", ")
            );
            Err(SaveError::new("DUPLICATE_EXTERNAL_ID", text))
        }
    }
}
