//! People who are to be forgotten: what names them is erased, and a keyed digest stays, by which they are known again without
//! being named, so that nothing brings them back.

use std::collections::HashSet;

use model::{Cell, ContactId, Digest, DigestKey, RuleKey, Subject, SupporterId};

use crate::error::{Error, Fatal};
use crate::store::Store;
use crate::tree::Tree;
use crate::{Change, State, keys};

/// Who was forgotten, to whoever knows the id already and holds the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tombstone(Digest);

impl Tombstone {
    pub(crate) fn of(key: &DigestKey, subject: &Subject) -> Self {
        let (side, id) = match subject {
            Subject::Supporter(id) => ("forgotten supporter", id.as_str().to_owned()),
            Subject::Contact(id) => ("forgotten Contact", id.as_str().to_owned()),
        };
        Self(key.digest(RuleKey::of(side), &Cell::Value(id.into())))
    }

    pub(crate) fn key(self) -> Vec<u8> {
        keys::numbered(keys::FORGOTTEN, self.0.0)
    }
}

/// What was known of a forgotten person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Forgotten {
    /// The Contact they were linked to.
    pub contact: Option<ContactId>,
    /// Cases that were about them or showed them.
    pub cases: u64,
    /// Entries of the conflict log that held their values.
    pub conflicts: u64,
}

impl State {
    /// Erases everything that is known of a supporter and of the Contact linked to them, and remembers, as keyed digests, that
    /// both are to be left alone from now on. What was on disk before is there until [`State::compact`].
    ///
    /// # Errors
    /// [`Error::InFlight`] while a row of theirs is in an unsettled job; [`Error::Fatal`] when the state fails.
    pub async fn forget(&self, id: &SupporterId) -> Result<Forgotten, Error> {
        let contact = self.link_of(id)?.map(|link| link.contact);
        let key = self.digest_key();
        let subjects = [Some(Subject::Supporter(id.clone())), contact.map(Subject::Contact)];
        let tombstones = subjects.iter().flatten().map(|subject| Tombstone::of(&key, subject)).collect();
        let change = Change::Forget { supporter: id.clone(), contact, tombstones };
        let receipt = self.commit(crate::Changes(vec![change])).await?;
        Ok(Forgotten { contact, cases: receipt.closed, conflicts: receipt.pruned })
    }

    /// Whether somebody is to be left alone because they were forgotten. Costs nothing as long as nobody was.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn is_forgotten(&self, subject: &Subject) -> Result<bool, Error> {
        Ok(!self.forgotten_among(std::slice::from_ref(subject))?.is_empty())
    }

    /// Those of many who were forgotten and are to be left alone. As long as nobody was, one look answers for all.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn forgotten_among(&self, subjects: &[Subject]) -> Result<HashSet<Subject>, Error> {
        if subjects.is_empty() || self.counts()?.forgotten == 0 {
            return Ok(HashSet::new());
        }
        let key = self.digest_key();
        let keys: Vec<Vec<u8>> = subjects.iter().map(|subject| Tombstone::of(&key, subject).key()).collect();
        let asked: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
        let mut forgotten = HashSet::new();
        self.store().get_each(Tree::Index, &asked, &mut |at, _| {
            forgotten.insert(subjects[at].clone());
            Ok(())
        })?;
        Ok(forgotten)
    }
}

/// Whether a tombstone of this one lies in the store.
pub(crate) fn is_among(store: &dyn Store, key: &DigestKey, subject: &Subject) -> Result<bool, Fatal> {
    Ok(store.get(Tree::Index, &Tombstone::of(key, subject).key())?.is_some())
}
