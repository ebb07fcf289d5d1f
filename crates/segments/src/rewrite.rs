//! A segment written anew, with other bytes of the same length in the place of some entries.

use std::collections::BTreeMap;

use crate::disk::{Disk, DiskFile, read_full};
use crate::error::{Damage, Error};
use crate::frame::{self, Head};
use crate::header::{HEADER, file_name};
use crate::open::{damaged, open_file, read_header};
use crate::scan::{Found, Scanner};

/// What a file is called until it is whole.
const UNFINISHED: &str = ".seg.new";
/// Written at once, in bytes.
const PIECE: usize = 1024 * 1024;

/// What became of a segment.
pub(crate) enum Anew {
    /// The new file has the name, durably.
    Exchanged,
    /// The old one has it, as before.
    Refused(Error),
    /// The new file has the name, and nobody knows whether that is durable.
    Unknown(Error),
}

/// Writes a segment anew, up to `end` where it is the one that is written to.
pub(crate) fn write_anew(
    disk: &dyn Disk,
    number: u64,
    end: Option<u64>,
    entries: BTreeMap<u64, Vec<u8>>,
) -> Anew {
    let name = file_name(number);
    let fresh = name.replace(".seg", UNFINISHED);
    let written = copy(disk, number, end, entries, &fresh);
    if let Err(error) = written.and_then(|()| disk.rename(&fresh, &name).map_err(|e| failed(&e))) {
        // The next opening removes what cannot be removed now.
        let _ = disk.remove(&fresh);
        return Anew::Refused(error);
    }
    match disk.sync_names() {
        Ok(()) => Anew::Exchanged,
        Err(e) => Anew::Unknown(failed(&e)),
    }
}

/// Removes what a rewriting left that was broken off.
pub(crate) fn remove_unfinished(disk: &dyn Disk) -> Result<(), Error> {
    for name in disk.names().map_err(|e| failed(&e))?.iter().filter(|name| name.ends_with(UNFINISHED)) {
        disk.remove(name).map_err(|e| failed(&e))?;
    }
    Ok(())
}

fn copy(
    disk: &dyn Disk,
    number: u64,
    end: Option<u64>,
    mut entries: BTreeMap<u64, Vec<u8>>,
    fresh: &str,
) -> Result<(), Error> {
    let old = open_file(disk, number)?;
    let header = read_header(old.as_ref(), number)?;
    let size = old.size().map_err(|e| failed(&e))?;
    let limit = end.unwrap_or(size);
    let mut piece = vec![0; HEADER];
    read_full(old.as_ref(), &mut piece, 0).map_err(|e| failed(&e))?;
    let new = disk.create(fresh).map_err(|e| failed(&e))?;
    let mut at = 0;
    let mut scanner = Scanner::new(old.as_ref(), header.seal(), HEADER as u64, limit);
    loop {
        let frame = match scanner.next()? {
            Found::Frame(frame) => frame,
            Found::End => break,
            Found::Bad => return Err(damaged(number, scanner.at(), Damage::Entry)),
        };
        let other = entries.remove(&frame.offset);
        if other.as_ref().is_some_and(|other| other.len() != frame.bytes.len()) {
            return Err(damaged(number, frame.offset, Damage::Length));
        }
        let bytes = other.as_deref().unwrap_or(frame.bytes);
        let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX);
        let back = u32::try_from(frame.offset - frame.group).unwrap_or(u32::MAX);
        let head = Head { checksum: 0, length, left: frame.left, back, stamp: frame.stamp };
        frame::write(&mut piece, header.seal(), frame.offset, head, bytes);
        if piece.len() >= PIECE {
            at = put(new.as_ref(), &mut piece, at)?;
        }
    }
    if let Some(nowhere) = entries.keys().next() {
        return Err(damaged(number, *nowhere, Damage::Entry));
    }
    put(new.as_ref(), &mut piece, at)?;
    new.sync().map_err(|e| failed(&e))
}

fn put(file: &dyn DiskFile, piece: &mut Vec<u8>, at: u64) -> Result<u64, Error> {
    file.write_all_at(piece, at).map_err(|e| failed(&e))?;
    let next = at + piece.len() as u64;
    piece.clear();
    Ok(next)
}

fn failed(e: &std::io::Error) -> Error {
    Error::io("writing a segment anew", e)
}
