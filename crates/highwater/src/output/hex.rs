//! Bytes as text, for the way from a running service to whoever asked: that way carries text only.

use std::io::{self, Write};

/// Writes two digits for each byte.
pub struct Encoding<W: Write>(pub W);

impl<W: Write> Write for Encoding<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let digit = |four: u8| b"0123456789abcdef".get(usize::from(four)).copied().unwrap_or_default();
        let text: Vec<u8> = bytes.iter().flat_map(|byte| [digit(byte >> 4), digit(byte & 15)]).collect();
        self.0.write_all(&text)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Writes a byte for every two digits. Pieces may end between the two.
pub struct Decoding<W: Write> {
    to: W,
    /// The first digit of a byte whose second has not come yet.
    first: Option<u8>,
}

impl<W: Write> Decoding<W> {
    /// Decodes into `to`.
    pub const fn new(to: W) -> Self {
        Self { to, first: None }
    }
}

impl<W: Write> Write for Decoding<W> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        let mut bytes = Vec::with_capacity(text.len() / 2 + 1);
        for digit in text {
            let four = char::from(*digit).to_digit(16).and_then(|four| u8::try_from(four).ok());
            let four = four.ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "no digit"))?;
            match self.first.take() {
                Some(first) => bytes.push(first << 4 | four),
                None => self.first = Some(four),
            }
        }
        self.to.write_all(&bytes)?;
        Ok(text.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn bytes_come_back_however_they_are_cut(bytes in prop::collection::vec(any::<u8>(), 0..60), size in 1_usize..7) {
            let (mut text, mut back) = (Vec::new(), Vec::new());
            Encoding(&mut text).write_all(&bytes).unwrap();
            let mut decoding = Decoding::new(&mut back);
            for piece in text.chunks(size) {
                decoding.write_all(piece).unwrap();
            }
            prop_assert_eq!(back, bytes);
        }
    }

    #[test]
    fn what_is_no_digit_is_refused() {
        assert!(Decoding::new(Vec::new()).write_all(b"0g").is_err());
    }
}
