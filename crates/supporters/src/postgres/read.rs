//! Reading by id.

use std::collections::HashMap;

use model::{Supporter, SupporterId};

use super::Postgres;
use super::copy::{Malformed, Row};
use super::sql::Sql;
use crate::Error;

/// Rows read by one statement.
const CHUNK: usize = 2_000;
/// The least number of rows a page asks for: a page of nothing but ids that cannot be named would not come to an end.
pub(super) const LEAST_PAGE: usize = 64;

impl Postgres {
    pub(super) fn malformed(&self, operation: &'static str, error: Malformed) -> Error {
        self.fault(operation, &error.into())
    }

    pub(super) async fn read_count(&self) -> Result<u64, Error> {
        let mut sql = Sql::new("SELECT count(*) FROM ");
        sql.ident(&self.table.table);
        self.read_number("count", &sql).await
    }

    /// The number a statement's only row holds.
    pub(super) async fn read_number(&self, operation: &'static str, sql: &Sql) -> Result<u64, Error> {
        let number = self.database.row(operation, sql).await?.number(0);
        let number = number.map_err(|error| self.malformed(operation, error))?;
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
            self.table.select_id(&mut sql);
            self.table.where_named(&mut sql);
            self.table.after_id(&mut sql, cursor.as_deref())?;
            sql.raw(" ORDER BY ").ident(&self.table.id.ident).raw(" LIMIT ").number(count(asked));
            let rows = self.database.rows(operation, &sql).await?;
            for row in &rows {
                page.extend(row.id(0).map_err(|error| self.malformed(operation, error))?);
            }
            if rows.len() < asked {
                break;
            }
            cursor = Some(self.last_text(operation, &rows)?);
        }
        page.truncate(limit);
        Ok(page)
    }

    /// The last id of a page as text, also one that is no supporter id: where the next page goes on.
    pub(super) fn last_text(&self, operation: &'static str, rows: &[Row]) -> Result<String, Error> {
        for row in rows.iter().rev() {
            if let Some(text) = row.text(0).map_err(|error| self.malformed(operation, error))? {
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
            self.table.id_is_any(&mut sql, chunk.iter().map(SupporterId::as_str));
            for row in self.database.rows(operation, &sql).await? {
                let supporter = self.table.supporter(&row);
                if let Some(supporter) = supporter.map_err(|error| self.malformed(operation, error))? {
                    found.insert(supporter.id.clone(), supporter);
                }
            }
        }
        // Cloned, not taken: the same id may be asked for twice.
        Ok(ids.iter().map(|id| found.get(id).cloned()).collect())
    }
}

/// A length or count as SQL takes it, saturating.
pub(super) fn count(count: usize) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
