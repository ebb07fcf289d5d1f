//! Reading by id, and the database's own clock.

use std::collections::HashMap;

use model::{Stamp, Supporter, SupporterId};
use sqlx::Row as _;

use super::connect::classify;
use super::sql::{Bind, Sql};
use super::{Sqlite, cell};
use crate::Error;

/// Rows read by one statement. SQLite takes 32,766 placeholders; this keeps each read short.
const CHUNK: usize = 200;
/// The least number of rows a page asks for: a page of nothing but ids that cannot be named would not come to an end.
pub(super) const LEAST_PAGE: usize = 64;

impl Sqlite {
    pub(super) fn failed(&self, operation: &'static str, error: &sqlx::Error) -> Error {
        classify(operation, self.table.name(), error)
    }

    pub(super) async fn read_now(&self) -> Result<Stamp, Error> {
        let operation = "ask for the time";
        let sql = Sql::new("SELECT CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)");
        let rows = self.database.rows(operation, &sql).await?;
        let millis: i64 = match rows.first() {
            Some(row) => row.try_get(0).map_err(|error| self.failed(operation, &error))?,
            None => return Err(self.failed(operation, &sqlx::Error::RowNotFound)),
        };
        Ok(Stamp::from_micros(millis.saturating_mul(1_000)))
    }

    pub(super) async fn read_count(&self) -> Result<u64, Error> {
        let mut sql = Sql::new("SELECT count(*) FROM ");
        sql.ident(&self.table.table);
        self.read_number("count", &sql).await
    }

    /// The number a statement's only row holds; none: 0.
    pub(super) async fn read_number(&self, operation: &'static str, sql: &Sql) -> Result<u64, Error> {
        let rows = self.database.rows(operation, sql).await?;
        let number: Option<i64> = match rows.first() {
            Some(row) => row.try_get(0).map_err(|error| self.failed(operation, &error))?,
            None => None,
        };
        Ok(u64::try_from(number.unwrap_or(0)).unwrap_or(0))
    }

    pub(super) async fn read_ids(
        &self,
        after: Option<&SupporterId>,
        limit: usize,
    ) -> Result<Vec<SupporterId>, Error> {
        let operation = "read ids";
        let mut page = Vec::new();
        let mut cursor = after.map(|id| id.as_str().to_owned());
        while page.len() < limit {
            let asked = (limit - page.len()).max(LEAST_PAGE);
            let mut sql = Sql::new("SELECT ");
            self.table.id_text(&mut sql);
            self.table.where_named(&mut sql);
            self.after_id(&mut sql, cursor.as_deref());
            sql.raw(" ORDER BY ")
                .ident(&self.table.id)
                .raw(" COLLATE BINARY LIMIT ")
                .bind(Bind::count(asked));
            let rows = self.database.rows(operation, &sql).await?;
            let last = page.len();
            for row in &rows {
                page.extend(cell::id(row, 0).map_err(|error| self.failed(operation, &error))?);
            }
            if rows.len() < asked {
                break;
            }
            cursor = Some(self.last_text(operation, &rows)?);
            tracing::trace!(supporters.count = page.len() - last, "read a page of ids");
        }
        page.truncate(limit);
        Ok(page)
    }

    /// ` AND id > ?`, in the one order of ids: numbers before texts, texts byte by byte.
    pub(super) fn after_id(&self, sql: &mut Sql, after: Option<&str>) {
        if let Some(id) = after.filter(|id| !id.is_empty()) {
            sql.raw(" AND ").ident(&self.table.id).raw(" COLLATE BINARY > ").bind(self.table.bind_id(id));
        }
    }

    /// The last id of a page as text, also one that is no supporter id: where the next page goes on.
    pub(super) fn last_text(
        &self,
        operation: &'static str,
        rows: &[sqlx::sqlite::SqliteRow],
    ) -> Result<String, Error> {
        for row in rows.iter().rev() {
            let id = cell::cell(row, 0).map_err(|error| self.failed(operation, &error))?;
            if let Some(text) = id.text() {
                return Ok(text.to_owned());
            }
        }
        let reason = "too many rows have an id that is no text: clean the id column".to_owned();
        Err(Error::Unsuitable { table: self.table.name().to_owned(), reason })
    }

    pub(super) async fn read_these(&self, ids: &[SupporterId]) -> Result<Vec<Option<Supporter>>, Error> {
        let operation = "read supporters";
        let mut found: HashMap<SupporterId, Supporter> = HashMap::with_capacity(ids.len());
        for chunk in ids.chunks(CHUNK) {
            let mut sql = self.table.select_supporter();
            self.table.where_named(&mut sql);
            sql.raw(" AND ").ident(&self.table.id).raw(" IN (");
            sql.list(chunk.iter().map(|id| self.table.bind_id(id.as_str()))).raw(")");
            for row in self.database.rows(operation, &sql).await? {
                let supporter = cell::supporter(&row, self.table.columns.len());
                if let Some(supporter) = supporter.map_err(|error| self.failed(operation, &error))? {
                    found.insert(supporter.id.clone(), supporter);
                }
            }
        }
        // Cloned, not taken: the same id may be asked for twice.
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }
}
