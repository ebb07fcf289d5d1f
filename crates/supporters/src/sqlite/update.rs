//! Changing one row: the compare stands in the statement that writes.

use std::collections::HashMap;

use model::{Cell, ContactId, Stamp, SupporterId};
use sqlx::sqlite::SqliteConnection;

use super::apply::RowEnd;
use super::cell;
use super::describe::Described;
use super::schema::Field;
use super::sql::{Bind, Sql};
use crate::{Applied, ContactIdWrite, UNDATED};

/// Rows whose stamps one statement reads.
const CHUNK: usize = 200;

pub(super) async fn row(
    table: &Described,
    connection: &mut SqliteConnection,
    id: &SupporterId,
    set: &[(usize, Cell)],
    expect: &[(usize, Cell)],
    contact_id: Option<&ContactIdWrite>,
) -> Result<RowEnd, sqlx::Error> {
    let compared = match compared(table, expect, contact_id) {
        Ok(compared) => compared,
        Err(refusal) => return Ok(RowEnd::Undo(refusal)),
    };
    let changes = match changes(table, set, contact_id) {
        Ok(changes) => changes,
        Err(refusal) => return Ok(RowEnd::Undo(refusal)),
    };
    let mut condition = Sql::new(" WHERE");
    table.id_is(&mut condition, id);
    for (field, expected) in compared {
        holds(&mut condition, field, expected);
    }
    if changes.is_empty() {
        return unchanged(table, connection, id, &condition).await;
    }
    let mut sql = Sql::new("UPDATE OR ABORT ");
    sql.ident(&table.table).raw(" SET ");
    for (at, (field, value)) in changes.into_iter().enumerate() {
        sql.raw(if at > 0 { ", " } else { "" }).ident(&field.ident).raw(" = ").bind(value);
    }
    touch(table, &mut sql);
    sql.push(&condition);
    match sql.execute(&mut *connection).await? {
        0 => why_nothing(table, connection, id, &condition).await,
        1 => Ok(done(id)),
        _ => Ok(RowEnd::Undo(Applied::refused("not_unique", "several rows have this id"))),
    }
}

/// What must still hold, as columns and what was read.
fn compared<'a>(
    table: &'a Described,
    expect: &'a [(usize, Cell)],
    contact_id: Option<&'a ContactIdWrite>,
) -> Result<Vec<(&'a Field, &'a Cell)>, Applied> {
    let mut compared = Vec::with_capacity(expect.len() + 1);
    for (place, cell) in expect {
        let field = table.columns.get(*place);
        compared.push((
            field.ok_or_else(|| Applied::refused("place", "a column outside of the field map"))?,
            cell,
        ));
    }
    if let (Some(field), Some(write)) = (&table.contact_id, contact_id) {
        compared.push((field, &write.expected));
    }
    if compared.iter().any(|(_, cell)| cell.is_absent()) {
        return Err(Applied::refused("unreadable", "a value that could not be read cannot be compared"));
    }
    Ok(compared)
}

/// What is written where.
fn changes<'a>(
    table: &'a Described,
    set: &[(usize, Cell)],
    contact_id: Option<&ContactIdWrite>,
) -> Result<Vec<(&'a Field, Bind)>, Applied> {
    let mut changes = Vec::with_capacity(set.len() + 1);
    for (place, cell) in set.iter().filter(|(_, cell)| !cell.is_absent()) {
        let field = table.columns.get(*place);
        let field = field.ok_or_else(|| Applied::refused("place", "a column outside of the field map"))?;
        if field.ident == table.id {
            return Err(Applied::refused("place", "the id of a row is never changed"));
        }
        changes.push((field, value(field, cell)));
    }
    if let (Some(field), Some(write)) = (&table.contact_id, contact_id) {
        let to = Cell::from_nullable(write.to.as_ref().map(ContactId::as_str));
        changes.push((field, value(field, &to)));
    }
    Ok(changes)
}

/// What a cell becomes in its column. Where NULL is not allowed, empty is the empty text.
pub(super) fn value(field: &Field, cell: &Cell) -> Bind {
    match cell.text() {
        Some(text) => Bind::text(text),
        None if field.column.nullable => Bind::Null,
        None => Bind::text(""),
    }
}

