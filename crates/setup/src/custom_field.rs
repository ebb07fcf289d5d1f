//! Custom fields of the Contact.

use model::FieldType;

use crate::blueprint::{Blueprint, MappedField, is_own_custom, label};
use crate::element::Element;
use crate::needs::FieldShape;

/// The longest text that is not a long text area (Metadata API: "CustomField").
const TEXT: usize = 255;

/// The longest long text area.
const LONG_TEXT: usize = 131_072;

/// Room for a supporter id.
const ID: usize = 50;

/// The technical fields that are the administrator's own: a package brings its own along.
pub(crate) fn technical(wish: &Blueprint) -> Vec<(String, FieldShape)> {
    let names = wish.technical();
    let text = FieldShape { length: Some(ID), ..shape("Text") };
    let flag = names.supporter_deleted.as_ref().filter(|name| !wish.is_mapped(name));
    let key = FieldShape { external_id: true, unique: true, ..text.clone() };
    let all = [
        Some((&names.supporter_id, key)),
        names.account_id.as_ref().map(|name| (name, text)),
        flag.map(|name| (name, shape("Checkbox"))),
        Some((&names.push_marker, shape("Checkbox"))),
        Some((&names.last_modified, shape("DateTime"))),
    ];
    let own = all.into_iter().flatten().filter(|(name, _)| is_own_custom(name));
    own.map(|(name, shape)| (name.clone(), shape)).collect()
}

/// The mapped fields that are the administrator's own and of a type that can be defined without knowing more.
pub(crate) fn mapped(wish: &Blueprint) -> Vec<(String, FieldShape)> {
    let own = wish.fields().iter().filter(|field| is_own_custom(&field.name));
    own.filter_map(|field| Some((field.name.clone(), shape_of(field)?))).collect()
}

/// The mapped custom fields that only a person can define: of no known type, or with choices or a target of their own.
pub(crate) fn undefined(wish: &Blueprint) -> Vec<String> {
    let own = wish.fields().iter().filter(|field| is_own_custom(&field.name));
    own.filter(|field| shape_of(field).is_none()).map(|field| field.name.clone()).collect()
}

fn shape(kind: &str) -> FieldShape {
    FieldShape { kind: kind.to_owned(), ..FieldShape::default() }
}

fn shape_of(field: &MappedField) -> Option<FieldShape> {
    let long = field.length.filter(|length| *length > TEXT);
    Some(match (field.kind?, long) {
        (FieldType::Text | FieldType::TextArea, Some(length)) => {
            FieldShape { length: Some(length.min(LONG_TEXT)), ..shape("LongTextArea") }
        }
        (FieldType::Text, None) => {
            FieldShape { length: Some(field.length.unwrap_or(TEXT).max(1)), ..shape("Text") }
        }
        (FieldType::TextArea, None) => shape("TextArea"),
        (FieldType::Email, _) => shape("Email"),
        (FieldType::Phone, _) => shape("Phone"),
        (FieldType::Url, _) => shape("Url"),
        (FieldType::Boolean, _) => shape("Checkbox"),
        (FieldType::Date, _) => shape("Date"),
        (FieldType::DateTime, _) => shape("DateTime"),
        (FieldType::Number, _) => shape("Number"),
        (FieldType::Picklist | FieldType::MultiPicklist | FieldType::Reference, _) => return None,
    })
}

/// The file of one field. Elements in the order in which an org gives them back.
pub(crate) fn file(name: &str, shape: &FieldShape, description: &str) -> String {
    let mut field = Element::new("CustomField").text("fullName", name);
    if shape.unique {
        field = field.flag("caseSensitive", false);
    }
    if shape.kind == "Checkbox" {
        field = field.flag("defaultValue", false);
    }
    field = field.text("description", description).flag("externalId", shape.external_id);
    field = field.text("label", label(name));
    if let Some(length) = shape.length {
        field = field.number("length", length);
    }
    if shape.kind == "Number" {
        field = field.number("precision", 18);
    }
    if shape.kind != "Checkbox" {
        field = field.flag("required", false);
    }
    if shape.kind == "Number" {
        field = field.number("scale", 2);
    }
    field = field.flag("trackTrending", false).text("type", &shape.kind);
    if shape.unique {
        field = field.flag("unique", true);
    }
    if shape.kind == "LongTextArea" {
        field = field.number("visibleLines", 3);
    }
    field.file()
}

/// What stands in the description of a technical field.
pub(crate) fn purpose(wish: &Blueprint, name: &str) -> &'static str {
    let names = wish.technical();
    if name == names.supporter_id {
        "The supporter's id. Filled by highwater; one Contact for one supporter."
    } else if name == names.push_marker {
        "Ticked by highwater in every row it writes, and unticked by a Flow in the same save, so that its own writes are not stamped."
    } else if name == names.last_modified {
        "When a mapped field was last changed by somebody else than highwater. Set by a Flow."
    } else if names.supporter_deleted.as_deref() == Some(name) {
        "Ticked by highwater when the supporter is gone, and unticked when it is there again."
    } else {
        "The id of the supporter database. Filled by highwater."
    }
}
