//! Counting, listing and reading rows.

use std::sync::Arc;

use model::{Supporter, SupporterId};
use rusqlite::Connection;

use super::connect::{Fault, Seat, Wanted};
use super::describe::{Described, Unfit};
use super::sql::{Bind, Sql};
use super::these::these_in;
use super::{Sqlite, cell};
use crate::Error;

/// The least number of rows a page asks for: a page of nothing but ids that cannot be named would not come to an end.
pub(super) const LEAST_PAGE: usize = 64;

/// The database's time, in milliseconds.
pub(super) fn now_millis(connection: &Connection) -> Result<i64, Fault> {
    let sql = Sql::new("SELECT CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)");
    Ok(sql.first(connection, |row| row.get(0))?.unwrap_or_default())
}

/// The database's time, in whole seconds.
pub(super) fn now_seconds(connection: &Connection) -> Result<i64, Fault> {
    now_millis(connection).map(|millis| millis.div_euclid(1_000))
}

/// The number a statement's only row holds; none: 0.
pub(super) fn number(connection: &Connection, sql: &Sql) -> Result<u64, Fault> {
    let number = sql.first(connection, |row| row.get::<_, Option<i64>>(0))?;
    Ok(number.flatten().and_then(|number| u64::try_from(number).ok()).unwrap_or(0))
}

impl Sqlite {
    /// Work on the table, on a connection of its own.
    pub(super) async fn on_table<T, W>(&self, operation: &'static str, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: Fn(&mut Connection, &Described, &Wanted) -> Result<T, Fault> + Send + 'static,
    {
        self.on_seat(operation, move |seat, table, wanted| work(&mut seat.connection, table, wanted)).await
    }

    /// As [`Sqlite::on_table`], with what was prepared on the connection.
    pub(super) async fn on_seat<T, W>(&self, operation: &'static str, work: W) -> Result<T, Error>
    where
        T: Send + 'static,
        W: Fn(&mut Seat, &Described, &Wanted) -> Result<T, Fault> + Send + 'static,
    {
        let table = Arc::clone(&self.table);
        let work = move |seat: &mut Seat, wanted: &Wanted| work(seat, &table, wanted);
        self.database.call(operation, self.table.name(), work).await
    }

    pub(super) async fn read_count(&self) -> Result<u64, Error> {
        self.on_table("count", |connection, table, _| {
            let mut sql = Sql::new("SELECT count(*) FROM ");
            number(connection, sql.ident(&table.table))
        })
        .await
    }

    pub(super) async fn read_ids(
        &self,
        after: Option<&SupporterId>,
        limit: usize,
    ) -> Result<Vec<SupporterId>, Error> {
        let after = after.cloned();
        self.on_table("read ids", move |connection, table, wanted| {
            match ids(connection, table, wanted, after.as_ref(), limit) {
                Ok(page) => Ok(Ok(page)),
                Err(Unfit::Error(error)) => Ok(Err(error)),
                Err(Unfit::Fault(fault)) => Err(fault),
            }
        })
        .await?
    }

    pub(super) async fn read_these(&self, ids: &[SupporterId]) -> Result<Vec<Option<Supporter>>, Error> {
        if ids.is_empty() {
            return Ok(Vec::new());
        }
        let ids = ids.to_vec();
        self.on_table("read supporters", move |connection, table, wanted| {
            let read = connection.transaction()?;
            these_in(&read, table, wanted, &ids)
        })
        .await
    }
}

fn ids(
    connection: &Connection,
    table: &Described,
    wanted: &Wanted,
    after: Option<&SupporterId>,
    limit: usize,
) -> Result<Vec<SupporterId>, Unfit> {
    let mut page = Vec::new();
    let mut cursor = after.map(|id| id.as_str().to_owned());
    while page.len() < limit {
        wanted.check()?;
        let asked = (limit - page.len()).max(LEAST_PAGE);
        let mut sql = Sql::new("SELECT ");
        table.id_text(&mut sql);
        table.where_named(&mut sql);
        table.after_id(&mut sql, cursor.as_deref());
        sql.raw(" ORDER BY ").ident(&table.id).raw(" COLLATE BINARY LIMIT ").bind(Bind::count(asked));
        let rows = sql.rows(connection, named)?;
        let last = rows.len() < asked;
        if !last {
            cursor = Some(last_text(table, rows.iter().rev())?);
        }
        page.extend(rows.into_iter().filter_map(|row| row.id));
        if last {
            break;
        }
    }
    page.truncate(limit);
    Ok(page)
}

/// The last id of a page as text, also one that is no supporter id: where the next page goes on.
pub(super) fn last_text<'a>(
    table: &Described,
    mut rows: impl Iterator<Item = &'a Named>,
) -> Result<String, Unfit> {
    let last = rows.find_map(|row| row.text.clone().or_else(|| Some(row.id.as_ref()?.to_string())));
    last.ok_or_else(|| {
        let reason = "too many rows have an id that is no text: clean the id column".to_owned();
        Unfit::Error(Error::Unsuitable { table: table.name().to_owned(), reason })
    })
}

/// The id of a row, and its text where that is no supporter id.
pub(super) struct Named {
    pub(super) id: Option<SupporterId>,
    pub(super) text: Option<String>,
}

/// The id in the first column.
pub(super) fn named(row: &rusqlite::Row<'_>) -> Result<Named, Fault> {
    let id = cell::id(row, 0)?;
    let text = if id.is_some() { None } else { cell::cell(row, 0)?.text().map(str::to_owned) };
    Ok(Named { id, text })
}
