//! Finding people by Contact Id and by e-mail address, in columns people type into.
//!
//! Most values are spelled plainly and are found by equality, through an index where there is one. The others (capitals,
//! white space around, 18 characters in the wrong case) are few: one pass over the column brings them all, and they are
//! read here by the same rules as everywhere else.

use std::collections::{HashMap, HashSet};

use model::{ContactId, Email, Supporter, SupporterId};
use rusqlite::Connection;

use super::connect::{Fault, Wanted};
use super::describe::{Care, Described};
use super::read::{now_seconds, these_in};
use super::schema::Field;
use super::sql::{Bind, Sql};
use super::{Sqlite, cell};
use crate::found::{Found, Key};
use crate::{Error, MAX_MATCHES_PER_KEY};

const OPERATION: &str = "find supporters";
/// Keys looked up by one statement: a column without an index is read once for all of them.
const CHUNK: usize = 1_000;

/// The most keys that narrow a pass over the column down inside SQLite, which takes 32,766 placeholders.
const MOST_IN_SQL: usize = 20_000;

/// How a kind of key is told in SQL when it is spelled otherwise than plainly.
pub(super) trait Spelled: Key {
    /// A condition that holds for every text that is one of `wanted` spelled otherwise than plainly, and for not many more.
    fn spelled_otherwise(sql: &mut Sql, field: &Field, wanted: &HashSet<Self>);
}

impl Spelled for ContactId {
    fn spelled_otherwise(sql: &mut Sql, field: &Field, _: &HashSet<Self>) {
        let c = &field.ident;
        sql.raw("typeof(").ident(c).raw(") = 'text' AND ").ident(c).raw(" <> '' AND (length(").ident(c);
        sql.raw(") NOT IN (15, 18) OR ").ident(c).raw(" GLOB '*[^0-9A-Za-z]*' OR substr(").ident(c);
        sql.raw(", 16) GLOB '*[a-z]*')");
    }
}

impl Spelled for Email {
    fn spelled_otherwise(sql: &mut Sql, field: &Field, wanted: &HashSet<Self>) {
        let c = &field.ident;
        // Anything but printable ASCII without space and capitals.
        sql.raw("typeof(").ident(c).raw(") = 'text' AND ").ident(c).raw(" GLOB '*[^!-@[-~]*'");
        if wanted.len() <= MOST_IN_SQL {
            // SQLite can undo capitals and spaces of ASCII; the rest is for us.
            sql.raw(" AND (lower(trim(").ident(c).raw(")) COLLATE BINARY IN (");
            sql.list(wanted.iter().map(|email| Bind::text(email.expose())));
            sql.raw(") OR ").ident(c).raw(" GLOB '*[^ -~]*')");
        }
    }
}

/// Which column keys of a kind stand in.
type Column = fn(&Described) -> Option<&Field>;

impl Sqlite {
    pub(super) async fn find_contact_ids(&self, contacts: &[ContactId]) -> Result<Vec<Supporter>, Error> {
        self.find(|table| table.contact_id.as_ref(), contacts).await
    }

    pub(super) async fn find_emails(&self, emails: &[Email]) -> Result<Vec<Supporter>, Error> {
        self.find(|table| Some(&table.email), emails).await
    }

    async fn find<K: Spelled + 'static>(&self, column: Column, keys: &[K]) -> Result<Vec<Supporter>, Error> {
        let wanted: HashSet<K> = keys.iter().cloned().collect();
        if wanted.is_empty() || column(&self.table).is_none() {
            return Ok(Vec::new());
        }
        self.on_table(OPERATION, move |connection, table, asked| match column(table) {
            Some(field) => find(connection, table, asked, field, &wanted),
            None => Ok(Vec::new()),
        })
        .await
    }
}

fn find<K: Spelled>(
    connection: &mut Connection,
    table: &Described,
    asked: &Wanted,
    field: &Field,
    wanted: &HashSet<K>,
) -> Result<Vec<Supporter>, Fault> {
    let read = connection.transaction()?;
    let mut found = Found::new(wanted);
    let mut supporters = Vec::new();
    let unique: Vec<&K> = wanted.iter().collect();
    let mut chunks: Vec<&[&K]> = unique.chunks(CHUNK).collect();
    while let Some(chunk) = chunks.pop() {
        asked.check()?;
        if !find_plain(&read, table, field, chunk, &mut found, &mut supporters)? && chunk.len() > 1 {
            let (one, other) = chunk.split_at(chunk.len() / 2);
            chunks.extend([one, other]);
        }
    }
    let others = find_otherwise(&read, table, asked, field, &mut found)?;
    supporters.extend(these_in(&read, table, asked, &others)?.into_iter().flatten());
    Ok(supporters)
}

