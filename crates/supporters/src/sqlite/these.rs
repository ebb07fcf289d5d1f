//! Reading rows by id: those that lie side by side in one go, the others one by one.

use model::{Supporter, SupporterId};
use rusqlite::limits::Limit;
use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Connection, ffi};

use super::cell;
use super::connect::{Fault, Wanted, code};
use super::describe::{Care, Described, IdKind};
use super::read::now_seconds;
use super::sql::Sql;
use crate::MAX_CELL_BYTES;

/// The longest value that is read without first looking how long it is, in bytes. SQLite refuses what is longer, and the row
/// is read with care.
const BARE_BYTES: i32 = 2 * MAX_CELL_BYTES as i32;

/// Rows asked for that are no further apart than this are read as neighbours: passing over a row costs less than finding one.
const NEIGHBOURS: i64 = 2;
/// How many neighbours are worth a statement of their own.
const LEAST_RUN: usize = 3;

/// Does something while SQLite refuses values that are too long to be read as they stand: see [`is_too_long`].
pub(super) fn bare<T, E: From<Fault>>(
    connection: &Connection,
    read: impl FnOnce(i32) -> Result<T, E>,
) -> Result<T, E> {
    let before = connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, BARE_BYTES)?;
    let done = read(before);
    connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, before)?;
    done
}

/// Whether SQLite refused a value for its length.
pub(super) fn is_too_long(fault: &Fault) -> bool {
    code(fault).map(|code| code & 0xff) == Some(ffi::SQLITE_TOOBIG)
}

/// The rows with these ids, on a connection that is in a transaction: one lock, and one state of the database for all of
/// them.
pub(super) fn these_in(
    connection: &Connection,
    table: &Described,
    wanted: &Wanted,
    ids: &[SupporterId],
) -> Result<Vec<Option<Supporter>>, Fault> {
    bare(connection, |usual_limit| {
        let now = now_seconds(connection)?;
        let mut found = Vec::new();
        found.resize_with(ids.len(), || None);
        let mut these = These { connection, table, wanted, ids, now, usual_limit, found };
        these.read()?;
        Ok(these.found)
    })
}

/// A place among the ids asked for, after the number that the id is, if it is one.
type Asked = (Option<i64>, usize);

struct These<'a> {
    connection: &'a Connection,
    table: &'a Described,
    wanted: &'a Wanted,
    ids: &'a [SupporterId],
    now: i64,
    usual_limit: i32,
    found: Vec<Option<Supporter>>,
}

impl These<'_> {
    fn read(&mut self) -> Result<(), Fault> {
        let numbers = self.ids.iter().map(|id| self.table.number_of(id.as_str()));
        let mut order: Vec<Asked> = numbers.zip(0..).collect();
        order.sort_unstable();
        let close = |one: &Asked, next: &Asked| match (one.0, next.0) {
            (Some(one), Some(next)) => next.saturating_sub(one) <= NEIGHBOURS,
            (None, _) | (_, None) => false,
        };
        for run in order.chunk_by(close) {
            if self.table.id_kind != IdKind::RowNumber || run.len() < LEAST_RUN {
                self.one_by_one(run)?;
                continue;
            }
            match self.side_by_side(run) {
                Err(fault) if is_too_long(&fault) => self.one_by_one(run)?,
                read => read?,
            }
        }
        Ok(())
    }

    fn side_by_side(&mut self, run: &[Asked]) -> Result<(), Fault> {
        let (Some((first, _)), Some((last, _))) = (run.first(), run.last()) else { return Ok(()) };
        let mut statement = self.connection.prepare_cached(between(self.table).text())?;
        statement.raw_bind_parameter(1, first)?;
        statement.raw_bind_parameter(2, last)?;
        let number_at = cell::BEFORE_CELLS + self.table.columns.len();
        let mut rows = statement.raw_query();
        let mut asked = run;
        while let Some(row) = rows.next()? {
            self.wanted.check()?;
            let ValueRef::Integer(number) = row.get_ref(number_at)? else { continue };
            asked = &asked[asked.iter().take_while(|(one, _)| *one < Some(number)).count()..];
            for (_, at) in asked.iter().take_while(|(one, _)| *one == Some(number)) {
                let id = self.ids[*at].clone();
                self.found[*at] = Some(cell::supporter(row, 0, id, self.table, self.now)?);
            }
        }
        Ok(())
    }

    fn one_by_one(&mut self, run: &[Asked]) -> Result<(), Fault> {
        let mut statement = self.connection.prepare_cached(by_id(self.table, Care::Bare).text())?;
        for (_, at) in run {
            self.wanted.check()?;
            self.found[*at] = match one(&mut statement, self.table, &self.ids[*at], self.now) {
                Err(fault) if is_too_long(&fault) => self.careful(&self.ids[*at])?,
                read => read?,
            };
        }
        Ok(())
    }

    /// A row that holds something huge.
    fn careful(&self, id: &SupporterId) -> Result<Option<Supporter>, Fault> {
        let bare = self.connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, self.usual_limit)?;
        let mut careful = self.connection.prepare_cached(by_id(self.table, Care::Careful).text())?;
        let read = one(&mut careful, self.table, id, self.now);
        self.connection.set_limit(Limit::SQLITE_LIMIT_LENGTH, bare)?;
        read
    }
}

/// A row by its id.
fn by_id(table: &Described, care: Care) -> Sql {
    let mut sql = Sql::new("SELECT ");
    table.select_supporter(&mut sql, care);
    table.where_named(&mut sql);
    sql.raw(" AND");
    table.id_is_open(&mut sql);
    sql
}

/// Rows from one number to another, in order. Behind what [`cell::supporter`] reads stands the number.
fn between(table: &Described) -> Sql {
    let mut sql = Sql::new("SELECT ");
    table.select_supporter(&mut sql, Care::Bare);
    sql.raw(", ").ident(&table.id);
    table.where_named(&mut sql);
    sql.raw(" AND ").ident(&table.id).raw(" BETWEEN ").open().raw(" AND ").open();
    sql.raw(" ORDER BY ").ident(&table.id);
    sql
}

fn one(
    statement: &mut CachedStatement<'_>,
    table: &Described,
    id: &SupporterId,
    now: i64,
) -> Result<Option<Supporter>, Fault> {
    if table.bind_id_at(statement, 1, id)?.is_none() {
        return Ok(None);
    }
    let mut rows = statement.raw_query();
    match rows.next()? {
        Some(row) => cell::supporter(row, 0, id.clone(), table, now).map(Some),
        None => Ok(None),
    }
}
