//! Reading values whose type SQLite decides row by row.

use model::{Cell, Stamp, Supporter, SupporterId};
use sqlx::sqlite::{Sqlite, SqliteRow};
use sqlx::{Row as _, TypeInfo as _, ValueRef as _};

use super::sql::{Ident, Sql};
use super::stamp;
use crate::{MAX_CELL_BYTES, UNDATED};

/// A stamp more than this many seconds ahead of the database's clock is none.
pub(super) const AHEAD: i64 = 86_400;

/// A value as text. Whole numbers as they are, others in their shortest exact form; what is no text is
/// [`Cell::Absent`]: blobs, and text that is not UTF-8.
pub(super) fn cell(row: &SqliteRow, at: usize) -> Result<Cell, sqlx::Error> {
    let value = row.try_get_raw(at)?;
    if value.is_null() {
        return Ok(Cell::Empty);
    }
    let kind = value.type_info().name().to_owned();
    let undecodable = |source| sqlx::Error::ColumnDecode { index: at.to_string(), source };
    Ok(match kind.as_str() {
        "INTEGER" => {
            Cell::Value(<i64 as sqlx::Decode<Sqlite>>::decode(value).map_err(undecodable)?.to_string().into())
        }
        "REAL" => {
            Cell::Value(<f64 as sqlx::Decode<Sqlite>>::decode(value).map_err(undecodable)?.to_string().into())
        }
        "TEXT" => {
            let bytes = <&[u8] as sqlx::Decode<Sqlite>>::decode(value).map_err(undecodable)?;
            std::str::from_utf8(bytes).map_or(Cell::Absent, |text| Cell::from_nullable(Some(text)))
        }
        _ => Cell::Absent,
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

/// The id in a text column; `None` for what is no supporter id.
pub(super) fn id(row: &SqliteRow, at: usize) -> Result<Option<SupporterId>, sqlx::Error> {
    Ok(cell(row, at)?.text().and_then(|text| SupporterId::parse(text).ok()))
}

/// The stamp from three columns: the second or NULL, the rest, the database's own second now.
pub(super) fn modified(row: &SqliteRow, at: usize) -> Result<Stamp, sqlx::Error> {
    let second: Option<i64> = row.try_get(at)?;
    let now: i64 = row.try_get(at + 2)?;
    match second.filter(|second| (1..=now.saturating_add(AHEAD)).contains(second)) {
        Some(second) => Ok(at_second(second, stamp::fraction(row, at + 1)?)),
        None => Ok(UNDATED),
    }
}

/// A second and microseconds within it.
pub(super) const fn at_second(second: i64, micros: i64) -> Stamp {
    Stamp::from_micros(Stamp::from_seconds(second).micros().saturating_add(micros))
}

/// A supporter from the columns that [`super::Described::select_supporter`] selects.
pub(super) fn supporter(row: &SqliteRow, columns: usize) -> Result<Option<Supporter>, sqlx::Error> {
    let Some(id) = id(row, 0)? else { return Ok(None) };
    let cells = (0..columns).map(|at| cell(row, FIRST_CELL + at)).collect::<Result<_, _>>()?;
    Ok(Some(Supporter { id, modified: modified(row, 1)?, contact_id: cell(row, 4)?, cells }))
}

/// Where the mapped columns begin in a selected supporter.
pub(super) const FIRST_CELL: usize = 5;
