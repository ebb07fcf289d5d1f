//! The bases of one person: per mapped field the digest both sides last agreed on.

use std::fmt;

use model::{Digest, RuleKey};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Bytes of one entry in a record of format 1.
const ENTRY: usize = 12;

/// Field to digest, a small vector sorted by field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Bases(Vec<(RuleKey, Digest)>);

impl Bases {
    /// The base of one field; `None` before both sides first agreed on it.
    #[must_use]
    pub fn get(&self, rule: RuleKey) -> Option<Digest> {
        let at = self.0.binary_search_by_key(&rule, |(rule, _)| *rule).ok()?;
        self.0.get(at).map(|(_, digest)| *digest)
    }

    /// Sets the base of one field.
    pub fn set(&mut self, rule: RuleKey, digest: Digest) {
        match self.0.binary_search_by_key(&rule, |(rule, _)| *rule) {
            Ok(at) => self.0[at].1 = digest,
            Err(at) => self.0.insert(at, (rule, digest)),
        }
    }

    /// Sets the bases of several fields; of one named twice the last counts.
    pub fn set_all(&mut self, mut bases: Vec<(RuleKey, Digest)>) {
        // Stable: of one field the last stays behind the others.
        bases.sort_by_key(|(rule, _)| *rule);
        if self.0.is_empty() && bases.is_sorted_by(|a, b| a.0 < b.0) {
            self.0 = bases;
            return;
        }
        bases.into_iter().for_each(|(rule, digest)| self.set(rule, digest));
    }

    /// Forgets the bases of these fields.
    pub fn drop_all(&mut self, fields: &[RuleKey]) {
        self.0.retain(|(rule, _)| !fields.contains(rule));
    }

    /// All fields that have a base, by field.
    pub fn iter(&self) -> impl Iterator<Item = (RuleKey, Digest)> + '_ {
        self.0.iter().copied()
    }

    /// How many fields have a base.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether no field has one.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Bases in the order of their fields; `None` where they are not.
    pub(crate) fn from_sorted(bases: Vec<(RuleKey, Digest)>) -> Option<Self> {
        bases.is_sorted_by(|a, b| a.0 < b.0).then_some(Self(bases))
    }

    fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (entries, rest) = bytes.as_chunks::<ENTRY>();
        let read = |entry: &[u8; ENTRY]| {
            let (rule, digest) = entry.split_first_chunk::<4>()?;
            let digest = <[u8; 8]>::try_from(digest).ok()?;
            Some((RuleKey(u32::from_le_bytes(*rule)), Digest(u64::from_le_bytes(digest))))
        };
        let bases: Vec<_> = entries.iter().map(read).collect::<Option<_>>()?;
        if rest.is_empty() { Self::from_sorted(bases) } else { None }
    }
}

impl FromIterator<(RuleKey, Digest)> for Bases {
    fn from_iter<I: IntoIterator<Item = (RuleKey, Digest)>>(pairs: I) -> Self {
        let mut bases = Self::default();
        for (rule, digest) in pairs {
            bases.set(rule, digest);
        }
        bases
    }
}

impl Serialize for Bases {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let mut bytes = Vec::with_capacity(self.0.len() * ENTRY);
        for (rule, digest) in &self.0 {
            bytes.extend_from_slice(&rule.0.to_le_bytes());
            bytes.extend_from_slice(&digest.0.to_le_bytes());
        }
        to.serialize_bytes(&bytes)
    }
}

impl<'de> Deserialize<'de> for Bases {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Entries;
        impl Visitor<'_> for Entries {
            type Value = Bases;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("12 bytes per base, sorted")
            }
            fn visit_bytes<E: de::Error>(self, bytes: &[u8]) -> Result<Bases, E> {
                Bases::from_bytes(bytes).ok_or_else(|| E::custom("bases are not sorted entries"))
            }
        }
        from.deserialize_bytes(Entries)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bases_are_kept_sorted_and_the_last_digest_of_a_field_counts() {
        let bases: Bases =
            [(RuleKey(9), Digest(1)), (RuleKey(2), Digest(2)), (RuleKey(9), Digest(3))].into_iter().collect();
        assert_eq!(bases.iter().collect::<Vec<_>>(), [(RuleKey(2), Digest(2)), (RuleKey(9), Digest(3))]);
        assert_eq!(bases.get(RuleKey(9)), Some(Digest(3)));
        assert_eq!(bases.get(RuleKey(1)), None);
    }

    #[test]
    fn several_bases_are_set_as_one_by_one() {
        let several = vec![(RuleKey(9), Digest(1)), (RuleKey(2), Digest(2)), (RuleKey(5), Digest(3))];
        let twice = vec![(RuleKey(5), Digest(4)), (RuleKey(1), Digest(5)), (RuleKey(5), Digest(6))];
        let mut bases = Bases::default();
        bases.set_all(several);
        assert_eq!(bases.iter().map(|(rule, _)| rule.0).collect::<Vec<_>>(), [2, 5, 9]);
        let mut fresh = Bases::default();
        for bases in [&mut bases, &mut fresh] {
            bases.set_all(twice.clone());
            assert_eq!((bases.get(RuleKey(5)), bases.get(RuleKey(1))), (Some(Digest(6)), Some(Digest(5))));
            assert!(bases.iter().is_sorted_by(|a, b| a.0 < b.0));
        }
        assert_eq!(bases.get(RuleKey(9)), Some(Digest(1)));
    }

    #[test]
    fn what_is_dropped_is_gone_and_the_others_stay() {
        let mut bases: Bases = (1..=4).map(|field| (RuleKey(field), Digest(7))).collect();
        bases.drop_all(&[RuleKey(2), RuleKey(4), RuleKey(9)]);
        assert_eq!(bases.iter().map(|(rule, _)| rule.0).collect::<Vec<_>>(), [1, 3]);
    }

    #[test]
    fn unsorted_or_torn_entries_are_refused() {
        let mut two = vec![0; 24];
        two[0] = 5;
        assert_eq!(Bases::from_bytes(&two), None);
        assert_eq!(Bases::from_bytes(&[0; 13]), None);
        assert_eq!(Bases::from_bytes(&[]), Some(Bases::default()));
    }
}
