//! Writing a batch: one transaction. Rows are written without guard as long as none is refused; a batch in which one is
//! begins anew, with a savepoint for each row.

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
    /// Some row was refused, and no savepoint stood before it; nothing was written.
    Unguarded,
}

/// What stands between one row's refusal and the rest of its batch.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Guard {
    /// Nothing: the first refusal ends the batch.
    Nothing,
    /// A savepoint before each row.
    Savepoints,
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
                // With savepoints no batch ends so.
                Batch::Unguarded => return Err(Error::Busy { operation: OPERATION }),
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
        match self.attempt(writes, Guard::Nothing).await? {
            Batch::Unguarded => self.attempt(writes, Guard::Savepoints).await,
            ended @ (Batch::Committed(_) | Batch::Ended(_)) => Ok(ended),
        }
    }

    async fn attempt(&self, writes: &[SupporterWrite], guard: Guard) -> Result<Batch, sqlx::Error> {
        let mut connection = self.database.pool.acquire().await?;
        let ended = {
            let mut transaction = connection.begin_with("BEGIN IMMEDIATE").await?;
            match rows(&self.table, &mut transaction, writes, guard).await? {
                Batch::Ended(refusal) => Batch::Ended(refusal),
                Batch::Unguarded => match transaction.rollback().await {
                    Ok(()) => return Ok(Batch::Unguarded),
                    // The database was quicker.
                    Err(_) => Batch::Unguarded,
                },
                Batch::Committed(applied) => match transaction.commit().await {
                    Ok(()) => return Ok(Batch::Committed(applied)),
                    // A deferred constraint speaks up only now.
                    Err(error) => Batch::Ended(refusal(&error).ok_or(error)?),
                },
            }
        };
        // sqlx and SQLite no longer agree whether a transaction is open: this connection is not used again.
        connection.close_on_drop();
        Ok(ended)
    }
}

async fn rows(
    table: &Described,
    connection: &mut SqliteConnection,
    writes: &[SupporterWrite],
    guard: Guard,
) -> Result<Batch, sqlx::Error> {
    let mut taken = Taken::look(connection, table, writes).await?;
    let mut all = Vec::with_capacity(writes.len());
    for write in writes {
        let ended = match guard {
            Guard::Nothing => unguarded_row(table, connection, write, &mut taken).await?,
            Guard::Savepoints => guarded_row(table, connection, write, &mut taken).await?,
        };
        match ended {
            Ok(outcome) => all.push(outcome),
            Err(batch) => return Ok(batch),
        }
    }
    update::note_stamps(table, connection, &mut all).await?;
    Ok(Batch::Committed(all))
}

/// Writes a row, or ends the batch.
async fn unguarded_row(
    table: &Described,
    connection: &mut SqliteConnection,
    write: &SupporterWrite,
    taken: &mut Taken,
) -> Result<Result<Applied, Batch>, sqlx::Error> {
    match row(table, connection, write, taken).await {
        Ok(RowEnd::Outcome(outcome)) => Ok(Ok(outcome)),
        Ok(RowEnd::Undo(_)) => Ok(Err(Batch::Unguarded)),
        Err(error) => refusal(&error).map(|_| Err(Batch::Unguarded)).ok_or(error),
    }
}

/// Writes a row; a refusal leaves nothing of it. Ends the batch only when the database itself does.
async fn guarded_row(
    table: &Described,
    connection: &mut SqliteConnection,
    write: &SupporterWrite,
    taken: &mut Taken,
) -> Result<Result<Applied, Batch>, sqlx::Error> {
    Sql::new("SAVEPOINT highwater_row").execute(&mut *connection).await?;
    let end = match row(table, connection, write, taken).await {
        Ok(end) => end,
        Err(error) => RowEnd::Undo(refusal(&error).ok_or(error)?),
    };
    let outcome = match end {
        RowEnd::Outcome(outcome) => outcome,
        RowEnd::Undo(outcome) => {
            if Sql::new("ROLLBACK TO highwater_row").execute(&mut *connection).await.is_err() {
                return Ok(Err(Batch::Ended(outcome)));
            }
            outcome
        }
    };
    Sql::new("RELEASE highwater_row").execute(&mut *connection).await?;
    Ok(Ok(outcome))
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
