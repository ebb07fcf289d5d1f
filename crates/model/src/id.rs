//! Ids of both sides. Each kind is its own type, parsed on entry, so that they never mix.

use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Why a text is not the id it was taken for. Carries no part of the text: it may be anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidId {
    /// Neither 15 nor 18 characters long.
    #[error("an id has 15 or 18 characters, this has {0}")]
    Length(usize),
    /// A character outside `0-9A-Za-z`.
    #[error("an id has only letters and digits")]
    Character,
    /// The three check characters do not fit the first fifteen: usually a change of case on the way.
    #[error("the id's check characters do not fit: letters changed case or were mistyped")]
    Checksum,
    /// The id of another kind of record.
    #[error("the id must begin with {expected}")]
    Prefix {
        /// What an id of this kind begins with.
        expected: &'static str,
    },
    /// A supporter id that is empty, too long, or holds control characters.
    #[error("a supporter id has 1 to {max} bytes and no control characters", max = SupporterId::MAX_BYTES)]
    Supporter,
}

/// Any Salesforce record id, held in its 18-character form.
///
/// The 15-character form is case-sensitive; the last three of 18 encode the case of the others, so that two ids are
/// equal exactly when their 18-character forms are.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SalesforceId([u8; 18]);

impl SalesforceId {
    /// Accepts 15 or 18 characters. An 18-character id whose check characters do not fit is refused, never repaired.
    ///
    /// # Errors
    /// [`InvalidId`] names what is wrong, without repeating the text.
    pub fn parse(raw: &str) -> Result<Self, InvalidId> {
        let length = InvalidId::Length(raw.len());
        let (fifteen, rest) = raw.as_bytes().split_first_chunk::<15>().ok_or(length)?;
        // Without a way out in the middle, and of a length that is known: many at a time.
        let plain = |bytes: &[u8]| bytes.iter().fold(true, |plain, c| plain & c.is_ascii_alphanumeric());
        let check = checksum(fifteen);
        match rest.as_array::<3>() {
            _ if !rest.is_empty() && rest.len() != 3 => return Err(length),
            _ if !plain(fifteen) || !plain(rest) => return Err(InvalidId::Character),
            Some(given) if !given.eq_ignore_ascii_case(&check) => return Err(InvalidId::Checksum),
            Some(_) | None => {}
        }
        Ok(Self::of(fifteen, check))
    }

    fn of(fifteen: &[u8; 15], check: [u8; 3]) -> Self {
        let mut full = [0_u8; 18];
        full[..15].copy_from_slice(fifteen);
        full[15..].copy_from_slice(&check);
        Self(full)
    }

    /// The 18 characters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }

    /// The first fifteen characters, which say everything, in twelve bytes: five of 62 characters are less than 32 bits.
    #[must_use]
    pub fn packed(&self) -> [u8; 12] {
        let mut packed = [0; 12];
        for (five, to) in self.0.chunks(5).zip(packed.chunks_mut(4)) {
            let digit = |c: u8| match c {
                b'0'..=b'9' => u32::from(c - b'0'),
                b'A'..=b'Z' => u32::from(c - b'A') + 10,
                b'a'..=b'z' => u32::from(c - b'a') + 36,
                _ => 0,
            };
            let number = five.iter().fold(0_u32, |number, c| number * 62 + digit(*c));
            to.copy_from_slice(&number.to_be_bytes());
        }
        packed
    }

    /// Reads [`SalesforceId::packed`] back; `None`: no id packs so.
    #[must_use]
    pub fn from_packed(packed: [u8; 12]) -> Option<Self> {
        let mut fifteen = [0_u8; 15];
        for (from, five) in packed.as_chunks::<4>().0.iter().zip(fifteen.chunks_mut(5)) {
            let mut number = u32::from_be_bytes(*from);
            for c in five.iter_mut().rev() {
                *c = DIGITS[(number % 62) as usize];
                number /= 62;
            }
            if number > 0 {
                return None;
            }
        }
        Some(Self::of(&fifteen, checksum(&fifteen)))
    }

