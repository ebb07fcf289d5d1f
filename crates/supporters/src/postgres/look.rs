//! Relations with some of their values, for [`crate::inspect`].

use super::column;
use super::connect::Database;
use super::fault::classify;
use super::login::Login;
use super::schema::{self, Field, Named};
use super::sql::Sql;
use super::trigger;
use super::zone::ZoneText;
use crate::inspect::{Looked, MAX_ROWS, MAX_VALUES, Seen};
use crate::{Error, Zone};

const OPERATION: &str = "look at a table";

/// Every relation, with about how many rows it has and without values.
pub(crate) async fn look_at_all(login: &Login, most: usize) -> Result<Vec<(Looked, u64)>, Error> {
    let database = open(login).await?;
    let mut all = Vec::new();
    for relation in schema::relations(&database).await?.iter().take(most) {
        let fields = schema::fields(&database, relation).await?;
        let rows = rows(&database, relation).await?;
        all.push((
            looked(&database, relation, fields.into_iter().map(|field| (field, Vec::new()))).await?,
            rows,
        ));
    }
    database.close().await;
    Ok(all)
}

/// One relation with values.
pub(crate) async fn look_at(login: &Login, table: &str) -> Result<Looked, Error> {
    let database = open(login).await?;
    let relations = schema::relations(&database).await?;
    let Some(relation) = schema::find_relation(&relations, table) else {
        let existing = relations.iter().map(|named| named.name.clone()).take(50).collect();
        return Err(Error::MissingTable { table: table.to_owned(), existing });
    };
    let mut fields = Vec::new();
    for field in schema::fields(&database, relation).await? {
        let values = values(&database, relation, &field).await?;
        fields.push((field, values));
    }
    let looked = looked(&database, relation, fields.into_iter()).await?;
    database.close().await;
    Ok(looked)
}

async fn open(login: &Login) -> Result<Database, Error> {
    Database::open(login, ZoneText::fixed(Zone::default()).as_str(), true).await
}

async fn looked(
    database: &Database,
    relation: &Named,
    fields: impl Iterator<Item = (Field, Vec<model::Cell>)>,
) -> Result<Looked, Error> {
    let mut columns = Vec::new();
    for (field, values) in fields {
        columns.push(Seen {
            unique: field.unique,
            indexed: field.indexed,
            has_default: field.has_default,
            no_offset: field.kind == column::Kind::Local,
            stamped: trigger::stamps_updates(database, relation, &field).await?,
            column: field.column,
            values,
        });
    }
    Ok(Looked {
        name: relation.name.clone(),
        relation: relation.relation,
        writable: relation.updatable,
        columns,
    })
}

/// The planner's own guess where it has one: counting every table of a large database takes long.
async fn rows(database: &Database, relation: &Named) -> Result<u64, Error> {
    let mut sql = Sql::new("SELECT reltuples::bigint FROM pg_class WHERE relkind IN ('r', 'm') AND oid = ");
    sql.number(relation.oid).raw("::oid");
    let guess = database.rows(OPERATION, &sql).await?;
    let failed = |error: super::copy::Malformed| classify(OPERATION, &relation.name, &error.into());
    if let Some(rows) = guess.first().map(|row| row.number(0)).transpose().map_err(failed)?.flatten()
        && rows > 0
    {
        return Ok(u64::try_from(rows).unwrap_or(0));
    }
    let mut sql = Sql::new("SELECT count(*) FROM (SELECT 1 FROM ");
    sql.ident(&relation.ident()).raw(" LIMIT 100000) AS sample");
    let rows = database.row(OPERATION, &sql).await?.number(0).map_err(failed)?;
    Ok(rows.and_then(|rows| u64::try_from(rows).ok()).unwrap_or(0))
}

/// Some distinct values of a column, from the first rows.
async fn values(database: &Database, relation: &Named, field: &Field) -> Result<Vec<model::Cell>, Error> {
    let mut sql = Sql::new("SELECT DISTINCT ");
    column::select(&mut sql, field, &ZoneText::fixed(Zone::default()));
    sql.raw(" FROM (SELECT ").ident(&field.ident).raw(" FROM ").ident(&relation.ident());
    sql.raw(" LIMIT ")
        .number(MAX_ROWS)
        .raw(") AS sample WHERE ")
        .ident(&field.ident)
        .raw(" IS NOT NULL LIMIT ");
    sql.number(MAX_VALUES);
    let rows = database.rows(OPERATION, &sql).await?;
    let cells = rows.iter().map(|row| Ok(column::cell(field, row.cell(0)?)));
    cells
        .collect::<Result<_, _>>()
        .map_err(|error: super::copy::Malformed| classify(OPERATION, &relation.name, &error.into()))
}
