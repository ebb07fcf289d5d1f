//! Reading by place, across segments.

use model::Stamp;

use crate::cursor::Cursor;
use crate::disk::Disk;
use crate::error::{Damage, Error};
use crate::header::HEADER;
use crate::log::Bounds;
use crate::open::{damaged, open_file, read_header};
use crate::scan::{Found, Scanner};

/// How much is read at once. One entry is always read, where there is one.
#[derive(Debug, Clone, Copy)]
pub struct PageLimit {
    /// Entries.
    pub entries: usize,
    /// Bytes of entries.
    pub bytes: usize,
}

/// One entry, read back.
#[derive(Clone, PartialEq, Eq)]
pub struct Record {
    /// Its place.
    pub at: Cursor,
    /// The place behind it.
    pub next: Cursor,
    /// Its stamp.
    pub stamp: Stamp,
    /// Its bytes.
    pub bytes: Vec<u8>,
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let mut shown = f.debug_struct("Record");
        shown.field("at", &self.at).field("stamp", &self.stamp).field("bytes", &self.bytes.len()).finish()
    }
}

/// Entries in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The entries. Empty: the end was reached.
    pub records: Vec<Record>,
    /// Where to go on.
    pub next: Cursor,
    /// Whether segments from `from` on are given up already, so that entries may have been passed over.
    pub gap: bool,
}

/// Reads a page. `bounds` is asked again where a segment has gone meanwhile.
pub(crate) fn read_page(
    disk: &dyn Disk,
    bounds: &dyn Fn() -> Bounds,
    from: Cursor,
    limit: PageLimit,
) -> Result<Page, Error> {
    let Bounds { first, end } = bounds();
    let mut page = Page { records: Vec::new(), next: from, gap: false };
    if from > end {
        return Err(damaged(from.segment, from.offset, Damage::End));
    }
    skip_forgotten(&mut page, first);
    let mut bytes = 0;
    while page.next.segment <= end.segment {
        let number = page.next.segment;
        let file = match open_file(disk, number) {
            Err(Error::Damaged { damage: Damage::Missing, .. }) if number < bounds().first => {
                skip_forgotten(&mut page, bounds().first);
                continue;
            }
            opened => opened?,
        };
        let header = read_header(file.as_ref(), number)?;
        let size = file.size().map_err(|e| Error::io("measuring a segment", &e))?;
        let stop = if number == end.segment { end.offset } else { size };
        let mut scanner = Scanner::new(file.as_ref(), header.seal(), page.next.offset, stop);
        loop {
            match scanner.next()? {
                Found::Frame(frame) => {
                    let record = Record {
                        at: Cursor { segment: number, offset: frame.offset },
                        next: Cursor { segment: number, offset: frame.next },
                        stamp: frame.stamp,
                        bytes: frame.bytes.to_vec(),
                    };
                    page.next = record.next;
                    bytes += record.bytes.len();
                    page.records.push(record);
                    if page.records.len() >= limit.entries || bytes >= limit.bytes {
                        return Ok(page);
                    }
                }
                Found::End => break,
                Found::Bad => return Err(damaged(number, scanner.at(), Damage::Entry)),
            }
        }
        if number == end.segment {
            break;
        }
        page.next = Cursor { segment: number + 1, offset: HEADER as u64 };
    }
    Ok(page)
}

fn skip_forgotten(page: &mut Page, first: u64) {
    if page.next.segment < first {
        // Who reads from the very start has missed nothing they knew of.
        page.gap = page.next != Cursor::START;
        page.next = Cursor { segment: first, offset: HEADER as u64 };
    }
    page.next.offset = page.next.offset.max(HEADER as u64);
}