    /// The first three characters: the kind of record.
    #[must_use]
    pub fn prefix(&self) -> &str {
        &self.as_str()[..3]
    }
}

/// Digits of a number to base 62, in the order of their bytes, so that packed ids sort as the ids do.
const DIGITS: &[u8; 62] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// The three check characters of a 15-character id: per group of five, bit *i* is set where character *i* is an
/// upper-case letter; the value 0-31 is looked up in `A-Z0-5`.
fn checksum(fifteen: &[u8; 15]) -> [u8; 3] {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ012345";
    let mut check = [0_u8; 3];
    for (group, out) in fifteen.as_chunks::<5>().0.iter().zip(&mut check) {
        let bits = group
            .iter()
            .enumerate()
            .fold(0_usize, |bits, (i, c)| bits | (usize::from(c.is_ascii_uppercase()) << i));
        *out = ALPHABET[bits];
    }
    check
}

impl fmt::Display for SalesforceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for SalesforceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Declares a typed Salesforce id: its prefix is checked on entry, everything else is [`SalesforceId`].
macro_rules! typed_id {
    ($(#[$doc:meta])* $name:ident, $expected:expr, $($prefix:literal)|+) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(SalesforceId);

        impl $name {
            /// Accepts 15 or 18 characters with the right prefix and check characters. Never guesses.
            ///
            /// # Errors
            /// [`InvalidId`] names what is wrong, without repeating the text.
            pub fn parse(raw: &str) -> Result<Self, InvalidId> {
                let id = SalesforceId::parse(raw)?;
                match id.prefix() {
                    $($prefix)|+ => Ok(Self(id)),
                    _ => Err(InvalidId::Prefix { expected: $expected }),
                }
            }

            /// The 18 characters.
            #[must_use]
            pub fn as_str(&self) -> &str {
                self.0.as_str()
            }

            /// The id in twelve bytes, which sort as the ids do.
            #[must_use]
            pub fn packed(&self) -> [u8; 12] {
                self.0.packed()
            }

            /// Reads `packed` back; `None`: no id of this kind packs so.
            #[must_use]
            pub fn from_packed(packed: [u8; 12]) -> Option<Self> {
                let id = SalesforceId::from_packed(packed)?;
                match id.prefix() {
                    $($prefix)|+ => Some(Self(id)),
                    _ => None,
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "{}({})", stringify!($name), self.as_str())
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;
            fn from_str(raw: &str) -> Result<Self, InvalidId> {
                Self::parse(raw)
            }
        }

        impl From<$name> for SalesforceId {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
                to.serialize_str(self.as_str())
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
                let raw = String::deserialize(from)?;
                Self::parse(&raw).map_err(de::Error::custom)
            }
        }
    };
}

typed_id!(
    /// The record that a supporter is in the org: a Contact `003…`, or by configuration a Lead `00Q…` or the Account `001…` that
    /// a person account is. Which of them counts is [`crate::PersonObject`]'s to say.
    ContactId, "003 (Contact), 00Q (Lead) or 001 (person account)", "003" | "00Q" | "001"
);
typed_id!(
    /// An Account: `001…`.
    AccountId, "001", "001"
);
typed_id!(
    /// A user of the org: `005…`.
    UserId, "005", "005"
);
typed_id!(
    /// The org itself: `00D…`.
    OrgId, "00D", "00D"
);
typed_id!(
    /// A Bulk API 2.0 job: `750…`.
    JobId, "750", "750"
);

/// A supporter's id in the supporter database: an opaque text, whatever type the column has.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SupporterId(CompactString);

impl SupporterId {
    /// The longest id accepted, in bytes: the length of a Salesforce external id field.
    pub const MAX_BYTES: usize = 255;

    /// Accepts 1 to 255 bytes without control characters and without white space at either end.
    ///
    /// # Errors
    /// [`InvalidId::Supporter`].
    pub fn parse(raw: &str) -> Result<Self, InvalidId> {
        let fits = !raw.is_empty() && raw.len() <= Self::MAX_BYTES;
        let plain = || raw.bytes().all(|byte| byte.is_ascii_graphic());
        let careful = || raw.trim() == raw && !raw.chars().any(char::is_control);
        if fits && (plain() || careful()) { Ok(Self(raw.into())) } else { Err(InvalidId::Supporter) }
    }

    /// The id as the supporter database spells it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SupporterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for SupporterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SupporterId({})", self.0)
    }
}

