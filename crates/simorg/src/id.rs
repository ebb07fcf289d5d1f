//! Record ids: 15 case-sensitive characters and a 3-character checksum.

use std::fmt;

const ALPHABET: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const CHECK: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";

/// Id of one record in its 18-character form; the last three characters are always the right checksum.
///
/// Ordered by bytes, which is the order `ORDER BY Id` uses (digits, upper case, lower case).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId([u8; 18]);

impl RecordId {
    /// Accepts 15 or 18 ASCII letters and digits and recomputes the checksum: a given suffix is not trusted.
    /// Answers `None` for every other text.
    pub fn parse(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        if !matches!(bytes.len(), 15 | 18) || !bytes.iter().all(u8::is_ascii_alphanumeric) {
            return None;
        }
        let mut base = [0u8; 15];
        base.copy_from_slice(bytes.get(..15)?);
        Some(Self::from_base(base))
    }

    /// The id with this three-character prefix and running number. Numbers past 62^9 wrap.
    pub fn mint(prefix: &str, pod: &str, number: u64) -> Self {
        let mut base = [b'0'; 15];
        for (place, byte) in base.iter_mut().zip(prefix.bytes().take(3)) {
            *place = byte;
        }
        for (place, byte) in base.iter_mut().skip(3).zip(pod.bytes().take(3)) {
            *place = byte;
        }
        let mut rest = number;
        for place in base.iter_mut().skip(6).rev() {
            let digit = usize::try_from(rest % 62).unwrap_or(0);
            *place = ALPHABET.get(digit).copied().unwrap_or(b'0');
            rest /= 62;
        }
        Self::from_base(base)
    }

    fn from_base(base: [u8; 15]) -> Self {
        let mut full = [0u8; 18];
        for (to, from) in full.iter_mut().zip(base) {
            *to = from;
        }
        for (group, chunk) in base.chunks(5).enumerate() {
            let bits = chunk
                .iter()
                .enumerate()
                .fold(0usize, |bits, (i, c)| if c.is_ascii_uppercase() { bits | (1 << i) } else { bits });
            if let (Some(place), Some(check)) = (full.get_mut(15 + group), CHECK.get(bits)) {
                *place = *check;
            }
        }
        Self(full)
    }

    /// The 18-character text.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).expect("an id holds ASCII letters and digits only")
    }

    /// The first three characters, which name the object.
    pub fn prefix(&self) -> &str {
        self.as_str().get(..3).unwrap_or_default()
    }

    /// The case-sensitive 15-character form.
    pub fn short(&self) -> &str {
        self.as_str().get(..15).unwrap_or_default()
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl serde::Serialize for RecordId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::RecordId;
    use proptest::prelude::*;

    #[test]
    fn checksums_of_published_ids_come_out_right() {
        for id in [
            "00190000001pPvHAAU",
            "001RM000003oLnnYAE",
            "003RM0000068xVCYAY",
            "7503h000003pgNYAAY",
            "0031i000013x2TEAAY",
            "012000000000000AAA",
        ] {
            let short = RecordId::parse(&id[..15]).map(|id| id.to_string());
            assert_eq!(short.as_deref(), Some(id));
            let wrong_suffix = RecordId::parse(&format!("{}AAB", &id[..15])).map(|id| id.to_string());
            assert_eq!(wrong_suffix.as_deref(), Some(id));
        }
    }

    #[test]
    fn text_of_another_length_or_alphabet_is_no_id() {
        for text in ["", "003", "0031i000013x2TE-", "0031i000013x2TEAA", "0031i000013x2TÉ"] {
            assert_eq!(RecordId::parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in ".{0,24}") {
            let _ = RecordId::parse(&text);
        }

        #[test]
        fn minted_ids_parse_to_themselves_and_keep_their_order(a in 0u64..13_000_000_000, b in 0u64..13_000_000_000) {
            let (one, two) = (RecordId::mint("003", "5f0", a), RecordId::mint("003", "5f0", b));
            prop_assert_eq!(RecordId::parse(one.as_str()), Some(one));
            prop_assert_eq!(RecordId::parse(one.short()), Some(one));
            prop_assert_eq!(a.cmp(&b), one.cmp(&two));
        }
    }
}
