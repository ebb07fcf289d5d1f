//! Fields an administrator added.

use super::field::{Field, FieldType, Flags, PicklistValue, Source};
use crate::value::Value;
use serde::{Deserialize, Serialize};

/// A custom field as the settings name it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[expect(clippy::struct_excessive_bools, reason = "describe has one flag each")]
pub struct CustomField {
    /// Object that gets the field.
    pub object: String,
    /// API name, with `__c`.
    pub name: String,
    /// Shown name; empty means the API name without `__c` and underscores.
    pub label: String,
    /// Type.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// Longest text in characters; ignored for other types.
    pub length: usize,
    /// Digits in all (numbers).
    pub precision: u8,
    /// Digits behind the point (numbers).
    pub scale: u8,
    /// External id.
    pub external_id: bool,
    /// Unique among live records.
    pub unique: bool,
    /// Compared with case.
    pub case_sensitive: bool,
    /// Must be given on insert.
    pub required: bool,
    /// Picklist values.
    pub values: Vec<String>,
    /// Only listed values are accepted.
    pub restricted: bool,
    /// Object a reference points to.
    pub reference_to: Option<String>,
    /// Checkbox: ticked on new records. Other types have no default.
    pub default_true: bool,
}

impl Default for CustomField {
    fn default() -> Self {
        Self {
            object: "Contact".into(),
            name: String::new(),
            label: String::new(),
            kind: FieldType::String,
            length: 255,
            precision: 18,
            scale: 0,
            external_id: false,
            unique: false,
            case_sensitive: false,
            required: false,
            values: Vec::new(),
            restricted: false,
            reference_to: None,
            default_true: false,
        }
    }
}

impl CustomField {
    /// A field of this object, name and type with everything else as by default.
    pub fn new(object: &str, name: &str, kind: FieldType) -> Self {
        Self { object: object.into(), name: name.into(), kind, ..Self::default() }
    }

    pub(super) fn to_field(&self) -> Field {
        let stem = self.name.trim_end_matches("__c");
        let boolean = self.kind == FieldType::Boolean;
        let label = if self.label.is_empty() { stem.replace('_', " ") } else { self.label.clone() };
        Field {
            index: 0,
            name: self.name.clone(),
            label,
            kind: self.kind,
            length: if self.kind.is_text() { self.length } else { 0 },
            precision: if self.kind.is_number() { self.precision } else { 0 },
            scale: self.scale,
            flags: Flags {
                createable: true,
                updateable: true,
                nillable: !self.required && !boolean,
                filterable: !matches!(self.kind, FieldType::TextArea if self.length > 255),
                defaulted_on_create: boolean,
                id_lookup: self.external_id,
                external_id: self.external_id,
                unique: self.unique,
                case_sensitive: self.case_sensitive,
                custom: true,
                restricted: self.restricted,
                ..Flags::default()
            },
            reference_to: self.reference_to.iter().cloned().collect(),
            relationship_name: self.reference_to.is_some().then(|| format!("{stem}__r")),
            picklist: self.picklist(),
            default: if boolean { Value::Bool(self.default_true) } else { Value::Null },
            source: Source::Stored,
        }
    }

    fn picklist(&self) -> Vec<PicklistValue> {
        let entry =
            |value: &String| PicklistValue { value: value.clone(), label: value.clone(), default: false };
        self.values.iter().map(entry).collect()
    }
}
