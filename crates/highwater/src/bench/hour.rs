//! An hour passes on both sides, and people edit.

use std::time::Duration;

use model::Clock;
use serde_json::json;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool};
use sqlx::{Connection as _, Row as _, SqliteConnection};

use super::stage::{Stage, failed};
use crate::failure::Failure;

/// So far lies an edit from the end of the window that is to find it.
const SETTLED: Duration = Duration::from_secs(120);

fn database(source: sqlx::Error) -> Failure {
    failed(std::io::Error::other(source))
}

async fn open(stage: &Stage) -> Result<SqliteConnection, Failure> {
    let options = SqliteConnectOptions::new().filename(stage.database());
    SqliteConnection::connect_with(&options).await.map_err(database)
}

/// Linked supporters with their Contacts' Ids, in the order of their ids.
///
/// # Errors
/// When the database cannot be read.
pub async fn linked(stage: &Stage, count: usize) -> Result<Vec<(i64, String)>, Failure> {
    let options = SqliteConnectOptions::new().filename(stage.database());
    let pool = SqlitePool::connect_with(options).await.map_err(database)?;
    let sql = "SELECT supporter_id, sf_contact_id FROM supporters WHERE sf_contact_id IS NOT NULL \
               ORDER BY supporter_id LIMIT ?";
    let rows = sqlx::query(sql).bind(i64::try_from(count).unwrap_or(i64::MAX)).fetch_all(&pool).await;
    let rows = rows.map_err(database)?;
    let read = |row: &sqlx::sqlite::SqliteRow| Ok((row.try_get(0)?, row.try_get(1)?));
    rows.iter().map(read).collect::<Result<_, _>>().map_err(database)
}

/// Everything that happened lies an hour further back.
///
/// # Errors
/// When a side cannot be reached.
pub async fn passes(stage: &Stage) -> Result<(), Failure> {
    advance(stage, Duration::from_secs(3_600))?;
    let sql = "UPDATE supporters SET modified_at = strftime('%Y-%m-%dT%H:%M:%SZ', modified_at, '-1 hour')";
    let mut connection = open(stage).await?;
    sqlx::query(sql).execute(&mut connection).await.map_err(database)?;
    connection.close().await.map_err(database)
}

fn advance(stage: &Stage, by: Duration) -> Result<(), Failure> {
    let change = json!({"advance_s": by.as_secs()});
    stage.org.control.json("POST", "/clock", &[], &change).map(|_| ()).map_err(failed)
}

/// Somebody edits these supporters in the supporter database.
///
/// # Errors
/// When the database cannot be written.
pub async fn edit_supporters(stage: &Stage, who: &[(i64, String)]) -> Result<(), Failure> {
    let now = Clock::system().now();
    let stamp = now.minus(Duration::from_secs(5)).to_seconds_text();
    let mut connection = open(stage).await?;
    let mut transaction = connection.begin().await.map_err(database)?;
    for (id, _) in who {
        let phone = format!("+61 2 {:04} {:04}", now.micros() % 10_000, id % 10_000);
        sqlx::query("UPDATE supporters SET phone = ?, city = ?, modified_at = ? WHERE supporter_id = ?")
            .bind(phone)
            .bind(format!("Springfield {}", now.micros() % 1_000))
            .bind(&stamp)
            .bind(id)
            .execute(&mut *transaction)
            .await
            .map_err(database)?;
    }
    transaction.commit().await.map_err(database)?;
    connection.close().await.map_err(database)
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
