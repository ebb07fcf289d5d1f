//! How one entry lies in a segment: a head of 28 bytes, then the bytes.
//!
//! `mark 4 · checksum 4 · length 4 · left 4 · back 4 · stamp 8`, little endian. *left* says how many entries of the same append
//! follow, so that an append is there as a whole or not at all. *back* says how many bytes ago the group began that was
//! written and synced as one: a group is only begun when everything before it is durable, and that is what tells a torn tail
//! from damage. The checksum covers segment, place and a random number of the segment as well, so that bytes of another
//! place, or a frame that somebody hid inside an entry, do not pass.

use model::Stamp;

/// Bytes before an entry's own.
pub(crate) const HEAD: usize = 28;
/// What a frame begins with.
pub(crate) const MARK: [u8; 4] = [0xA5, b'h', b'w', 0x1E];

/// No entry is longer, whatever the options say: a damaged length never makes a reader fetch more.
pub(crate) const MAX_ENTRY: usize = 16 * 1024 * 1024;

/// Which segment a frame belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Seal {
    pub(crate) segment: u64,
    pub(crate) salt: u64,
}

/// A frame's head, decoded and not yet believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Head {
    pub(crate) checksum: u32,
    pub(crate) length: u32,
    pub(crate) left: u32,
    pub(crate) back: u32,
    pub(crate) stamp: Stamp,
}

impl Head {
    /// Reads a head; `None` where none begins.
    pub(crate) fn read(bytes: &[u8]) -> Option<Self> {
        let (mark, rest) = bytes.split_first_chunk::<4>()?;
        if *mark != MARK {
            return None;
        }
        let (checksum, rest) = rest.split_first_chunk::<4>()?;
        let (length, rest) = rest.split_first_chunk::<4>()?;
        let (left, rest) = rest.split_first_chunk::<4>()?;
        let (back, rest) = rest.split_first_chunk::<4>()?;
        let stamp = rest.first_chunk::<8>()?;
        Some(Self {
            checksum: u32::from_le_bytes(*checksum),
            length: u32::from_le_bytes(*length),
            left: u32::from_le_bytes(*left),
            back: u32::from_le_bytes(*back),
            stamp: Stamp::from_micros(i64::from_le_bytes(*stamp)),
        })
    }

    /// Whether these bytes, at this place, are what was written there.
    pub(crate) fn fits(&self, seal: Seal, offset: u64, bytes: &[u8]) -> bool {
        self.checksum == checksum(seal, offset, &self.covered(), bytes)
    }

    fn covered(&self) -> [u8; 20] {
        let mut covered = [0; 20];
        covered[..4].copy_from_slice(&self.length.to_le_bytes());
        covered[4..8].copy_from_slice(&self.left.to_le_bytes());
        covered[8..12].copy_from_slice(&self.back.to_le_bytes());
        covered[12..].copy_from_slice(&self.stamp.micros().to_le_bytes());
        covered
    }
}

/// Adds a frame that will lie at `offset`.
pub(crate) fn write(to: &mut Vec<u8>, seal: Seal, offset: u64, head: Head, bytes: &[u8]) {
    let covered = head.covered();
    to.extend_from_slice(&MARK);
    to.extend_from_slice(&checksum(seal, offset, &covered, bytes).to_le_bytes());
    to.extend_from_slice(&covered);
    to.extend_from_slice(bytes);
}

fn checksum(seal: Seal, offset: u64, covered: &[u8], bytes: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&seal.salt.to_le_bytes());
    hasher.update(&seal.segment.to_le_bytes());
    hasher.update(&offset.to_le_bytes());
    hasher.update(covered);
    hasher.update(bytes);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_fits_only_where_it_was_written() {
        let seal = Seal { segment: 2, salt: 77 };
        let head =
            Head { checksum: 0, length: 5, left: 1, back: 9, stamp: Stamp::from_seconds(1_800_000_000) };
        let mut bytes = Vec::new();
        write(&mut bytes, seal, 52, head, b"hello");
        let read = Head::read(&bytes).expect("a frame begins here");
        assert_eq!(Head { checksum: 0, ..read }, head);
        assert!(read.fits(seal, 52, b"hello"));
        assert!(!read.fits(seal, 53, b"hello"));
        assert!(!read.fits(Seal { salt: 78, ..seal }, 52, b"hello"));
        assert!(!read.fits(Seal { segment: 3, ..seal }, 52, b"hello"));
        assert!(!read.fits(seal, 52, b"hellp"));
        for at in 8..HEAD {
            let mut other = bytes.clone();
            other[at] ^= 1;
            let read = Head::read(&other).expect("the mark is unharmed");
            assert!(!read.fits(seal, 52, b"hello"), "byte {at} is not covered");
        }
    }

    #[test]
    fn nothing_short_or_strange_is_a_head() {
        let mut bytes = MARK.to_vec();
        bytes.resize(HEAD - 1, 0);
        assert_eq!(Head::read(&bytes), None);
        assert_eq!(Head::read(&[0; HEAD]), None);
    }
}
