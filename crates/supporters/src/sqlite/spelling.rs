//! Keys that stand in a column otherwise than plainly: with capitals, white space around them, 18 characters in the wrong
//! case. No index of the table finds them, so one pass over the column lists them in a table of the connection's own, which
//! SQLite keeps in a temporary file and not in memory. It holds digests of keys and ids; what is found through it is
//! compared with the row as it stands.
//!
//! The list is good as long as nobody else has written to the database. In a large table that somebody edits all the time
//! it may be [`YOUNG`] old: a pass for each question would cost more than everything else.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hasher as _};
use std::time::{Duration, Instant};

use model::{Cell, ContactId, Email, SupporterId};
use rusqlite::Connection;
use rusqlite::types::{ToSqlOutput, ValueRef};

use super::cell;
use super::connect::{Fault, Wanted};
use super::describe::Described;
use super::schema::Field;
use super::sql::{Ident, Sql};
use crate::found::Key;
use crate::{MAX_CELL_BYTES, MAX_MATCHES_PER_KEY};

/// How old the list of a large table may be when others write to it.
const YOUNG: Duration = Duration::from_secs(30);
/// From how many rows on a table is large.
const LARGE: u64 = 50_000;

/// A kind of key that is spelled in more ways than one.
pub(super) trait Spelled: Key {
    /// The list's name.
    const LIST: &'static str;
    /// Whether keys that are asked for together mostly stand together in the keys' order.
    const TOGETHER: bool;

    /// Whether a text that is one of these keys at all is spelled plainly, and so found by its column's index.
    fn is_plain(text: &[u8]) -> bool;
}

impl Spelled for ContactId {
    const LIST: &'static str = "highwater_contact_ids";
    // Salesforce gives them out one after the other, and marked people are dealt with in their order.
    const TOGETHER: bool = true;

    fn is_plain(text: &[u8]) -> bool {
        let upper = |b: &u8| b.is_ascii_digit() || b.is_ascii_uppercase();
        match text.len() {
            15 => text.iter().all(u8::is_ascii_alphanumeric),
            18 => text[..15].iter().all(u8::is_ascii_alphanumeric) && text[15..].iter().all(upper),
            _ => text.is_empty(),
        }
    }
}

impl Spelled for Email {
    const LIST: &'static str = "highwater_emails";
    const TOGETHER: bool = false;

    fn is_plain(text: &[u8]) -> bool {
        text.iter().all(|b| b.is_ascii_graphic() && !b.is_ascii_uppercase())
    }
}

/// When a list was made, and what would make it old.
#[derive(Debug, Clone, Copy)]
struct Made {
    at: Instant,
    rows: u64,
    /// How many keys are listed: where nobody writes oddly, no key needs to be looked for.
    listed: u64,
    /// SQLite's own count of what others have committed.
    others: i64,
    /// What this connection has changed.
    own: u64,
}

/// The lists of one connection.
#[derive(Debug, Default)]
pub(super) struct Lists(HashMap<&'static str, Made>);

/// How exact a list must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Age {
    /// As the database stands.
    Now,
    /// Or [`YOUNG`], where the table is large.
    Young,
}

impl Lists {
    /// Forgets the lists: a transaction in which they may have been made was undone, or an odd spelling written.
    pub(super) fn forget(&mut self) {
        self.0.clear();
    }

    /// The rows that hold one of these keys otherwise than plainly: id and text. The connection must be in a transaction
    /// that is committed, or the lists forgotten.
    pub(super) fn rows<'k, K: Spelled + 'k>(
        &mut self,
        connection: &Connection,
        table: &Described,
        asked: &Wanted,
        field: &Field,
        keys: impl Iterator<Item = &'k K>,
        age: Age,
    ) -> Result<Vec<(SupporterId, Cell)>, Fault> {
        if self.ready::<K>(connection, table, asked, field, age)? == 0 {
            return Ok(Vec::new());
        }
        let list = Ident::from_schema(K::LIST);
        let mut sql = Sql::new("SELECT CAST(t.");
        sql.ident(&table.id).raw(" AS TEXT), t.").ident(&field.ident).raw(" FROM temp.").ident(&list);
        sql.raw(" AS l CROSS JOIN main.").ident(&table.table).raw(" AS t WHERE l.key = ").open();
        sql.raw(" AND t.").ident(&table.id).raw(" = l.id AND octet_length(t.").ident(&field.ident);
        sql.raw(") <= ").number(LONGEST).raw(" LIMIT ").number(MOST);
        let mut statement = connection.prepare_cached(sql.text())?;
        let mut found = Vec::new();
        for key in keys {
            let mut rows = statement.query([digest(key)])?;
            while let Some(row) = rows.next()? {
                if let Some(id) = cell::id(row, 0)? {
                    found.push((id, cell::cell(row, 1)?));
                }
            }
        }
        Ok(found)
    }

