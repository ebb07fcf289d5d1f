//! What must be changed in an org, from one set of needs to another.

use std::collections::BTreeMap;
use std::fmt::Display;

use crate::needs::Needs;

/// One thing to do in the org.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Of what kind.
    pub part: Part,
    /// Which field, object, permission or Flow.
    pub name: String,
    /// What to do.
    pub change: Change,
    /// From what, to what.
    pub text: String,
}

/// What the org is made of, as far as highwater minds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// A custom field of the Contact.
    Field,
    /// One of the two Flows.
    Flow,
    /// A field in the condition of the stamping Flow.
    FlowCondition,
    /// A field in the permission set.
    FieldPermission,
    /// An object in the permission set.
    ObjectPermission,
    /// A system permission in the permission set.
    SystemPermission,
}

impl Part {
    /// In words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Field => "custom field",
            Self::Flow => "Flow",
            Self::FlowCondition => "Flow condition",
            Self::FieldPermission => "field permission",
            Self::ObjectPermission => "object permission",
            Self::SystemPermission => "system permission",
        }
    }
}

/// What to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Change {
    /// It is not there.
    Add,
    /// It is there, and not as it should be.
    Change,
    /// It is there, and not needed any more.
    Remove,
}

impl Change {
    /// In a word.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Change => "change",
            Self::Remove => "remove",
        }
    }
}

/// What leads from `old` to `new`; empty when both are the same.
#[must_use]
pub fn diff(old: &Needs, new: &Needs) -> Vec<Difference> {
    let mut found = Vec::new();
    found.extend(maps(Part::Field, &old.fields, &new.fields, ToString::to_string));
    found.extend(flows(old, new));
    let access = |edit: &bool| if *edit { "edit" } else { "read" }.to_owned();
    found.extend(maps(Part::FieldPermission, &old.permissions, &new.permissions, access));
    found.extend(maps(Part::ObjectPermission, &old.objects, &new.objects, ToString::to_string));
    let named =
        |names: &std::collections::BTreeSet<String>| names.iter().map(|name| (name.clone(), ())).collect();
    found.extend(maps(Part::SystemPermission, &named(&old.system), &named(&new.system), |()| String::new()));
    found
}

fn maps<T: PartialEq>(
    part: Part,
    old: &BTreeMap<String, T>,
    new: &BTreeMap<String, T>,
    show: impl Fn(&T) -> String,
) -> Vec<Difference> {
    let of = |name: &String, change, text| Difference { part, name: name.clone(), change, text };
    let wanted = new.iter().filter_map(|(name, wanted)| match old.get(name) {
        None => Some(of(name, Change::Add, show(wanted))),
        Some(there) if there == wanted => None,
        Some(there) => Some(of(name, Change::Change, format!("{} -> {}", show(there), show(wanted)))),
    });
    let unwanted = old.iter().filter(|(name, _)| !new.contains_key(*name));
    wanted.chain(unwanted.map(|(name, there)| of(name, Change::Remove, show(there)))).collect()
}

fn flows(old: &Needs, new: &Needs) -> Vec<Difference> {
    let flow = |name: &str, change, text: String| Difference {
        part: Part::Flow,
        name: name.to_owned(),
        change,
        text,
    };
    let mut found = Vec::new();
    match (&old.stamping, &new.stamping) {
        (None, None) => {}
        (None, Some(wanted)) => {
            let text = format!("sets {}, watches {} fields", wanted.stamp, wanted.watched.len());
            found.push(flow("stamping", Change::Add, text));
        }
        (Some(there), None) => {
            found.push(flow("stamping", Change::Remove, format!("sets {}", there.stamp)));
        }
        (Some(there), Some(wanted)) => {
            if there.stamp != wanted.stamp {
                found.push(flow("stamping", Change::Change, arrow("sets", &there.stamp, &wanted.stamp)));
            }
            if there.on_create != wanted.on_create {
                let yes_no = |on: bool| if on { "yes" } else { "no" };
                let text = arrow("new Contacts:", yes_no(there.on_create), yes_no(wanted.on_create));
                found.push(flow("stamping", Change::Change, text));
            }
            let named = |names: &std::collections::BTreeSet<String>| {
                names.iter().map(|name| (name.clone(), ())).collect()
            };
            found.extend(maps(Part::FlowCondition, &named(&there.watched), &named(&wanted.watched), |()| {
                "ISCHANGED".to_owned()
            }));
        }
    }
    match (&old.reset, &new.reset) {
        (None, Some(wanted)) => found.push(flow("unticking", Change::Add, format!("unticks {wanted}"))),
        (Some(there), None) => found.push(flow("unticking", Change::Remove, format!("unticks {there}"))),
        (Some(there), Some(wanted)) if there != wanted => {
            found.push(flow("unticking", Change::Change, arrow("unticks", there, wanted)));
        }
        (Some(_), Some(_)) | (None, None) => {}
    }
    found
}

fn arrow(what: &str, from: impl Display, to: impl Display) -> String {
    format!("{what} {from} -> {to}")
}
