//! Changing one row: the compare stands in the statement that writes.

use model::{Cell, ContactId, SupporterId};
use sqlx::postgres::PgConnection;

use super::apply::RowEnd;
use super::describe::Described;
use super::schema::Field;
use super::sql::Sql;
use super::{column, copy};
use crate::{Applied, ContactIdWrite, RefusalCode, SupporterWrite};

/// What is to be written to one row, as conditions and assignments.
struct Change {
    /// ` WHERE` the row is there and holds what was read.
    condition: Sql,
    /// ` WHERE` the row is there.
    by_id: Sql,
    /// `column = value, …`; `None`: nothing.
    assignments: Option<Sql>,
}

pub(super) async fn row(
    table: &Described,
    connection: &mut PgConnection,
    id: &SupporterId,
    set: &[(usize, Cell)],
    expect: &[(usize, Cell)],
    contact_id: Option<&ContactIdWrite>,
) -> Result<RowEnd, sqlx::Error> {
    let change = match change(table, id, set, expect, contact_id) {
        Ok(change) => change,
        Err(outcome @ Applied::Gone) => return Ok(RowEnd::Outcome(outcome)),
        Err(refusal) => return Ok(RowEnd::Undo(refusal)),
    };
    let Some(assignments) = &change.assignments else {
        return unchanged(table, connection, id, &change).await;
    };
    let mut sql = Sql::new("UPDATE ");
    sql.ident(&table.table).raw(" SET ").push(assignments).push(&change.condition);
    // Twice: between an update that found no match and the question why, the row may have come back to what it was.
    for _ in 0..2 {
        match sql.query().execute(&mut *connection).await?.rows_affected() {
            0 => {}
            1 => return Ok(done(id)),
            _ => {
                return Ok(RowEnd::Undo(Applied::refused(
                    RefusalCode::NotUnique,
                    "several rows have this id",
                )));
            }
        }
        if !is_there(table, connection, &change.by_id).await? {
            return Ok(RowEnd::Outcome(Applied::Gone));
        }
        if !is_there(table, connection, &change.condition).await? {
            return Ok(RowEnd::Outcome(Applied::ChangedMeanwhile));
        }
    }
    Ok(RowEnd::Undo(Applied::refused(
        RefusalCode::Ignored,
        "a trigger or rule of the table swallows the change",
    )))
}

/// The most changes that are sent in one message.
pub(super) const TOGETHER: usize = 200;

/// How changes that were sent together ended.
pub(super) enum Together {
    /// Each row by itself: whether it was written. Where it was not, [`row`] finds out why.
    Each(Vec<bool>),
    /// Nothing was sent: these are to be written one by one.
    Apart,
    /// Some id is that of several rows: what was sent must not stand.
    Undo,
}

/// Changes several rows, no two of them the same, in one message.
pub(super) async fn together(
    table: &Described,
    connection: &mut PgConnection,
    writes: &[SupporterWrite],
) -> Result<Together, sqlx::Error> {
    let mut statements = Vec::with_capacity(writes.len());
    for write in writes {
        let SupporterWrite::Update { id, set, expect, contact_id } = write else {
            return Ok(Together::Apart);
        };
        let Ok(change) = change(table, id, set, expect, contact_id.as_ref()) else {
            return Ok(Together::Apart);
        };
        let Some(assignments) = &change.assignments else { return Ok(Together::Apart) };
        let mut sql = Sql::new("UPDATE ");
        sql.ident(&table.table).raw(" SET ").push(assignments).push(&change.condition);
        if sql.holds_nul() {
            return Ok(Together::Apart);
        }
        statements.push(sql);
    }
    let counts = Sql::counts(&statements, connection).await?;
    if counts.len() != statements.len() || counts.iter().any(|count| *count > 1) {
        return Ok(Together::Undo);
    }
    Ok(Together::Each(counts.iter().map(|count| *count == 1).collect()))
}

