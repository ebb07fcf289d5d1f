//! SQLite's own share: the reads and writes that a first push or pull cannot do without, and nothing else.

use rusqlite::Connection;
use rusqlite::types::ValueRef;

use super::figures::Figures;
use super::plain::{open, other};
use crate::config::Config;
use crate::failure::Failure;

/// Rows read or written by one transaction, as the engine's batches are.
const BATCH: usize = 2_000;
const COLUMNS: &str = "last_name, first_name, email, address_1, address_2, city, region, postcode, country, phone, \
                       opt_in_email, sf_contact_id, modified_at";

/// What a first push asks of the database: every row once, and every Contact Id.
///
/// # Errors
/// When the database cannot be read or written.
pub(super) fn push(config: &Config) -> Result<Figures, Failure> {
    let sql = "UPDATE supporters SET sf_contact_id = ?1 WHERE supporter_id = ?2 AND sf_contact_id IS NULL";
    each(config, sql, |update, id| update.execute((format!("003RM{id:010}AAA"), id)))
}

/// What a first pull asks of the database: every row once, and every row's fields.
///
/// # Errors
/// As [`push`].
pub(super) fn pull(config: &Config) -> Result<Figures, Failure> {
    let sql = "UPDATE supporters SET city = city || ?1, phone = ?2 WHERE supporter_id = ?3";
    each(config, sql, |update, id| update.execute((" East", "+61 2 5550 0000", id)))
}

/// Reads every row and writes it, in batches as the engine's.
fn each(
    config: &Config,
    sql: &str,
    write: impl Fn(&mut rusqlite::Statement<'_>, i64) -> rusqlite::Result<usize>,
) -> Result<Figures, Failure> {
    let mut connection = open(config)?;
    let ids = ids(&connection)?;
    let mut writes = 0;
    for batch in ids.chunks(BATCH) {
        read(&mut connection, batch)?;
        let transaction = connection.transaction().map_err(other)?;
        let mut update = transaction.prepare_cached(sql).map_err(other)?;
        for &id in batch {
            writes += write(&mut update, id).map_err(other)?;
        }
        drop(update);
        transaction.commit().map_err(other)?;
    }
    Ok(figures(ids.len(), writes))
}

fn figures(people: usize, writes: usize) -> Figures {
    Figures { people: people as u64, writes: writes as u64, ..Figures::default() }
}

fn ids(connection: &Connection) -> Result<Vec<i64>, Failure> {
    let mut select =
        connection.prepare("SELECT supporter_id FROM supporters ORDER BY supporter_id").map_err(other)?;
    let rows = select.query_map((), |row| row.get(0)).map_err(other)?;
    rows.collect::<Result<_, _>>().map_err(other)
}

/// Reads rows by id, each value looked at.
fn read(connection: &mut Connection, ids: &[i64]) -> Result<usize, Failure> {
    let transaction = connection.transaction().map_err(other)?;
    let sql = format!("SELECT {COLUMNS} FROM supporters WHERE supporter_id = ?");
    let mut select = transaction.prepare_cached(&sql).map_err(other)?;
    let columns = select.column_count();
    let mut bytes = 0;
    for id in ids {
        let mut rows = select.query([id]).map_err(other)?;
        while let Some(row) = rows.next().map_err(other)? {
            for at in 0..columns {
                if let ValueRef::Text(text) = row.get_ref(at).map_err(other)? {
                    bytes += text.len();
                }
            }
        }
    }
    Ok(bytes)
}
