//! Pairs that an administrator said are different people.

use std::collections::HashSet;

use model::{ContactId, SupporterId};

use crate::error::Error;
use crate::store::Scan;
use crate::tree::Tree;
use crate::{State, keys, seal};

/// How many Contacts one supporter can be told apart from; more are not read.
const MAX_APART: usize = 1_000;

impl State {
    /// Which of these supporters are known not to be which Contacts. Costs nothing as long as there is no such pair at all.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn apart_of<'a>(
        &self,
        supporters: impl IntoIterator<Item = &'a SupporterId>,
    ) -> Result<HashSet<(SupporterId, ContactId)>, Error> {
        let mut pairs = HashSet::new();
        if self.counts()?.apart == 0 {
            return Ok(pairs);
        }
        for supporter in supporters {
            let prefix = keys::apart_prefix(supporter);
            for (key, value) in
                self.store().scan(Tree::Index, Scan { prefix: &prefix, after: None }, MAX_APART)?
            {
                seal::unwrap(Tree::Index, &key, &value)?;
                pairs.insert((supporter.clone(), keys::apart_contact(&key)?));
            }
        }
        Ok(pairs)
    }

    /// How many cases have a ruling that waits for the next cycle.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn ruling_count(&self) -> Result<u64, Error> {
        Ok(self.counts()?.rulings)
    }
}
