//! Why a row was refused.

use crate::id::RecordId;
use crate::schema::Field;
use std::fmt;

/// One error of one row, as REST and Bulk show it.
#[derive(Clone, PartialEq)]
pub struct SaveError {
    /// Status code, for example `REQUIRED_FIELD_MISSING`.
    pub status_code: &'static str,
    /// Text for people; part of some texts is the refused value.
    pub message: String,
    /// API names of the fields at fault.
    pub fields: Vec<String>,
    /// Key and body of the duplicate result, which only single-record REST answers show.
    pub duplicate: Option<Box<(String, serde_json::Value)>>,
}

impl fmt::Debug for SaveError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The message may quote a refused value, so it stays out.
        write!(f, "SaveError({} {:?})", self.status_code, self.fields)
    }
}

/// A refused row: its errors, and the record when the server knew it.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The record an update was for.
    pub id: Option<RecordId>,
    /// At least one error.
    pub errors: Vec<SaveError>,
}

impl From<SaveError> for Failure {
    fn from(error: SaveError) -> Self {
        Self { id: None, errors: vec![error] }
    }
}

impl SaveError {
    /// An error without fields.
    pub fn new(status_code: &'static str, message: impl Into<String>) -> Self {
        Self { status_code, message: message.into(), fields: Vec::new(), duplicate: None }
    }

    /// The same error naming a field.
    #[must_use]
    pub fn on(mut self, field: &str) -> Self {
        self.fields.push(field.to_owned());
        self
    }

    pub(crate) fn unknown_object(object: &str) -> Self {
        Self::new("INVALID_TYPE", format!("sObject type '{object}' is not supported."))
    }

    pub(crate) fn unknown_field(field: &str, object: &str) -> Self {
        Self::new("INVALID_FIELD", format!("No such column '{field}' on sobject of type {object}"))
    }

    pub(crate) fn read_only(fields: Vec<String>) -> Self {
        let advice = "Please check the security settings of this field and verify that it is read/write for \
                      your profile or permission set.";
        let text = format!("Unable to create/update fields: {}. {advice}", fields.join(", "));
        Self { fields, ..Self::new("INVALID_FIELD_FOR_INSERT_UPDATE", text) }
    }

    pub(crate) fn too_long(field: &Field, value: &str) -> Self {
        let message = format!("{}: data value too large: {value} (max length={})", field.label, field.length);
        Self::new("STRING_TOO_LONG", message).on(&field.name)
    }

    pub(crate) fn duplicate_value(field: &str, holder: Option<RecordId>) -> Self {
        let holder = holder.map_or_else(|| "<unknown>".to_owned(), |id| id.short().to_owned());
        let text = format!("duplicate value found: {field} duplicates value on record with id: {holder}");
        Self::new("DUPLICATE_VALUE", text)
    }

    pub(crate) fn cross_reference() -> Self {
        Self::new("INVALID_CROSS_REFERENCE_KEY", "invalid cross reference id")
    }

    pub(crate) fn not_inserted(label: &str) -> Self {
        let text = format!("entity type cannot be inserted: {label}");
        Self::new("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", text)
    }

    pub(crate) fn no_access() -> Self {
        Self::new("INSUFFICIENT_ACCESS_OR_READONLY", "insufficient access rights on object id")
    }

    pub(crate) fn converted() -> Self {
        Self::new("CANNOT_UPDATE_CONVERTED_LEAD", "cannot reference converted lead")
    }

    pub(crate) fn deleted() -> Self {
        Self::new("ENTITY_IS_DELETED", "entity is deleted")
    }

    pub(crate) fn rolled_back() -> Self {
        let text = "Record rolled back because not all records were valid and the request was using AllOrNone \
                    header";
        Self::new("ALL_OR_NONE_OPERATION_ROLLED_BACK", text)
    }
}
