//! Discovering changes: undated rows first, then the window second by second, in the order `(second, id)`.

use model::{Position, Window};

use super::Postgres;
use super::copy::{Malformed, Row};
use super::read::{LEAST_PAGE, count};
use super::sql::Sql;
use super::stamp::AHEAD;
use crate::{Changed, Error, UNDATED, UndatedRows};

const OPERATION: &str = "read changes";

/// Where a page goes on: after this id within this second.
struct Cursor {
    second: i64,
    id: String,
}

/// Seconds from `from` to before `until`.
#[derive(Clone, Copy)]
struct Seconds {
    from: i64,
    until: i64,
}

impl Postgres {
    pub(super) async fn read_changed(
        &self,
        window: &Window,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<Changed>, Error> {
        let now = self.read_clock().await?;
        let mut page = Vec::new();
        let dated_from_here = after.filter(|position| position.stamp.floor_second() > UNDATED);
        if dated_from_here.is_none() && self.table.undated == UndatedRows::Always {
            let id = after.map(|position| position.id.clone());
            self.undated(now, id, limit, &mut page).await?;
        }
        let cursor = dated_from_here.map(|position| Cursor {
            second: position.stamp.micros().div_euclid(1_000_000),
            id: position.id.clone(),
        });
        // The part of the window in which a stamp is a stamp.
        let whole = Seconds {
            from: window.from.micros().div_euclid(1_000_000).max(1),
            until: window.until.micros().saturating_add(999_999).div_euclid(1_000_000).min(now + AHEAD + 1),
        };
        if !window.is_empty() {
            self.dated(window, whole, cursor, limit, &mut page).await?;
        }
        page.truncate(limit);
        Ok(page)
    }

    /// Rows without a usable stamp, by id.
    async fn undated(
        &self,
        now: i64,
        mut after: Option<String>,
        limit: usize,
        page: &mut Vec<Changed>,
    ) -> Result<(), Error> {
        while page.len() < limit {
            let asked = (limit - page.len()).max(LEAST_PAGE);
            let mut sql = Sql::new("SELECT ");
            self.table.select_id(&mut sql);
            self.table.where_named(&mut sql);
            self.table.stamps.is_not_within(&mut sql, now.saturating_add(AHEAD));
            self.table.after_id(&mut sql, after.as_deref())?;
            sql.raw(" ORDER BY ").ident(&self.table.id.ident).raw(" LIMIT ").number(count(asked));
            let rows = self.database.rows(OPERATION, &sql).await?;
            for row in &rows {
                let Some(id) = row.id(0).map_err(|error| self.malformed(OPERATION, error))? else { continue };
                let position = Position { stamp: UNDATED, id: id.to_string() };
                page.push(Changed { id, modified: UNDATED, position });
            }
            if rows.len() < asked {
                break;
            }
            after = Some(self.last_text(OPERATION, &rows)?);
        }
        Ok(())
    }

    async fn dated(
        &self,
        window: &Window,
        whole: Seconds,
        mut cursor: Option<Cursor>,
        limit: usize,
        page: &mut Vec<Changed>,
    ) -> Result<(), Error> {
        let mut from = cursor.as_ref().map_or(whole.from, |cursor| cursor.second.max(whole.from));
        while page.len() < limit && from < whole.until {
            let asked = (limit - page.len()).max(LEAST_PAGE);
            let part = Seconds { from, until: self.cut(Seconds { from, until: whole.until }, asked).await? };
            let sql = self.select_part(part, cursor.as_ref(), asked)?;
            let rows = self.database.rows(OPERATION, &sql).await?;
            for row in &rows {
                let changed = changed_row(row).map_err(|error| self.malformed(OPERATION, error))?;
                page.extend(changed.filter(|changed| window.contains(changed.modified)));
            }
            if rows.len() < asked {
                (from, cursor) = (part.until, None);
            } else {
                let next = self.cursor_after(&rows)?;
                from = next.second;
                cursor = Some(next);
            }
        }
        Ok(())
    }

    /// An end for the next part such that it holds at least `rows` rows, or the given end: a window of a year is then
    /// read along the index, and not sorted as a whole for each page.
    async fn cut(&self, part: Seconds, rows: usize) -> Result<i64, Error> {
        let stamps = &self.table.stamps;
        if !stamps.field.indexed {
            return Ok(part.until);
        }
        let mut sql = Sql::new("SELECT ");
        stamps.second(&mut sql);
        sql.raw(" FROM ").ident(&self.table.table).raw(" WHERE TRUE");
        stamps.at_least(&mut sql, part.from);
        stamps.before(&mut sql, part.until);
        // The bounds let more through where clocks were moved: those must not count.
        sql.raw(" AND ");
        stamps.second(&mut sql);
        sql.raw(" >= ")
            .number(part.from)
            .raw(" ORDER BY ")
            .ident(&stamps.field.ident)
            .raw(" OFFSET ")
            .number(count(rows))
            .raw(" LIMIT 1");
        let found = self.database.rows(OPERATION, &sql).await?;
        let Some(row) = found.first() else { return Ok(part.until) };
        let second = row.number(0).map_err(|error| self.malformed(OPERATION, error))?;
        Ok(second.map_or(part.until, |second| (second + 1).clamp(part.from + 1, part.until)))
    }

    fn select_part(&self, part: Seconds, cursor: Option<&Cursor>, limit: usize) -> Result<Sql, Error> {
        let stamps = &self.table.stamps;
        let mut second = Sql::default();
        stamps.second(&mut second);
        let mut sql = Sql::new("SELECT ");
        self.table.select_id(&mut sql);
        sql.raw(", ");
        stamps.select(&mut sql);
        self.table.where_named(&mut sql);
        stamps.at_least(&mut sql, part.from);
        stamps.before(&mut sql, part.until);
        sql.raw(" AND ").push(&second).raw(" BETWEEN ").number(part.from).raw(" AND ").number(part.until - 1);
        if let Some(cursor) = cursor.filter(|cursor| !cursor.id.is_empty()) {
            sql.raw(" AND (").push(&second).raw(" > ").number(cursor.second).raw(" OR (").push(&second);
            sql.raw(" = ").number(cursor.second);
            self.table.after_id(&mut sql, Some(&cursor.id))?;
            sql.raw("))");
        }
        sql.raw(" ORDER BY ").push(&second).raw(", ").ident(&self.table.id.ident);
        sql.raw(" LIMIT ").number(count(limit));
        Ok(sql)
    }

    /// The last row of a page: where the next one goes on.
    fn cursor_after(&self, rows: &[Row]) -> Result<Cursor, Error> {
        let id = self.last_text(OPERATION, rows)?;
        let last = rows.iter().rev().find(|row| row.text(0).is_ok_and(|text| text == Some(id.as_str())));
        let second = last.and_then(|row| row.number(1).ok().flatten());
        let second = second.ok_or_else(|| self.malformed(OPERATION, Malformed))?;
        Ok(Cursor { second, id })
    }
}

fn changed_row(row: &Row) -> Result<Option<Changed>, Malformed> {
    let Some(id) = row.id(0)? else { return Ok(None) };
    let modified = row.stamp(1)?;
    let position = Position { stamp: modified.floor_second(), id: id.to_string() };
    Ok(Some(Changed { id, modified, position }))
}
