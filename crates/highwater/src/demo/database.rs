//! The demo's supporter database, from its owner's side: made, filled, edited and looked at.

use std::io;
use std::path::Path;

use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions};
use sqlx::{AssertSqlSafe, Row as _, SqlitePool};

use super::people::Supporter;
use crate::failure::Failure;

const COLUMNS: &str = "supporter_id, email, first_name, last_name, address_1, address_2, city, region, postcode, country, \
                       phone, opt_in_email, sf_contact_id, modified_at";

/// The database as its owner holds it.
#[derive(Debug, Clone)]
pub struct Database(SqlitePool);

fn failed(source: sqlx::Error) -> Failure {
    Failure::Output { what: "the demo's supporter database".to_owned(), source: io::Error::other(source) }
}

fn filled(text: &str) -> Option<&str> {
    (!text.is_empty()).then_some(text)
}

impl Database {
    /// Makes the file and its table.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub async fn make(path: &Path) -> Result<Self, Failure> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(true)
            .journal_mode(SqliteJournalMode::Wal);
        let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await.map_err(failed)?;
        for sql in [
            "CREATE TABLE supporters (supporter_id INTEGER PRIMARY KEY, email TEXT, first_name TEXT, last_name TEXT, \
             address_1 TEXT, address_2 TEXT, city TEXT, region TEXT, postcode TEXT, country TEXT, phone TEXT, \
             opt_in_email TEXT, sf_contact_id TEXT, modified_at TEXT)",
            "CREATE INDEX supporters_modified_at ON supporters (modified_at)",
            "CREATE INDEX supporters_email ON supporters (email)",
            "CREATE INDEX supporters_contact ON supporters (sf_contact_id)",
        ] {
            sqlx::query(sql).execute(&pool).await.map_err(failed)?;
        }
        Ok(Self(pool))
    }

    /// Adds supporters, each with the Contact Id somebody typed for it and its last change.
    ///
    /// # Errors
    /// When one of them is there already.
    pub async fn add(&self, rows: &[(Supporter, Option<String>, String)]) -> Result<(), Failure> {
        let mut transaction = self.0.begin().await.map_err(failed)?;
        let sql =
            format!("INSERT INTO supporters ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        for (person, contact_id, stamp) in rows {
            let texts = [
                &person.email,
                &person.first_name,
                &person.last_name,
                &person.address_1,
                &person.address_2,
                &person.city,
                &person.region,
                &person.postcode,
                &person.country,
                &person.phone,
                &person.opt_in_email,
            ];
            let mut query = sqlx::query(AssertSqlSafe(sql.clone())).bind(person.supporter_id);
            for text in texts {
                query = query.bind(filled(text));
            }
            query.bind(contact_id.as_deref()).bind(stamp).execute(&mut *transaction).await.map_err(failed)?;
        }
        transaction.commit().await.map_err(failed)
    }

    /// A person edits columns of one supporter.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn edit(&self, id: i64, set: &[(&str, Option<&str>)], stamp: &str) -> Result<(), Failure> {
        let columns: String = set.iter().map(|(column, _)| format!("\"{column}\" = ?, ")).collect();
        let sql = format!("UPDATE supporters SET {columns}modified_at = ? WHERE supporter_id = ?");
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (_, value) in set {
            query = query.bind(*value);
        }
        query.bind(stamp).bind(id).execute(&self.0).await.map_err(failed)?;
        Ok(())
    }

    /// One cell of one supporter; `None`: empty, or nobody.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn cell(&self, id: i64, column: &str) -> Result<Option<String>, Failure> {
        let sql = format!("SELECT CAST(\"{column}\" AS TEXT) FROM supporters WHERE supporter_id = ?");
        let row = sqlx::query(AssertSqlSafe(sql)).bind(id).fetch_optional(&self.0).await.map_err(failed)?;
        row.map_or(Ok(None), |row| row.try_get(0).map_err(failed))
    }

    /// The ids of those who carry an address.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn with_email(&self, email: &str) -> Result<Vec<i64>, Failure> {
        let sql = "SELECT supporter_id FROM supporters WHERE email = ? COLLATE NOCASE ORDER BY supporter_id";
        let rows = sqlx::query(sql).bind(email).fetch_all(&self.0).await.map_err(failed)?;
        rows.iter().map(|row| row.try_get(0).map_err(failed)).collect()
    }

    /// The highest id given.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn last_id(&self) -> Result<i64, Failure> {
        let row =
            sqlx::query("SELECT COALESCE(max(supporter_id), 0) FROM supporters").fetch_one(&self.0).await;
        row.and_then(|row| row.try_get(0)).map_err(failed)
    }

    /// How many there are.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn count(&self) -> Result<u64, Failure> {
        let row = sqlx::query("SELECT count(*) FROM supporters").fetch_one(&self.0).await;
        let count: i64 = row.and_then(|row| row.try_get(0)).map_err(failed)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }

    /// Closes the file.
    pub async fn close(&self) {
        self.0.close().await;
    }
}
