//! Which things hang together: a forest in two columns of numbers.

use std::collections::HashMap;
use std::hash::Hasher;

use model::Subject;
use siphasher::sip128::{Hasher128, SipHasher24};

/// A digest of a name. 96 bits: among a million names two share one once in a hundred quadrillion runs.
pub(super) type Digest = [u32; 3];

/// Things by a digest of their name: twenty bytes each, whatever their names are.
#[derive(Default)]
pub(super) struct Union {
    numbers: HashMap<Digest, u32>,
    parents: Vec<u32>,
}

/// A digest that a name can be found by.
pub(super) fn digest(kind: u8, name: &[&[u8]]) -> Digest {
    let mut hasher = SipHasher24::new_with_key(&[0; 16]);
    hasher.write_u8(kind);
    for part in name {
        hasher.write(part);
        hasher.write_u8(0);
    }
    let whole = hasher.finish128();
    let [high, low] = [whole.h1, whole.h2].map(|half| [(half >> 32) as u32, half as u32]);
    [high[0], high[1], low[0]]
}

/// The digest of a record.
pub(super) fn digest_of(subject: &Subject) -> Digest {
    match subject {
        Subject::Supporter(id) => digest(b's', &[id.as_str().as_bytes()]),
        Subject::Contact(id) => digest(b'c', &[id.as_str().as_bytes()]),
    }
}

impl Union {
    /// The number of a thing, given to it when it is first asked for.
    pub(super) fn number(&mut self, digest: Digest) -> u32 {
        let next = u32::try_from(self.parents.len()).unwrap_or(u32::MAX);
        let number = *self.numbers.entry(digest).or_insert(next);
        if number == next {
            self.parents.push(number);
        }
        number
    }

    /// The number of the first thing that is connected with this one.
    pub(super) fn root(&mut self, mut at: u32) -> u32 {
        loop {
            let Some(&parent) = self.parents.get(at as usize) else { return at };
            if parent == at {
                return at;
            }
            let above = self.parents.get(parent as usize).copied().unwrap_or(parent);
            if let Some(slot) = self.parents.get_mut(at as usize) {
                *slot = above;
            }
            at = above;
        }
    }

    /// Connects two things. The one with the smaller number stands for both, so that what came first stays first.
    pub(super) fn join(&mut self, one: u32, other: u32) {
        let (one, other) = (self.root(one), self.root(other));
        let (low, high) = (one.min(other), one.max(other));
        if let Some(slot) = self.parents.get_mut(high as usize) {
            *slot = low;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn two_things_share_a_root_exactly_when_a_chain_of_joins_connects_them(
            pairs in prop::collection::vec((0_u32..20, 0_u32..20), 0..30),
        ) {
            let mut union = Union::default();
            let numbers: Vec<u32> = (0_u8..20).map(|n| union.number(digest(b'x', &[&[n]]))).collect();
            // The slow way: colour the graph again and again until nothing changes.
            let mut colours: Vec<u32> = (0..20).collect();
            for _ in 0..20 {
                for (one, other) in &pairs {
                    let low = colours[*one as usize].min(colours[*other as usize]);
                    colours[*one as usize] = low;
                    colours[*other as usize] = low;
                }
            }
            for (one, other) in &pairs {
                union.join(numbers[*one as usize], numbers[*other as usize]);
            }
            for n in 0..20 {
                prop_assert_eq!(union.root(numbers[n as usize]), colours[n as usize]);
            }
        }
    }
}
