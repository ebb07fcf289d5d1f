//! Needs, read back from metadata files: an earlier export, or a project retrieved from the org.

use std::collections::{BTreeMap, BTreeSet};

use crate::blueprint::Technical;
use crate::element::Element;
use crate::export::PERMISSION_SET;
use crate::needs::{FieldShape, Needs, ObjectRights, Stamping};

/// A file that cannot be read as metadata. Holds its path only.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{path} is no Salesforce metadata file")]
pub struct InvalidExport {
    /// As it was given.
    pub path: String,
}

impl Needs {
    /// What files of a Salesforce project need, given as (path, text). Other files are passed over, and so are permission
    /// sets and Flows that are not about highwater. `technical` says which of several stamping Flows is ours.
    ///
    /// # Errors
    /// [`InvalidExport`] names the first file that is no metadata.
    pub fn read<'a>(
        files: impl IntoIterator<Item = (&'a str, &'a str)>,
        technical: &Technical,
    ) -> Result<Self, InvalidExport> {
        let mut needs = Self::default();
        let mut flows = Flows::default();
        for (path, text) in files {
            let name = path.rsplit('/').next().unwrap_or(path);
            let root = || Element::parse(text).ok_or_else(|| InvalidExport { path: path.to_owned() });
            if name.ends_with(".field-meta.xml") && path.contains("objects/Contact/fields/") {
                let field = root()?;
                let full_name = field.get("fullName").unwrap_or_default().to_owned();
                needs.fields.insert(full_name, shape(&field));
            } else if name.ends_with(".flow-meta.xml") {
                flows.take(&root()?);
            } else if name == format!("{PERMISSION_SET}.permissionset-meta.xml") {
                permission_set(&mut needs, &root()?);
            }
        }
        needs.reset = flows.reset(&technical.push_marker);
        needs.stamping = flows.stamping(&technical.last_modified);
        Ok(needs)
    }
}

fn shape(field: &Element) -> FieldShape {
    FieldShape {
        kind: field.get("type").unwrap_or_default().to_owned(),
        length: field.get("length").and_then(|length| length.parse().ok()),
        external_id: field.is_true("externalId"),
        unique: field.is_true("unique"),
    }
}

fn permission_set(needs: &mut Needs, set: &Element) {
    for permission in set.all("fieldPermissions").filter(|permission| permission.is_true("readable")) {
        if let Some(field) = permission.get("field").and_then(|field| field.strip_prefix("Contact.")) {
            needs.permissions.insert(field.to_owned(), permission.is_true("editable"));
        }
    }
    for permission in set.all("objectPermissions") {
        let rights = ObjectRights {
            create: permission.is_true("allowCreate"),
            read: permission.is_true("allowRead"),
            edit: permission.is_true("allowEdit"),
            delete: permission.is_true("allowDelete"),
            view_all: permission.is_true("viewAllRecords"),
            modify_all: permission.is_true("modifyAllRecords"),
        };
        needs.objects.insert(permission.get("object").unwrap_or_default().to_owned(), rights);
    }
    let given = set.all("userPermissions").filter(|permission| permission.is_true("enabled"));
    needs.system.extend(given.filter_map(|permission| Some(permission.get("name")?.to_owned())));
}

/// What the Flows of a project do, by the field they write.
#[derive(Default)]
struct Flows {
    stamping: BTreeMap<String, Stamping>,
    resetting: BTreeSet<String>,
}

impl Flows {
    /// One Flow; only active ones on the Contact count.
    fn take(&mut self, flow: &Element) {
        let Some(start) = flow.all("start").next() else { return };
        if flow.get("status") != Some("Active") || start.get("object") != Some("Contact") {
            return;
        }
        let items = flow.all("assignments").flat_map(|assignment| assignment.all("assignmentItems"));
        for item in items {
            let Some(field) = item.get("assignToReference").and_then(|name| name.strip_prefix("$Record."))
            else {
                continue;
            };
            let value = item.all("value").next();
            if value.and_then(|value| value.get("elementReference")) == Some("$Flow.CurrentDateTime") {
                let formula = start.get("filterFormula").unwrap_or_default();
                let stamping = self.stamping.entry(field.to_owned()).or_default();
                field.clone_into(&mut stamping.stamp);
                stamping.on_create |= formula.contains("ISNEW()");
                stamping.watched.extend(changed(formula));
                stamping.watched.extend(filtered(start));
            }
            if value.and_then(|value| value.get("booleanValue")) == Some("false") {
                self.resetting.insert(field.to_owned());
            }
        }
    }

    fn stamping(mut self, wanted: &str) -> Option<Stamping> {
        self.stamping
            .remove(wanted)
            .or_else(|| if self.stamping.len() == 1 { self.stamping.into_values().next() } else { None })
    }

    fn reset(&self, wanted: &str) -> Option<String> {
        let only = self.resetting.first().filter(|_| self.resetting.len() == 1);
        self.resetting.get(wanted).or(only).cloned()
    }
}

/// The fields whose change a formula asks for: inside `ISCHANGED`, and not inside `NOT(ISCHANGED(…))`.
fn changed(formula: &str) -> BTreeSet<String> {
    let plain: String = formula.chars().filter(|c| !c.is_whitespace()).collect();
    let mut found = BTreeSet::new();
    let mut rest = plain.as_str();
    while let Some(at) = rest.find("ISCHANGED({!$Record.") {
        let denied = rest[..at].ends_with("NOT(");
        rest = &rest[at + "ISCHANGED({!$Record.".len()..];
        let Some(end) = rest.find("})") else { break };
        if !denied {
            found.insert(rest[..end].to_owned());
        }
    }
    found
}

/// The same where somebody built the condition without a formula.
fn filtered(start: &Element) -> BTreeSet<String> {
    let changed = start.all("filters").filter(|filter| filter.get("operator") == Some("IsChanged"));
    changed.filter_map(|filter| Some(filter.get("field")?.to_owned())).collect()
}
