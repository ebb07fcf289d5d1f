//! The demo's supporter database, from its owner's side: made, filled, edited and looked at.

use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use rusqlite::{Connection, OptionalExtension as _, params_from_iter};

use super::people::Supporter;
use crate::failure::Failure;

const COLUMNS: &str = "supporter_id, email, first_name, last_name, address_1, address_2, city, region, postcode, country, \
                       phone, opt_in_email, sf_contact_id, modified_at";
const TABLE: &str = "CREATE TABLE supporters (supporter_id INTEGER PRIMARY KEY AUTOINCREMENT, email TEXT, first_name TEXT, \
                     last_name TEXT, address_1 TEXT, address_2 TEXT, city TEXT, region TEXT, postcode TEXT, country TEXT, \
                     phone TEXT, opt_in_email TEXT, sf_contact_id TEXT, modified_at TEXT)";
const INDEXES: &str = "CREATE INDEX supporters_modified_at ON supporters (modified_at);
                       CREATE INDEX supporters_email ON supporters (email);
                       CREATE INDEX supporters_contact ON supporters (sf_contact_id)";

/// The database as its owner holds it. Its calls are short, and made on the spot.
#[derive(Debug, Clone)]
pub struct Database(Arc<Mutex<Connection>>);

fn failed(source: rusqlite::Error) -> Failure {
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
    pub fn make(path: &Path) -> Result<Self, Failure> {
        let database = Self::make_bare(path)?;
        database.index()?;
        Ok(database)
    }

    /// Makes the file and its table without the indexes: [`Database::index`] makes them faster once the rows are there.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn make_bare(path: &Path) -> Result<Self, Failure> {
        let connection = Connection::open(path).map_err(failed)?;
        connection.pragma_update(None, "journal_mode", "WAL").map_err(failed)?;
        connection.execute_batch(TABLE).map_err(failed)?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// Makes the indexes, and leaves the whole in one file.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn index(&self) -> Result<(), Failure> {
        let connection = self.connection();
        connection.execute_batch(INDEXES).map_err(failed)?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())).map_err(failed)
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds supporters, each with the Contact Id somebody typed for it and its last change.
    ///
    /// # Errors
    /// When one of them is there already.
    pub fn add(&self, rows: &[(Supporter, Option<String>, String)]) -> Result<(), Failure> {
        let mut connection = self.connection();
        let transaction = connection.transaction().map_err(failed)?;
        let sql =
            format!("INSERT INTO supporters ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)");
        let mut insert = transaction.prepare_cached(&sql).map_err(failed)?;
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
            insert.raw_bind_parameter(1, person.supporter_id).map_err(failed)?;
            for (text, at) in texts.into_iter().zip(2..) {
                insert.raw_bind_parameter(at, filled(text)).map_err(failed)?;
            }
            insert.raw_bind_parameter(13, contact_id.as_deref()).map_err(failed)?;
            insert.raw_bind_parameter(14, stamp).map_err(failed)?;
            insert.raw_execute().map_err(failed)?;
        }
        drop(insert);
        transaction.commit().map_err(failed)
    }

    /// A person edits columns of one supporter.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn edit(&self, id: i64, set: &[(&str, Option<&str>)], stamp: &str) -> Result<(), Failure> {
        let columns: String = set.iter().map(|(column, _)| format!("\"{column}\" = ?, ")).collect();
        let id = id.to_string();
        let sql = format!("UPDATE supporters SET {columns}modified_at = ? WHERE supporter_id = ?");
        let values = set.iter().map(|(_, value)| *value).chain([Some(stamp), Some(id.as_str())]);
        self.connection().execute(&sql, params_from_iter(values)).map(|_| ()).map_err(failed)
    }

    /// One cell of one supporter; `None`: empty, or nobody.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn cell(&self, id: i64, column: &str) -> Result<Option<String>, Failure> {
        let sql = format!("SELECT CAST(\"{column}\" AS TEXT) FROM supporters WHERE supporter_id = ?");
        let cell = self.connection().query_row(&sql, [id], |row| row.get(0)).optional();
        cell.map(Option::flatten).map_err(failed)
    }

    /// The ids of those who carry an address.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn with_email(&self, email: &str) -> Result<Vec<i64>, Failure> {
        let sql = "SELECT supporter_id FROM supporters WHERE email = ? COLLATE NOCASE ORDER BY supporter_id";
        let connection = self.connection();
        let mut statement = connection.prepare_cached(sql).map_err(failed)?;
        let ids = statement.query_map([email], |row| row.get(0)).map_err(failed)?;
        ids.collect::<Result<_, _>>().map_err(failed)
    }

    /// The highest id given.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn last_id(&self) -> Result<i64, Failure> {
        let sql = "SELECT COALESCE(max(supporter_id), 0) FROM supporters";
        self.connection().query_row(sql, (), |row| row.get(0)).map_err(failed)
    }

    /// How many there are.
    ///
    /// # Errors
    /// When the database refuses.
    pub fn count(&self) -> Result<u64, Failure> {
        let sql = "SELECT count(*) FROM supporters";
        let count: i64 = self.connection().query_row(sql, (), |row| row.get(0)).map_err(failed)?;
        Ok(u64::try_from(count).unwrap_or(0))
    }
}
