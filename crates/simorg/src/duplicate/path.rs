//! Reads a field, or a field of the record it refers to, from a stored record or a row being saved.

use crate::id::RecordId;
use crate::record::{Draft, Record};
use crate::schema::{Field, ObjectSchema, Schema};
use crate::store::Store;
use crate::value::ValueRef;

/// Where values come from.
#[derive(Clone, Copy)]
pub(super) enum Holder<'a> {
    Stored(&'a Record),
    Saving(&'a Draft),
}

impl<'a> Holder<'a> {
    fn value(self, field: &Field) -> ValueRef<'a> {
        match self {
            Self::Stored(record) => record.value(field),
            Self::Saving(draft) => draft.get(field.index),
        }
    }
}

/// A resolved field path.
#[derive(Clone, Debug)]
pub(super) enum FieldPath {
    Own(Field),
    Related { through: Field, object: String, field: Field },
}

impl FieldPath {
    /// Resolves `Field` or `Relationship.Field` among the fields API users see. `None` when one is missing: a rule
    /// does not run for a user who cannot see its fields.
    pub(super) fn resolve(schema: &Schema, object: &ObjectSchema, path: &str) -> Option<Self> {
        let Some((relationship, name)) = path.split_once('.') else {
            return object.field(path).cloned().map(Self::Own);
        };
        let through = object.relationship(relationship)?.clone();
        let target = through.reference_to.first()?;
        let related = schema.objects().iter().find(|o| o.name == *target)?;
        Some(Self::Related { field: related.field(name)?.clone(), object: related.name.clone(), through })
    }

    /// The value as text; `None` when blank or not text.
    pub(super) fn text<'a>(&self, store: &'a Store, holder: Holder<'a>) -> Option<&'a str> {
        match self {
            Self::Own(field) => holder.value(field).text(),
            Self::Related { through, object, field } => {
                let id = RecordId::parse(holder.value(through).text()?)?;
                store.table(object)?.get(&id)?.value(field).text()
            }
        }
    }

    /// The value as text when the field is the record's own.
    pub(super) fn own_text<'a>(&self, record: &'a Record) -> Option<&'a str> {
        match self {
            Self::Own(field) => record.value(field).text(),
            Self::Related { .. } => None,
        }
    }
}
