//! Records of the set-up objects: what an administrator's check reads. They follow the settings.

mod entities;
mod permissions;

use crate::id::RecordId;
use crate::record::{Cells, Draft, Record};
use crate::settings::Settings;
use crate::store::Store;
use crate::value::{Stamp, Value};

pub(crate) use permissions::profile_id;

/// One row of a set-up object: field names and values.
type Row = Vec<(&'static str, Value)>;

/// Makes the set-up records anew from the settings, the users and the schema in the store.
pub(crate) fn refresh(store: &mut Store, settings: &Settings, now: Stamp) {
    organization(store, settings, now);
    permissions::fill(store, settings, now);
    entities::fill(store, now);
    if settings.person_accounts {
        fill(store, "RecordType", &settings.pod, now, record_types());
    }
}

/// Developer names of the record types of Account in an org with person accounts, in the order of their ids.
pub(crate) const BUSINESS_ACCOUNT: &str = "Business_Account";
/// See [`BUSINESS_ACCOUNT`].
pub(crate) const PERSON_ACCOUNT: &str = "PersonAccount";

/// Id of a record type of Account.
pub(crate) fn record_type_id(pod: &str, name: &str) -> RecordId {
    RecordId::mint("012", pod, if name == PERSON_ACCOUNT { 2 } else { 1 })
}

fn record_types() -> Vec<Row> {
    let row = |name: &str, label: &str, person: bool| {
        vec![
            ("Name", Value::text(label)),
            ("DeveloperName", Value::text(name)),
            ("SobjectType", Value::text("Account")),
            ("IsActive", Value::Bool(true)),
            ("IsPersonType", Value::Bool(person)),
        ]
    };
    vec![row(BUSINESS_ACCOUNT, "Business Account", false), row(PERSON_ACCOUNT, "Person Account", true)]
}

fn organization(store: &mut Store, settings: &Settings, now: Stamp) {
    let org = &settings.organization;
    let row = vec![
        ("Name", Value::text(org.name.as_str())),
        ("Country", Value::text(org.country.as_str())),
        ("OrganizationType", Value::text(org.edition.as_str())),
        ("InstanceName", Value::text(org.instance.as_str())),
        ("NamespacePrefix", Value::text(org.namespace.as_str())),
        ("IsSandbox", Value::Bool(org.sandbox)),
        ("TimeZoneSidKey", Value::text(org.time_zone.as_str())),
        ("DefaultLocaleSidKey", Value::text("en_US")),
        ("LanguageLocaleKey", Value::text("en_US")),
        ("FiscalYearStartMonth", Value::Number(1.0)),
    ];
    let id = RecordId::parse(&settings.org_id);
    let Some(table) = store.table_mut("Organization") else { return };
    table.clear();
    let id = id.unwrap_or_else(|| table.mint());
    put(store, "Organization", id, &settings.pod, now, row);
}

/// Fills a set-up object with rows, which get the ids 1, 2, 3 and so on.
fn fill(store: &mut Store, object: &str, pod: &str, now: Stamp, rows: Vec<Row>) {
    let Some(table) = store.table_mut(object) else { return };
    table.clear();
    for row in rows {
        let Some(id) = store.table_mut(object).map(|table| table.mint()) else { return };
        put(store, object, id, pod, now, row);
    }
}

fn put(store: &mut Store, object: &str, id: RecordId, pod: &str, now: Stamp, row: Row) {
    let Some(table) = store.table_mut(object) else { return };
    let mut draft = Draft::default();
    for (name, value) in row {
        if let Some(field) = table.schema().any_field(name) {
            draft.set(field.index, value);
        }
    }
    let first_user = RecordId::mint("005", pod, 1);
    let now = now.to_second();
    table.insert(Record {
        id,
        created_by: first_user,
        created: now,
        modified_by: first_user,
        modified: now,
        stamp: now,
        visible_at: now,
        master: None,
        deleted: false,
        purged: false,
        cells: Cells::pack(&draft),
        previous: None,
    });
}
