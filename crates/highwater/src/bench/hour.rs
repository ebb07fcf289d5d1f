//! An hour passes on both sides, and people edit.

use std::time::Duration;

use model::Clock;
use rusqlite::Connection;
use serde_json::json;

use super::stage::{Stage, failed};
use crate::failure::Failure;

/// So far lies an edit from the end of the window that is to find it.
const SETTLED: Duration = Duration::from_secs(120);

fn database(source: rusqlite::Error) -> Failure {
    failed(std::io::Error::other(source))
}

/// Linked supporters with their Contacts' Ids, in the order of their ids.
///
/// # Errors
/// When the database cannot be read.
pub fn linked(stage: &Stage, count: usize) -> Result<Vec<(i64, String)>, Failure> {
    let connection = Connection::open(stage.database()).map_err(database)?;
    let sql = "SELECT supporter_id, sf_contact_id FROM supporters WHERE sf_contact_id IS NOT NULL \
               ORDER BY supporter_id LIMIT ?";
    let mut statement = connection.prepare(sql).map_err(database)?;
    let most = i64::try_from(count).unwrap_or(i64::MAX);
    let rows = statement.query_map([most], |row| Ok((row.get(0)?, row.get(1)?))).map_err(database)?;
    rows.collect::<Result<_, _>>().map_err(database)
}

/// Everything that happened lately lies an hour further back.
///
/// # Errors
/// When a side cannot be reached.
pub fn passes(stage: &Stage) -> Result<(), Failure> {
    advance(stage, Duration::from_secs(3_600))?;
    let sql = "UPDATE supporters SET modified_at = strftime('%Y-%m-%dT%H:%M:%SZ', modified_at, '-1 hour') \
               WHERE modified_at > strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-1 day')";
    let connection = Connection::open(stage.database()).map_err(database)?;
    connection.execute(sql, ()).map(|_| ()).map_err(database)
}

fn advance(stage: &Stage, by: Duration) -> Result<(), Failure> {
    let change = json!({"advance_s": by.as_secs()});
    stage.org.control.json("POST", "/clock", &[], &change).map(|_| ()).map_err(failed)
}

/// Somebody edits these supporters in the supporter database.
///
/// # Errors
/// When the database cannot be written.
pub fn edit_supporters(stage: &Stage, who: &[(i64, String)]) -> Result<(), Failure> {
    let now = Clock::system().now();
    let stamp = now.minus(Duration::from_secs(5)).to_seconds_text();
    let mut connection = Connection::open(stage.database()).map_err(database)?;
    let transaction = connection.transaction().map_err(database)?;
    let sql = "UPDATE supporters SET phone = ?, city = ?, modified_at = ? WHERE supporter_id = ?";
    let mut update = transaction.prepare(sql).map_err(database)?;
    for (id, _) in who {
        let phone = format!("+61 2 {:04} {:04}", now.micros() % 10_000, id % 10_000);
        let city = format!("Springfield {}", now.micros() % 1_000);
        update.execute((phone, city, &stamp, id)).map_err(database)?;
    }
    drop(update);
    transaction.commit().map_err(database)
}

/// Somebody edits these Contacts in Salesforce.
///
/// # Errors
/// When the org cannot be reached.
pub fn edit_contacts(stage: &Stage, who: &[(i64, String)]) -> Result<(), Failure> {
    for (number, contact) in who {
        let row = json!({"MailingStreet": format!("{} Main Street", number % 997)});
        let edit = json!({"object": "Contact", "id": contact, "row": row});
        stage.org.control.json("POST", "/edit", &[], &edit).map_err(failed)?;
    }
    advance(stage, SETTLED)
}
