//! From the org's name of a type to ours (Object reference, "Field Types").

use model::FieldType;

/// Our type for a field of the org; `None` for one that no column can stand for: addresses, locations, files.
#[must_use]
pub fn field_type(kind: &str) -> Option<FieldType> {
    Some(match kind.to_ascii_lowercase().as_str() {
        "string" | "encryptedstring" => FieldType::Text,
        "textarea" => FieldType::TextArea,
        "email" => FieldType::Email,
        "phone" => FieldType::Phone,
        "url" => FieldType::Url,
        "boolean" => FieldType::Boolean,
        "date" => FieldType::Date,
        "datetime" => FieldType::DateTime,
        "int" | "long" | "double" | "currency" | "percent" => FieldType::Number,
        "picklist" | "combobox" => FieldType::Picklist,
        "multipicklist" => FieldType::MultiPicklist,
        "reference" | "id" => FieldType::Reference,
        _ => return None,
    })
}

/// Whether a value of the type has a length the org enforces.
#[must_use]
pub const fn has_length(kind: FieldType) -> bool {
    match kind {
        FieldType::Text
        | FieldType::TextArea
        | FieldType::Email
        | FieldType::Phone
        | FieldType::Url
        | FieldType::Picklist => true,
        FieldType::Boolean
        | FieldType::Date
        | FieldType::DateTime
        | FieldType::Number
        | FieldType::MultiPicklist
        | FieldType::Reference => false,
    }
}
