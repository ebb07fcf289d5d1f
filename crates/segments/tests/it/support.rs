//! What the tests share.

use std::sync::Arc;

use model::{Clock, Stamp};
use segments::{Cursor, CutDisk, Entry, Error, Log, Options, PageLimit};

/// A small log: segments end after a few entries.
pub(crate) fn options() -> Options {
    Options {
        segment_bytes: 4 * 1024,
        entry_bytes: 1024,
        append_bytes: 8 * 1024,
        group_bytes: 2 * 1024,
        clock: Clock::held(Stamp::from_seconds(1_800_000_000)),
    }
}

pub(crate) fn on(disk: &CutDisk) -> Result<Log, Error> {
    Log::open_on(Arc::new(disk.clone()), options())
}

pub(crate) fn entry(text: &str) -> Entry {
    at(1_800_000_000, text)
}

pub(crate) fn at(seconds: i64, text: &str) -> Entry {
    Entry { stamp: Stamp::from_seconds(seconds), bytes: text.as_bytes().to_vec() }
}

pub(crate) fn append(log: &Log, texts: &[&str]) -> Vec<Cursor> {
    let entries = texts.iter().map(|text| entry(text)).collect();
    log.append_blocking(entries).expect("there is room and power")
}

pub(crate) const ALL: PageLimit = PageLimit { entries: usize::MAX, bytes: usize::MAX };

pub(crate) fn texts(log: &Log) -> Result<Vec<String>, Error> {
    let page = log.read(Cursor::START, ALL)?;
    Ok(page.records.into_iter().map(|record| String::from_utf8_lossy(&record.bytes).into_owned()).collect())
}
