//! The header of an upload against the object's fields, and rows turned into saves.

use std::collections::HashSet;

use super::csv::CsvTable;
use super::spec::{IngestSpec, Operation};
use crate::id::RecordId;
use crate::save::{ForeignKey, RowToSave, SaveError, Target, from_csv};
use crate::schema::{Field, ObjectSchema, Source};
use crate::store::Store;
use crate::value::Value;

/// Written in a cell to clear a field (Bulk guide v66: prepare CSV files).
const CLEAR: &str = "#N/A";

/// What a column of an upload means.
#[derive(Debug, Clone)]
enum Meaning {
    /// The record's id.
    Id,
    /// The key of an upsert.
    Key(Field),
    /// A field.
    Plain(Field),
    /// A reference by a key of the other record.
    Foreign { through: Field, object: String, key: u16 },
}

/// The columns of an upload.
#[derive(Debug, Clone)]
pub(crate) struct Columns {
    meanings: Vec<Meaning>,
    object: String,
    key_prefix: String,
    operation: Operation,
    keyed_by_id: bool,
    /// Whether the header spells the field's API name to the letter.
    exact: Vec<bool>,
}

impl Columns {
    /// Understands the header.
    ///
    /// # Errors
    /// The `errorMessage` of the failed job: one unknown column fails all of it.
    pub(crate) fn bind(table: &CsvTable, spec: &IngestSpec, store: &Store) -> Result<Self, String> {
        let Some(schema) = store.schema(&spec.object) else {
            return Err(format!("InvalidBatch : Field name not found : {}", spec.object));
        };
        let mut seen = HashSet::new();
        let (mut meanings, mut exact) = (Vec::new(), Vec::new());
        for name in table.header() {
            if !seen.insert(name.to_lowercase()) {
                return Err(format!("InvalidBatch : Duplicate field name : {name}"));
            }
            let meaning = meaning(name, spec, schema, store);
            exact.push(schema.field(name).is_none_or(|field| field.name == name));
            meanings.push(meaning.ok_or_else(|| format!("InvalidBatch : Field name not found : {name}"))?);
        }
        let keyed_by_id = spec.external_id_field.as_deref().is_some_and(|f| f.eq_ignore_ascii_case("Id"));
        let has_key = meanings.iter().any(|m| matches!(m, Meaning::Key(_)));
        if let Some(field) = spec.external_id_field.as_deref().filter(|_| !has_key && !keyed_by_id) {
            return Err(format!("InvalidBatch : Field name not found : {field}"));
        }
        Ok(Self {
            meanings,
            object: schema.label.clone(),
            key_prefix: schema.key_prefix.clone(),
            operation: spec.operation,
            keyed_by_id,
            exact,
        })
    }

    /// Position of the column that carries the key of an upsert or the id.
    pub(crate) fn key_column(&self) -> Option<usize> {
        self.meanings.iter().position(|m| matches!(m, Meaning::Key(_) | Meaning::Id))
    }

    /// Whether a column's header is the field's API name to the letter.
    pub(crate) fn is_exact(&self, column: usize) -> bool {
        self.exact.get(column).copied().unwrap_or(true)
    }

    /// The id in this row.
    pub(crate) fn id(&self, table: &CsvTable, row: usize) -> Result<Option<RecordId>, SaveError> {
        let column = self.meanings.iter().position(|m| matches!(m, Meaning::Id));
        let text = column.map_or("", |c| table.get(row, c));
        if text.is_empty() || text == CLEAR {
            return Ok(None);
        }
        let malformed = || SaveError::new("MALFORMED_ID", format!("malformed id {text}"));
        let id = RecordId::parse(text).ok_or_else(malformed)?;
        if id.prefix() != self.key_prefix {
            let message = format!("{} ID: id value of incorrect type: {text}", self.object);
            return Err(SaveError::new("MALFORMED_ID", message).on("Id"));
        }
        Ok(Some(id))
    }

