//! Writing a batch: one transaction, a savepoint for each row.

use sqlx::Connection as _;
use sqlx::sqlite::SqliteConnection;

use super::connect::{code, try_again};
use super::create::Taken;
use super::describe::Described;
use super::sql::Sql;
use super::{Sqlite, create, update};
use crate::{Applied, Error, ErrorKind, SupporterWrite};

const OPERATION: &str = "write supporters";

/// How a batch ended.
enum Batch {
    /// Committed, with the outcome of each row.
    Committed(Vec<Applied>),
    /// The database itself ended the transaction, over this refusal; nothing was written.
    Ended(Applied),
}

/// How one row ended.
pub(super) enum RowEnd {
    /// With an outcome; the savepoint stands.
    Outcome(Applied),
    /// With an outcome that must leave no trace.
    Undo(Applied),
}

impl Sqlite {
    pub(super) async fn apply_all(&self, writes: &[SupporterWrite]) -> Result<Vec<Applied>, Error> {
        if let Some(reason) = self.table.read_only {
            return Err(Error::ReadOnly { table: self.table.name().to_owned(), reason });
        }
        if writes.is_empty() {
            return Ok(Vec::new());
        }
        if let Batch::Committed(applied) = self.patient_batch(writes).await? {
            return Ok(applied);
        }
        // A trigger or a deferred constraint ended the whole transaction over some row. Alone, each harms only itself.
        tracing::warn!(
            supporters.count = writes.len(),
            "the database ended a batch; its rows are written one by one"
        );
        let mut all = Vec::with_capacity(writes.len());
        for write in writes {
            match self.patient_batch(std::slice::from_ref(write)).await? {
                Batch::Committed(applied) => all.extend(applied),
                Batch::Ended(refusal) => all.push(refusal),
            }
        }
        Ok(all)
    }

    async fn patient_batch(&self, writes: &[SupporterWrite]) -> Result<Batch, Error> {
        let mut tried = 0;
        loop {
            tried += 1;
            let failed = match self.batch(writes).await {
                Ok(batch) => return Ok(batch),
                Err(error) => self.failed(OPERATION, &error),
            };
            if failed.kind() != ErrorKind::Busy || !try_again(tried).await {
                return Err(failed);
            }
        }
    }

    async fn batch(&self, writes: &[SupporterWrite]) -> Result<Batch, sqlx::Error> {
        let mut connection = self.database.pool.acquire().await?;
        let ended = {
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
            match rows(&self.table, &mut transaction, writes).await? {
                Batch::Ended(refusal) => refusal,
                Batch::Committed(applied) => match transaction.commit().await {
                    Ok(()) => return Ok(Batch::Committed(applied)),
                    // A deferred constraint speaks up only now.
                    Err(error) => refusal(&error).ok_or(error)?,
                },
            }
        };
        // sqlx and SQLite no longer agree whether a transaction is open: this connection is not used again.
        connection.close_on_drop();
        Ok(Batch::Ended(ended))
    }
}

async fn rows(
    table: &Described,
    connection: &mut SqliteConnection,
    writes: &[SupporterWrite],
) -> Result<Batch, sqlx::Error> {
    let mut taken = Taken::look(connection, table, writes).await?;
    let mut all = Vec::with_capacity(writes.len());
    for write in writes {
        Sql::new("SAVEPOINT highwater_row").execute(&mut *connection).await?;
        let end = match row(table, connection, write, &mut taken).await {
            Ok(end) => end,
            Err(error) => RowEnd::Undo(refusal(&error).ok_or(error)?),
        };
        let outcome = match end {
            RowEnd::Outcome(outcome) => outcome,
            RowEnd::Undo(outcome) => {
                if Sql::new("ROLLBACK TO highwater_row").execute(&mut *connection).await.is_err() {
                    return Ok(Batch::Ended(outcome));
                }
                outcome
            }
        };
        Sql::new("RELEASE highwater_row").execute(&mut *connection).await?;
        all.push(outcome);
    }
    Ok(Batch::Committed(all))
}

async fn row(
    table: &Described,
    connection: &mut SqliteConnection,
    write: &SupporterWrite,
    taken: &mut Taken,
) -> Result<RowEnd, sqlx::Error> {
    match write {
        SupporterWrite::Update { id, set, expect, contact_id } => {
            update::row(table, connection, id, set, expect, contact_id.as_ref()).await
        }
        SupporterWrite::Create { cells, contact_id } => {
            create::row(table, connection, cells, contact_id.as_ref(), taken).await
        }
    }
}

/// One row's refusal; `None` for a failure that is not one row's.
/// Codes: <https://www.sqlite.org/rescode.html>.
pub(super) fn refusal(error: &sqlx::Error) -> Option<Applied> {
    let message = error.as_database_error()?.message();
    let code = code(error)?;
    let name = match (code & 0xff, code) {
        (19, 1555 | 2067 | 2579) => "unique",
        (19, 1299) => "not_null",
        (19, 275) => "check",
        (19, 787) => "foreign_key",
        (19, 1811) => "trigger",
        (19, 3091) | (20, _) => "type",
        (18, _) => "too_big",
        (1, _) if message.contains("generated column") => "generated",
        // A table that changed its shape is everybody's failure.
        (1, _) if message.starts_with("no such") => return None,
        (1 | 19 | 25, _) => "database",
        _ => return None,
    };
    Some(Applied::refused(name, message))
}
