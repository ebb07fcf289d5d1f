//! Open query cursors: what a query found, read page by page.

use crate::id::RecordId;
use crate::soql::Plan;
use crate::store::Slot;
use crate::value::Stamp;
use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

/// Two days (limits sheet).
const LIFE_MILLIS: i64 = 2 * 86_400_000;
/// Most cursors kept; the oldest go first.
const MOST: usize = 100;

/// What a query found.
#[derive(Debug)]
pub(crate) struct Cursor {
    /// Whose it is.
    pub(crate) user: RecordId,
    /// The query.
    pub(crate) plan: Plan,
    /// Its records.
    pub(crate) slots: Vec<Slot>,
    /// `queryAll`.
    pub(crate) include_deleted: bool,
    /// Rows of a page.
    pub(crate) page: usize,
    /// When it was opened.
    pub(crate) opened: Stamp,
}

#[derive(Debug, Default)]
struct Inner {
    minted: u64,
    open: VecDeque<(RecordId, Arc<Cursor>)>,
}

/// All open cursors.
#[derive(Debug, Default)]
pub(crate) struct Cursors(Mutex<Inner>);

impl Cursors {
    /// Keeps a cursor and answers its id.
    pub(crate) fn open(&self, pod: &str, cursor: Cursor) -> RecordId {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        inner.minted += 1;
        let id = RecordId::mint("01g", pod, inner.minted);
        if inner.open.len() >= MOST {
            inner.open.pop_front();
        }
        inner.open.push_back((id, Arc::new(cursor)));
        id
    }

    /// The cursor of an id, if it is still open.
    pub(crate) fn get(&self, id: RecordId, now: Stamp) -> Option<Arc<Cursor>> {
        let inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (_, cursor) = inner.open.iter().find(|(known, _)| *known == id)?;
        (now.0 - cursor.opened.0 <= LIFE_MILLIS).then(|| Arc::clone(cursor))
    }

    /// Closes every cursor, as a restart of the platform does.
    pub(crate) fn close_all(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).open.clear();
    }
}