impl FromStr for SupporterId {
    type Err = InvalidId;
    fn from_str(raw: &str) -> Result<Self, InvalidId> {
        Self::parse(raw)
    }
}

impl Serialize for SupporterId {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SupporterId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let raw = CompactString::deserialize(from)?;
        Self::parse(&raw).map_err(de::Error::custom)
    }
}

/// The number of a cycle in one state directory, from 1 upwards.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CycleId(pub u64);

impl fmt::Display for CycleId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Ids that appear in Salesforce's own public samples.
    const SAMPLES: [&str; 6] = [
        "00190000001pPvHAAU",
        "001RM000003oLnnYAE",
        "003RM0000068xVCYAY",
        "7503h000003pgNYAAY",
        "0031i000013x2TEAAY",
        "012000000000000AAA",
    ];

    #[test]
    fn public_samples_carry_the_check_characters_we_compute() {
        for sample in SAMPLES {
            assert_eq!(SalesforceId::parse(&sample[..15]).unwrap().as_str(), sample);
            assert_eq!(SalesforceId::parse(sample).unwrap().as_str(), sample);
        }
    }

    #[test]
    fn a_change_of_case_is_noticed() {
        assert_eq!(SalesforceId::parse("003rm0000068xVCYAY"), Err(InvalidId::Checksum));
    }

    #[test]
    fn kinds_do_not_mix() {
        assert_eq!(AccountId::parse("0031i000013x2TEAAY"), Err(InvalidId::Prefix { expected: "001" }));
        assert!(ContactId::parse("00590000001pPvH").is_err());
        assert!(AccountId::parse("00190000001pPvHAAU").is_ok());
    }

    #[test]
    fn supporter_ids_refuse_what_a_csv_cell_or_log_line_would_not_survive() {
        for bad in ["", " 1", "1 ", "a\nb", "a\u{0}b", &"x".repeat(256)] {
            assert_eq!(SupporterId::parse(bad), Err(InvalidId::Supporter));
        }
        assert_eq!(SupporterId::parse("1042").unwrap().as_str(), "1042");
    }

    proptest::proptest! {
        #[test]
        fn parsing_is_total_and_stable(raw in ".{0,24}") {
            if let Ok(id) = SalesforceId::parse(&raw) {
                proptest::prop_assert_eq!(SalesforceId::parse(id.as_str()), Ok(id));
                proptest::prop_assert_eq!(SalesforceId::parse(&id.as_str()[..15]), Ok(id));
            }
        }

        #[test]
        fn packed_ids_are_the_ids_and_sort_as_they_do(a in "[0-9A-Za-z]{15}", b in "[0-9A-Za-z]{15}", any: [u8; 12]) {
            let (a, b) = (SalesforceId::parse(&a).unwrap(), SalesforceId::parse(&b).unwrap());
            proptest::prop_assert_eq!(SalesforceId::from_packed(a.packed()), Some(a));
            proptest::prop_assert_eq!(a.packed().cmp(&b.packed()), a.cmp(&b));
            if let Some(id) = SalesforceId::from_packed(any) {
                proptest::prop_assert_eq!(id.packed(), any);
            }
        }
    }
}