    /// Makes the list, unless it is there and good. Returns how many keys stand in it.
    fn ready<K: Spelled>(
        &mut self,
        connection: &Connection,
        table: &Described,
        asked: &Wanted,
        field: &Field,
        age: Age,
    ) -> Result<u64, Fault> {
        let others = connection.query_row("PRAGMA data_version", (), |row| row.get(0))?;
        let own = connection.total_changes();
        if let Some(made) = self.0.get(K::LIST) {
            // What we write ourselves is spelled plainly; what a trigger makes of it is not known.
            let same = made.others == others && (!table.answers_back || made.own == own);
            let young = age == Age::Young && made.rows >= LARGE && made.at.elapsed() < YOUNG;
            if same || young {
                return Ok(made.listed);
            }
        }
        let (rows, listed) = fill::<K>(connection, table, asked, field)?;
        let own = connection.total_changes();
        self.0.insert(K::LIST, Made { at: Instant::now(), rows, listed, others, own });
        Ok(listed)
    }
}

/// The longest text that is looked at, in bytes.
const LONGEST: i64 = MAX_CELL_BYTES as i64;
/// The most rows one key brings.
const MOST: i64 = 2 * MAX_MATCHES_PER_KEY as i64;

fn digest<K: Spelled>(key: &K) -> i64 {
    let mut hasher = DefaultHasher::new();
    key.hash(&mut hasher);
    hasher.finish().cast_signed()
}

/// One pass over the column: how many rows it has, and how many of them are listed.
fn fill<K: Spelled>(
    connection: &Connection,
    table: &Described,
    asked: &Wanted,
    field: &Field,
) -> Result<(u64, u64), Fault> {
    let list = Ident::from_schema(K::LIST);
    let mut make = Sql::new("DROP TABLE IF EXISTS temp.");
    make.ident(&list).raw("; CREATE TABLE temp.").ident(&list);
    make.raw(" (key INTEGER NOT NULL, id NOT NULL, PRIMARY KEY (key, id)) WITHOUT ROWID");
    connection.execute_batch(make.text())?;
    let mut put = Sql::new("INSERT OR IGNORE INTO temp.");
    put.ident(&list).raw(" VALUES (").open().raw(", ").open().raw(")");
    let mut put = connection.prepare(put.text())?;
    let mut sql = Sql::new("SELECT ");
    sql.ident(&table.id).raw(", ").ident(&field.ident);
    table.where_named(&mut sql);
    sql.raw(" AND octet_length(").ident(&field.ident).raw(") <= ").number(LONGEST);
    let (mut rows, mut listed) = (0, 0);
    sql.each(connection, |row| {
        rows += 1;
        let ValueRef::Text(held) = row.get_ref(1)? else { return Ok(()) };
        if K::is_plain(held) {
            return Ok(());
        }
        asked.check()?;
        if let Some(key) = std::str::from_utf8(held).ok().and_then(K::read) {
            put.raw_bind_parameter(1, digest(&key))?;
            put.raw_bind_parameter(2, ToSqlOutput::Borrowed(row.get_ref(0)?))?;
            put.raw_execute()?;
            listed += 1;
        }
        Ok(())
    })?;
    Ok((rows, listed))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What is called plain is one of the spellings that are looked for, or no key at all.
        #[test]
        fn what_is_not_listed_is_found_by_its_plain_spelling(
            text in "[ ]?[a-zA-Z.é]{1,4}@[a-zA-Z]{1,4}\\.org[ \n\u{200b}]?|[ ]?003RM0000068xVC(YAY|yay|YAy)?[ \t]?|\\PC{0,20}"
        ) {
            if Email::is_plain(text.as_bytes()) && let Some(key) = <Email as Key>::read(&text) {
                prop_assert!(key.plain().iter().any(|plain| **plain == *text));
            }
            if ContactId::is_plain(text.as_bytes()) && let Some(key) = <ContactId as Key>::read(&text) {
                prop_assert!(key.plain().iter().any(|plain| **plain == *text));
            }
        }
    }
}