/// Rows with these keys spelled plainly. `false`: so many that some key may have crowded out another; ask for fewer.
fn find_plain<K: Spelled>(
    connection: &Connection,
    table: &Described,
    field: &Field,
    keys: &[&K],
    found: &mut Found<'_, K>,
    supporters: &mut Vec<Supporter>,
) -> Result<bool, Fault> {
    // Room for a few rows of each key, and for one key with as many rows as it may bring in each of two spellings.
    let most = 2 * (keys.len() + MAX_MATCHES_PER_KEY);
    let mut sql = Sql::new("SELECT ");
    table.id_text(&mut sql);
    sql.raw(", ");
    cell::select(&mut sql, &field.ident);
    sql.raw(", ");
    table.select_supporter(&mut sql, Care::Careful);
    table.where_named(&mut sql);
    sql.raw(" AND ").ident(&field.ident).raw(" IN (");
    let spellings = keys.iter().flat_map(|key| key.plain());
    sql.list(spellings.map(Bind::Text)).raw(") LIMIT ").bind(Bind::count(most));
    let now = now_seconds(connection)?;
    let mut rows = 0;
    let kept = sql.rows(connection, |row| {
        rows += 1;
        let Some(id) = cell::id(row, 0)? else { return Ok(None) };
        if !found.keep(&id, &cell::cell(row, 1)?) {
            return Ok(None);
        }
        cell::supporter(row, 2, id, table, now).map(Some)
    })?;
    supporters.extend(kept.into_iter().flatten());
    Ok(rows < most)
}

/// Ids of rows with the wanted keys in another spelling, from one pass over the column.
fn find_otherwise<K: Spelled>(
    connection: &Connection,
    table: &Described,
    asked: &Wanted,
    field: &Field,
    found: &mut Found<'_, K>,
) -> Result<Vec<SupporterId>, Fault> {
    let sql = select_otherwise(table, field, found.wanted);
    let mut ids = Vec::new();
    sql.each(connection, |row| {
        asked.check()?;
        if let Some(id) = cell::id(row, 0)?
            && found.keep(&id, &cell::cell(row, 1)?)
        {
            ids.push(id);
        }
        Ok(())
    })?;
    Ok(ids)
}

fn select_otherwise<K: Spelled>(table: &Described, field: &Field, wanted: &HashSet<K>) -> Sql {
    let mut sql = Sql::new("SELECT ");
    table.id_text(&mut sql);
    sql.raw(", ");
    cell::select(&mut sql, &field.ident);
    table.where_named(&mut sql);
    sql.raw(" AND ");
    K::spelled_otherwise(&mut sql, field, wanted);
    sql
}

/// Who holds each of these keys in another spelling than the plain one; the first row found for each.
pub(super) fn holders<K: Spelled>(
    connection: &Connection,
    table: &Described,
    field: &Field,
    wanted: &HashSet<K>,
) -> Result<HashMap<K, SupporterId>, Fault> {
    let mut holders = HashMap::new();
    if wanted.is_empty() {
        return Ok(holders);
    }
    select_otherwise(table, field, wanted).each(connection, |row| {
        if let (Some(id), held) = (cell::id(row, 0)?, cell::cell(row, 1)?)
            && let Some(key) = held.text().and_then(K::read).filter(|key| wanted.contains(key))
        {
            holders.entry(key).or_insert(id);
        }
        Ok(())
    })?;
    Ok(holders)
}

/// Who holds this key in a plain spelling.
pub(super) fn plain_holder<K: Spelled>(
    connection: &Connection,
    table: &Described,
    field: &Field,
    key: &K,
) -> Result<Option<SupporterId>, Fault> {
    let mut sql = Sql::new("SELECT ");
    table.id_text(&mut sql);
    table.where_named(&mut sql);
    sql.raw(" AND ").ident(&field.ident).raw(" COLLATE BINARY IN (");
    sql.list(key.plain().into_iter().map(Bind::Text)).raw(") LIMIT 1");
    Ok(sql.first(connection, |row| cell::id(row, 0))?.flatten())
}
