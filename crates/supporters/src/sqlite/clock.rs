//! Up to when a window may reach: the clock, unless somebody is writing.
//!
//! A row is stamped when it is written and can be read when its transaction is committed, which may be an hour later: below the
//! end of every window that was read meanwhile. SQLite has one writer at a time and does not say since when. So the end is held where
//! it was when nobody was writing, until that one is done.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use model::Stamp;
use rusqlite::Connection;

use super::Sqlite;
use super::connect::{Fault, Wanted, code};
use super::describe::Described;
use super::read::now_millis;
use crate::Error;

/// Whoever writes for longer than this holds nothing back any more: somebody left it open.
const MOST: Duration = Duration::from_secs(24 * 3_600);
/// From here on somebody should look who holds the window back.
const TELL_FROM: Duration = Duration::from_secs(600);
/// A writer is mostly done at once: the lock is tried so often, with this pause between.
const TRIES: u32 = 20;
const PAUSE: Duration = Duration::from_millis(50);

/// The last time at which nobody was seen to be writing.
#[derive(Debug, Default)]
pub(super) struct Quiet(Mutex<Option<Stamp>>);

impl Quiet {
    /// Nobody was writing then.
    pub(super) fn was_at(&self, at: Stamp) {
        let mut last = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *last = (*last).max(Some(at));
    }

    /// Up to when a window may reach while somebody is writing.
    fn until(&self, now: Stamp) -> Stamp {
        let last = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let least = now.minus(MOST);
        last.map_or(least, |last| last.clamp(least, now))
    }
}

impl Sqlite {
    pub(super) async fn read_now(&self) -> Result<Stamp, Error> {
        let (millis, writing) = self.on_table("ask for the time", look).await?;
        let now = Stamp::from_micros(millis.saturating_mul(1_000));
        if !writing {
            self.quiet.was_at(now);
            return Ok(now);
        }
        let until = self.quiet.until(now);
        let held_back = now.since(until);
        if held_back >= TELL_FROM {
            tracing::warn!(
                supporters.held_back_seconds = held_back.as_secs(),
                "a transaction that has not committed holds back which changes are read; find out who left it open"
            );
        }
        Ok(until)
    }
}

/// The time, and whether somebody was writing at it. The time is taken first: whoever begins to write after it stamps later.
fn look(connection: &mut Connection, table: &Described, wanted: &Wanted) -> Result<(i64, bool), Fault> {
    let mut now = now_millis(connection)?;
    // Who may not write cannot ask for the lock either.
    if table.read_only.is_some() {
        return Ok((now, false));
    }
    for tried in 1..=TRIES {
        if !is_locked(connection)? {
            return Ok((now, false));
        }
        wanted.check()?;
        if tried < TRIES {
            std::thread::sleep(PAUSE);
            now = now_millis(connection)?;
        }
    }
    Ok((now, true))
}

/// Whether somebody holds the lock without which nobody writes. It is given back at once.
fn is_locked(connection: &Connection) -> Result<bool, Fault> {
    let waits: i64 = connection.query_row("PRAGMA busy_timeout", (), |row| row.get(0))?;
    connection.busy_timeout(Duration::ZERO)?;
    let begun = connection.execute_batch("BEGIN IMMEDIATE");
    connection.busy_timeout(Duration::from_millis(u64::try_from(waits).unwrap_or_default()))?;
    match begun {
        Ok(()) => connection.execute_batch("ROLLBACK").map(|()| false),
        Err(fault) => Ok(code(&fault).is_some_and(|code| code & 0xff == rusqlite::ffi::SQLITE_BUSY)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Stamp {
        Stamp::from_seconds(seconds)
    }

    #[test]
    fn a_window_is_held_where_nobody_was_writing_and_not_for_ever() {
        let quiet = Quiet::default();
        let now = at(1_000_000);
        assert_eq!(quiet.until(now), now.minus(MOST), "nothing is known");
        quiet.was_at(at(999_000));
        quiet.was_at(at(998_000));
        assert_eq!(quiet.until(now), at(999_000));
        assert_eq!(quiet.until(at(999_000).plus(MOST).plus(MOST)), at(999_000).plus(MOST));
        // A watermark that is ahead of the clock holds nothing back, and moves nothing on.
        quiet.was_at(at(2_000_000));
        assert_eq!(quiet.until(now), now);
    }
}
