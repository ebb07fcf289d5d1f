//! Objects an administrator added.

use super::field::FieldType;
use super::spec::{field, reference, text, with_system};
use super::{AutoNumber, ObjectSchema};
use serde::{Deserialize, Serialize};

/// A custom object as the settings name it; its fields are custom fields that name it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CustomObject {
    /// API name, with `__c`.
    pub name: String,
    /// Shown name; empty means the API name without `__c` and underscores.
    pub label: String,
    /// Shown name of several; empty means the label with an `s`.
    pub label_plural: String,
    /// `Name` counts up behind this prefix; empty means that `Name` is text that callers give.
    pub auto_number: String,
}

impl CustomObject {
    /// The object with its standard fields. `number` is its place among the custom objects, which makes its prefix:
    /// `a00`, `a01`, and so on.
    pub(super) fn to_schema(&self, number: usize) -> ObjectSchema {
        let stem = self.name.trim_end_matches("__c").replace('_', " ");
        let label = if self.label.is_empty() { stem } else { self.label.clone() };
        let plural =
            if self.label_plural.is_empty() { format!("{label}s") } else { self.label_plural.clone() };
        let counted = !self.auto_number.is_empty();
        let name = text("Name", &format!("{label} Name"), 80, if counted { "FDTL" } else { "CUNFDTL" });
        let fields = with_system(
            &label,
            vec![
                reference("OwnerId", "Owner ID", &["Group", "User"], "Owner", "CUDF"),
                name,
                field("LastActivityDate", "Last Activity Date", FieldType::Date, 0, "NF"),
            ],
        );
        let mut schema = ObjectSchema::new(&self.name, &label, &plural, &format!("a{number:02}"), fields);
        schema.custom = true;
        schema.auto_number =
            counted.then(|| AutoNumber { field: "Name".into(), prefix: self.auto_number.clone(), digits: 6 });
        schema
    }
}
