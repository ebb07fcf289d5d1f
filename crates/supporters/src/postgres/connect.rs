//! Connections: how a session is set up, how long is waited, and that one left in the middle of an answer is not used
//! again.

use std::fmt;
use std::time::Duration;

use sqlx::pool::PoolConnection;
use sqlx::postgres::{PgConnection, PgPool, PgPoolOptions, Postgres};
use sqlx::{ConnectOptions as _, Connection as _};

use super::copy::{self, Row};
use super::fault::{classify, code, timed_out};
use super::login::Login;
use super::sql::Sql;
use crate::Error;

/// How long a new connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
/// How long after the server should have ended a statement we give up on the server.
const GRACE: Duration = Duration::from_secs(30);
/// Connections at most: one reads, one writes, one looks, one to spare.
const MOST_CONNECTIONS: u32 = 4;
/// `to_char` knows offsets, and columns can be generated, from this version on.
const OLDEST_VERSION: u32 = 120_000;

/// A database on a server.
#[derive(Clone)]
pub(super) struct Database {
    pool: PgPool,
    patience: Duration,
    seconds: u64,
    lock_timeout: Duration,
}

/// A connection that goes back to the pool only if its last answer was read to the end.
pub(super) struct Held {
    connection: PoolConnection<Postgres>,
    whole: bool,
}

impl Held {
    pub(super) fn connection(&mut self) -> &mut PgConnection {
        &mut self.connection
    }

    /// Nothing is on its way any more.
    pub(super) fn give_back(mut self) {
        self.whole = true;
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.whole {
            self.connection.close_on_drop();
        }
    }
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").finish_non_exhaustive()
    }
}

impl Database {
    /// Connects. Everything a session must have is set before it is used: `zone` is what stamps without an offset are in,
    /// so that a trigger that writes `now()` into such a column writes the time that its readers expect.
    pub(super) async fn open(login: &Login, zone: &str, read_only: bool) -> Result<Self, Error> {
        let operation = "connect";
        let options = login.options()?;
        // Once by hand: the pool would go on trying, and then not say why.
        let first = tokio::time::timeout(CONNECT_TIMEOUT, options.connect()).await;
        let first = first.map_err(|_| Error::Lost { operation, detail: "no answer".to_owned() })?;
        let mut first = first.map_err(|error| classify(operation, "", &error))?;
        if first.server_version_num().is_some_and(|version| version < OLDEST_VERSION) {
            let reason = "the server is older than PostgreSQL 12: upgrade it".to_owned();
            return Err(Error::Unsuitable { table: String::new(), reason });
        }
        let setup = setup(zone, login, read_only);
        // Here, too, because the pool would only try again.
        setup.set(&mut first).await.map_err(|error| match code(&error) {
            Some("22023") => Error::Unsuitable {
                table: String::new(),
                reason: format!("the server does not know the time zone {zone:?}: correct `time_zone`"),
            },
            Some(_) | None => classify(operation, "", &error),
        })?;
        // The server learns that we went; if not, it will find out.
        let _ = first.close().await;
        let pool = PgPoolOptions::new()
            .min_connections(0)
            .max_connections(MOST_CONNECTIONS)
            .acquire_timeout(CONNECT_TIMEOUT)
            .after_connect(move |connection, _| {
                let setup = setup.clone();
                Box::pin(async move { setup.set(connection).await })
            })
            .connect_lazy_with(options);
        let seconds = login.statement_timeout.as_secs();
        Ok(Self {
            pool,
            patience: login.statement_timeout.saturating_add(GRACE),
            seconds,
            lock_timeout: login.lock_timeout,
        })
    }

    /// How long a write waits for a row that somebody else is changing.
    pub(super) const fn lock_timeout(&self) -> Duration {
        self.lock_timeout
    }

    /// Closes the connections.
    pub(super) async fn close(&self) {
        self.pool.close().await;
    }

    /// A connection for more than one statement.
    pub(super) async fn hold(&self) -> Result<Held, sqlx::Error> {
        Ok(Held { connection: self.pool.acquire().await?, whole: false })
    }

    /// The rows of a statement that only reads.
    pub(super) async fn rows(&self, operation: &'static str, sql: &Sql) -> Result<Vec<Row>, Error> {
        let mut rows = Vec::new();
        self.each_row(operation, sql, &mut |row| rows.push(row)).await?;
        Ok(rows)
    }

    /// The one row of a statement that always gives one.
    pub(super) async fn row(&self, operation: &'static str, sql: &Sql) -> Result<Row, Error> {
        let row = self.rows(operation, sql).await?.into_iter().next();
        row.ok_or_else(|| classify(operation, "", &sqlx::Error::RowNotFound))
    }

    /// Hands over the rows one after the other, for statements whose rows are not bounded.
    pub(super) async fn each_row(
        &self,
        operation: &'static str,
        sql: &Sql,
        each: &mut (dyn FnMut(Row) + Send),
    ) -> Result<(), Error> {
        let read = async {
            let mut held = self.hold().await?;
            copy::each_row(held.connection(), sql, each).await?;
            held.give_back();
            Ok::<(), sqlx::Error>(())
        };
        self.in_time(operation, read).await?.map_err(|error| self.fault(operation, "", &error))
    }

    /// Runs something that talks to the server, for as long as a statement may take and a little more: a server that is
    /// gone without a word would otherwise hold us for ever.
    pub(super) async fn in_time<T>(
        &self,
        operation: &'static str,
        work: impl Future<Output = T>,
    ) -> Result<T, Error> {
        let late = |_| Error::Lost { operation, detail: "no answer".to_owned() };
        tokio::time::timeout(self.patience, work).await.map_err(late)
    }

    /// The failure of a whole call.
    pub(super) fn fault(&self, operation: &'static str, table: &str, error: &sqlx::Error) -> Error {
        if timed_out(error) {
            return Error::TimedOut { operation, seconds: self.seconds };
        }
        classify(operation, table, error)
    }
}

/// What every session begins with.
fn setup(zone: &str, login: &Login, read_only: bool) -> Sql {
    let millis =
        |span: Duration| i64::try_from(span.as_millis()).unwrap_or(i64::MAX).min(i64::from(i32::MAX));
    let mut sql = Sql::new("SELECT set_config('TimeZone', ");
    sql.value(zone).raw(", false), set_config('statement_timeout', ").number(millis(login.statement_timeout));
    sql.raw("::text, false), set_config('lock_timeout', ").number(millis(login.lock_timeout));
    // A process that stopped between two statements of ours must not keep rows locked.
    sql.raw("::text, false), set_config('idle_in_transaction_session_timeout', '60000', false), ");
    // What a trigger says aloud may quote people's data, and sqlx would log it.
    sql.raw(
        "set_config('client_min_messages', 'error', false), set_config('IntervalStyle', 'postgres', false)",
    );
    if read_only {
        sql.raw(", set_config('default_transaction_read_only', 'on', false)");
    }
    sql
}
