//! Tables with some of their values, for [`crate::inspect`].

use super::connect::{Database, classify};
use super::schema::{self, Field, Named};
use super::sql::{Ident, Sql};
use super::stamp::{Form, Suffix, form_of};
use super::{cell, connect};
use crate::inspect::{Looked, MAX_ROWS, MAX_VALUES, Seen};
use crate::{Error, Relation};

const OPERATION: &str = "look at a table";

/// Every table, with its number of rows and without values.
pub(crate) async fn look_at_all(url: &str, most: usize) -> Result<Vec<(Looked, u64)>, Error> {
    let database = Database::open(url, true).await?;
    let mut all = Vec::new();
    for relation in schema::relations(&database).await?.iter().take(most) {
        let seen = |field: Field| Seen {
            unique: field.unique,
            indexed: field.indexed,
            has_default: field.has_default,
            no_offset: false,
            stamped: None,
            column: field.column,
            values: Vec::new(),
        };
        let fields = schema::fields(&database, relation).await?;
        let rows = count(&database, relation).await?;
        let columns = fields.into_iter().map(seen).collect();
        all.push((looked(relation, columns), rows));
    }
    database.pool.close().await;
    Ok(all)
}

/// One table with values.
pub(crate) async fn look_at(url: &str, table: &str) -> Result<Looked, Error> {
    let database = Database::open(url, true).await?;
    let relations = schema::relations(&database).await?;
    let Some(relation) = schema::find(&relations, table, |named| &named.name) else {
        let existing = relations.iter().map(|named| named.name.clone()).take(50).collect();
        return Err(Error::MissingTable { table: table.to_owned(), existing });
    };
    let mut columns = Vec::new();
    for field in schema::fields(&database, relation).await? {
        let values = values(&database, relation, &field).await?;
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
    database.pool.close().await;
    Ok(looked(relation, columns))
}

fn looked(relation: &Named, columns: Vec<Seen>) -> Looked {
    let writable = relation.relation == Relation::Table;
    Looked { name: relation.name.clone(), relation: relation.relation, writable, columns }
}

async fn count(database: &connect::Database, relation: &Named) -> Result<u64, Error> {
    use sqlx::Row as _;
    let mut sql = Sql::new("SELECT count(*) FROM ");
    sql.ident(&Ident::from_schema(&relation.name));
    let rows = database.rows(OPERATION, &sql).await?;
    let number: i64 = match rows.first() {
        Some(row) => row.try_get(0).map_err(|error| classify(OPERATION, &relation.name, &error))?,
        None => 0,
    };
    Ok(u64::try_from(number).unwrap_or(0))
}

/// Some distinct values of a column, from the first rows.
async fn values(database: &Database, relation: &Named, field: &Field) -> Result<Vec<model::Cell>, Error> {
    let mut sql = Sql::new("SELECT DISTINCT ");
    cell::select(&mut sql, &field.ident);
    sql.raw(" FROM (SELECT ").ident(&field.ident).raw(" FROM ").ident(&Ident::from_schema(&relation.name));
    sql.raw(" LIMIT ").number(MAX_ROWS).raw(") WHERE ").ident(&field.ident).raw(" IS NOT NULL LIMIT ");
    sql.number(MAX_VALUES);
    let rows = database.rows(OPERATION, &sql).await?;
    let cells = rows.iter().map(|row| cell::cell(row, 0)).collect::<Result<_, _>>();
    cells.map_err(|error| classify(OPERATION, &relation.name, &error))
}

/// Whether a text is a stamp that does not say which time it is.
fn has_no_offset(text: &str) -> bool {
    matches!(form_of(text), Some(Form::Uniform { suffix: Suffix::Nothing, .. }))
}
