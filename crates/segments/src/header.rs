//! The first bytes of a segment: whose it is, and how the one before it ended.
//!
//! `magic 8 · number 8 · salt 8 · opened 8 · length of the one before 8 · its newest stamp 8 · checksum 4`, little endian.

use model::Stamp;

use crate::frame::Seal;

/// Bytes before the first frame.
pub(crate) const HEADER: usize = 52;
const MAGIC: [u8; 8] = *b"hwseg\0\0\x01";

/// What a segment says about itself and its forerunner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Header {
    /// From 1 on, without gaps.
    pub(crate) number: u64,
    /// Drawn when the segment was made; part of every checksum in it.
    pub(crate) salt: u64,
    /// The stamp it was opened for; its UTC day is the segment's day.
    pub(crate) opened: Stamp,
    /// Bytes of the segment before it, when this one was begun. 0: there was none.
    pub(crate) length_before: u64,
    /// Newest stamp in the segment before it.
    pub(crate) newest_before: Stamp,
}

impl Header {
    pub(crate) fn seal(&self) -> Seal {
        Seal { segment: self.number, salt: self.salt }
    }

    pub(crate) fn write(&self) -> [u8; HEADER] {
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(&MAGIC);
        let fields = [
            self.number,
            self.salt,
            self.opened.micros().cast_unsigned(),
            self.length_before,
            self.newest_before.micros().cast_unsigned(),
        ];
        for (place, field) in bytes[8..48].chunks_exact_mut(8).zip(fields) {
            place.copy_from_slice(&field.to_le_bytes());
        }
        let checksum = crc32fast::hash(&bytes[..48]);
        bytes[48..].copy_from_slice(&checksum.to_le_bytes());
        bytes
    }

    /// Reads a header; `None` when these bytes are none.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let bytes = bytes.first_chunk::<HEADER>()?;
        let (body, checksum) = bytes.split_last_chunk::<4>()?;
        if body[..8] != MAGIC || crc32fast::hash(body) != u32::from_le_bytes(*checksum) {
            return None;
        }
        let field = |nth: usize| body[8 + nth * 8..].first_chunk::<8>().map(|raw| u64::from_le_bytes(*raw));
        let stamp = |nth| Some(Stamp::from_micros(field(nth)?.cast_signed()));
        Some(Self {
            number: field(0)?,
            salt: field(1)?,
            opened: stamp(2)?,
            length_before: field(3)?,
            newest_before: stamp(4)?,
        })
    }
}

/// `00000000000000000007.seg`.
pub(crate) fn file_name(number: u64) -> String {
    format!("{number:020}.seg")
}

/// The number in a segment's name; `None` for other files.
pub(crate) fn number_in(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(".seg")?;
    let plain = digits.len() == 20 && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|number| plain && *number > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_reads_what_it_writes_and_notices_every_changed_byte() {
        let header = Header {
            number: 7,
            salt: u64::MAX,
            opened: Stamp::from_seconds(-5),
            length_before: 1_000,
            newest_before: Stamp::from_seconds(1_800_000_000),
        };
        let bytes = header.write();
        assert_eq!(Header::read(&bytes), Some(header));
        for at in 0..HEADER {
            let mut other = bytes;
            other[at] ^= 0x10;
            assert_eq!(Header::read(&other), None, "byte {at}");
        }
        assert_eq!(Header::read(&bytes[..HEADER - 1]), None);
    }

    #[test]
    fn only_segments_have_a_segments_name() {
        assert_eq!(number_in(&file_name(42)), Some(42));
        for other in ["lock", "42.seg", "00000000000000000000.seg", "0000000000000000004x.seg", "a.cursor"] {
            assert_eq!(number_in(other), None, "{other}");
        }
    }
}
