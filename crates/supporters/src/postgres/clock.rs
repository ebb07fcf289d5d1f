//! Up to when a window may reach: the server's clock, held back by whoever has written and not committed.
//!
//! A trigger that stamps with `now()` writes the time at which its *transaction* began. A transaction that takes five
//! minutes commits rows stamped five minutes ago, below the end of every window read meanwhile. So a window ends no later
//! than the beginning of the oldest transaction that has written something. One that has begun, and writes its first row
//! only after the window was fixed, is not known to be a writer yet: the overlap of the next window covers it.

use model::Stamp;

use super::Postgres;
use super::sql::Sql;
use crate::Error;

/// A transaction older than this, in hours, holds nothing back any more: somebody left it open.
const MOST_HOURS: i64 = 24;
/// From this many seconds on somebody should look who holds the window back.
const TELL_FROM: i64 = 600;

impl Postgres {
    pub(super) async fn read_now(&self) -> Result<Stamp, Error> {
        let operation = "ask for the time";
        // On a standby: what it has heard of. `least` overlooks NULL.
        let mut sql = Sql::new(
            "SELECT (extract(epoch FROM least(at.clock, writer.began, CASE WHEN pg_is_in_recovery() \
             THEN pg_last_xact_replay_timestamp() END)) * 1000000)::bigint, \
             extract(epoch FROM at.clock - writer.began)::bigint \
             FROM (SELECT clock_timestamp() AS clock) AS at, (SELECT min(began) AS began FROM ( \
             SELECT xact_start AS began FROM pg_stat_activity \
             WHERE datname = current_database() AND backend_xid IS NOT NULL AND pid <> pg_backend_pid() \
             UNION ALL SELECT prepared FROM pg_prepared_xacts WHERE database = current_database()) AS open \
             WHERE began > clock_timestamp() - interval '1 hour' * ",
        );
        sql.number(MOST_HOURS).raw(") AS writer");
        let row = self.database.row(operation, &sql).await?;
        let read = row.number(0).and_then(|now| Ok((now.unwrap_or(0), row.number(1)?)));
        let (now, held_back) = read.map_err(|error| self.fault(operation, &error.into()))?;
        if let Some(seconds) = held_back.filter(|seconds| *seconds >= TELL_FROM) {
            tracing::warn!(
                supporters.held_back_seconds = seconds,
                "a transaction that has not committed holds back which changes are read; find out who left it open"
            );
        }
        Ok(Stamp::from_micros(now))
    }

    /// The server's clock alone.
    pub(super) async fn read_clock(&self) -> Result<i64, Error> {
        let operation = "ask for the time";
        let sql = Sql::new("SELECT floor(extract(epoch FROM clock_timestamp()))::bigint");
        let second = self.database.row(operation, &sql).await?.number(0);
        Ok(second.map_err(|error| self.fault(operation, &error.into()))?.unwrap_or(0))
    }
}