    /// The save this row asks for.
    pub(crate) fn row(&self, table: &CsvTable, row: usize) -> Result<RowToSave, SaveError> {
        let mut save = RowToSave::new(self.target(table, row)?, Vec::new());
        for (column, meaning) in self.meanings.iter().enumerate() {
            let text = table.get(row, column);
            if text.is_empty() {
                continue;
            }
            match meaning {
                Meaning::Id | Meaning::Key(_) => {}
                Meaning::Plain(field) => save.values.push((field.index, cell(field, column, text)?)),
                Meaning::Foreign { through, object, key } => save.foreign.push(ForeignKey {
                    field: through.index,
                    object: object.clone(),
                    key: *key,
                    value: if text == CLEAR { String::new() } else { text.to_owned() },
                }),
            }
        }
        Ok(save)
    }

    fn target(&self, table: &CsvTable, row: usize) -> Result<Target, SaveError> {
        let id = self.id(table, row)?;
        match (self.operation, id) {
            (Operation::Insert, None) => Ok(Target::New),
            (Operation::Insert, Some(_)) => {
                let text = "cannot specify Id in an insert call";
                Err(SaveError::new("INVALID_FIELD_FOR_INSERT_UPDATE", text).on("Id"))
            }
            (Operation::Update | Operation::Delete | Operation::HardDelete, Some(id)) => Ok(Target::Id(id)),
            (Operation::Update | Operation::Delete | Operation::HardDelete, None) => {
                Err(SaveError::new("MISSING_ARGUMENT", "Id not specified in an update call"))
            }
            (Operation::Upsert, Some(id)) if self.keyed_by_id => Ok(Target::Id(id)),
            (Operation::Upsert, None) if self.keyed_by_id => Ok(Target::New),
            (Operation::Upsert, Some(_)) => {
                let text = "Salesforce ID cannot be specified while using External Id for upsert";
                Err(SaveError::new("INVALID_FIELD", text).on("Id"))
            }
            (Operation::Upsert, None) => Ok(self.key(table, row)),
        }
    }

    fn key(&self, table: &CsvTable, row: usize) -> Target {
        let key = self.meanings.iter().enumerate().find_map(|(column, meaning)| match meaning {
            Meaning::Key(field) => Some((column, field.index)),
            Meaning::Id | Meaning::Plain(_) | Meaning::Foreign { .. } => None,
        });
        key.map_or(Target::New, |(column, field)| {
            let value = Some(table.get(row, column)).filter(|v| *v != CLEAR).unwrap_or_default();
            Target::Key { field, value: value.to_owned() }
        })
    }
}

fn cell(field: &Field, column: usize, text: &str) -> Result<Value, SaveError> {
    if text == CLEAR {
        return Ok(Value::Null);
    }
    from_csv(field, text).map_err(|error| {
        let message = format!(
            "Failed to deserialize field at col {column}. Due to, '{}' is not a valid value for the type {}",
            error.given, error.wanted
        );
        SaveError::new("INVALID_FIELD", message).on(&field.name)
    })
}

fn meaning(name: &str, spec: &IngestSpec, schema: &ObjectSchema, store: &Store) -> Option<Meaning> {
    if let Some((relationship, key)) = name.split_once('.') {
        return foreign(relationship, key, schema, store);
    }
    let field = schema.field(name)?;
    if field.source == Source::Id {
        return Some(Meaning::Id);
    }
    let is_key = spec.external_id_field.as_deref().is_some_and(|key| key.eq_ignore_ascii_case(name));
    Some(if is_key { Meaning::Key(field.clone()) } else { Meaning::Plain(field.clone()) })
}

/// `Relationship.Key`, or `Object:Relationship.Key` exactly when the relationship leads to several objects.
fn foreign(relationship: &str, key: &str, schema: &ObjectSchema, store: &Store) -> Option<Meaning> {
    let (object, relationship) = match relationship.split_once(':') {
        Some((object, relationship)) => (Some(object), relationship),
        None => (None, relationship),
    };
    let through = schema.relationship(relationship)?;
    let polymorphic = through.reference_to.len() > 1;
    let target = match object {
        Some(object) if polymorphic => {
            through.reference_to.iter().find(|o| o.eq_ignore_ascii_case(object))?
        }
        None if !polymorphic => through.reference_to.first()?,
        Some(_) | None => return None,
    };
    let key = store.schema(target)?.field(key).filter(|f| f.is_upsert_key() || f.source == Source::Id)?;
    Some(Meaning::Foreign { through: through.clone(), object: target.clone(), key: key.index })
}
