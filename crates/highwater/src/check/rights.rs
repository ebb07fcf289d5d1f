//! What the integration user may do beyond the Contact's description: through which permission set, and what is too much.

use std::collections::BTreeMap;

use model::{PersonObject, UserId};
use salesforce::{Org, Row};

use super::finding::{Finding, Weight};
use super::look::{field, hidden, rows, select};
use crate::code::org_setup as code;
use crate::failure::Failure;

/// Permission sets of one user; more means that the answer is not what was asked for.
const SETS: usize = 500;

/// Field permissions of all those sets on the Contact.
const FIELD_ROWS: usize = 20_000;

/// System permissions that highwater never uses, as they stand on a permission set.
const UNUSED: [(&str, &str); 2] =
    [("PermissionsModifyAllData", "Modify All Data"), ("PermissionsManageUsers", "Manage Users")];

/// What was learnt about the user's permission sets.
#[derive(Debug, Default)]
pub(super) struct Rights {
    /// The object whose records are kept in step.
    object: PersonObject,
    /// Id to what people call it.
    sets: BTreeMap<String, String>,
    /// Field of the Contact, in lower case, to the sets that let it be read, and whether one lets it be edited.
    fields: BTreeMap<String, (Vec<String>, bool)>,
}

/// Asks for the user's permission sets and says what is too much or too little on the object that is kept in step.
///
/// # Errors
/// When the org cannot be asked at all.
pub(super) async fn check(
    org: &Org,
    user: UserId,
    object: PersonObject,
    findings: &mut Vec<Finding>,
) -> Result<Rights, Failure> {
    let sets = of_user(org, user, findings).await?;
    if sets.is_empty() {
        return Ok(Rights::default());
    }
    let mut rights = Rights { sets, object, ..Rights::default() };
    objects(org, &rights, findings).await?;
    rights.fields = fields(org, &rights, findings).await?;
    Ok(rights)
}

/// Asks for the user's permission sets and says what is too much or too little whatever is written: Id to what people call each.
///
/// # Errors
/// When the org cannot be asked at all.
pub(super) async fn of_user(
    org: &Org,
    user: UserId,
    findings: &mut Vec<Finding>,
) -> Result<BTreeMap<String, String>, Failure> {
    let columns = [
        "PermissionSetId",
        "PermissionSet.Label",
        "PermissionSet.IsOwnedByProfile",
        "PermissionSet.PermissionsApiUserOnly",
        "PermissionSet.PermissionsModifyAllData",
        "PermissionSet.PermissionsManageUsers",
    ];
    let soql = select("PermissionSetAssignment", &columns)?;
    let soql = soql.filter(field("AssigneeId")?.eq(user.to_string()));
    let Some(found) = rows(org, &soql, SETS).await?.filter(|found| !found.is_empty()) else {
        findings.push(hidden(
            "permission sets",
            "Setup, Users, the integration user, Permission Set Assignments",
        ));
        return Ok(BTreeMap::new());
    };
    findings.extend(system(&found));
    Ok(found.iter().filter_map(|row| Some((row.get("PermissionSetId")?.to_owned(), name(row)))).collect())
}

/// A profile keeps its permissions in a set of its own, whose label is an id.
fn name(row: &Row) -> String {
    if row.is_true("PermissionSet.IsOwnedByProfile") {
        return "its profile".to_owned();
    }
    row.get("PermissionSet.Label")
        .map_or_else(|| "a permission set".to_owned(), |label| format!("permission set {label}"))
}

fn system(found: &[Row]) -> Vec<Finding> {
    let mut findings = Vec::new();
    if !found.iter().any(|row| row.is_true("PermissionSet.PermissionsApiUserOnly")) {
        let text = "has neither a profile nor a permission set with API Only User";
        findings.push(Finding::new(&code::API_ONLY, Weight::Warning, "integration user", text));
    }
    for (column, label) in UNUSED {
        let column = format!("PermissionSet.{column}");
        let through: Vec<String> = found.iter().filter(|row| row.is_true(&column)).map(name).collect();
        if !through.is_empty() {
            let text = format!("has {label}, through {}", through.join(" and "));
            findings.push(Finding::new(&code::TOO_MIGHTY, Weight::Warning, "integration user", text));
        }
    }
    findings
}

/// The rights on Contacts: what is too much, and whether sharing counts.
async fn objects(org: &Org, rights: &Rights, findings: &mut Vec<Finding>) -> Result<(), Failure> {
    let columns =
        ["ParentId", "PermissionsDelete", "PermissionsViewAllRecords", "PermissionsModifyAllRecords"];
    let soql = select("ObjectPermissions", &columns)?
        .filter(field("SobjectType")?.eq(rights.object.name()))
        .filter(field("ParentId")?.one_of(rights.sets.keys()));
    let Some(found) = rows(org, &soql, SETS).await? else {
        findings.push(hidden("object permissions", "Setup, Permission Sets, Object Settings, Contacts"));
        return Ok(());
    };
    let through = |column: &str| {
        let granting = found.iter().filter(|row| row.is_true(column));
        granting.filter_map(|row| rights.sets.get(row.get("ParentId")?).cloned()).collect::<Vec<_>>()
    };
    for (column, label, weight) in [
        ("PermissionsModifyAllRecords", "Modify All", Weight::Warning),
        ("PermissionsDelete", "Delete", Weight::Note),
    ] {
        let sets = through(column);
        if !sets.is_empty() {
            let text = format!("our user has {label}, through {}", sets.join(" and "));
            findings.push(Finding::new(&code::TOO_MIGHTY, weight, rights.object.name(), text));
        }
    }
    if through("PermissionsViewAllRecords").is_empty() {
        findings.push(Finding::new(
            &code::SHARING,
            Weight::Note,
            rights.object.name(),
            "our user has no View All",
        ));
    }
    Ok(())
}

async fn fields(
    org: &Org,
    rights: &Rights,
    findings: &mut Vec<Finding>,
) -> Result<BTreeMap<String, (Vec<String>, bool)>, Failure> {
    let soql = select("FieldPermissions", &["ParentId", "Field", "PermissionsEdit"])?
        .filter(field("SobjectType")?.eq(rights.object.name()))
        .filter(field("ParentId")?.one_of(rights.sets.keys()));
    let mut seen: BTreeMap<String, (Vec<String>, bool)> = BTreeMap::new();
    let Some(found) = rows(org, &soql, FIELD_ROWS).await? else {
        findings.push(hidden("field permissions", "Setup, Permission Sets, Object Settings, Contacts"));
        return Ok(seen);
    };
    for row in &found {
        let set = row.get("ParentId").and_then(|id| rights.sets.get(id));
        let field = row.get("Field").and_then(|field| field.split_once('.'));
        if let (Some(set), Some((_, field))) = (set, field) {
            let entry = seen.entry(field.to_ascii_lowercase()).or_default();
            entry.0.push(set.clone());
            entry.1 |= row.is_true("PermissionsEdit");
        }
    }
    Ok(seen)
}

impl Rights {
    /// How to let the user edit a field that it can only read; `None`: the permission sets do not say why.
    pub(super) fn to_edit(&self, contact_field: &str) -> Option<String> {
        let permission = setup::permission_name(contact_field)?;
        let (sets, edit) = self.fields.get(&permission.to_ascii_lowercase())?;
        (!edit).then(|| {
            format!(
                "give Edit on {}.{permission} in {}, which has only Read",
                self.object.name(),
                sets.join(" or ")
            )
        })
    }
}
