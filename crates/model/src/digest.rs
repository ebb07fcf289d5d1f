//! Keyed digests stand for values wherever only equality matters, so that the state on disk holds nobody's data.

use std::fmt;
use std::hash::Hasher;

use serde::{Deserialize, Serialize};
use siphasher::sip::SipHasher24;

use crate::Cell;

/// How many bits of a value's digest count: what a million people cost on disk is their digests, and at 40 bits a change goes
/// unnoticed once in a million million.
const VALUE_BITS: u32 = 40;

/// A keyed digest: of one normalized field value, 40 bits, or of several together, 64 bits. Equal digests under one key mean
/// equal values.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Digest(pub u64);

impl Digest {
    /// What counts of a value's digest. Before state format 3 all 64 bits did.
    #[must_use]
    pub const fn of_value(self) -> Self {
        Self(self.0 & ((1 << VALUE_BITS) - 1))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

/// The secret that makes digests useless to whoever has only the state directory's values.
#[derive(Clone, PartialEq, Eq)]
pub struct DigestKey([u8; 16]);

impl DigestKey {
    /// A key from 16 random bytes.
    #[must_use]
    pub const fn new(bytes: [u8; 16]) -> Self {
        Self(bytes)
    }

    /// The bytes, to be stored where only the owner can read them.
    #[must_use]
    pub const fn expose(&self) -> [u8; 16] {
        self.0
    }

    /// The digest of a normalized value. `Absent` and `Empty` have digests of their own: "nothing" can be agreed on too.
    /// The field takes part, so that equal texts in two fields do not show as equal.
    #[must_use]
    pub fn digest(&self, field: RuleKey, cell: &Cell) -> Digest {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        hasher.write_u32(field.0);
        match cell {
            Cell::Absent => hasher.write_u8(0),
            Cell::Empty => hasher.write_u8(1),
            Cell::Value(text) => {
                hasher.write_u8(2);
                hasher.write(text.as_bytes());
            }
        }
        Digest(hasher.finish()).of_value()
    }

    /// One digest over several: what a block remembers of a whole record.
    #[must_use]
    pub fn combine(&self, digests: impl IntoIterator<Item = Digest>) -> Digest {
        let mut hasher = SipHasher24::new_with_key(&self.0);
        for digest in digests {
            hasher.write_u64(digest.0);
        }
        Digest(hasher.finish())
    }
}

impl fmt::Debug for DigestKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DigestKey(<redacted>)")
    }
}

/// Names a field rule in the state: a hash of the Contact field's API name, which outlives reordering of the map.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct RuleKey(pub u32);

impl RuleKey {
    /// FNV-1a over the lower-cased API name. The field map refuses two fields with one key.
    #[must_use]
    pub fn of(api_name: &str) -> Self {
        let hash = api_name.bytes().fold(0x811c_9dc5_u32, |hash, byte| {
            (hash ^ u32::from(byte.to_ascii_lowercase())).wrapping_mul(0x0100_0193)
        });
        Self(hash)
    }
}

impl fmt::Debug for RuleKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "rule {:08x}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_the_field_and_the_state_all_count() {
        let key = DigestKey::new([7; 16]);
        let field = RuleKey::of("FirstName");
        let value = Cell::Value("Jo".into());
        assert_eq!(key.digest(field, &value), key.digest(RuleKey::of("firstname"), &value));
        assert_ne!(key.digest(field, &value), DigestKey::new([8; 16]).digest(field, &value));
        assert_ne!(key.digest(field, &value), key.digest(RuleKey::of("LastName"), &value));
        assert_ne!(key.digest(field, &Cell::Empty), key.digest(field, &Cell::Absent));
        assert_ne!(key.digest(field, &Cell::Empty), key.digest(field, &Cell::Value("".into())));
        assert!((0..1_000).all(|n: u32| key.digest(field, &Cell::Value(n.to_string().into())).0 < 1 << 40));
    }
}
