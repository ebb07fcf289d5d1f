//! Whom a cycle has met already. A job holds 100,000 people and a cycle may put off as many: of each only 64 bits are kept.

use std::collections::HashSet;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher, RandomState};

/// A set of people, Contacts or keys that knows each by a hash under a key of its own. Of two that had the same hash (among 200,000 one
/// chance in 900,000,000) the second is taken for the first and waits for the next cycle, as long as whoever asks before telling
/// tells of nobody who is known.
#[derive(Default)]
pub struct Met {
    hashes: HashSet<u64, BuildHasherDefault<AsItIs>>,
    by: RandomState,
}

impl Met {
    /// Whether it was told of this one.
    pub fn contains(&self, one: &impl Hash) -> bool {
        !self.hashes.is_empty() && self.hashes.contains(&self.by.hash_one(one))
    }

    /// Tells it of one.
    pub fn insert(&mut self, one: &impl Hash) {
        self.hashes.insert(self.by.hash_one(one));
    }

    /// As if it had not been told of this one.
    pub fn remove(&mut self, one: &impl Hash) {
        self.hashes.remove(&self.by.hash_one(one));
    }

    /// Of how many it was told.
    #[must_use]
    pub fn len(&self) -> usize {
        self.hashes.len()
    }

    /// Whether it was told of nobody.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }
}

/// Shows nobody.
impl std::fmt::Debug for Met {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Met({})", self.len())
    }
}

/// What is hashed is a hash.
#[derive(Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        // Never called for a `u64`; right for anything.
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_it_was_told_of_is_known_and_nobody_else() {
        let mut met = Met::default();
        assert!(met.is_empty() && !met.contains(&"0"));
        for n in 0..10_000 {
            met.insert(&format!("{n}"));
        }
        assert_eq!(met.len(), 10_000);
        assert!((0..10_000).all(|n| met.contains(&format!("{n}"))));
        assert!((10_000..20_000).all(|n| !met.contains(&format!("{n}"))));
        met.remove(&"7".to_owned());
        assert!(!met.contains(&"7".to_owned()) && met.contains(&"8".to_owned()));
    }

    #[test]
    fn a_print_of_it_names_nobody() {
        let mut met = Met::default();
        met.insert(&"ada@example.org");
        assert_eq!(format!("{met:?}"), "Met(1)");
    }
}
