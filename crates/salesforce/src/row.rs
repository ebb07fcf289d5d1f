//! One record as read, its values aligned to the columns asked for.

use std::collections::HashMap;
use std::fmt;
use std::sync::Arc;

use csv_async::ByteRecord;

use crate::call::Call;
use crate::error::{Error, ErrorKind};

/// The columns of a set of rows. Names are found without regard to case, as Salesforce compares them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    names: Vec<Box<str>>,
    at: HashMap<Box<str>, usize>,
}

impl Columns {
    /// Columns in order. Of two equal names the first is found.
    #[must_use]
    pub fn new<N: AsRef<str>>(names: impl IntoIterator<Item = N>) -> Self {
        let names: Vec<Box<str>> = names.into_iter().map(|name| name.as_ref().into()).collect();
        let mut at = HashMap::with_capacity(names.len());
        for (index, name) in names.iter().enumerate() {
            // Nearly always asked for in the spelling it was selected in, which then costs nothing to look up.
            at.entry(name.clone()).or_insert(index);
            at.entry(name.to_ascii_lowercase().into_boxed_str()).or_insert(index);
        }
        Self { names, at }
    }

    /// The names, in order.
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(AsRef::as_ref)
    }

    /// How many.
    #[must_use]
    pub fn len(&self) -> usize {
        self.names.len()
    }

    /// None at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Where a column stands.
    #[must_use]
    pub fn index(&self, name: &str) -> Option<usize> {
        if let Some(at) = self.at.get(name) {
            return Some(*at);
        }
        self.at.get(name.to_ascii_lowercase().as_str()).copied()
    }
}

/// One record: all texts in one piece of memory. Booleans are `true` and `false`, numbers plain decimal text, dates and
/// times as Salesforce writes them. Null and the empty text are one and the same to Salesforce, and to this.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    columns: Arc<Columns>,
    text: Box<str>,
    ends: Box<[u32]>,
}

impl Row {
    /// Aligns values to columns; missing values are null, surplus ones are dropped.
    #[must_use]
    pub fn new<V: AsRef<str>>(columns: Arc<Columns>, values: impl IntoIterator<Item = Option<V>>) -> Self {
        let mut text = String::new();
        let mut ends = Vec::with_capacity(columns.len());
        let mut values = values.into_iter();
        for _ in 0..columns.len() {
            if let Some(Some(value)) = values.next() {
                text.push_str(value.as_ref());
            }
            // Records are bounded far below 4 GiB.
            ends.push(u32::try_from(text.len()).unwrap_or(u32::MAX));
        }
        Self { columns, text: text.into(), ends: ends.into() }
    }

    /// The fields of a CSV record, which lie side by side in one piece of memory, aligned to as many columns.
    pub(crate) fn of_record(columns: Arc<Columns>, record: &ByteRecord) -> Self {
        let whole = std::str::from_utf8(record.as_slice()).ok().filter(|_| record.len() == columns.len());
        let ends = (0..record.len()).filter_map(|at| Some(record.range(at)?.end));
        if let Some(text) = whole
            && ends.clone().all(|end| text.is_char_boundary(end))
        {
            let ends = ends.map(|end| u32::try_from(end).unwrap_or(u32::MAX)).collect();
            return Self { columns, text: text.into(), ends };
        }
        Self::new(columns, record.iter().map(|cell| Some(String::from_utf8_lossy(cell))))
    }

    /// The value of a column by name; `None` when null, or when it was not asked for.
    #[must_use]
    pub fn get(&self, column: &str) -> Option<&str> {
        self.at(self.columns.index(column)?)
    }

    /// The value of a column by place.
    #[must_use]
    pub fn at(&self, index: usize) -> Option<&str> {
        let end = *self.ends.get(index)? as usize;
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        self.text.get(start..end).filter(|value| !value.is_empty())
    }

    /// Whether a boolean column is true.
    #[must_use]
    pub fn is_true(&self, column: &str) -> bool {
        self.get(column).is_some_and(|value| value.eq_ignore_ascii_case("true"))
    }

    /// A value that every record has, as `parse` reads it: a row without it is none that could be passed over in silence.
    ///
    /// # Errors
    /// [`ErrorKind::Contract`] when it is null, was not asked for, or does not parse.
    pub fn required<T>(&self, column: &str, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Error> {
        let value = self.get(column).and_then(parse);
        value.ok_or_else(|| {
            Error::new(ErrorKind::Contract, "a row without its Id or stamp").during(Call::Query)
        })
    }

    /// The columns.
    #[must_use]
    pub const fn columns(&self) -> &Arc<Columns> {
        &self.columns
    }
}

/// Shows the columns that have a value, never the values.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let filled =
            self.columns.names().enumerate().filter(|(at, _)| self.at(*at).is_some()).map(|(_, name)| name);
        f.write_str("Row")?;
        f.debug_list().entries(filled).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_found_by_any_spelling_and_null_is_none() {
        let columns = Arc::new(Columns::new(["Id", "Account.Name", "Email", "Email"]));
        let row = Row::new(columns, [Some("003"), Some("Smith Household"), None]);
        assert_eq!(row.get("account.name"), Some("Smith Household"));
        assert_eq!(row.get("ID"), Some("003"));
        assert_eq!(row.get("Email"), None);
        assert_eq!(row.get("Phone"), None);
        assert_eq!(row.at(9), None);
        assert_eq!(row.required("id", |id| id.parse::<u32>().ok()).unwrap(), 3);
        for column in ["Account.Name", "Email", "Phone"] {
            let refused = row.required(column, |text| text.parse::<u32>().ok()).unwrap_err();
            assert_eq!(refused.kind(), ErrorKind::Contract, "{column}");
        }
        assert_eq!(format!("{row:?}"), "Row[\"Id\", \"Account.Name\"]");
    }

    proptest::proptest! {
        #[test]
        fn a_record_read_at_once_is_the_record_read_field_by_field(
            fields in proptest::collection::vec(proptest::collection::vec(proptest::prelude::any::<u8>(), 0..6), 0..5),
            texts in proptest::collection::vec("\\PC{0,4}", 0..5),
            more in 0_usize..3,
        ) {
            for record in [ByteRecord::from(fields), ByteRecord::from(texts)] {
                let columns = Arc::new(Columns::new((0..record.len() + more).map(|n| n.to_string())));
                let one_by_one = record.iter().map(|cell| Some(String::from_utf8_lossy(cell)));
                let slow = Row::new(Arc::clone(&columns), one_by_one);
                proptest::prop_assert_eq!(Row::of_record(columns, &record), slow);
            }
        }
    }
}
