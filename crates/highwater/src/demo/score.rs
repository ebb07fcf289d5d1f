//! How good the links are: every link against what is known to be true. Pure.

use std::collections::HashMap;
use std::hash::Hash;

/// Links between demo supporters and demo Contacts, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Score {
    /// One person on both sides.
    pub right: u64,
    /// Two different people.
    pub wrong: u64,
    /// One person on both sides, not linked to each other.
    pub missed: u64,
    /// Links to records that are in the demo on one side only, because highwater created the other; not judged.
    pub apart: u64,
    /// Those of them whose supporter has a record in the demo on the other side, too.
    pub again: u64,
}

impl Score {
    /// The share of the judged links that are right; 1 where nothing was linked.
    #[must_use]
    pub fn precision(&self) -> f64 {
        share(self.right, self.right + self.wrong)
    }

    /// The share of the people on both sides that are linked; 1 where there is nobody.
    #[must_use]
    pub fn recall(&self) -> f64 {
        share(self.right, self.right + self.missed)
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of people are far below 2^52")]
fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 1.0 } else { part as f64 / whole as f64 }
}

/// Who is who.
#[derive(Debug, Clone)]
pub struct Truth<S, C> {
    contact_of: HashMap<S, Option<C>>,
    supporter_of: HashMap<C, Option<S>>,
}

impl<S, C> Default for Truth<S, C> {
    fn default() -> Self {
        Self { contact_of: HashMap::new(), supporter_of: HashMap::new() }
    }
}

impl<S: Clone + Eq + Hash, C: Clone + Eq + Hash> Truth<S, C> {
    /// Adds one person of the demo: on both sides, or on one of them.
    pub fn add(&mut self, supporter: Option<S>, contact: Option<C>) {
        if let Some(supporter) = &supporter {
            self.contact_of.insert(supporter.clone(), contact.clone());
        }
        if let Some(contact) = contact {
            self.supporter_of.insert(contact, supporter);
        }
    }

    /// People on both sides.
    #[must_use]
    pub fn twins(&self) -> usize {
        self.contact_of.values().flatten().count()
    }

    /// Judges links. A link is judged when both of its ends are records of the demo.
    pub fn score(&self, links: impl IntoIterator<Item = (S, C)>) -> Score {
        let mut score = Score::default();
        for (supporter, contact) in links {
            match (self.contact_of.get(&supporter), self.supporter_of.contains_key(&contact)) {
                (Some(Some(twin)), true) if *twin == contact => score.right += 1,
                (Some(_), true) => score.wrong += 1,
                (known, false) => {
                    score.apart += 1;
                    score.again += u64::from(known.is_some_and(Option::is_some));
                }
                (None, true) => score.apart += 1,
            }
        }
        score.missed = (self.twins() as u64).saturating_sub(score.right);
        score
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn truth() -> Truth<u8, char> {
        let mut truth = Truth::default();
        for (supporter, contact) in
            [(Some(1), Some('a')), (Some(2), Some('b')), (Some(3), None), (None, Some('d'))]
        {
            truth.add(supporter, contact);
        }
        truth
    }

    #[test]
    fn every_kind_of_link_is_counted_once() {
        // GIVEN two people on both sides, one on each side alone
        // WHEN 1 is linked rightly, 2 to a stranger, 3 to somebody else's twin, and one to a record the demo did not bring
        let score = truth().score([(1, 'a'), (2, 'd'), (3, 'b')]);
        // THEN
        assert_eq!(score, Score { right: 1, wrong: 2, missed: 1, apart: 0, again: 0 });
        assert!((score.precision() - 1.0 / 3.0).abs() < 1e-9);
        assert!((score.recall() - 0.5).abs() < 1e-9);
        assert_eq!(
            truth().score([(3, 'z'), (9, 'a'), (1, 'z')]),
            Score { right: 0, wrong: 0, missed: 2, apart: 3, again: 1 }
        );
    }

    #[test]
    fn nothing_linked_is_nothing_wrong() {
        let score = truth().score([]);
        assert_eq!((score.precision(), score.recall()), (1.0, 0.0));
        assert_eq!(Truth::<u8, char>::default().score([]).recall(), 1.0);
    }

    proptest::proptest! {
        #[test]
        fn shares_stay_shares_and_all_links_are_counted(links in proptest::collection::vec((0u8..6, proptest::char::range('a', 'f')), 0..12)) {
            let score = truth().score(links.clone());
            proptest::prop_assert_eq!(score.right + score.wrong + score.apart, links.len() as u64);
            proptest::prop_assert!((0.0..=1.0).contains(&score.precision()) && score.recall() >= 0.0);
        }
    }
}
