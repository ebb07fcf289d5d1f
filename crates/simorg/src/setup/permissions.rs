//! Profile, PermissionSet and its assignments, FieldPermissions and ObjectPermissions.

use super::{Row, fill as fill_table};
use crate::id::RecordId;
use crate::schema::ObjectSchema;
use crate::settings::{Settings, UserSettings};
use crate::store::Store;
use crate::value::{Stamp, Value};

/// Profiles every org has; further names used by users come behind them.
const PROFILES: [&str; 3] =
    ["System Administrator", "Standard User", "Minimum Access - API Only Integrations"];

/// Names of all profiles, in the order of their ids.
fn profiles(settings: &Settings) -> Vec<&str> {
    let mut names = PROFILES.to_vec();
    for name in settings.users.iter().map(UserSettings::profile) {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name);
        }
    }
    names
}

/// Id of a profile by name.
pub(crate) fn profile_id(settings: &Settings, name: &str) -> RecordId {
    let place = profiles(settings).iter().position(|known| known.eq_ignore_ascii_case(name));
    RecordId::mint("00e", &settings.pod, place.unwrap_or_default() as u64 + 1)
}

/// System permissions that a profile grants by its kind.
fn granted(settings: &Settings, profile: &str) -> Vec<(&'static str, Value)> {
    let administrator = profile == PROFILES[0];
    let integration = settings.users.iter().any(|user| user.integration && user.profile() == profile);
    vec![
        ("PermissionsApiEnabled", Value::Bool(true)),
        ("PermissionsApiUserOnly", Value::Bool(integration && settings.permissions.api_only)),
        ("PermissionsModifyAllData", Value::Bool(administrator)),
        ("PermissionsViewAllData", Value::Bool(administrator)),
        ("PermissionsViewSetup", Value::Bool(administrator)),
        ("PermissionsManageUsers", Value::Bool(administrator)),
    ]
}

/// Fills all permission objects.
pub(super) fn fill(store: &mut Store, settings: &Settings, now: Stamp) {
    let pod = settings.pod.as_str();
    let names = profiles(settings);
    let rows = names.iter().map(|name| {
        let mut row = vec![("Name", Value::text(*name)), ("UserType", Value::text("Standard"))];
        row.extend(granted(settings, name));
        row
    });
    fill_table(store, "Profile", pod, now, rows.collect());
    let mut sets: Vec<Row> = names.iter().map(|name| profile_set(settings, name)).collect();
    sets.push(integration_set(settings));
    let own = RecordId::mint("0PS", pod, sets.len() as u64);
    fill_table(store, "PermissionSet", pod, now, sets);
    let assignments = assignments(store, settings, own);
    fill_table(store, "PermissionSetAssignment", pod, now, assignments);
    let objects: Vec<&ObjectSchema> = store.tables().map(|t| t.schema()).filter(|s| !s.setup).collect();
    let fields = objects.iter().flat_map(|schema| field_rows(schema, own)).collect();
    let rights = objects.iter().filter(|s| s.writable).map(|schema| object_row(schema, own, settings));
    let rights = rights.collect();
    fill_table(store, "FieldPermissions", pod, now, fields);
    fill_table(store, "ObjectPermissions", pod, now, rights);
}

/// The permission set behind a profile: real orgs keep one for each (object reference: PermissionSet).
fn profile_set(settings: &Settings, profile: &str) -> Row {
    let id = profile_id(settings, profile);
    let mut row = vec![
        ("Name", Value::text(format!("X{id}"))),
        ("Label", Value::text(format!("{id}"))),
        ("Type", Value::text("Profile")),
        ("IsOwnedByProfile", Value::Bool(true)),
        ("ProfileId", Value::text(id.as_str())),
    ];
    row.extend(granted(settings, profile));
    row
}

/// The permission set of the integration users.
fn integration_set(settings: &Settings) -> Row {
    vec![
        ("Name", Value::text("Integration_Access")),
        ("Label", Value::text("Integration Access")),
        ("Type", Value::text("Regular")),
        ("IsCustom", Value::Bool(true)),
        ("PermissionsApiEnabled", Value::Bool(true)),
        ("PermissionsModifyAllData", Value::Bool(settings.permissions.modify_all_data)),
        ("PermissionsViewAllData", Value::Bool(settings.permissions.view_all_data)),
    ]
}

/// Every user has the set behind the profile; integration users have their own set too.
fn assignments(store: &Store, settings: &Settings, own: RecordId) -> Vec<Row> {
    let Some(users) = store.table("User") else { return Vec::new() };
    let Some(username) = users.schema().any_field("Username") else { return Vec::new() };
    let mut rows = Vec::new();
    for user in &settings.users {
        let holders = users.holders(username, &user.username);
        let Some(holder) = holders.first() else { continue };
        let mut assign = |set: RecordId| {
            rows.push(vec![
                ("PermissionSetId", Value::text(set.as_str())),
                ("AssigneeId", Value::text(holder.id.as_str())),
                ("IsActive", Value::Bool(true)),
            ]);
        };
        let place = profiles(settings).iter().position(|name| name.eq_ignore_ascii_case(user.profile()));
        assign(RecordId::mint("0PS", &settings.pod, place.unwrap_or_default() as u64 + 1));
        if user.integration {
            assign(own);
        }
    }
    rows
}

/// One row for each field the set may see; real orgs have none for a field without any right.
fn field_rows(schema: &ObjectSchema, set: RecordId) -> Vec<Row> {
    let row = |field: &crate::schema::Field| {
        vec![
            ("ParentId", Value::text(set.as_str())),
            ("SobjectType", Value::text(schema.name.as_str())),
            ("Field", Value::text(format!("{}.{}", schema.name, field.name))),
            ("PermissionsRead", Value::Bool(true)),
            ("PermissionsEdit", Value::Bool(field.createable() || field.updateable())),
        ]
    };
    let fields = schema.fields.iter().filter(|field| !field.flags.hidden && field.permissionable());
    if schema.writable && schema.access.read { fields.map(row).collect() } else { Vec::new() }
}

fn object_row(schema: &ObjectSchema, set: RecordId, settings: &Settings) -> Row {
    let access = schema.access;
    let all = settings.permissions.modify_all_data;
    vec![
        ("ParentId", Value::text(set.as_str())),
        ("SobjectType", Value::text(schema.name.as_str())),
        ("PermissionsRead", Value::Bool(access.read)),
        ("PermissionsCreate", Value::Bool(access.create)),
        ("PermissionsEdit", Value::Bool(access.edit)),
        ("PermissionsDelete", Value::Bool(access.delete)),
        ("PermissionsViewAllRecords", Value::Bool(all || settings.permissions.view_all_data)),
        ("PermissionsModifyAllRecords", Value::Bool(all)),
    ]
}