/// ` AND` the column still holds what was read: the same text byte by byte whatever the column's collation, or the same
/// number.
fn holds(sql: &mut Sql, field: &Field, expected: &Cell) {
    let c = &field.ident;
    let Some(text) = expected.text() else {
        sql.raw(" AND (").ident(c).raw(" IS NULL OR (typeof(").ident(c).raw(") = 'text' AND ");
        sql.ident(c).raw(" COLLATE BINARY = ''))");
        return;
    };
    sql.raw(" AND ((typeof(").ident(c).raw(") = 'text' AND ").ident(c).raw(" COLLATE BINARY = ");
    sql.bind(Bind::text(text)).raw(")");
    // A fraction in its shortest form can look like a whole number that is not quite the same.
    if let Ok(whole) = text.parse() {
        sql.raw(" OR (typeof(")
            .ident(c)
            .raw(") = 'integer' AND ")
            .ident(c)
            .raw(" = ")
            .bind(Bind::Int(whole))
            .raw(")");
    }
    if let Ok(real) = text.parse() {
        sql.raw(" OR (typeof(")
            .ident(c)
            .raw(") = 'real' AND ")
            .ident(c)
            .raw(" = ")
            .bind(Bind::Real(real))
            .raw(")");
    }
    sql.raw(")");
}

/// Stamps the row with the database's clock, where that is ours to do.
fn touch(table: &Described, sql: &mut Sql) {
    if table.touch_modified {
        sql.raw(", ").ident(&table.stamps.column).raw(" = ");
        table.stamps.now(sql);
    }
}

/// Nothing to write: only the compare.
async fn unchanged(
    table: &Described,
    connection: &mut SqliteConnection,
    id: &SupporterId,
    condition: &Sql,
) -> Result<RowEnd, sqlx::Error> {
    if exists(table, connection, condition).await? {
        return Ok(done(id));
    }
    why_nothing(table, connection, id, condition).await
}

/// Why an update found no row to write.
async fn why_nothing(
    table: &Described,
    connection: &mut SqliteConnection,
    id: &SupporterId,
    condition: &Sql,
) -> Result<RowEnd, sqlx::Error> {
    let mut by_id = Sql::new(" WHERE");
    table.id_is(&mut by_id, id);
    Ok(if !exists(table, connection, &by_id).await? {
        RowEnd::Outcome(Applied::Gone)
    } else if exists(table, connection, condition).await? {
        RowEnd::Undo(Applied::refused("ignored", "a trigger of the table swallows the change"))
    } else {
        RowEnd::Outcome(Applied::ChangedMeanwhile)
    })
}

async fn exists(
    table: &Described,
    connection: &mut SqliteConnection,
    condition: &Sql,
) -> Result<bool, sqlx::Error> {
    let mut sql = Sql::new("SELECT 1 FROM ");
    sql.ident(&table.table).push(condition).raw(" LIMIT 1");
    Ok(!sql.rows(connection).await?.is_empty())
}

/// The row is written; its stamp is read with those of its batch.
pub(super) fn done(id: &SupporterId) -> RowEnd {
    RowEnd::Outcome(Applied::Done { id: id.clone(), modified: None })
}

/// With which stamps do the rows of a batch stand there now?
pub(super) async fn note_stamps(
    table: &Described,
    connection: &mut SqliteConnection,
    all: &mut [Applied],
) -> Result<(), sqlx::Error> {
    for chunk in all.chunks_mut(CHUNK) {
        let mut written: HashMap<SupporterId, Vec<&mut Option<Stamp>>> = HashMap::new();
        for applied in chunk {
            if let Applied::Done { id, modified } = applied {
                written.entry(id.clone()).or_default().push(modified);
            }
        }
        if written.is_empty() {
            continue;
        }
        let mut sql = Sql::new("SELECT ");
        table.id_text(&mut sql);
        sql.raw(", ");
        table.select_modified(&mut sql);
        table.where_named(&mut sql);
        sql.raw(" AND ").ident(&table.id).raw(" IN (");
        sql.list(written.keys().map(|id| table.bind_id(id.as_str()))).raw(")");
        for row in sql.rows(&mut *connection).await? {
            let Some(id) = cell::id(&row, 0)? else { continue };
            let stamp = Some(cell::modified(&row, 1)?).filter(|stamp| *stamp != UNDATED);
            for place in written.get_mut(&id).into_iter().flatten() {
                **place = stamp;
            }
        }
    }
    Ok(())
}
