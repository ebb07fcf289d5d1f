//! Field paths resolved against the schema, and reading them from a record.

use super::ast::Name;
use super::error::{NotBuilt, SoqlError, SoqlErrorCode};
use crate::id::RecordId;
use crate::record::Record;
use crate::schema::{Field, FieldType, ObjectSchema};
use crate::store::Store;
use crate::value::{Stamp, ValueRef};

/// Most relationships in one path (SOQL reference: five levels from child to parent).
const MAX_STEPS: usize = 5;

/// What a query sees: the records committed and visible at a moment.
#[derive(Debug, Clone, Copy)]
pub struct View<'a> {
    /// The records.
    pub store: &'a Store,
    /// The moment, which decides about rows whose commit lags and about `TODAY`.
    pub now: Stamp,
    /// Whether deleted records are seen (`queryAll`).
    pub include_deleted: bool,
}

/// A field of the queried object or, over relationships, of a parent.
#[derive(Debug, Clone)]
pub struct Column {
    /// Each reference field followed, with the name of the object it leads to.
    pub(crate) steps: Vec<(Field, String)>,
    /// The field at the end.
    pub(crate) field: Field,
}

impl Column {
    /// The name in the spelling of the schema, e.g. `Account.Name`.
    #[must_use]
    pub fn header(&self) -> String {
        let mut header = String::new();
        for (through, _) in &self.steps {
            header.push_str(through.relationship_name.as_deref().unwrap_or_default());
            header.push('.');
        }
        header.push_str(&self.field.name);
        header
    }

    /// The field read.
    #[must_use]
    pub fn field(&self) -> &Field {
        &self.field
    }

    /// Whether the field belongs to the queried object itself.
    #[must_use]
    pub fn is_own(&self) -> bool {
        self.steps.is_empty()
    }

    /// The value for this record; null when a parent is missing.
    #[must_use]
    pub fn value<'a>(&self, view: View<'a>, record: &'a Record) -> ValueRef<'a> {
        let mut record = record;
        for (through, object) in &self.steps {
            match parent(view, record, through, object) {
                Some(found) => record = found,
                None => return ValueRef::Null,
            }
        }
        record.value(&self.field)
    }

    /// Resolves a name. `object` is the queried object; its name or `alias` may stand in front.
    pub(crate) fn resolve(
        store: &Store,
        object: &ObjectSchema,
        alias: Option<&str>,
        query: &str,
        name: &Name,
    ) -> Result<Self, SoqlError> {
        let mut parts: Vec<&str> = name.text.split('.').collect();
        let is_own_name = |part: &str| {
            alias.is_some_and(|a| a.eq_ignore_ascii_case(part)) || object.name.eq_ignore_ascii_case(part)
        };
        if parts.len() > 1 && is_own_name(parts[0]) && object.relationship(parts[0]).is_none() {
            parts.remove(0);
        }
        let last = parts.pop().unwrap_or_default();
        if parts.len() > MAX_STEPS {
            return Err(SoqlError::not_built(
                query,
                name.at,
                NotBuilt::Clause,
                "A path of more than 5 relationships",
            ));
        }
        let mut steps = Vec::with_capacity(parts.len());
        let mut current = object;
        for part in parts {
            let found = current.relationship(part);
            let target = found.and_then(|field| only_target(store, field)).filter(|t| t.access.read);
            let (Some(through), Some(target)) = (found, target) else {
                return Err(no_relationship(query, name.at, part));
            };
            steps.push((through.clone(), target.name.clone()));
            current = target;
        }
        match current.field(last) {
            Some(field) => Ok(Self { steps, field: field.clone() }),
            None => Err(no_column(query, name.at, last, &current.name)),
        }
    }
}

/// The object a relationship leads to: the only one of its objects that this org has (`Owner` leads to a User, for
/// there are no queues). A relationship to several is refused.
fn only_target<'s>(store: &'s Store, field: &Field) -> Option<&'s ObjectSchema> {
    let mut known = field.reference_to.iter().filter_map(|object| store.schema(object));
    let first = known.next();
    if known.next().is_some() { None } else { first }
}

/// The parent a reference field of this record points to, as the view sees it.
pub(crate) fn parent<'a>(
    view: View<'a>,
    record: &Record,
    through: &Field,
    object: &str,
) -> Option<&'a Record> {
    let text = record.value(through).text()?;
    let table = view.store.table(object)?;
    if through.kind == FieldType::Reference {
        return table.get(&RecordId::parse(text)?)?.as_of(view.now);
    }
    // Objects about objects point at each other by name.
    let durable = table.schema().any_field("DurableId")?;
    table.holders(durable, text).first()?.as_of(view.now)
}

fn no_column(query: &str, at: usize, name: &str, object: &str) -> SoqlError {
    let text = format!(
        "No such column '{name}' on entity '{object}'. If you are attempting to use a custom field, be sure to append \
         the '__c' after the custom field name. Please reference your WSDL or the describe call for the appropriate \
         names."
    );
    SoqlError::at(query, at, SoqlErrorCode::InvalidField, &text)
}

fn no_relationship(query: &str, at: usize, name: &str) -> SoqlError {
    let text = format!(
        "Didn't understand relationship '{name}' in field path. If you are attempting to use a custom relationship, be \
         sure to append the '__r' after the custom relationship name. Please reference your WSDL or the describe call \
         for the appropriate names."
    );
    SoqlError::at(query, at, SoqlErrorCode::InvalidField, &text)
}
