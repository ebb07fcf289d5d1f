//! Discovering changes: undated rows first, then the window second by second, in the order `(second, id)`.
//!
//! Where an index keeps the stamps in order, a page is read along it and costs what it brings. A second that holds more rows
//! than a page, and tables without such an index, are read by statements that compute each row's second.

use model::{Position, Stamp, SupporterId, Window};
use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::connect::{Fault, Wanted};
use super::describe::{Care, Described, Unfit};
use super::read::{LEAST_PAGE, last_text, named, now_seconds};
use super::sql::{Bind, Sql};
use super::these::{bare, is_too_long};
use super::{Sqlite, cell, stamp};
use crate::{Changed, Error, UNDATED, UndatedRows};

/// How often every row's stamp is read, in seconds, to find a text that stands among the stamps and is none.
const EVERY_STAMP: i64 = 6 * 3_600;

/// Where a page goes on: after this id within this second; an empty id is before all others.
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

/// An id as its row holds it, in the database's order of ids.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Number(i64),
    Text(String),
}

/// A row as the index brings it.
struct Raw {
    /// `None` where the text is no stamp.
    second: Option<i64>,
    micros: i64,
    key: Option<Key>,
    id: Option<SupporterId>,
}

impl Raw {
    fn changed(self) -> Option<Changed> {
        Some(of(self.id?, self.second?, self.micros))
    }
}

fn of(id: SupporterId, second: i64, micros: i64) -> Changed {
    let modified = cell::at_second(second, micros);
    let position = Position { stamp: modified.floor_second(), id: id.as_str().to_owned() };
    Changed { id, modified, position }
}

impl Sqlite {
    pub(super) async fn read_changed(
        &self,
        window: &Window,
        after: Option<&Position>,
        limit: usize,
    ) -> Result<Vec<Changed>, Error> {
        let (window, after) = (*window, after.cloned());
        self.on_table("read changes", move |connection, table, wanted| {
            // One state of the database for the whole page.
            let read = connection.transaction()?;
            let page = |care| {
                let mut page =
                    Page { connection: &read, table, wanted, care, window, limit, rows: Vec::new() };
                page.fill(after.as_ref()).map(|()| page.rows)
            };
            let rows = match bare(&read, |_| page(Care::Bare)) {
                Err(Unfit::Fault(fault)) if is_too_long(&fault) => page(Care::Careful),
                rows => rows,
            };
            match rows {
                Ok(rows) => Ok(Ok(rows)),
                Err(Unfit::Error(error)) => Ok(Err(error)),
                Err(Unfit::Fault(fault)) => Err(fault),
            }
        })
        .await?
    }
}

impl Described {
    /// ` AND` the stamp is missing, unreadable, not after 1970, or too far ahead.
    pub(super) fn is_undated(&self, sql: &mut Sql, now: i64) {
        self.stamps.is_not_within(sql, now.saturating_add(cell::AHEAD));
    }

    /// ` AND` the stamp is missing, or lies before or behind all usable ones, where an index brings it.
    fn is_outside(&self, sql: &mut Sql, now: i64) {
        let from = |sql: &mut Sql| {
            sql.raw("SELECT ").ident(&self.id).raw(" FROM ").ident(&self.table).raw(" WHERE ");
        };
        sql.raw(" AND ").ident(&self.id).raw(" IN (");
        from(sql);
        sql.ident(&self.stamps.column).raw(" IS NULL UNION ALL ");
        from(sql);
        sql.raw("1");
        self.stamps.before(sql, 1);
        sql.raw(" UNION ALL ");
        from(sql);
        sql.raw("1");
        self.stamps.at_least(sql, now.saturating_add(cell::AHEAD + 1));
        sql.raw(")");
    }
}

struct Page<'a> {
    connection: &'a Connection,
    table: &'a Described,
    wanted: &'a Wanted,
    care: Care,
    window: Window,
    limit: usize,
    rows: Vec<Changed>,
}

