//! Opening: what may be trusted, what is cut, and what is an error.

use std::io;

use model::Stamp;

use crate::cursor::Cursor;
use crate::disk::{Disk, DiskFile, read_full};
use crate::error::{Damage, Error};
use crate::header::{HEADER, Header, file_name, number_in};
use crate::rewrite::remove_unfinished;
use crate::scan::{Found, Scanner};

/// How often a place that reads badly is looked at again when somebody else may be writing there.
const LOOKS: usize = 3;

/// The segment that is written to.
pub(crate) struct Tail {
    pub(crate) header: Header,
    pub(crate) file: Box<dyn DiskFile>,
    /// Its length; everything before is durable.
    pub(crate) end: u64,
    /// Newest stamp in it.
    pub(crate) newest: Stamp,
}

impl Tail {
    pub(crate) const fn cursor(&self) -> Cursor {
        Cursor { segment: self.header.number, offset: self.end }
    }
}

/// Where a segment ends.
pub(crate) struct Ending {
    pub(crate) end: u64,
    pub(crate) newest: Stamp,
}

/// Numbers of the segments in a directory, oldest first, none missing between them.
pub(crate) fn numbers(disk: &dyn Disk) -> Result<Vec<u64>, Error> {
    let names = disk.names().map_err(|e| Error::io("listing the segments", &e))?;
    let mut numbers: Vec<u64> = names.iter().filter_map(|name| number_in(name)).collect();
    numbers.sort_unstable();
    for pair in numbers.windows(2) {
        if pair[1] != pair[0] + 1 {
            return Err(damaged(pair[0] + 1, 0, Damage::Missing));
        }
    }
    Ok(numbers)
}

/// Opens the segments for writing: cuts what was not finished, refuses what is damaged. Returns the oldest number and the tail.
pub(crate) fn open(disk: &dyn Disk, salt: u64, now: Stamp) -> Result<(u64, Tail), Error> {
    remove_unfinished(disk)?;
    let mut numbers = numbers(disk)?;
    if let Some(last) = numbers.last().copied()
        && is_unfinished(disk, last)?
    {
        disk.remove(&file_name(last)).map_err(|e| Error::io("removing an unfinished segment", &e))?;
        numbers.pop();
    }
    // What an earlier process created or removed may not be durable yet.
    disk.sync_names().map_err(|e| Error::io("syncing the log's directory", &e))?;
    let (Some(first), Some(last)) = (numbers.first().copied(), numbers.last().copied()) else {
        let header = Header { number: 1, salt, opened: now, length_before: 0, newest_before: Stamp::EPOCH };
        return Ok((1, begin(disk, header)?));
    };
    for number in first..last {
        check_length(disk, number)?;
    }
    let file = open_file(disk, last)?;
    let header = read_header(file.as_ref(), last)?;
    let size = file.size().map_err(|e| Error::io("measuring a segment", &e))?;
    let Ending { end, newest } = find_end(file.as_ref(), &header, size)?;
    if end < size {
        file.cut(end).map_err(|e| Error::io("cutting a torn tail", &e))?;
    }
    // What was read may still be in memory only: a reader must not see what a power cut could take back.
    file.sync().map_err(|e| Error::io("syncing a segment", &e))?;
    Ok((first, Tail { header, file, end, newest }))
}

/// Whether a segment was being begun when everything ended: then nothing was ever in it.
pub(crate) fn is_unfinished(disk: &dyn Disk, number: u64) -> Result<bool, Error> {
    let file = open_file(disk, number)?;
    let size = file.size().map_err(|e| Error::io("measuring a segment", &e))?;
    Ok(size <= HEADER as u64 && read_header(file.as_ref(), number).is_err())
}

/// Makes a new segment, durable with its name.
pub(crate) fn begin(disk: &dyn Disk, header: Header) -> Result<Tail, Error> {
    let name = file_name(header.number);
    let file = disk.create(&name).map_err(|e| Error::io("making a segment", &e))?;
    if let Err(e) = file.write_all_at(&header.write(), 0) {
        // A leftover holds nothing: the next opening removes it, the next segment takes its place.
        let _ = disk.remove(&name);
        return Err(Error::io("making a segment", &e));
    }
    let synced = file.sync().and_then(|()| disk.sync_names());
    synced.map_err(|e| Error::Io { operation: "syncing a new segment", kind: e.kind() })?;
    Ok(Tail { header, file, end: HEADER as u64, newest: header.opened })
}

/// Where the last whole append of a segment ends, read from its beginning.
pub(crate) fn find_end(file: &dyn DiskFile, header: &Header, size: u64) -> Result<Ending, Error> {
    let mut ending = Ending { end: HEADER as u64, newest: header.opened };
    let mut looks = 0;
    loop {
        let mut scanner = Scanner::new(file, header.seal(), ending.end, size);
        if !walk(&mut scanner, &mut ending)? {
            return Ok(ending);
        }
        let bad = scanner.at();
        if !scanner.was_durable()? {
            return Ok(ending);
        }
        looks += 1;
        if looks == LOOKS {
            return Err(damaged(header.number, bad, Damage::Entry));
        }
    }
}

/// Steps over whole appends. Returns whether something bad ended it.
fn walk(scanner: &mut Scanner<'_>, ending: &mut Ending) -> Result<bool, Error> {
    let mut newest = ending.newest;
    loop {
        match scanner.next()? {
            Found::Frame(frame) => {
                newest = newest.max(frame.stamp);
                if frame.left == 0 {
                    *ending = Ending { end: frame.next, newest };
                }
            }
            Found::End => return Ok(false),
            Found::Bad => return Ok(true),
        }
    }
}

fn check_length(disk: &dyn Disk, number: u64) -> Result<(), Error> {
    let file = open_file(disk, number)?;
    read_header(file.as_ref(), number)?;
    let next = read_header(open_file(disk, number + 1)?.as_ref(), number + 1)?;
    let size = file.size().map_err(|e| Error::io("measuring a segment", &e))?;
    if size == next.length_before { Ok(()) } else { Err(damaged(number, size, Damage::Length)) }
}

pub(crate) fn open_file(disk: &dyn Disk, number: u64) -> Result<Box<dyn DiskFile>, Error> {
    match disk.open(&file_name(number)) {
        Ok(file) => Ok(file),
        Err(e) if e.kind() == io::ErrorKind::NotFound => Err(damaged(number, 0, Damage::Missing)),
        Err(e) => Err(Error::io("opening a segment", &e)),
    }
}

pub(crate) fn read_header(file: &dyn DiskFile, number: u64) -> Result<Header, Error> {
    let mut bytes = [0; HEADER];
    let read = read_full(file, &mut bytes, 0).map_err(|e| Error::io("reading a segment", &e))?;
    let header = Header::read(&bytes[..read]).filter(|header| header.number == number);
    header.ok_or(damaged(number, 0, Damage::Header))
}

pub(crate) const fn damaged(segment: u64, offset: u64, damage: Damage) -> Error {
    Error::Damaged { segment, offset, damage }
}
