//! The table as it stands, with what an administrator should look at.

use rusqlite::Connection;

use super::connect::Fault;
use super::describe::{Described, IdKind};
use super::read::{now_seconds, number};
use super::sql::{Bind, Sql};
use super::stamp::{Form, Suffix};
use super::{Sqlite, cell};
use crate::{Error, Note, Shape};

/// How many undated rows are named.
const NAMED: i64 = 20;
/// Seconds that two clocks may differ without anybody looking into it.
const TOLERANCE: i64 = 300;

impl Sqlite {
    pub(super) async fn read_shape(&self) -> Result<Shape, Error> {
        self.on_table("read the shape", |connection, table, _| shape(connection, table)).await
    }
}

fn shape(connection: &Connection, table: &Described) -> Result<Shape, Fault> {
    let now = now_seconds(connection)?;
    let mut rows = Sql::new("SELECT count(*) FROM ");
    rows.ident(&table.table);
    Ok(Shape {
        table: table.name().to_owned(),
        quoted: format!("\"{}\"", table.name().replace('"', "\"\"")),
        relation: table.relation.relation,
        columns: table.all.clone(),
        rows: number(connection, &rows)?,
        undated: count_undated(connection, table, now)?,
        undated_ids: name_undated(connection, table, now)?,
        ahead: count_ahead(connection, table, now)?,
        unaddressable: count_unaddressable(connection, table)?,
        stamps: table.stamps.describe(),
        modified_indexed: table.stamps.indexed,
        email_indexed: table.email.indexed,
        contact_id_indexed: table.contact_id.as_ref().map(|field| field.indexed),
        read_only: table.read_only,
        notes: notes(connection, table)?,
    })
}

fn notes(connection: &Connection, table: &Described) -> Result<Vec<Note>, Fault> {
    let mut notes = Vec::new();
    // Of SQLite's columns none says whether its texts are times of a place; those of `CURRENT_TIMESTAMP` are UTC.
    if let Form::Uniform { suffix: Suffix::Nothing, .. } = table.stamps.form {
        let (column, zone) = (table.stamps.column.as_str().to_owned(), table.stamps.zone.to_string());
        notes.push(Note::NoOffset { column, zone });
    }
    if table.id_kind == IdKind::RowNumber && gives_ids_again(connection, table)? {
        notes.push(Note::IdsGivenAgain { column: table.id.as_str().to_owned() });
    }
    Ok(notes)
}

/// Whether the highest number goes to the next row once its own is removed. The declaration alone tells (sqlite.org/autoinc.html).
fn gives_ids_again(connection: &Connection, table: &Described) -> Result<bool, Fault> {
    let mut sql = Sql::new(
        "SELECT instr(lower(sql), 'autoincrement') = 0 FROM sqlite_schema WHERE type = 'table' AND name = ",
    );
    sql.bind(Bind::text(table.name()));
    Ok(sql.first(connection, |row| row.get(0))?.unwrap_or(false))
}

fn count_undated(connection: &Connection, table: &Described, now: i64) -> Result<u64, Fault> {
    let mut sql = Sql::new("SELECT count(*)");
    table.where_named(&mut sql);
    table.is_undated(&mut sql, now);
    number(connection, &sql)
}

fn name_undated(connection: &Connection, table: &Described, now: i64) -> Result<Vec<String>, Fault> {
    let mut sql = Sql::new("SELECT ");
    table.id_text(&mut sql);
    table.where_named(&mut sql);
    table.is_undated(&mut sql, now);
    sql.raw(" ORDER BY ").ident(&table.id).raw(" LIMIT ").number(NAMED);
    let ids = sql.rows(connection, |row| cell::id(row, 0))?;
    Ok(ids.into_iter().flatten().map(|id| id.to_string()).collect())
}

fn count_ahead(connection: &Connection, table: &Described, now: i64) -> Result<u64, Fault> {
    let mut sql = Sql::new("SELECT count(*)");
    table.where_named(&mut sql);
    sql.raw(" AND ").push(&table.stamps.second()).raw(" > ").number(now.saturating_add(TOLERANCE));
    number(connection, &sql)
}

/// Close to what [`model::SupporterId`] refuses: SQL knows no classes of characters beyond ranges.
fn count_unaddressable(connection: &Connection, table: &Described) -> Result<u64, Fault> {
    let id = &table.id;
    let mut named = Sql::new("SELECT (SELECT count(*) FROM ");
    named.ident(&table.table).raw(") - (SELECT count(*)");
    table.where_named(&mut named);
    named.raw(" AND octet_length(").ident(id).raw(") BETWEEN 1 AND 255 AND trim(").ident(id).raw(") = ");
    named.ident(id).raw(" AND instr(").ident(id).raw(", char(0)) = 0 AND ").ident(id).raw(" NOT GLOB ");
    named.bind(Bind::text("*[\u{1}-\u{1f}]*")).raw(")");
    number(connection, &named)
}
