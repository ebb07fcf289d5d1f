//! Person accounts: an Account that is a person, and the Contact behind it, which is written through the Account.

use super::{Api, RowToSave, SaveContext, SaveEnv, SaveError, Target, Work};
use crate::id::RecordId;
use crate::record::{Cells, Draft, Record};
use crate::schema::{ObjectSchema, person};
use crate::setup::{BUSINESS_ACCOUNT, PERSON_ACCOUNT, record_type_id};
use crate::store::Store;
use crate::value::{Value, ValueRef};

/// Whether the record of a draft is a person.
pub(super) fn is_person(schema: &ObjectSchema, draft: &Draft) -> bool {
    schema.any_field("IsPersonAccount").is_some_and(|field| draft.get(field.index) == ValueRef::Bool(true))
}

/// Whether a stored record is a person.
fn was_person(schema: &ObjectSchema, record: &Record) -> bool {
    schema.any_field("IsPersonAccount").is_some_and(|field| record.value(field) == ValueRef::Bool(true))
}

/// Settles whether an Account is a person and refuses fields of the other kind; refuses writes to the Contact behind a
/// person.
pub(super) fn shape(
    store: &Store,
    schema: &ObjectSchema,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    work: &mut Work,
) {
    let Some(mark) = schema.any_field("IsPersonAccount").map(|field| field.index) else { return };
    if !work.passes() {
        return;
    }
    match schema.name.as_str() {
        "Account" => shape_account(store, schema, env, mark, work),
        "Contact"
            if is_person(schema, &work.draft) && context.api != Api::Seed && !work.changed.is_empty() =>
        {
            work.errors.push(bad_names(schema, work.changed.iter().copied()));
        }
        _ => {}
    }
}

fn shape_account(store: &Store, schema: &ObjectSchema, env: &SaveEnv<'_>, mark: u16, work: &mut Work) {
    let (Some(contact), Some(name)) = (store.schema("Contact"), schema.any_field("Name")) else { return };
    let own: Vec<u16> = person::pairs(schema, contact).into_iter().map(|(account, _)| account).collect();
    let pod = env.settings.pod.as_str();
    if work.is_new() {
        let type_field = schema.any_field("RecordTypeId").map(|field| field.index);
        let named = type_field.and_then(|field| work.draft.get(field).text().and_then(RecordId::parse));
        let last_name = schema.any_field("LastName").is_some_and(|f| !work.draft.get(f.index).is_null());
        let person = match named {
            Some(id) => id == record_type_id(pod, PERSON_ACCOUNT),
            None => last_name,
        };
        work.draft.set(mark, Value::Bool(person));
        if let Some(field) = type_field {
            let kind = if person { PERSON_ACCOUNT } else { BUSINESS_ACCOUNT };
            work.draft.set(field, Value::text(record_type_id(pod, kind).as_str()));
        }
    }
    let person = work.draft.get(mark) == ValueRef::Bool(true);
    let given = |index: &&u16| !work.draft.get(**index).is_null();
    let wrong: Vec<u16> = if person {
        work.changed.iter().copied().filter(|index| *index == name.index).collect()
    } else {
        work.changed.iter().filter(|index| own.contains(index)).filter(given).copied().collect()
    };
    if !wrong.is_empty() {
        work.errors.push(bad_names(schema, wrong.into_iter()));
    }
    let last = schema.any_field("LastName");
    if person && last.is_some_and(|field| work.draft.get(field.index).is_null()) && work.passes() {
        let text = "Required fields are missing: [LastName]";
        work.errors.push(SaveError::new("REQUIRED_FIELD_MISSING", text).on("LastName"));
    }
}

/// The refusal of fields that a record of this kind does not have.
fn bad_names(schema: &ObjectSchema, fields: impl Iterator<Item = u16>) -> SaveError {
    let fields: Vec<String> = fields.filter_map(|index| Some(schema.at(index)?.name.clone())).collect();
    let text = format!("Account: bad field names on insert/update call: {}", fields.join(", "));
    SaveError { fields, ..SaveError::new("INVALID_FIELD_FOR_INSERT_UPDATE", text) }
}

/// The Contact behind a person account, when the record is one.
pub(super) fn contact_of(store: &Store, account: &RecordId) -> Option<RecordId> {
    let table = store.table("Account")?;
    let field = table.schema().any_field("PersonContactId")?;
    RecordId::parse(table.get(account)?.value(field).text()?)
}

/// Whether this Contact stands behind a person account.
pub(super) fn is_behind_person(store: &Store, contact: &RecordId) -> bool {
    let found = store.table("Contact").and_then(|table| Some((table.schema(), table.get(contact)?)));
    found.is_some_and(|(schema, record)| was_person(schema, record))
}

/// Writes the Contact behind a person account that was just saved: makes it, or takes changes over.
pub(super) fn mirror(store: &mut Store, env: &SaveEnv<'_>, context: &SaveContext, account: RecordId) {
    let known = contact_of(store, &account);
    let (Some(accounts), Some(contacts)) = (store.table("Account"), store.schema("Contact")) else { return };
    let Some(record) = accounts.get(&account).filter(|record| was_person(accounts.schema(), record)) else {
        return;
    };
    let schema = accounts.schema();
    let value = |index: u16| schema.at(index).map_or(Value::Null, |field| record.value(field).to_value());
    let mut values: Vec<(u16, Value)> = person::pairs(schema, contacts)
        .into_iter()
        .map(|(on_account, on_contact)| (on_contact, value(on_account)))
        .collect();
    let mut put = |name: &str, value: Value| {
        values.extend(contacts.any_field(name).map(|field| (field.index, value)));
    };
    put("AccountId", Value::text(account.as_str()));
    put("IsPersonAccount", Value::Bool(true));
    put("OwnerId", schema.any_field("OwnerId").map_or(Value::Null, |owner| value(owner.index)));
    let target = known.map_or(Target::New, Target::Id);
    // Rules ran on the Account already; the Contact is its shadow.
    let quiet = SaveEnv { duplicates: None, ..*env };
    let inner = SaveContext { api: Api::Seed, all_or_none: false, ..*context };
    let saved = super::save(store, &quiet, &inner, "Contact", vec![RowToSave::new(target, values)]).pop();
    if let (Some(Ok(saved)), None) = (saved, known) {
        link(store, account, saved.id);
    }
}

/// Puts the Contact's id on the Account, which is no change of the Account of its own.
fn link(store: &mut Store, account: RecordId, contact: RecordId) {
    let Some(table) = store.table_mut("Account") else { return };
    let field = table.schema().any_field("PersonContactId").map(|field| field.index);
    let Some((slot, mut version)) = table.slot(&account).zip(table.get(&account).cloned()) else { return };
    let mut draft = version.cells.draft();
    if let Some(field) = field {
        draft.set(field, Value::text(contact.as_str()));
        version.cells = Cells::pack(&draft);
        table.replace(slot, version);
    }
}
