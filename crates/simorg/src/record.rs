//! One stored record, packed: only filled fields take room, and all its text is one allocation.

use crate::id::RecordId;
use crate::schema::{Field, FieldType, ObjectSchema, Source};
use crate::value::{Stamp, Value, ValueRef};
use chrono::{Datelike, NaiveDate};

#[derive(Clone, Copy, Debug, PartialEq)]
enum Packed {
    Text { start: u32, end: u32 },
    Bool(bool),
    Number(f64),
    Date(i32),
    DateTime(i64),
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Cell {
    value: Packed,
    field: u16,
}

/// The filled fields of a record, by field index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cells {
    cells: Box<[Cell]>,
    text: Box<str>,
}

impl Cells {
    /// Packs a draft; empty fields and unticked checkboxes take no room.
    pub fn pack(draft: &Draft) -> Self {
        Self::packed(draft, false)
    }

    /// Packs a draft of an object and keeps `false` where the schema does not tell which fields are checkboxes.
    pub fn pack_for(schema: &ObjectSchema, draft: &Draft) -> Self {
        Self::packed(draft, schema.fields.iter().any(|field| field.kind == FieldType::AnyType))
    }

    fn packed(draft: &Draft, keep_false: bool) -> Self {
        let mut text = String::with_capacity(draft.0.iter().map(|(_, value)| text_len(value)).sum());
        let mut cells = Vec::with_capacity(draft.0.len());
        for (field, value) in &draft.0 {
            let value = match value {
                Value::Null => continue,
                Value::Bool(false) if !keep_false => continue,
                Value::Text(part) => {
                    let start = offset(text.len());
                    text.push_str(part);
                    Packed::Text { start, end: offset(text.len()) }
                }
                Value::Bool(flag) => Packed::Bool(*flag),
                Value::Number(number) => Packed::Number(*number),
                Value::Date(day) => Packed::Date(day.num_days_from_ce()),
                Value::DateTime(at) => Packed::DateTime(at.0),
            };
            cells.push(Cell { value, field: *field });
        }
        Self { cells: cells.into_boxed_slice(), text: text.into_boxed_str() }
    }

    fn get(&self, field: u16) -> ValueRef<'_> {
        match self.cells.binary_search_by_key(&field, |cell| cell.field) {
            Ok(at) => self.cells.get(at).map_or(ValueRef::Null, |cell| self.open(*cell)),
            Err(_) => ValueRef::Null,
        }
    }

    fn open(&self, cell: Cell) -> ValueRef<'_> {
        match cell.value {
            Packed::Text { start, end } => {
                ValueRef::Text(self.text.get(start as usize..end as usize).unwrap_or_default())
            }
            Packed::Bool(flag) => ValueRef::Bool(flag),
            Packed::Number(number) => ValueRef::Number(number),
            Packed::Date(days) => {
                NaiveDate::from_num_days_from_ce_opt(days).map_or(ValueRef::Null, ValueRef::Date)
            }
            Packed::DateTime(millis) => ValueRef::DateTime(Stamp(millis)),
        }
    }

    /// The values as a draft that can be changed.
    pub fn draft(&self) -> Draft {
        Draft(self.cells.iter().map(|cell| (cell.field, self.open(*cell).to_value())).collect())
    }
}

fn text_len(value: &Value) -> usize {
    value.as_ref().text().map_or(0, str::len)
}

fn offset(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}

/// Values of a record while it is being saved, sorted by field index.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Draft(Vec<(u16, Value)>);

impl Draft {
    /// The value of a field; `Null` when it has none.
    pub fn get(&self, field: u16) -> ValueRef<'_> {
        match self.0.binary_search_by_key(&field, |(index, _)| *index) {
            Ok(at) => self.0.get(at).map_or(ValueRef::Null, |(_, value)| value.as_ref()),
            Err(_) => ValueRef::Null,
        }
    }

    /// Sets a field, `Null` included.
    pub fn set(&mut self, field: u16, value: Value) {
        match self.0.binary_search_by_key(&field, |(index, _)| *index) {
            Ok(at) => {
                if let Some(place) = self.0.get_mut(at) {
                    place.1 = value;
                }
            }
            Err(at) => self.0.insert(at, (field, value)),
        }
    }

    /// All entries.
    pub fn iter(&self) -> impl Iterator<Item = (u16, ValueRef<'_>)> {
        self.0.iter().map(|(field, value)| (*field, value.as_ref()))
    }
}

/// One record, live or in the recycle bin.
#[derive(Clone, Debug)]
pub struct Record {
    /// Its id.
    pub id: RecordId,
    /// Who made it.
    pub created_by: RecordId,
    /// When it was made.
    pub created: Stamp,
    /// Who last changed it.
    pub modified_by: RecordId,
    /// When a user last changed it.
    pub modified: Stamp,
    /// `SystemModstamp`: when a user or automation last touched it. Whole seconds.
    pub stamp: Stamp,
    /// From when on queries see this version (the commit lag).
    pub visible_at: Stamp,
    /// The winner of the merge that removed it.
    pub master: Option<RecordId>,
    /// In the recycle bin.
    pub deleted: bool,
    /// Gone for good: only its place is kept.
    pub purged: bool,
    /// All other fields.
    pub cells: Cells,
    /// The version queries see until `visible_at`.
    pub previous: Option<Box<Record>>,
}

impl Record {
    /// The value of one of its object's fields. A checkbox never set is false.
    pub fn value(&self, field: &Field) -> ValueRef<'_> {
        match field.source {
            Source::Stored => {
                let value = self.cells.get(field.index);
                if field.kind == FieldType::Boolean && value.is_null() {
                    ValueRef::Bool(false)
                } else {
                    value
                }
            }
            Source::Id => ValueRef::Text(self.id.as_str()),
            Source::IsDeleted => ValueRef::Bool(self.deleted),
            Source::MasterRecordId => {
                self.master.as_ref().map_or(ValueRef::Null, |id| ValueRef::Text(id.as_str()))
            }
            Source::CreatedDate => ValueRef::DateTime(self.created),
            Source::CreatedById => ValueRef::Text(self.created_by.as_str()),
            Source::LastModifiedDate => ValueRef::DateTime(self.modified),
            Source::LastModifiedById => ValueRef::Text(self.modified_by.as_str()),
            Source::SystemModstamp => ValueRef::DateTime(self.stamp),
            Source::Compound => ValueRef::Null,
        }
    }

    /// The version a query at this moment sees: this one, an earlier one while the commit lags, or none.
    pub fn as_of(&self, now: Stamp) -> Option<&Record> {
        let mut version = self;
        while version.visible_at > now {
            version = version.previous.as_deref()?;
        }
        Some(version)
    }
}

#[cfg(test)]
mod tests {
    use super::{Cells, Draft};
    use crate::value::{Stamp, Value, ValueRef};

    #[test]
    fn packing_and_opening_gives_the_same_values() {
        let mut draft = Draft::default();
        draft.set(9, Value::text("Brown"));
        draft.set(2, Value::text("Märk"));
        draft.set(5, Value::Bool(true));
        draft.set(6, Value::DateTime(Stamp(1000)));
        draft.set(7, Value::Number(2.5));
        let cells = Cells::pack(&draft);
        assert_eq!(cells.draft(), draft);
        assert_eq!(cells.get(2), ValueRef::Text("Märk"));
        assert_eq!(cells.get(3), ValueRef::Null);
    }
}