fn change(
    table: &Described,
    id: &SupporterId,
    set: &[(usize, Cell)],
    expect: &[(usize, Cell)],
    contact_id: Option<&ContactIdWrite>,
) -> Result<Change, Applied> {
    let compared = compared(table, expect, contact_id)?;
    let changes = changes(table, set, expect, contact_id)?;
    let mut by_id = Sql::new(" WHERE");
    table.id_is(&mut by_id, id).ok_or(Applied::Gone)?;
    let mut condition = by_id.clone();
    for (field, expected) in compared {
        column::holds(&mut condition, field, expected, &table.zone);
    }
    let assignments = (!changes.is_empty()).then(|| {
        let mut sql = Sql::default();
        for (at, (field, cell)) in changes.iter().enumerate() {
            sql.raw(if at > 0 { ", " } else { "" }).ident(&field.ident).raw(" = ");
            column::value(&mut sql, field, cell, &table.zone);
        }
        if table.touch_modified {
            sql.raw(", ").ident(&table.stamps.field.ident).raw(" = ");
            table.stamps.now(&mut sql);
        }
        sql
    });
    Ok(Change { condition, by_id, assignments })
}

/// What must still hold, as columns and what was read.
fn compared<'a>(
    table: &'a Described,
    expect: &'a [(usize, Cell)],
    contact_id: Option<&'a ContactIdWrite>,
) -> Result<Vec<(&'a Field, &'a Cell)>, Applied> {
    let mut compared = Vec::with_capacity(expect.len() + 1);
    for (place, cell) in expect {
        compared.push((column_at(table, *place)?, cell));
    }
    if let (Some(field), Some(write)) = (&table.contact_id, contact_id) {
        compared.push((field, &write.expected));
    }
    if compared.iter().any(|(_, cell)| cell.is_absent()) {
        return Err(Applied::refused(
            RefusalCode::Unreadable,
            "a value that could not be read cannot be compared",
        ));
    }
    Ok(compared)
}

/// What is written where.
fn changes<'a>(
    table: &'a Described,
    set: &[(usize, Cell)],
    expect: &[(usize, Cell)],
    contact_id: Option<&ContactIdWrite>,
) -> Result<Vec<(&'a Field, Cell)>, Applied> {
    let mut changes = Vec::with_capacity(set.len() + 1);
    for (place, cell) in set.iter().filter(|(_, cell)| !cell.is_absent()) {
        let field = column_at(table, *place)?;
        if field.ident == table.id.ident {
            return Err(Applied::refused(RefusalCode::Place, "the id of a row is never changed"));
        }
        let present = expect.iter().find(|(at, _)| at == place).and_then(|(_, cell)| cell.text());
        changes.push((field, column::written(field, cell, present)?));
    }
    if let (Some(field), Some(write)) = (&table.contact_id, contact_id) {
        changes.push((field, Cell::from_nullable(write.to.as_ref().map(ContactId::as_str))));
    }
    Ok(changes)
}

fn column_at(table: &Described, place: usize) -> Result<&Field, Applied> {
    table
        .columns
        .get(place)
        .ok_or_else(|| Applied::refused(RefusalCode::Place, "a column outside of the field map"))
}

/// Nothing to write: only the compare.
async fn unchanged(
    table: &Described,
    connection: &mut PgConnection,
    id: &SupporterId,
    change: &Change,
) -> Result<RowEnd, sqlx::Error> {
    if is_there(table, connection, &change.condition).await? {
        return Ok(done(id));
    }
    let there = is_there(table, connection, &change.by_id).await?;
    Ok(RowEnd::Outcome(if there { Applied::ChangedMeanwhile } else { Applied::Gone }))
}

async fn is_there(
    table: &Described,
    connection: &mut PgConnection,
    condition: &Sql,
) -> Result<bool, sqlx::Error> {
    let mut sql = Sql::new("SELECT 1 FROM ");
    sql.ident(&table.table).push(condition).raw(" LIMIT 1");
    Ok(!copy::rows(connection, &sql).await?.is_empty())
}

/// The row is written.
pub(super) fn done(id: &SupporterId) -> RowEnd {
    RowEnd::Outcome(Applied::Done { id: id.clone() })
}