impl Page<'_> {
    fn fill(&mut self, after: Option<&Position>) -> Result<(), Unfit> {
        let now = now_seconds(self.connection)?;
        let dated_from_here = after.filter(|position| position.stamp.floor_second() > UNDATED);
        if dated_from_here.is_none() && self.table.undated == UndatedRows::Always {
            self.undated(now, after.map(|position| position.id.clone()))?;
        }
        let cursor = dated_from_here.map(|position| Cursor {
            second: position.stamp.micros().div_euclid(1_000_000),
            id: position.id.clone(),
        });
        // The part of the window in which a stamp is a stamp.
        let whole = Seconds {
            from: self.window.from.micros().div_euclid(1_000_000).max(1),
            until: self
                .window
                .until
                .micros()
                .saturating_add(999_999)
                .div_euclid(1_000_000)
                .min(now + cell::AHEAD + 1),
        };
        if !self.window.is_empty() {
            self.dated(whole, cursor)?;
        }
        self.rows.truncate(self.limit);
        Ok(())
    }

    /// Whether an index keeps the stamps in their order.
    fn is_ordered(&self) -> bool {
        self.table.stamps.ordered() && self.table.stamps.indexed && self.table.utf8
    }

    /// Whether this window is one that looks for undated rows among all rows. Along an index those without a stamp, and those
    /// outside of time, cost nothing to find; a text that stands among the stamps and is none is found by reading every row, which a
    /// large table can bear a few times a day. Windows follow each other: each of those times lies in one.
    fn looks_at_every_stamp(&self) -> bool {
        // Of a window `[from, until)` the last moment before it, and its own last.
        let period = |stamp: Stamp| (stamp.micros() - 1).div_euclid(1_000_000 * EVERY_STAMP);
        let has_odd_texts = self.table.stamps.is_text();
        !self.is_ordered() || (has_odd_texts && period(self.window.from) < period(self.window.until))
    }

    /// How many rows are read at a time.
    fn asked(&self) -> usize {
        (self.limit - self.rows.len()).max(LEAST_PAGE)
    }

    fn keep(&mut self, changed: impl IntoIterator<Item = Changed>) {
        let window = self.window;
        self.rows.extend(changed.into_iter().filter(|changed| window.contains(changed.modified)));
    }

    /// Whether a text stands among the usable stamps that is none. The index alone is read, at a tenth of what it
    /// costs to ask SQL for each row's second, and there is hardly ever one.
    fn has_odd_stamp(&self, now: i64) -> Result<bool, Fault> {
        let stamps = &self.table.stamps;
        let last = now.saturating_add(cell::AHEAD);
        let mut sql = Sql::new("SELECT ");
        stamps.select(&mut sql, self.care);
        sql.raw(" FROM ").ident(&self.table.table).raw(" WHERE 1");
        stamps.at_least(&mut sql, 1);
        stamps.before(&mut sql, last.saturating_add(1));
        let usable = |row: &rusqlite::Row<'_>| {
            self.wanted.check()?;
            Ok(stamps.read(row, 0)?.0.is_some_and(|second| (1..=last).contains(&second)))
        };
        sql.all(self.connection, usable).map(|all| !all)
    }

    /// Rows without a usable stamp, by id.
    fn undated(&mut self, now: i64, mut after: Option<String>) -> Result<(), Unfit> {
        let each = self.looks_at_every_stamp() && (!self.is_ordered() || self.has_odd_stamp(now)?);
        while self.rows.len() < self.limit {
            self.wanted.check()?;
            let asked = self.asked();
            let mut sql = Sql::new("SELECT ");
            self.table.id_text(&mut sql);
            self.table.where_named(&mut sql);
            if each {
                self.table.is_undated(&mut sql, now);
            } else {
                self.table.is_outside(&mut sql, now);
            }
            self.table.after_id(&mut sql, after.as_deref());
            sql.raw(" ORDER BY ")
                .ident(&self.table.id)
                .raw(" COLLATE BINARY LIMIT ")
                .bind(Bind::count(asked));
            let rows = sql.rows(self.connection, named)?;
            let last = rows.len() < asked;
            if !last {
                after = Some(last_text(self.table, rows.iter().rev())?);
            }
            for id in rows.into_iter().filter_map(|row| row.id) {
                let position = Position { stamp: UNDATED, id: id.as_str().to_owned() };
                self.rows.push(Changed { id, modified: UNDATED, position });
            }
            if last {
                break;
            }
        }
        Ok(())
    }

    fn dated(&mut self, whole: Seconds, mut cursor: Option<Cursor>) -> Result<(), Unfit> {
        let mut from = cursor.as_ref().map_or(whole.from, |cursor| cursor.second.max(whole.from));
        let along = self.is_ordered();
        while self.rows.len() < self.limit && from < whole.until {
            self.wanted.check()?;
            let rest = Seconds { from, until: whole.until };
            if !along {
                (from, cursor) = self.computed(rest, cursor)?;
            } else if let Some(inside) = cursor.take().filter(|cursor| cursor.second == from) {
                (from, cursor) = self.within(inside)?;
            } else {
                (from, cursor) = self.along(rest)?;
            }
        }
        Ok(())
    }

    /// Reads a page along the index, whole seconds of it, and says where to go on.
    fn along(&mut self, part: Seconds) -> Result<(i64, Option<Cursor>), Unfit> {
        let asked = self.asked();
        let mut sql = self.select_raw();
        self.table.stamps.at_least(&mut sql, part.from);
        self.table.stamps.before(&mut sql, part.until);
        sql.raw(" ORDER BY ").ident(&self.table.stamps.column).raw(" LIMIT ").bind(Bind::count(asked));
        let mut rows = sql.rows(self.connection, |row| self.raw(row))?;
        if rows.len() == asked {
            let Some(last) = rows.iter().rev().find_map(|row| row.second) else {
                // Nothing but texts that are no stamps: what is behind them cannot be told from here.
                return self.computed(part, None);
            };
            rows.retain(|row| row.second.is_some_and(|second| second < last));
            if rows.is_empty() {
                return Ok((last, Some(Cursor { second: last, id: String::new() })));
            }
            self.sorted(rows);
            return Ok((last, None));
        }
        self.sorted(rows);
        Ok((part.until, None))
    }

    /// Keeps rows that the index brought, in the order `(second, id)`: it has those of one second by their fractions.
    fn sorted(&mut self, mut rows: Vec<Raw>) {
        rows.sort_by(|a, b| (a.second, &a.key).cmp(&(b.second, &b.key)));
        self.keep(rows.into_iter().filter_map(Raw::changed));
    }

    /// Goes on within one second. Rows that were written at once have one stamp: then the index has them by id already.
    fn within(&mut self, cursor: Cursor) -> Result<(i64, Option<Cursor>), Unfit> {
        let second = Seconds { from: cursor.second, until: cursor.second + 1 };
        let bound = |direction: &'static str| {
            let mut sql = Sql::new("SELECT ");
            sql.ident(&self.table.stamps.column);
            self.table.where_named(&mut sql);
            self.table.stamps.at_least(&mut sql, second.from);
            self.table.stamps.before(&mut sql, second.until);
            sql.raw(" ORDER BY ").ident(&self.table.stamps.column).raw(direction).raw(" LIMIT 1");
            let held = |row: &rusqlite::Row<'_>| {
                Ok(match row.get_ref(0)? {
                    ValueRef::Integer(number) => Some(Bind::Int(number)),
                    ValueRef::Text(text) => std::str::from_utf8(text).ok().map(Bind::text),
                    ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => None,
                })
            };
            sql.first(self.connection, held).map(Option::flatten)
        };
        let (first, last) = (bound(" ASC")?, bound(" DESC")?);
        let Some(stamp) = first.filter(|first| last.as_ref() == Some(first)) else {
            return self.computed(second, Some(cursor));
        };
        let asked = self.asked();
        let mut sql = self.select_raw();
        sql.raw(" AND ").ident(&self.table.stamps.column).raw(" = ").bind(stamp);
        self.table.after_id(&mut sql, Some(&cursor.id));
        sql.raw(" ORDER BY ").ident(&self.table.id).raw(" COLLATE BINARY LIMIT ").bind(Bind::count(asked));
        let rows = sql.rows(self.connection, |row| self.raw(row))?;
        let next = match rows.last().filter(|_| rows.len() == asked) {
            None => (second.until, None),
            Some(last) => {
                let id = match &last.key {
                    Some(Key::Number(number)) => number.to_string(),
                    Some(Key::Text(text)) => text.clone(),
                    None => return self.computed(second, Some(cursor)),
                };
                (second.from, Some(Cursor { second: second.from, id }))
            }
        };
        self.keep(rows.into_iter().filter_map(Raw::changed));
        Ok(next)
    }

    /// `SELECT` and what [`Page::raw`] reads.
    fn select_raw(&self) -> Sql {
        let mut sql = Sql::new("SELECT ");
        sql.ident(&self.table.id).raw(", ");
        self.table.stamps.select(&mut sql, self.care);
        self.table.where_named(&mut sql);
        sql
    }

    fn raw(&self, row: &rusqlite::Row<'_>) -> Result<Raw, Fault> {
        let (key, id) = match row.get_ref(0)? {
            ValueRef::Integer(number) => (Some(Key::Number(number)), cell::numbered(number)),
            ValueRef::Text(text) => {
                let text = std::str::from_utf8(text).ok();
                let id = text.and_then(|text| SupporterId::parse(text).ok());
                (text.map(|text| Key::Text(text.to_owned())), id)
            }
            ValueRef::Null | ValueRef::Real(_) | ValueRef::Blob(_) => (None, None),
        };
        let (second, micros) = self.table.stamps.read(row, 1)?;
        Ok(Raw { second, micros, key, id })
    }

    /// Reads a page by a statement that computes each row's second, and says where to go on.
    fn computed(&mut self, rest: Seconds, cursor: Option<Cursor>) -> Result<(i64, Option<Cursor>), Unfit> {
        let asked = self.asked();
        let part = Seconds { from: rest.from, until: self.cut(rest, asked)? };
        let sql = self.select_part(part, cursor.as_ref(), asked);
        let rows = sql.rows(self.connection, |row| {
            Ok((named(row)?, row.get::<_, i64>(1)?, stamp::fraction(row, 2)?))
        })?;
        let next = if rows.len() < asked {
            (part.until, None)
        } else {
            // The last row whose id is a text, also one that is no supporter id.
            let id = last_text(self.table, rows.iter().rev().map(|(named, _, _)| named))?;
            let textual = rows.iter().rev().find(|(named, _, _)| named.id.is_some() || named.text.is_some());
            let second = textual.map_or(part.from, |(_, second, _)| *second);
            (second, Some(Cursor { second, id }))
        };
        self.keep(rows.into_iter().filter_map(|(named, second, micros)| Some(of(named.id?, second, micros))));
        Ok(next)
    }

    /// An end for the next part such that it holds at least `rows` rows, or the given end: a window of a year is then
    /// read along the index, and not sorted as a whole for each page.
    fn cut(&self, part: Seconds, rows: usize) -> Result<i64, Fault> {
        let stamps = &self.table.stamps;
        if !stamps.ordered() || !stamps.indexed {
            return Ok(part.until);
        }
        let mut sql = Sql::new("SELECT ");
        sql.push(&stamps.second()).raw(" FROM ").ident(&self.table.table).raw(" WHERE 1");
        stamps.at_least(&mut sql, part.from);
        stamps.before(&mut sql, part.until);
        sql.raw(" ORDER BY ").ident(&stamps.column).raw(" LIMIT 1 OFFSET ").bind(Bind::count(rows));
        let second = sql.first(self.connection, |row| row.get::<_, Option<i64>>(0))?.flatten();
        // An unreadable text at that place gives no second; then the whole rest is one part.
        Ok(second.map_or(part.until, |second| (second + 1).clamp(part.from + 1, part.until)))
    }

    fn select_part(&self, part: Seconds, cursor: Option<&Cursor>, limit: usize) -> Sql {
        let stamps = &self.table.stamps;
        let second = stamps.second();
        let mut sql = Sql::new("SELECT ");
        self.table.id_text(&mut sql);
        sql.raw(", ").push(&second).raw(" AS highwater_second, ").push(&stamps.rest());
        self.table.where_named(&mut sql);
        stamps.at_least(&mut sql, part.from);
        stamps.before(&mut sql, part.until);
        sql.raw(" AND ").push(&second).raw(" BETWEEN ").number(part.from).raw(" AND ").number(part.until - 1);
        if let Some(cursor) = cursor.filter(|cursor| !cursor.id.is_empty()) {
            sql.raw(" AND (").push(&second).raw(" > ").number(cursor.second).raw(" OR (").push(&second);
            sql.raw(" = ").number(cursor.second);
            self.table.after_id(&mut sql, Some(&cursor.id));
            sql.raw("))");
        }
        sql.raw(" ORDER BY 2, ").ident(&self.table.id).raw(" COLLATE BINARY LIMIT ").bind(Bind::count(limit));
        sql
    }
}
