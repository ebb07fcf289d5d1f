//! Opening the file, running statements with patience, and turning SQLite's answers into our errors.

use std::path::PathBuf;
use std::time::Duration;

use sqlx::ConnectOptions as _;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteRow};

use super::sql::Sql;
use crate::Error;
use crate::error::bounded;

/// How long SQLite itself waits for a lock.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// How often a statement that found the database locked is tried in all, and how long is waited before the second.
const TRIES: u32 = 3;
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// An open file.
#[derive(Debug, Clone)]
pub(super) struct Database {
    pub(super) pool: SqlitePool,
    path: PathBuf,
}

impl Database {
    /// Opens an existing file. Never makes one, and never changes its journal mode: it is somebody else's.
    pub(super) async fn open(url: &str, read_only: bool) -> Result<Self, Error> {
        let operation = "open";
        let path = url.strip_prefix("sqlite://").or_else(|| url.strip_prefix("sqlite:")).unwrap_or(url);
        if path.is_empty() || path.starts_with(":memory:") || path.starts_with("file:") || path.contains('\0')
        {
            let detail = "the url must be the path of a file".to_owned();
            return Err(Error::Unreachable { operation, detail });
        }
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .read_only(read_only)
            .busy_timeout(BUSY_TIMEOUT)
            .disable_statement_logging();
        let pool = SqlitePoolOptions::new()
            .max_connections(4)
            .acquire_timeout(Duration::from_secs(30))
            .connect_with(options)
            .await
            .map_err(|error| classify(operation, "", &error))?;
        Ok(Self { pool, path: PathBuf::from(path) })
    }

    /// Whether this user may write the file. SQLite itself tells only at the first write, when the other side may have
    /// been written already.
    pub(super) fn writable(&self) -> bool {
        std::fs::OpenOptions::new().write(true).open(&self.path).is_ok()
    }

    /// The rows of a statement that only reads.
    pub(super) async fn rows(&self, operation: &'static str, sql: &Sql) -> Result<Vec<SqliteRow>, Error> {
        let mut tried = 0;
        loop {
            tried += 1;
            match sql.rows(&self.pool).await.map_err(|error| classify(operation, "", &error)) {
                Err(Error::Busy { .. }) if tried < TRIES => pause(tried).await,
                answer => return answer,
            }
        }
    }
}

/// Whether a call that found the database locked may be tried once more; waits if so.
pub(super) async fn try_again(tried: u32) -> bool {
    if tried < TRIES {
        pause(tried).await;
    }
    tried < TRIES
}

async fn pause(tried: u32) {
    tokio::time::sleep(FIRST_PAUSE * 4_u32.pow(tried.saturating_sub(1).min(4))).await;
}

/// SQLite's extended result code, where the failure came from SQLite.
pub(super) fn code(error: &sqlx::Error) -> Option<i32> {
    error.as_database_error()?.code()?.parse().ok()
}

/// The failure of a whole call.
pub(super) fn classify(operation: &'static str, table: &str, error: &sqlx::Error) -> Error {
    let detail = match error.as_database_error() {
        Some(answer) => bounded(answer.message()),
        None => bounded(without_values(error)),
    };
    // Primary codes: https://www.sqlite.org/rescode.html
    match code(error).map(|code| (code & 0xff, code)) {
        Some((5 | 6, _)) => Error::Busy { operation },
        Some((8, _)) => {
            Error::ReadOnly { table: table.to_owned(), reason: "the file or its folder cannot be written" }
        }
        Some((3 | 10 | 14 | 23, _)) => Error::Unreachable { operation, detail },
        Some((1, _)) if detail.starts_with("no such") => Error::Unsuitable {
            table: table.to_owned(),
            reason: format!(
                "its shape changed since it was opened ({detail}); check the configuration and start again"
            ),
        },
        Some((_, code)) => Error::Database { operation, code: code.to_string(), detail },
        None if matches!(error, sqlx::Error::PoolTimedOut) => Error::Busy { operation },
        None => Error::Unreachable { operation, detail },
    }
}

/// Words for a failure on our side of SQLite. Not its own, which may quote a value.
#[allow(clippy::wildcard_enum_match_arm)] // the enum is sqlx's own, and open
fn without_values(error: &sqlx::Error) -> &'static str {
    match error {
        sqlx::Error::Io(_) => "input or output failed",
        sqlx::Error::PoolTimedOut => "no connection became free",
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => "the connection was closed",
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => "a value could not be read",
        _ => "the connection failed",
    }
}
