//! What a queue knows in memory, built anew from its log.

use model::Stamp;
use segments::{Cursor, Log};

use super::entry::Kept;
use super::standing::Standing;
use super::{Held, PAGE, QueueError, kept};

/// Before the first segment that holds anything since.
pub(super) fn first_since(log: &Log, since: Stamp) -> Result<Cursor, QueueError> {
    let segments = log.segments()?;
    let young = segments.iter().find(|segment| segment.newest.is_none_or(|newest| newest >= since));
    Ok(young.map_or(log.end(), |segment| Cursor { segment: segment.number, offset: 0 }))
}

/// Builds what is open and what was seen. Returns the place of the last settlement.
pub(super) fn replay(log: &Log, from: Cursor, since: Stamp, held: &mut Held) -> Result<Cursor, QueueError> {
    let mut said = Cursor::START;
    let mut from = from;
    loop {
        let page = log.read(from, PAGE)?;
        if page.records.is_empty() {
            return Ok(said);
        }
        from = page.next;
        for record in &page.records {
            match kept(record)? {
                Kept::Event(id, _) | Kept::Erased(id) if record.stamp >= since => {
                    held.ids.insert(id, record.stamp);
                }
                Kept::Event(..) | Kept::Erased(_) => {}
                Kept::Settled(settled) => {
                    held.standing.settled(&settled, record.at);
                    said = record.at;
                }
            }
        }
    }
}

/// How many events were never handed out.
pub(super) fn count_unread(log: &Log, standing: &Standing) -> Result<u64, QueueError> {
    let mut unread = 0;
    let mut from = standing.frontier.unwrap_or(Cursor::START);
    loop {
        let page = log.read(from, PAGE)?;
        if page.records.is_empty() {
            return Ok(unread);
        }
        from = page.next;
        for record in &page.records {
            let is_event = matches!(kept(record)?, Kept::Event(..));
            unread += u64::from(is_event && !standing.is_known(record.at));
        }
    }
}
