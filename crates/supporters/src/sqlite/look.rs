//! Tables with some of their values, for [`crate::inspect`].

use rusqlite::Connection;

use super::cell;
use super::connect::{Database, Fault};
use super::read::number;
use super::schema::{self, Field, Named};
use super::sql::{Ident, Sql};
use super::stamp::{Form, Suffix, form_of};
use crate::inspect::{Looked, MAX_ROWS, MAX_VALUES, Seen};
use crate::{Error, Relation};

const OPERATION: &str = "look at a table";

/// Every table, with its number of rows and without values.
pub(crate) async fn look_at_all(url: &str, most: usize) -> Result<Vec<(Looked, u64)>, Error> {
    let database = Database::open(url, true).await?;
    let all = database.call(OPERATION, "", move |seat, _| tables(&seat.connection, most)).await;
    database.close().await;
    all
}

fn tables(connection: &Connection, most: usize) -> Result<Vec<(Looked, u64)>, Fault> {
    let mut all = Vec::new();
    for relation in schema::relations(connection)?.iter().take(most) {
        let seen = |field: Field| Seen {
            unique: field.unique,
            indexed: field.indexed,
            has_default: field.has_default,
            no_offset: false,
            stamped: None,
            column: field.column,
            values: Vec::new(),
        };
        let fields = schema::fields(connection, relation)?;
        let mut rows = Sql::new("SELECT count(*) FROM ");
        rows.ident(&Ident::from_schema(&relation.name));
        let rows = number(connection, &rows)?;
        all.push((looked(relation, fields.into_iter().map(seen).collect()), rows));
    }
    Ok(all)
}

/// One table with values.
pub(crate) async fn look_at(url: &str, table: &str) -> Result<Looked, Error> {
    let database = Database::open(url, true).await?;
    let name = table.to_owned();
    let found = database.call(OPERATION, table, move |seat, _| one_table(&seat.connection, &name)).await;
    database.close().await;
    found?
}

fn one_table(connection: &Connection, table: &str) -> Result<Result<Looked, Error>, Fault> {
    let relations = schema::relations(connection)?;
    let Some(relation) = schema::find(&relations, table, |named| &named.name) else {
        let existing = relations.iter().map(|named| named.name.clone()).take(50).collect();
        return Ok(Err(Error::MissingTable { table: table.to_owned(), existing }));
    };
    let mut columns = Vec::new();
    for field in schema::fields(connection, relation)? {
        let values = values(connection, relation, &field)?;
        let texts = values.iter().filter_map(model::Cell::text);
        columns.push(Seen {
            unique: field.unique,
            indexed: field.indexed,
            has_default: field.has_default,
            no_offset: texts.map(str::trim).any(has_no_offset),
            stamped: None,
            column: field.column,
            values,
        });
    }
    Ok(Ok(looked(relation, columns)))
}

fn looked(relation: &Named, columns: Vec<Seen>) -> Looked {
    let writable = relation.relation == Relation::Table;
    Looked { name: relation.name.clone(), relation: relation.relation, writable, columns }
}

/// Some distinct values of a column, from the first rows.
fn values(connection: &Connection, relation: &Named, field: &Field) -> Result<Vec<model::Cell>, Fault> {
    let mut sql = Sql::new("SELECT DISTINCT ");
    cell::select(&mut sql, &field.ident);
    sql.raw(" FROM (SELECT ").ident(&field.ident).raw(" FROM ").ident(&Ident::from_schema(&relation.name));
    sql.raw(" LIMIT ").number(MAX_ROWS).raw(") WHERE ").ident(&field.ident).raw(" IS NOT NULL LIMIT ");
    sql.number(MAX_VALUES);
    sql.rows(connection, |row| cell::cell(row, 0))
}

/// Whether a text is a stamp that does not say which time it is.
fn has_no_offset(text: &str) -> bool {
    matches!(form_of(text), Some(Form::Uniform { suffix: Suffix::Nothing, .. }))
}
