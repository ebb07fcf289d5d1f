//! What a search by Contact Id or e-mail address has found so far, whatever the database.

use std::collections::{HashMap, HashSet};
use std::hash::Hash;

use model::{Cell, ContactId, Email, SupporterId};

use crate::{MAX_MATCHES_PER_KEY, loose};

/// A kind of key that people are found by.
pub(crate) trait Key: Hash + Ord + Clone + Send + Sync {
    /// The key in a text, by the rules of [`crate::Supporters`].
    fn read(text: &str) -> Option<Self>;
    /// The plain spellings: most rows hold one of them.
    fn plain(&self) -> Vec<Box<str>>;
}

impl Key for ContactId {
    fn read(text: &str) -> Option<Self> {
        loose::contact_id(text)
    }

    fn plain(&self) -> Vec<Box<str>> {
        vec![self.as_str().into(), self.as_str()[..15].into()]
    }
}

impl Key for Email {
    fn read(text: &str) -> Option<Self> {
        Self::parse(text).ok()
    }

    fn plain(&self) -> Vec<Box<str>> {
        vec![self.expose().into()]
    }
}

/// What was found so far: each row once, and not more rows for one key than allowed.
pub(crate) struct Found<'a, K> {
    pub(crate) wanted: &'a HashSet<K>,
    counts: HashMap<K, usize>,
    seen: HashSet<SupporterId>,
}

impl<'a, K: Key> Found<'a, K> {
    pub(crate) fn new(wanted: &'a HashSet<K>) -> Self {
        let room = wanted.len();
        Self { wanted, counts: HashMap::with_capacity(room), seen: HashSet::with_capacity(room) }
    }

    /// Whether a row that holds this text is one to keep.
    pub(crate) fn keep(&mut self, id: &SupporterId, held: &Cell) -> bool {
        let Some(key) = held.text().and_then(K::read).filter(|key| self.wanted.contains(key)) else {
            return false;
        };
        let count = self.counts.entry(key).or_default();
        let keep = *count < MAX_MATCHES_PER_KEY && self.seen.insert(id.clone());
        *count += usize::from(keep);
        keep
    }
}
