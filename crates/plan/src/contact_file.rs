//! The records of a directory: texts of Contacts one after the other in a file, and those read last at hand.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufReader, Read, Seek, SeekFrom};

use crate::columns::{ContactColumns, SeenContact};

/// How many records are at hand at most: a batch asks for its people by Id, by key and by address.
const AT_HAND: usize = 4_096;

/// The file, read in pieces: records that are asked for together mostly lie together.
#[derive(Debug)]
pub(crate) struct ContactFile {
    file: BufReader<File>,
    at: u64,
    record: Vec<u8>,
    at_hand: HashMap<u64, SeenContact>,
}

impl ContactFile {
    pub(crate) fn new(file: BufReader<File>) -> Self {
        Self { file, at: 0, record: Vec::new(), at_hand: HashMap::with_capacity(AT_HAND) }
    }

    /// The Contacts at these places, in their order.
    ///
    /// # Errors
    /// When the file cannot be read, or holds something else.
    pub(crate) fn read(&mut self, columns: &ContactColumns, places: &[u64]) -> io::Result<Vec<SeenContact>> {
        let new = places.iter().filter(|place| !self.at_hand.contains_key(place)).count();
        if self.at_hand.len() + new > AT_HAND {
            self.at_hand.clear();
        }
        let mut found = Vec::with_capacity(places.len());
        for &place in places {
            if let Some(known) = self.at_hand.get(&place) {
                found.push(known.clone());
                continue;
            }
            let bytes = self.bytes(place)?;
            let texts = Texts::of(bytes, columns.select().len()).ok_or_else(broken)?;
            let seen = columns.from_texts(&|at| texts.at(at)).map_err(|_| broken())?;
            if self.at_hand.len() < AT_HAND {
                self.at_hand.insert(place, seen.clone());
            }
            found.push(seen);
        }
        Ok(found)
    }

    /// The Contacts from this place on, at most so many, and the place after them; `end`: where the file ends.
    ///
    /// # Errors
    /// When the file cannot be read, or holds something else.
    pub(crate) fn page(
        &mut self,
        columns: &ContactColumns,
        from: u64,
        end: u64,
        limit: usize,
    ) -> io::Result<(Vec<SeenContact>, u64)> {
        let (mut found, mut at) = (Vec::new(), from);
        while at < end && found.len() < limit {
            let bytes = self.bytes(at)?;
            let texts = Texts::of(bytes, columns.select().len()).ok_or_else(broken)?;
            found.push(columns.from_texts(&|index| texts.at(index)).map_err(|_| broken())?);
            at = self.at;
        }
        Ok((found, at))
    }

    fn bytes(&mut self, place: u64) -> io::Result<&[u8]> {
        match i64::try_from(i128::from(place) - i128::from(self.at)) {
            // Inside what is at hand this costs nothing.
            Ok(way) => self.file.seek_relative(way)?,
            Err(_) => drop(self.file.seek(SeekFrom::Start(place))?),
        }
        let mut len = [0_u8; 4];
        self.file.read_exact(&mut len)?;
        self.record.resize(u32::from_le_bytes(len) as usize, 0);
        self.file.read_exact(&mut self.record)?;
        self.at = place + 4 + self.record.len() as u64;
        Ok(&self.record)
    }
}

fn broken() -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, "the Contact directory is damaged")
}

/// The texts of one record: where each ends, then all of them in one piece. Empty and null are one and the same to
/// Salesforce.
pub(crate) struct Texts<'a> {
    ends: &'a [[u8; 4]],
    text: &'a str,
}

impl<'a> Texts<'a> {
    pub(crate) fn of(bytes: &'a [u8], width: usize) -> Option<Self> {
        let (ends, text) = bytes.split_at_checked(4 * width)?;
        Some(Self { ends: ends.as_chunks().0, text: std::str::from_utf8(text).ok()? })
    }

    pub(crate) fn at(&self, index: usize) -> Option<&'a str> {
        let end = |at: usize| self.ends.get(at).map(|end| u32::from_le_bytes(*end) as usize);
        let start = index.checked_sub(1).map_or(Some(0), end)?;
        self.text.get(start..end(index)?).filter(|text| !text.is_empty())
    }

    /// Appends a record of these texts to `to`.
    pub(crate) fn write<'t>(
        texts: impl Iterator<Item = &'t str> + Clone,
        to: &mut Vec<u8>,
    ) -> io::Result<()> {
        let mut end = 0;
        for text in texts.clone() {
            end += text.len();
            to.extend(u32::try_from(end).map_err(io::Error::other)?.to_le_bytes());
        }
        texts.for_each(|text| to.extend_from_slice(text.as_bytes()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn a_record_gives_back_the_texts_it_was_made_of(texts in proptest::collection::vec("\\PC{0,6}", 0..6)) {
            let mut bytes = Vec::new();
            Texts::write(texts.iter().map(String::as_str), &mut bytes).unwrap();
            let read = Texts::of(&bytes, texts.len()).unwrap();
            for (at, text) in texts.iter().enumerate() {
                proptest::prop_assert_eq!(read.at(at).unwrap_or_default(), text);
            }
            proptest::prop_assert_eq!(read.at(texts.len()), None);
        }

        #[test]
        fn a_damaged_record_is_survived(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..40), width in 0_usize..6) {
            if let Some(read) = Texts::of(&bytes, width) {
                proptest::prop_assert!((0..=width).all(|at| read.at(at).is_none_or(|text| !text.is_empty())));
            }
        }
    }
}
