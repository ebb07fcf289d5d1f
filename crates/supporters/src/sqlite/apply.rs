//! Writing a batch: one transaction. Rows are written without guard as long as none is refused; a batch in which one is
//! begins anew, with a savepoint for each row.

use model::{Cell, Email};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::connect::{Fault, Seat, Wanted, code, message};
use super::create::Taken;
use super::describe::Described;
use super::spelling::{Lists, Spelled as _};
use super::update::Updates;
use super::{Sqlite, create};
use crate::{Applied, Error, RefusalCode, SupporterWrite};

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
        if let Batch::Committed(applied) = self.batch(writes).await? {
            return Ok(applied);
        }
        // A trigger or a deferred constraint ended the whole transaction over some row. Alone, each harms only itself.
        tracing::warn!(
            supporters.count = writes.len(),
            "the database ended a batch; its rows are written one by one"
        );
        let mut all = Vec::with_capacity(writes.len());
        for write in writes {
            match self.batch(std::slice::from_ref(write)).await? {
                Batch::Committed(applied) => all.extend(applied),
                Batch::Ended(refusal) => all.push(refusal),
                // With savepoints no batch ends so.
                Batch::Unguarded => return Err(Error::Busy { operation: OPERATION }),
            }
        }
        Ok(all)
    }

    async fn batch(&self, writes: &[SupporterWrite]) -> Result<Batch, Error> {
        let writes = writes.to_vec();
        self.on_seat(OPERATION, move |seat, table, wanted| {
            match attempt(seat, table, wanted, &writes, Guard::Nothing)? {
                Batch::Unguarded => attempt(seat, table, wanted, &writes, Guard::Savepoints),
                ended @ (Batch::Committed(_) | Batch::Ended(_)) => Ok(ended),
            }
        })
        .await
    }
}

fn attempt(
    seat: &mut Seat,
    table: &Described,
    wanted: &Wanted,
    writes: &[SupporterWrite],
    guard: Guard,
) -> Result<Batch, Fault> {
    // Dropped without a commit, it undoes everything.
    let transaction = seat.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let ended = match rows(&mut seat.lists, &transaction, table, wanted, writes, guard)? {
        Batch::Committed(applied) => commit(transaction, applied)?,
        ended @ (Batch::Ended(_) | Batch::Unguarded) => ended,
    };
    let undone = !matches!(ended, Batch::Committed(_));
    if undone || writes.iter().any(|write| is_oddly_spelled(table, write)) {
        seat.lists.forget();
    }
    Ok(ended)
}

/// Whether a write puts an address where no index finds it.
fn is_oddly_spelled(table: &Described, write: &SupporterWrite) -> bool {
    let odd = |cell: &Cell| cell.text().is_some_and(|text| !Email::is_plain(text.as_bytes()));
    match write {
        SupporterWrite::Update { set, .. } => {
            set.iter().any(|(place, cell)| Some(*place) == table.email_place && odd(cell))
        }
        SupporterWrite::Create { cells, .. } => {
            table.email_place.and_then(|place| cells.get(place)).is_some_and(odd)
        }
    }
}

fn commit(transaction: Transaction<'_>, applied: Vec<Applied>) -> Result<Batch, Fault> {
    match transaction.execute_batch("COMMIT") {
        Ok(()) => Ok(Batch::Committed(applied)),
        // A deferred constraint speaks up only now, and leaves the transaction open: it is undone.
        Err(fault) => refusal(&fault).map(Batch::Ended).ok_or(fault),
    }
}

fn rows(
    lists: &mut Lists,
    connection: &Connection,
    table: &Described,
    wanted: &Wanted,
    writes: &[SupporterWrite],
    guard: Guard,
) -> Result<Batch, Fault> {
    let mut taken = Taken::look(lists, connection, table, wanted, writes)?;
    let mut updates = Updates::new(connection, table);
    let mut all = Vec::with_capacity(writes.len());
    for write in writes {
        wanted.check()?;
        let ended = match guard {
            Guard::Nothing => unguarded_row(&mut updates, write, &mut taken)?,
            Guard::Savepoints => guarded_row(&mut updates, write, &mut taken)?,
        };
        match ended {
            Ok(outcome) => all.push(outcome),
            Err(batch) => return Ok(batch),
        }
    }
    wanted.check()?;
    Ok(Batch::Committed(all))
}

/// Writes a row, or ends the batch.
fn unguarded_row(
    updates: &mut Updates<'_>,
    write: &SupporterWrite,
    taken: &mut Taken,
) -> Result<Result<Applied, Batch>, Fault> {
    match row(updates, write, taken) {
        Ok(RowEnd::Outcome(outcome)) => Ok(Ok(outcome)),
        Ok(RowEnd::Undo(_)) => Ok(Err(Batch::Unguarded)),
        Err(fault) => refusal(&fault).map(|_| Err(Batch::Unguarded)).ok_or(fault),
    }
}

/// Writes a row; a refusal leaves nothing of it. Ends the batch only when the database itself does.
fn guarded_row(
    updates: &mut Updates<'_>,
    write: &SupporterWrite,
    taken: &mut Taken,
) -> Result<Result<Applied, Batch>, Fault> {
    let connection = updates.connection;
    connection.execute_batch("SAVEPOINT highwater_row")?;
    let end = match row(updates, write, taken) {
        Ok(end) => end,
        Err(fault) => RowEnd::Undo(refusal(&fault).ok_or(fault)?),
    };
    let outcome = match end {
        RowEnd::Outcome(outcome) => outcome,
        RowEnd::Undo(outcome) => {
            if connection.execute_batch("ROLLBACK TO highwater_row").is_err() {
                return Ok(Err(Batch::Ended(outcome)));
            }
            outcome
        }
    };
    connection.execute_batch("RELEASE highwater_row")?;
    Ok(Ok(outcome))
}

fn row(updates: &mut Updates<'_>, write: &SupporterWrite, taken: &mut Taken) -> Result<RowEnd, Fault> {
    match write {
        SupporterWrite::Update { id, set, expect, contact_id } => {
            updates.row(id, set, expect, contact_id.as_ref())
        }
        SupporterWrite::Create { cells, contact_id } => {
            create::row(updates.connection, updates.table, cells, contact_id.as_ref(), taken)
        }
    }
}

/// One row's refusal; `None` for a failure that is not one row's.
/// Codes: <https://www.sqlite.org/rescode.html>.
pub(super) fn refusal(fault: &Fault) -> Option<Applied> {
    let message = message(fault)?;
    let code = code(fault)?;
    let name = match (code & 0xff, code) {
        (19, 1555 | 2067 | 2579) => RefusalCode::Unique,
        (19, 1299) => RefusalCode::NotNull,
        (19, 275) => RefusalCode::Check,
        (19, 787) => RefusalCode::ForeignKey,
        (19, 1811) => RefusalCode::Trigger,
        (19, 3091) | (20, _) => RefusalCode::Type,
        (18, _) => RefusalCode::TooBig,
        (1, _) if message.contains("generated column") => RefusalCode::Generated,
        // A table that changed its shape is everybody's failure.
        (1, _) if message.starts_with("no such") => return None,
        (1 | 19 | 25, _) => RefusalCode::Database,
        _ => return None,
    };
    Some(Applied::refused(name, message))
}
