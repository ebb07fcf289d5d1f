//! Unpacking an answer as it comes, bounded: a small answer must not become a large one.

use std::io::Write as _;

use bytes::Bytes;
use flate2::write::MultiGzDecoder;

use crate::error::{Error, ErrorKind};

/// Packed bytes unpacked at a time: what comes of them is at most a thousand times as much.
const PIECE: usize = 4096;

pub(crate) struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    ratio: u64,
    free: u64,
    packed: u64,
    unpacked: u64,
}

impl Gunzip {
    /// Up to `free` unpacked bytes the ratio is not looked at: two hundred refusals for one reason are one text two hundred times,
    /// and pack better than many a bomb.
    pub(crate) fn new(ratio: u64, free: usize) -> Self {
        Self { decoder: MultiGzDecoder::new(Vec::new()), ratio, free: free as u64, packed: 0, unpacked: 0 }
    }

    /// Unpacks the next bytes.
    pub(crate) fn feed(&mut self, bytes: &[u8]) -> Result<Bytes, Error> {
        let mut out = Vec::new();
        for piece in bytes.chunks(PIECE) {
            self.decoder.write_all(piece).map_err(|_| Error::new(ErrorKind::Contract, "not valid gzip"))?;
            self.packed += piece.len() as u64;
            self.take(&mut out)?;
        }
        Ok(out.into())
    }

    fn take(&mut self, out: &mut Vec<u8>) -> Result<(), Error> {
        let new = self.decoder.get_mut();
        self.unpacked += new.len() as u64;
        out.append(new);
        if self.unpacked > self.free && self.unpacked / self.ratio.max(1) > self.packed {
            return Err(Error::new(ErrorKind::TooLarge, "the answer unpacks to far more than was sent"));
        }
        Ok(())
    }

    /// The rest, checked against the checksum and length at the end of the stream.
    pub(crate) fn finish(mut self) -> Result<Bytes, Error> {
        let mut out = Vec::new();
        self.decoder.try_finish().map_err(|_| Error::new(ErrorKind::Incomplete, "gzip stream cut off"))?;
        self.take(&mut out)?;
        Ok(out.into())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pack(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    fn unpack(packed: &[u8], ratio: u64) -> Result<Vec<u8>, Error> {
        let mut gunzip = Gunzip::new(ratio, 8 << 20);
        let mut out = Vec::new();
        for piece in packed.chunks(100) {
            out.extend_from_slice(&gunzip.feed(piece)?);
        }
        out.extend_from_slice(&gunzip.finish()?);
        Ok(out)
    }

    #[test]
    fn a_bomb_is_stopped_and_a_cut_stream_is_noticed() {
        let bomb = pack(&vec![0; 50 << 20]);
        assert_eq!(unpack(&bomb, 100).unwrap_err().kind(), ErrorKind::TooLarge);
        let text = pack("line\n".repeat(3_000).as_bytes());
        assert_eq!(unpack(&text, 100).unwrap(), "line\n".repeat(3_000).as_bytes());
        for cut in [1, 8, 12, text.len() / 2, text.len() - 9, text.len() - 1] {
            assert_eq!(unpack(&text[..cut], 100).unwrap_err().kind(), ErrorKind::Incomplete, "{cut}");
        }
        assert_eq!(unpack(b"plain text, no gzip", 100).unwrap_err().kind(), ErrorKind::Contract);
    }
}
