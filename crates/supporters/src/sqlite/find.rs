//! Finding people by Contact Id and by e-mail address, in columns people type into.
//!
//! Most values are spelled plainly and are found by equality, through an index where there is one. The others are listed by
//! [`super::spelling`], and read here by the same rules as everywhere else.

use std::collections::{HashMap, HashSet};

use model::{ContactId, Email, Supporter, SupporterId};
use rusqlite::{Connection, Row};

use super::connect::{Fault, Seat, Wanted};
use super::describe::Described;
use super::schema::Field;
use super::spelling::{Age, Lists, Spelled};
use super::sql::{Bind, Sql};
use super::these::these_in;
use super::{Sqlite, along, cell};
use crate::found::Found;
use crate::{Error, MAX_MATCHES_PER_KEY};

const OPERATION: &str = "find supporters";
/// Keys looked up by one statement where no index serves: the column is read once for all of them.
const CHUNK: usize = 1_000;

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
        self.on_seat(OPERATION, move |seat, table, asked| match column(table) {
            Some(field) => find(seat, table, asked, field, &wanted),
            None => Ok(Vec::new()),
        })
        .await
    }
}

/// Where is searched.
pub(super) struct Search<'a> {
    pub(super) connection: &'a Connection,
    pub(super) table: &'a Described,
    pub(super) asked: &'a Wanted,
    pub(super) field: &'a Field,
}

/// What was found so far.
pub(super) struct Hits<'k, K> {
    found: Found<'k, K>,
    ids: Vec<SupporterId>,
}

impl<'k, K: Spelled> Hits<'k, K> {
    pub(super) fn none(wanted: &'k HashSet<K>) -> Self {
        Self { found: Found::new(wanted), ids: Vec::new() }
    }

    /// Takes a row of an id and a text.
    pub(super) fn take(&mut self, row: &Row<'_>) -> Result<(), Fault> {
        if let Some(id) = cell::id(row, 0)?
            && self.found.keep(&id, &cell::cell(row, 1)?)
        {
            self.ids.push(id);
        }
        Ok(())
    }
}

fn find<K: Spelled>(
    seat: &mut Seat,
    table: &Described,
    asked: &Wanted,
    field: &Field,
    wanted: &HashSet<K>,
) -> Result<Vec<Supporter>, Fault> {
    let lists = &mut seat.lists;
    let read = seat.connection.transaction()?;
    let mut keys: Vec<&K> = wanted.iter().collect();
    keys.sort_unstable();
    let search = Search { connection: &read, table, asked, field };
    let Hits { mut found, mut ids } = match along::find(&search, &keys, wanted)? {
        Some(hits) => hits,
        None => find_all(&search, &keys, wanted)?,
    };
    let others = lists.rows(&read, table, asked, field, wanted.iter(), Age::Young)?;
    ids.extend(others.into_iter().filter(|(id, held)| found.keep(id, held)).map(|(id, _)| id));
    let supporters = these_in(&read, table, asked, &ids)?.into_iter().flatten().collect();
    // The list was made in it.
    read.commit()?;
    Ok(supporters)
}

/// Rows with these keys spelled plainly, many keys by one statement.
fn find_all<'k, K: Spelled>(
    search: &Search<'_>,
    keys: &[&K],
    wanted: &'k HashSet<K>,
) -> Result<Hits<'k, K>, Fault> {
    let mut hits = Hits::none(wanted);
    let mut chunks: Vec<&[&K]> = keys.chunks(CHUNK).collect();
    while let Some(chunk) = chunks.pop() {
        search.asked.check()?;
        if !find_chunk(search, chunk, &mut hits)? && chunk.len() > 1 {
            let (one, other) = chunk.split_at(chunk.len() / 2);
            chunks.extend([one, other]);
        }
    }
    Ok(hits)
}

/// `false`: so many rows that some key may have crowded out another; ask for fewer.
fn find_chunk<K: Spelled>(search: &Search<'_>, keys: &[&K], hits: &mut Hits<'_, K>) -> Result<bool, Fault> {
    let Search { connection, table, field, .. } = search;
    // Room for a few rows of each key, and for one key with as many rows as it may bring in each of two spellings.
    let most = 2 * (keys.len() + MAX_MATCHES_PER_KEY);
    let mut sql = Sql::new("SELECT ");
    table.id_text(&mut sql);
    sql.raw(", ");
    cell::select(&mut sql, &field.ident);
    table.where_named(&mut sql);
    sql.raw(" AND ").ident(&field.ident).raw(" IN (");
    let spellings = keys.iter().flat_map(|key| key.plain());
    // Not bound: SQLite plans a statement anew for each limit that is.
    sql.list(spellings.map(Bind::Text)).raw(") LIMIT ").number(i64::try_from(most).unwrap_or(i64::MAX));
    let mut rows = 0;
    sql.each(connection, |row| {
        rows += 1;
        hits.take(row)
    })?;
    Ok(rows < most)
}

/// Who holds each of these keys in another spelling than the plain one; the first row found for each.
pub(super) fn holders<K: Spelled>(
    lists: &mut Lists,
    connection: &Connection,
    table: &Described,
    asked: &Wanted,
    field: &Field,
    wanted: &HashSet<K>,
) -> Result<HashMap<K, SupporterId>, Fault> {
    let mut holders = HashMap::new();
    if wanted.is_empty() {
        return Ok(holders);
    }
    for (id, held) in lists.rows(connection, table, asked, field, wanted.iter(), Age::Now)? {
        if let Some(key) = held.text().and_then(K::read).filter(|key| wanted.contains(key)) {
            holders.entry(key).or_insert(id);
        }
    }
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
