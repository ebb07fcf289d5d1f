//! Building statements. The only module that tells sqlx that a text made at run time is safe to execute: a [`Sql`] can be
//! made of fixed text, quoted names, numbers and values, and of nothing else.
//!
//! A read is sent as `COPY (…) TO STDOUT`, and many writes in one message; both take no parameters, and their values become
//! quoted literals. A write of its own is sent with parameters. All are made from the same [`Sql`].

use std::fmt::Write as _;

use futures_util::TryStreamExt as _;
use sqlx::AssertSqlSafe;
use sqlx::postgres::{PgArguments, PgConnection, Postgres};

/// A name of the schema: a column, or a relation with its schema.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Ident(String);

impl Ident {
    /// A name as the catalog spells it.
    pub(super) fn new(name: &str) -> Self {
        Self(quoted(name))
    }

    /// As it stands in a statement.
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// A name in a schema.
    pub(super) fn qualified(schema: &str, name: &str) -> Self {
        Self(format!("{}.{}", quoted(schema), quoted(name)))
    }
}

fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

#[derive(Debug, Clone)]
enum Part {
    Text(String),
    Value(Box<str>),
}

/// A statement with its values.
#[derive(Debug, Clone, Default)]
pub(super) struct Sql {
    parts: Vec<Part>,
}

impl Sql {
    pub(super) fn new(text: &'static str) -> Self {
        Self { parts: vec![Part::Text(text.to_owned())] }
    }

    /// Appends fixed text.
    pub(super) fn raw(&mut self, text: &'static str) -> &mut Self {
        self.text(text);
        self
    }

    fn text(&mut self, text: &str) {
        match self.parts.last_mut() {
            Some(Part::Text(last)) => last.push_str(text),
            Some(Part::Value(_)) | None => self.parts.push(Part::Text(text.to_owned())),
        }
    }

    /// Appends a name, quoted.
    pub(super) fn ident(&mut self, ident: &Ident) -> &mut Self {
        self.text(&ident.0);
        self
    }

    /// Appends a number.
    pub(super) fn number(&mut self, number: i64) -> &mut Self {
        let mut text = String::new();
        // Writing to a String does not fail. In parentheses: two minus signs in a row begin a comment.
        let _ = write!(text, "({number})");
        self.text(&text);
        self
    }

    /// Appends a value of type text.
    pub(super) fn value(&mut self, value: &str) -> &mut Self {
        self.parts.push(Part::Value(value.into()));
        self.text("::text");
        self
    }

    /// Appends an array of text.
    pub(super) fn array<'a>(&mut self, values: impl IntoIterator<Item = &'a str>) -> &mut Self {
        self.text("ARRAY[");
        for (at, value) in values.into_iter().enumerate() {
            if at > 0 {
                self.text(",");
            }
            self.parts.push(Part::Value(value.into()));
        }
        self.text("]::text[]");
        self
    }

    /// Appends another statement's text and values.
    pub(super) fn push(&mut self, other: &Self) -> &mut Self {
        for part in &other.parts {
            match part {
                Part::Text(text) => self.text(text),
                Part::Value(_) => self.parts.push(part.clone()),
            }
        }
        self
    }

    /// The statement as one that streams its rows, values written into it.
    pub(super) fn to_copy(&self) -> String {
        let mut text = "COPY (".to_owned();
        text.push_str(&self.literal());
        text.push_str(") TO STDOUT");
        text
    }

    /// The statement with its values written into it.
    fn literal(&self) -> String {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(fixed) => text.push_str(fixed),
                Part::Value(value) => literal(&mut text, value),
            }
        }
        text
    }

    /// Sends it as it is, for settings; its answer is not looked at.
    pub(super) async fn set(&self, on: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::raw_sql(AssertSqlSafe(self.literal())).execute(on).await.map(|_| ())
    }

    /// Whether a value holds what PostgreSQL cannot: as a parameter it is refused, as a literal it would become NULL.
    pub(super) fn holds_nul(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Value(value) if value.contains('\0')))
    }

    /// Sends statements in one message, their values written into them, and says how many rows each wrote: one round trip
    /// instead of many.
    pub(super) async fn counts(statements: &[Self], on: &mut PgConnection) -> Result<Vec<u64>, sqlx::Error> {
        let texts: Vec<String> = statements.iter().map(Self::literal).collect();
        let mut answers = sqlx::raw_sql(AssertSqlSafe(texts.join(";\n"))).execute_many(on);
        let mut counts = Vec::with_capacity(statements.len());
        while let Some(answer) = answers.try_next().await? {
            counts.push(answer.rows_affected());
        }
        Ok(counts)
    }

    /// The statement with parameters.
    pub(super) fn query(&self) -> sqlx::query::Query<'static, Postgres, PgArguments> {
        let (mut text, mut values) = (String::new(), Vec::new());
        for part in &self.parts {
            match part {
                Part::Text(fixed) => text.push_str(fixed),
                Part::Value(value) => {
                    values.push(value.to_string());
                    let _ = write!(text, "${}", values.len());
                }
            }
        }
        values.into_iter().fold(sqlx::query(AssertSqlSafe(text)), sqlx::query::Query::bind)
    }
}

/// A text as a literal that means the same whatever `standard_conforming_strings` says. What PostgreSQL cannot hold
/// equals nothing there: it becomes NULL.
fn literal(out: &mut String, value: &str) {
    if value.contains('\0') {
        out.push_str("NULL");
        return;
    }
    out.push_str(if value.contains('\\') { "E'" } else { "'" });
    for c in value.chars() {
        if matches!(c, '\'' | '\\') {
            out.push(c);
        }
        out.push(c);
    }
    out.push('\'');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_cannot_end_its_quotes() {
        let mut sql = Sql::new("SELECT ");
        sql.ident(&Ident::qualified("a\"b", "c\"; DROP TABLE x; --"));
        assert_eq!(sql.literal(), r#"SELECT "a""b"."c""; DROP TABLE x; --""#);
    }

    #[test]
    fn a_value_cannot_end_its_literal() {
        let mut sql = Sql::new("SELECT ");
        sql.value("'; DROP TABLE x").raw(", ").value(r"\'; DROP").raw(", ").value("\0").raw(", ").number(-1);
        assert_eq!(
            sql.to_copy(),
            r"COPY (SELECT '''; DROP TABLE x'::text, E'\\''; DROP'::text, NULL::text, (-1)) TO STDOUT"
        );
    }

    proptest::proptest! {
        #[test]
        fn any_value_is_one_literal(value in "\\PC{0,12}|['\\\\]{0,6}") {
            let mut text = String::new();
            literal(&mut text, &value);
            let escaped = text.starts_with('E');
            let inner = text.trim_start_matches('E').strip_prefix('\'').unwrap().strip_suffix('\'').unwrap();
            let back = inner.replace("''", "'");
            let back = if escaped { back.replace("\\\\", "\\") } else { back };
            proptest::prop_assert_eq!(back, value);
            // No quote stands alone, so none ends the literal.
            proptest::prop_assert!(!inner.replace("''", "").contains('\''));
        }
    }
}
