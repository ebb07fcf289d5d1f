//! What an org lacks, as far as its description of the Contact tells: a Flow cannot be seen there.

use crate::blueprint::{Blueprint, is_own_custom};
use crate::custom_field;
use crate::diff::{Change, Difference, Part};
use crate::needs::FieldShape;

/// A field as the org describes it to the integration user.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct SeenField {
    /// The user may set it at creation and later.
    pub editable: bool,
    /// External ID is ticked.
    pub external_id: bool,
    /// Unique is ticked.
    pub unique: bool,
    /// A formula or roll-up: nobody writes it.
    pub calculated: bool,
}

/// What the org lacks for a blueprint; `seen` gives a field by name. A field that is hidden from the user and one that is
/// not there look the same.
pub fn lacking(wish: &Blueprint, seen: impl Fn(&str) -> Option<SeenField>) -> Vec<Difference> {
    let mut found = Vec::new();
    let shapes: Vec<(String, FieldShape)> =
        custom_field::technical(wish).into_iter().chain(custom_field::mapped(wish)).collect();
    let technical = wish.technical();
    let mapped = wish.fields().iter().map(|field| (field.name.as_str(), field.pushed()));
    let own = wish.technical_names().map(|name| (name, name != technical.last_modified));
    let mut wanted: Vec<(&str, bool)> = Vec::new();
    for (name, written) in own.chain(mapped).chain(wish.beside_the_map()) {
        match wanted.iter_mut().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            Some((_, known)) => *known |= written,
            None => wanted.push((name, written)),
        }
    }
    for (name, written) in wanted {
        let shape = shapes.iter().find(|(known, _)| known == name).map(|(_, shape)| shape);
        match seen(name) {
            None => found.push(missing(name, shape)),
            Some(field) => found.extend(unfit(name, &field, shape, written && wish.work.push)),
        }
    }
    found.sort_by(|one, other| {
        (one.part, one.change, &one.name).cmp(&(other.part, other.change, &other.name))
    });
    found
}

fn missing(name: &str, shape: Option<&FieldShape>) -> Difference {
    let text = match shape {
        Some(shape) => format!("{shape}; or, if it is there, read access"),
        None if is_own_custom(name) => {
            "of a type this map does not say; or, if it is there, read access".to_owned()
        }
        None => "read access: it is Salesforce's own or a package's".to_owned(),
    };
    let part = if is_own_custom(name) { Part::Field } else { Part::FieldPermission };
    Difference { part, name: name.to_owned(), change: Change::Add, text }
}

fn unfit(name: &str, field: &SeenField, shape: Option<&FieldShape>, written: bool) -> Vec<Difference> {
    let of = |part, text: String| Difference { part, name: name.to_owned(), change: Change::Change, text };
    let mut found = Vec::new();
    let ticks = [
        (shape.is_some_and(|shape| shape.external_id) && !field.external_id, "External ID"),
        (shape.is_some_and(|shape| shape.unique) && !field.unique, "Unique"),
    ];
    let lacks: Vec<&str> = ticks.iter().filter(|(lacks, _)| *lacks).map(|(_, name)| *name).collect();
    if !lacks.is_empty() {
        found.push(of(Part::Field, format!("tick {}", lacks.join(" and "))));
    }
    if written && !field.editable {
        let text = if field.calculated {
            "a formula cannot be pushed: set direction = \"pull\""
        } else {
            "read -> edit"
        };
        found.push(of(Part::FieldPermission, text.to_owned()));
    }
    found
}
