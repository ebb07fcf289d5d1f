//! Numbers as LEB128: seven bits a byte, the lowest first.

/// Appends a number.
#[allow(clippy::cast_possible_truncation)] // the low seven bits
#[inline]
pub(crate) fn push(to: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        to.push(value as u8 | 0x80);
        value >>= 7;
    }
    to.push(value as u8);
}

/// Takes a number off the front; `None` where there is none, or one of more than 64 bits.
#[inline]
pub(crate) fn take(from: &mut &[u8]) -> Option<u64> {
    // Most are small.
    if let Some((&byte, rest)) = from.split_first().filter(|(byte, _)| **byte < 0x80) {
        *from = rest;
        return Some(byte.into());
    }
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = from.split_first()?;
        *from = rest;
        let bits = u64::from(byte & 0x7f);
        if bits << shift >> shift != bits {
            return None;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

/// Takes the number of something that has to fit into memory.
#[inline]
pub(crate) fn take_len(from: &mut &[u8]) -> Option<usize> {
    usize::try_from(take(from)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_come_back(value: u64, rest in proptest::collection::vec(any::<u8>(), 0..4)) {
            let mut bytes = Vec::new();
            push(&mut bytes, value);
            bytes.extend_from_slice(&rest);
            let mut from = bytes.as_slice();
            prop_assert_eq!(take(&mut from), Some(value));
            prop_assert_eq!(from, rest.as_slice());
        }

        #[test]
        fn any_bytes_are_a_number_or_none(bytes in proptest::collection::vec(any::<u8>(), 0..14)) {
            let _ = take(&mut bytes.as_slice());
        }
    }

    #[test]
    fn a_number_that_breaks_off_or_is_too_large_is_none() {
        assert_eq!(take(&mut [0x80].as_slice()), None);
        assert_eq!(take(&mut [0xff; 11].as_slice()), None);
    }
}
