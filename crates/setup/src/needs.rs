//! What the org needs, as facts that can be compared: of a blueprint, or read from an earlier export.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::access::permissions;
use crate::blueprint::Blueprint;
use crate::custom_field;

/// What the org needs. Names of Contact fields stand without the object.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Needs {
    /// Custom fields of the Contact, as the files define them.
    pub fields: BTreeMap<String, FieldShape>,
    /// Fields a permission set lists, and whether they may be edited. Compound fields by the compound's name.
    pub permissions: BTreeMap<String, bool>,
    /// Rights on objects.
    pub objects: BTreeMap<String, ObjectRights>,
    /// System permissions.
    pub system: BTreeSet<String>,
    /// The stamping Flow; `None`: there is none.
    pub stamping: Option<Stamping>,
    /// The checkbox that the resetting Flow resets; `None`: there is no such Flow.
    pub reset: Option<String>,
}

/// The stamping Flow, or several that share the fields between them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamping {
    /// The field it sets.
    pub stamp: String,
    /// The fields whose change it stamps.
    pub watched: BTreeSet<String>,
    /// Whether new Contacts are stamped.
    pub on_create: bool,
}

/// A custom field, as far as two definitions can contradict each other.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldShape {
    /// `Text`, `Checkbox`, `DateTime`…
    pub kind: String,
    /// Most characters of a text.
    pub length: Option<usize>,
    /// External ID is ticked.
    pub external_id: bool,
    /// Unique is ticked.
    pub unique: bool,
}

impl fmt::Display for FieldShape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.kind)?;
        if let Some(length) = self.length {
            write!(f, "({length})")?;
        }
        if self.external_id {
            f.write_str(", External ID")?;
        }
        if self.unique {
            f.write_str(", Unique")?;
        }
        Ok(())
    }
}

/// Rights on an object.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[allow(clippy::struct_excessive_bools, reason = "an object permission has one flag each")]
pub struct ObjectRights {
    /// Records can be created.
    pub create: bool,
    /// Records can be read.
    pub read: bool,
    /// Records can be changed.
    pub edit: bool,
    /// Records can be deleted.
    pub delete: bool,
    /// All records can be read, whoever they are shared with.
    pub view_all: bool,
    /// All records can be changed and deleted, whoever they are shared with.
    pub modify_all: bool,
}

impl fmt::Display for ObjectRights {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rights = [
            (self.read, "read"),
            (self.create, "create"),
            (self.edit, "edit"),
            (self.delete, "delete"),
            (self.view_all, "view all"),
            (self.modify_all, "modify all"),
        ];
        let given: Vec<&str> = rights.iter().filter(|(has, _)| *has).map(|(_, name)| *name).collect();
        f.write_str(&if given.is_empty() { "none".to_owned() } else { given.join(", ") })
    }
}

impl Needs {
    /// What a blueprint needs.
    #[must_use]
    pub fn of(wish: &Blueprint) -> Self {
        let technical = wish.technical();
        Self {
            fields: custom_field::technical(wish).into_iter().chain(custom_field::mapped(wish)).collect(),
            permissions: permissions(wish),
            objects: objects(wish),
            system: ["ApiEnabled".to_owned()].into(),
            stamping: Some(Stamping {
                stamp: technical.last_modified.clone(),
                watched: wish.fields().iter().map(|field| field.name.clone()).collect(),
                on_create: true,
            }),
            reset: Some(technical.push_marker.clone()),
        }
    }
}

/// Contacts as far as the work goes. Salesforce refuses rights on Contacts without Read on Accounts.
fn objects(wish: &Blueprint) -> BTreeMap<String, ObjectRights> {
    let read = ObjectRights { read: true, ..ObjectRights::default() };
    let work = wish.work;
    let contact = ObjectRights { create: work.push && work.create, edit: work.push, ..read };
    [("Account".to_owned(), read), ("Contact".to_owned(), contact)].into()
}
