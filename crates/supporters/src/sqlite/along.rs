//! Looking keys up along their column's index: each by itself, at a third of what a list of them in one statement costs; and
//! where they stand side by side in the index, as what Salesforce gave out one after the other does, many as one range.

use std::collections::HashSet;

use rusqlite::CachedStatement;

use super::connect::{Fault, code};
use super::find::{Hits, Search};
use super::schema::{Collation, NamedIndex};
use super::spelling::Spelled;
use super::sql::Sql;
use super::these::{bare, is_too_long};
use crate::MAX_MATCHES_PER_KEY;

/// Keys that are looked for as one range.
const RANGE: usize = 256;
/// How few are not.
const LEAST_RANGE: usize = 8;
/// The most rows that are read for one key in one spelling: twice what is kept.
const MOST: usize = 2 * (1 + MAX_MATCHES_PER_KEY);

/// The rows with these keys spelled plainly; the keys come in their order. `None`: no index serves, or not in the way it did
/// when the table was opened, or a row holds something huge.
pub(super) fn find<'k, K: Spelled>(
    search: &Search<'_>,
    keys: &[&K],
    wanted: &'k HashSet<K>,
) -> Result<Option<Hits<'k, K>>, Fault> {
    let Some(index) = &search.field.index else { return Ok(None) };
    let mut hits = Hits::none(wanted);
    let read = bare(search.connection, |_| {
        // Text in another encoding is kept in another order.
        let in_order = K::TOGETHER && index.collation == Collation::Binary && search.table.utf8;
        look_up(search, index, keys, in_order, &mut hits)
    });
    match read {
        Ok(()) => Ok(Some(hits)),
        // An index that was there when the statement was made is an error of SQL when it is not.
        Err(fault) if is_too_long(&fault) || code(&fault).map(|code| code & 0xff) == Some(1) => Ok(None),
        Err(fault) => Err(fault),
    }
}

fn look_up<K: Spelled>(
    search: &Search<'_>,
    index: &NamedIndex,
    keys: &[&K],
    in_order: bool,
    hits: &mut Hits<'_, K>,
) -> Result<(), Fault> {
    let mut statement = search.connection.prepare_cached(between(search, index).text())?;
    let mut together = in_order;
    for some in keys.chunks(RANGE) {
        search.asked.check()?;
        if together && some.len() >= LEAST_RANGE {
            together = range(&mut statement, some, hits)?;
            if together {
                continue;
            }
        }
        for key in some {
            search.asked.check()?;
            for spelling in key.plain() {
                rows(&mut statement, &spelling, &spelling, MOST, hits)?;
            }
        }
    }
    Ok(())
}

/// Reads all rows from the first key to the last. `false`: others stand between them, too many to be read along.
fn range<K: Spelled>(
    statement: &mut CachedStatement<'_>,
    keys: &[&K],
    hits: &mut Hits<'_, K>,
) -> Result<bool, Fault> {
    let least = keys.first().and_then(|key| key.plain().into_iter().min());
    let last = keys.last().and_then(|key| key.plain().into_iter().max());
    let (Some(least), Some(last)) = (least, last) else { return Ok(true) };
    rows(statement, &least, &last, 2 * keys.len(), hits)
}

/// Reads the rows from one text to another. `false`: there are more than `most`.
fn rows<K: Spelled>(
    statement: &mut CachedStatement<'_>,
    from: &str,
    to: &str,
    most: usize,
    hits: &mut Hits<'_, K>,
) -> Result<bool, Fault> {
    statement.raw_bind_parameter(1, from)?;
    statement.raw_bind_parameter(2, to)?;
    let mut rows = statement.raw_query();
    let mut count = 0;
    while let Some(row) = rows.next()? {
        count += 1;
        if count > most {
            return Ok(false);
        }
        hits.take(row)?;
    }
    Ok(true)
}

/// Rows from one text to another along the index, and no other way: what SQLite makes of an analysis of the table may be to read
/// all of it for each key. The index compares as it always does, which finds what is the same byte by byte, and maybe more.
fn between(search: &Search<'_>, index: &NamedIndex) -> Sql {
    let (table, field) = (search.table, search.field);
    let mut sql = Sql::new("SELECT ");
    table.id_text(&mut sql);
    sql.raw(", ").ident(&field.ident).raw(" FROM ").ident(&table.table);
    sql.raw(" INDEXED BY ").ident(&index.ident).raw(" WHERE ");
    table.is_named(&mut sql);
    sql.raw(" AND ").ident(&field.ident).raw(" COLLATE ").raw(index.collation.name());
    sql.raw(" BETWEEN ").open().raw(" AND ").open();
    sql
}
