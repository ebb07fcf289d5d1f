//! Building statements. The only module that tells sqlx that a text made at run time is safe to execute: a [`Sql`] can be
//! made of fixed text, checked [`Ident`]s and placeholders, and of nothing else.

use std::fmt::Write as _;

use futures_util::stream::BoxStream;
use sqlx::sqlite::{Sqlite, SqliteArguments, SqliteRow};
use sqlx::{AssertSqlSafe, Executor};

/// A column or table that the schema really has. Made only from names read out of the schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ident(String);

impl Ident {
    /// Takes a name as the schema spells it.
    pub(super) fn from_schema(name: &str) -> Self {
        Self(name.to_owned())
    }
}

/// A value for a placeholder.
#[derive(Clone)]
pub(super) enum Bind {
    Null,
    Int(i64),
    Real(f64),
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

    fn query(&self) -> sqlx::query::Query<'static, Sqlite, SqliteArguments> {
        let query = sqlx::query(AssertSqlSafe(self.text.clone()));
        self.binds.iter().fold(query, |query, bind| match bind {
            Bind::Null => query.bind(None::<i64>),
            Bind::Int(number) => query.bind(*number),
            Bind::Real(number) => query.bind(*number),
            Bind::Text(text) => query.bind(text.to_string()),
        })
    }

    /// All rows. The caller bounds their number in the statement.
    pub(super) async fn rows<'c, E>(&self, on: E) -> Result<Vec<SqliteRow>, sqlx::Error>
    where
        E: Executor<'c, Database = Sqlite>,
    {
        self.query().fetch_all(on).await
    }

    /// The rows one after the other, for statements whose rows are not bounded.
    pub(super) fn stream<'c, E>(&self, on: E) -> BoxStream<'c, Result<SqliteRow, sqlx::Error>>
    where
        E: Executor<'c, Database = Sqlite> + 'c,
    {
        self.query().fetch(on)
    }

    /// Runs it; the number of rows it changed.
    pub(super) async fn execute<'c, E>(&self, on: E) -> Result<u64, sqlx::Error>
    where
        E: Executor<'c, Database = Sqlite>,
    {
        self.query().execute(on).await.map(|done| done.rows_affected())
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
