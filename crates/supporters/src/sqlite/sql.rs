//! Building statements. A [`Sql`] can be made of fixed text, checked [`Ident`]s and placeholders, and of nothing else.

use std::fmt::Write as _;

use rusqlite::types::{ToSqlOutput, Value, ValueRef};
use rusqlite::{Connection, Row, ToSql, params_from_iter};

use super::connect::Fault;

/// A column or table that the schema really has. Made only from names read out of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ident(String);

impl Ident {
    /// Takes a name as the schema spells it.
    pub(super) fn from_schema(name: &str) -> Self {
        Self(name.to_owned())
    }

    /// The name, as the schema spells it.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

/// A value for a placeholder.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Bind {
    Null,
    Int(i64),
    Text(Box<str>),
}

impl Bind {
    pub(super) fn text(text: &str) -> Self {
        Self::Text(text.into())
    }

    /// A length or count, saturating.
    pub(super) fn count(count: usize) -> Self {
        Self::Int(i64::try_from(count).unwrap_or(i64::MAX))
    }
}

impl ToSql for Bind {
    fn to_sql(&self) -> Result<ToSqlOutput<'_>, Fault> {
        Ok(match self {
            Self::Null => ToSqlOutput::Owned(Value::Null),
            Self::Int(number) => ToSqlOutput::Owned(Value::Integer(*number)),
            Self::Text(text) => ToSqlOutput::Borrowed(ValueRef::Text(text.as_bytes())),
        })
    }
}

/// A statement with its values.
#[derive(Clone, Default)]
pub(super) struct Sql {
    text: String,
    binds: Vec<Bind>,
}

impl Sql {
    pub(super) fn new(text: &'static str) -> Self {
        Self { text: text.to_owned(), binds: Vec::new() }
    }

    /// Appends fixed text.
    pub(super) fn raw(&mut self, text: &'static str) -> &mut Self {
        self.text.push_str(text);
        self
    }

    /// Appends a name, quoted. In backticks: SQLite takes a name in double quotes that is no column for a text, and would
    /// invent a value for every row when a column is renamed under us.
    pub(super) fn ident(&mut self, ident: &Ident) -> &mut Self {
        self.text.push('`');
        self.text.push_str(&ident.0.replace('`', "``"));
        self.text.push('`');
        self
    }

    /// Appends a placeholder for a value.
    pub(super) fn bind(&mut self, bind: Bind) -> &mut Self {
        self.text.push('?');
        self.binds.push(bind);
        self
    }

    /// Appends a text of our own making, quoted.
    pub(super) fn literal(&mut self, text: &str) -> &mut Self {
        self.text.push('\'');
        self.text.push_str(&text.replace('\'', "''"));
        self.text.push('\'');
        self
    }

    /// Appends a placeholder whose value comes later, and changes from row to row.
    pub(super) fn open(&mut self) -> &mut Self {
        self.raw("?")
    }

    /// Appends placeholders with commas between them.
    pub(super) fn list(&mut self, binds: impl IntoIterator<Item = Bind>) -> &mut Self {
        for (at, bind) in binds.into_iter().enumerate() {
            if at > 0 {
                self.raw(", ");
            }
            self.bind(bind);
        }
        self
    }

    /// Appends a number, for places where SQLite takes no placeholder or a constant helps its planner.
    pub(super) fn number(&mut self, number: i64) -> &mut Self {
        // Writing to a String does not fail.
        let _ = write!(self.text, "{number}");
        self
    }

    /// Appends another statement's text and values.
    pub(super) fn push(&mut self, other: &Self) -> &mut Self {
        self.text.push_str(&other.text);
        self.binds.extend(other.binds.iter().cloned());
        self
    }

    /// The text, for statements whose values change from row to row.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// All rows. The caller bounds their number in the statement, or in `each`.
    pub(super) fn rows<T>(
        &self,
        on: &Connection,
        mut each: impl FnMut(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Vec<T>, Fault> {
        let mut statement = on.prepare_cached(&self.text)?;
        let mut rows = statement.query(params_from_iter(&self.binds))?;
        let mut all = Vec::new();
        while let Some(row) = rows.next()? {
            all.push(each(row)?);
        }
        Ok(all)
    }

    /// The rows one after the other, for statements whose rows are not bounded.
    pub(super) fn each(
        &self,
        on: &Connection,
        mut each: impl FnMut(&Row<'_>) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut statement = on.prepare_cached(&self.text)?;
        let mut rows = statement.query(params_from_iter(&self.binds))?;
        while let Some(row) = rows.next()? {
            each(row)?;
        }
        Ok(())
    }

    /// Whether this holds of every row. Ends with the first of which it does not.
    pub(super) fn all(
        &self,
        on: &Connection,
        holds: impl Fn(&Row<'_>) -> Result<bool, Fault>,
    ) -> Result<bool, Fault> {
        let mut statement = on.prepare_cached(&self.text)?;
        let mut rows = statement.query(params_from_iter(&self.binds))?;
        while let Some(row) = rows.next()? {
            if !holds(row)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The first row, where there is one.
    pub(super) fn first<T>(
        &self,
        on: &Connection,
        each: impl FnOnce(&Row<'_>) -> Result<T, Fault>,
    ) -> Result<Option<T>, Fault> {
        let mut statement = on.prepare_cached(&self.text)?;
        let mut rows = statement.query(params_from_iter(&self.binds))?;
        rows.next()?.map(each).transpose()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_its_quotes() {
        let mut sql = Sql::new("SELECT ");
        sql.ident(&Ident::from_schema("a` ; DROP TABLE x; --"));
        assert_eq!(sql.text, "SELECT `a`` ; DROP TABLE x; --`");
    }

    #[test]
    fn values_never_reach_the_text() {
        let mut sql = Sql::default();
        sql.list([Bind::text("'; DROP TABLE x"), Bind::Int(7)]);
        assert_eq!((sql.text.as_str(), sql.binds.len()), ("?, ?", 2));
    }
}
