//! Reading values whose type SQLite decides row by row.

use compact_str::ToCompactString as _;
use model::{Cell, Stamp, Supporter, SupporterId};
use rusqlite::Row;
use rusqlite::types::ValueRef;

use super::connect::Fault;
use super::describe::Described;
use super::local;
use super::sql::{Ident, Sql};
use crate::carried::Carried;
use crate::{MAX_CELL_BYTES, UNDATED};

/// A stamp more than this many seconds ahead of the database's clock is none.
pub(super) const AHEAD: i64 = 86_400;

/// A value as text. Whole numbers as they are, others in their shortest exact form; what is no text is
/// [`Cell::Absent`]: blobs, and text that is not UTF-8. A text that is too long arrives cut to a length that is refused as
/// too long.
pub(super) fn cell(row: &Row<'_>, at: usize) -> Result<Cell, Fault> {
    Ok(match row.get_ref(at)? {
        ValueRef::Null => Cell::Empty,
        ValueRef::Integer(number) => Cell::Value(number.to_compact_string()),
        ValueRef::Real(number) => Cell::Value(number.to_string().into()),
        ValueRef::Text(bytes) => match std::str::from_utf8(bytes) {
            Ok(text) if text.len() > MAX_CELL_BYTES => {
                Cell::from_nullable(Some(&text[..text.ceil_char_boundary(MAX_CELL_BYTES + 1)]))
            }
            Ok(text) => Cell::from_nullable(Some(text)),
            Err(_) => Cell::Absent,
        },
        ValueRef::Blob(_) => Cell::Absent,
    })
}

/// Selects a column so that nothing huge is read: a long text is cut to a length that is refused as too long, a blob is
/// not read at all.
pub(super) fn select(sql: &mut Sql, column: &Ident) {
    let most = i64::try_from(MAX_CELL_BYTES).unwrap_or(i64::MAX);
    sql.raw("CASE WHEN typeof(").ident(column).raw(") = 'blob' THEN x'00' WHEN octet_length(").ident(column);
    sql.raw(") > ").number(most).raw(" THEN substr(").ident(column).raw(", 1, ").number(most + 1);
    sql.raw(") ELSE ").ident(column).raw(" END");
}

/// The id in a column; `None` for what is no supporter id.
pub(super) fn id(row: &Row<'_>, at: usize) -> Result<Option<SupporterId>, Fault> {
    Ok(match row.get_ref(at)? {
        ValueRef::Integer(number) => numbered(number),
        ValueRef::Text(bytes) => {
            std::str::from_utf8(bytes).ok().and_then(|text| SupporterId::parse(text).ok())
        }
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => None,
    })
}

/// The id of a row that is named by a number.
pub(super) fn numbered(number: i64) -> Option<SupporterId> {
    SupporterId::parse(&number.to_compact_string()).ok()
}

/// A second and microseconds within it.
pub(super) const fn at_second(second: i64, micros: i64) -> Stamp {
    Stamp::from_micros(Stamp::from_seconds(second).micros().saturating_add(micros))
}

/// A row's stamp from its two columns, by the database's own second now; [`UNDATED`] for none that can be used.
pub(super) fn modified(row: &Row<'_>, at: usize, table: &Described, now: i64) -> Result<Stamp, Fault> {
    let (second, micros) = table.stamps.read(row, at)?;
    let usable = second.filter(|second| (1..=now.saturating_add(AHEAD)).contains(second));
    Ok(usable.map_or(UNDATED, |second| at_second(second, micros)))
}

/// A supporter from the columns that [`Described::select_supporter`] selects, from `from` on.
pub(super) fn supporter(
    row: &Row<'_>,
    from: usize,
    id: SupporterId,
    table: &Described,
    now: i64,
) -> Result<Supporter, Fault> {
    let first = from + BEFORE_CELLS;
    let mut cells = Vec::with_capacity(table.columns.len());
    for (at, field) in table.columns.iter().enumerate() {
        let cell = cell(row, first + at)?;
        let local = cell.text().filter(|_| field.carried == Carried::DateTime);
        match local.and_then(|held| local::with_offset(held, table.stamps.zone)) {
            Some(read) => cells.push(Cell::Value(read.into())),
            None => cells.push(cell),
        }
    }
    let contact_id = if table.contact_id.is_some() { cell(row, from + 2)? } else { Cell::Absent };
    Ok(Supporter { id, modified: modified(row, from, table, now)?, contact_id, cells })
}

/// What stands before the mapped columns of a selected supporter: the stamp's two columns, and the Contact Id.
pub(super) const BEFORE_CELLS: usize = 3;
