//! Writing a batch: one transaction. Rows are written without guard as long as none is refused; a batch in which one is
//! begins anew, with a savepoint for each row.
//!
//! The transaction reads what is committed (`READ COMMITTED`): an update that meets a row somebody else is changing waits
//! for him, and then PostgreSQL itself looks again whether the row still is what we compared it with. Where a trigger of
//! a view does the writing, it does so for the row as our statement saw it; there the transaction is `REPEATABLE READ`,
//! in which a row that changed since is an error, and the batch begins anew.

use std::collections::HashSet;
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::postgres::PgConnection;

use super::create::Taken;
use super::describe::Described;
use super::fault::{self, code, refusal};
use super::sql::Sql;
use super::update::{TOGETHER, Together};
use super::{Postgres, create, update};
use crate::{Applied, Error, SupporterWrite};

const OPERATION: &str = "write supporters";
/// How often a batch is begun that ran into others.
const TRIES: u32 = 3;
/// How long is waited before the second time; longer before the third.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

/// How a batch ended.
enum Batch {
    /// Committed, with the outcome of each row.
    Committed(Vec<Applied>),
    /// The commit was refused, over this; nothing was written.
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

impl Postgres {
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
        // A constraint that waits for the commit spoke up over some row. Alone, each harms only itself.
        tracing::warn!(
            supporters.count = writes.len(),
            "the database refused a batch at its commit; its rows are written one by one"
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
            let batch = self.database.in_time(OPERATION, self.batch(writes)).await?;
            match batch {
                Err(error) if fault::passes(&error) && tried < TRIES => {
                    tokio::time::sleep(FIRST_PAUSE * 4_u32.pow(tried - 1)).await;
                }
                ended => return ended.map_err(|error| self.fault(OPERATION, &error)),
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
        let begin = if self.table.relation.by_trigger {
            "BEGIN ISOLATION LEVEL REPEATABLE READ READ WRITE"
        } else {
            "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"
        };
        // Until it is given back, the connection is closed on every way out: whatever is open on it is rolled back.
        let mut held = self.database.hold().await?;
        let mut transaction = held.connection().begin_with(begin).await?;
        // The first time somebody else's lock is met, the batch begins anew with savepoints; then there is more patience.
        let patience = match guard {
            Guard::Nothing => self.database.lock_timeout().min(Duration::from_secs(1)),
            Guard::Savepoints => self.database.lock_timeout(),
        };
        wait_at_most(&mut transaction, patience).await?;
        let ended = match rows(&self.table, &mut transaction, writes, guard).await? {
            Batch::Committed(applied) => match transaction.commit().await {
                Ok(()) => Batch::Committed(applied),
                Err(error) => Batch::Ended(refusal(&error).ok_or(error)?),
            },
            ended @ (Batch::Ended(_) | Batch::Unguarded) => {
                transaction.rollback().await?;
                ended
            }
        };
        held.give_back();
        Ok(ended)
    }
}

async fn rows(
    table: &Described,
    connection: &mut PgConnection,
    writes: &[SupporterWrite],
    guard: Guard,
) -> Result<Batch, sqlx::Error> {
    let mut taken = Taken::look(connection, table, writes).await?;
    let mut all = Vec::with_capacity(writes.len());
    let mut rest = writes;
    while !rest.is_empty() {
        let (group, after) = rest.split_at(if guard == Guard::Nothing { alike(rest) } else { 1 });
        rest = after;
        let written = match together(table, connection, group).await? {
            Some(written) => written,
            None => return Ok(Batch::Unguarded),
        };
        for (write, written) in group.iter().zip(written) {
            let ended = match (write, guard) {
                (SupporterWrite::Update { id, .. }, Guard::Nothing) if written => {
                    Some(Applied::Done { id: id.clone() })
                }
                (_, Guard::Nothing) => unguarded_row(table, connection, write, &mut taken).await?,
                (_, Guard::Savepoints) => Some(guarded_row(table, connection, write, &mut taken).await?),
            };
            match ended {
                Some(outcome) => all.push(outcome),
                None => return Ok(Batch::Unguarded),
            }
        }
    }
    Ok(Batch::Committed(all))
}

/// How many of the first writes are changes of different rows, which can be sent together.
fn alike(writes: &[SupporterWrite]) -> usize {
    let mut ids = HashSet::new();
    for write in writes.iter().take(TOGETHER) {
        match write {
            SupporterWrite::Update { id, .. } if ids.insert(id) => {}
            SupporterWrite::Update { .. } | SupporterWrite::Create { .. } => break,
        }
    }
    ids.len().max(1)
}

/// Sends a group in one message and says which rows were written; none where they must go one by one. `None`: some row was
/// refused, and takes the batch with it.
async fn together(
    table: &Described,
    connection: &mut PgConnection,
    group: &[SupporterWrite],
) -> Result<Option<Vec<bool>>, sqlx::Error> {
    let nobody = || Some(vec![false; group.len()]);
    if group.len() < 2 {
        return Ok(nobody());
    }
    match update::together(table, connection, group).await {
        Ok(Together::Each(written)) => Ok(Some(written)),
        Ok(Together::Apart) => Ok(nobody()),
        Ok(Together::Undo) => Ok(None),
        Err(error) if is_locked(&error) => Ok(None),
        Err(error) => refusal(&error).map(|_| None).ok_or(error),
    }
}

/// For how long a statement of this transaction waits for others' locks.
async fn wait_at_most(connection: &mut PgConnection, span: Duration) -> Result<(), sqlx::Error> {
    let mut sql = Sql::new("SELECT set_config('lock_timeout', ");
    sql.number(i64::try_from(span.as_millis()).unwrap_or(i64::MAX)).raw("::text, true)");
    sql.set(connection).await
}

/// Writes a row; `None`: it was refused, and takes the batch with it.
async fn unguarded_row(
    table: &Described,
    connection: &mut PgConnection,
    write: &SupporterWrite,
    taken: &mut Taken,
) -> Result<Option<Applied>, sqlx::Error> {
    match row(table, connection, write, taken).await {
        Ok(RowEnd::Outcome(outcome)) => Ok(Some(outcome)),
        Ok(RowEnd::Undo(_)) => Ok(None),
        Err(error) if is_locked(&error) => Ok(None),
        Err(error) => refusal(&error).map(|_| None).ok_or(error),
    }
}

/// Writes a row; a refusal leaves nothing of it.
async fn guarded_row(
    table: &Described,
    connection: &mut PgConnection,
    write: &SupporterWrite,
    taken: &mut Taken,
) -> Result<Applied, sqlx::Error> {
    Sql::new("SAVEPOINT highwater_row").set(&mut *connection).await?;
    let end = match row(table, connection, write, taken).await {
        Ok(end) => end,
        Err(error) if is_locked(&error) => {
            // Somebody is changing the row this very moment. Whoever locks one may lock many: the others get less time.
            Sql::new("ROLLBACK TO highwater_row").set(&mut *connection).await?;
            wait_at_most(connection, Duration::from_millis(10)).await?;
            RowEnd::Outcome(Applied::ChangedMeanwhile)
        }
        Err(error) => RowEnd::Undo(refusal(&error).ok_or(error)?),
    };
    let outcome = match end {
        RowEnd::Outcome(outcome) => outcome,
        RowEnd::Undo(outcome) => {
            Sql::new("ROLLBACK TO highwater_row").set(&mut *connection).await?;
            outcome
        }
    };
    Sql::new("RELEASE highwater_row").set(&mut *connection).await?;
    Ok(outcome)
}

/// Whether somebody else's lock stood in the way for as long as we wait.
fn is_locked(error: &sqlx::Error) -> bool {
    code(error) == Some("55P03")
}

async fn row(
    table: &Described,
    connection: &mut PgConnection,
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
