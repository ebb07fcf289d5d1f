//! Records as they will be after a commit: read on first use, changed in memory, written once if they differ.

use crate::error::Fatal;
use crate::record::{self, Record};
use crate::store::{Batch, Store};

/// One record, before and after.
pub(crate) struct Held<R> {
    pub(crate) before: Option<R>,
    pub(crate) now: Option<R>,
}

/// The records of one kind that a commit touches, in the order of their keys. Changes come in that order, too, most of the time:
/// the place of the last one, or the next, is looked at before any search.
pub(crate) struct Overlay<R: Record> {
    rows: Vec<(R::Key, Held<R>)>,
    last: usize,
}

impl<R: Record> Default for Overlay<R> {
    fn default() -> Self {
        Self { rows: Vec::new(), last: 0 }
    }
}

impl<R: Record + PartialEq> Overlay<R> {
    fn find(&self, key: &R::Key) -> Result<usize, usize> {
        let is_here = |&at: &usize| self.rows.get(at).is_some_and(|(here, _)| here == key);
        match [self.last, self.last + 1].into_iter().find(is_here) {
            Some(at) => Ok(at),
            None => self.rows.binary_search_by(|(here, _)| here.cmp(key)),
        }
    }

    fn held(&mut self, store: &dyn Store, key: &R::Key) -> Result<&mut Held<R>, Fatal> {
        let at = match self.find(key) {
            Ok(at) => at,
            Err(at) => {
                let before: Option<R> = record::get(store, key)?;
                self.rows.insert(at, (key.clone(), Held { now: before.clone(), before }));
                at
            }
        };
        self.last = at;
        Ok(&mut self.rows[at].1)
    }

    /// Reads many records at once, those that are not held yet: one after the other they would cost a search each.
    pub(crate) fn prefetch<'k>(
        &mut self,
        store: &dyn Store,
        keys: impl Iterator<Item = &'k R::Key>,
    ) -> Result<(), Fatal>
    where
        R::Key: 'k,
    {
        let mut missing: Vec<&R::Key> = keys.filter(|key| !self.holds(key)).collect();
        missing.sort_unstable();
        missing.dedup();
        let missing: Vec<R::Key> = missing.into_iter().cloned().collect();
        let found = record::get_many::<R>(store, &missing)?;
        let held = |before: Option<R>| Held { now: before.clone(), before };
        self.rows.extend(missing.into_iter().zip(found.into_iter().map(held)));
        self.rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        Ok(())
    }

    /// Whether nothing was read or changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Whether the record was read or changed before.
    pub(crate) fn holds(&self, key: &R::Key) -> bool {
        !self.rows.is_empty() && self.find(key).is_ok()
    }

    /// The record as it is now.
    pub(crate) fn get(&mut self, store: &dyn Store, key: &R::Key) -> Result<Option<&R>, Fatal> {
        Ok(self.held(store, key)?.now.as_ref())
    }

    /// The record, to be changed, created or removed.
    pub(crate) fn slot(&mut self, store: &dyn Store, key: &R::Key) -> Result<&mut Option<R>, Fatal> {
        Ok(&mut self.held(store, key)?.now)
    }

    /// Everything touched, by key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&R::Key, &Held<R>)> {
        self.rows.iter().map(|(key, held)| (key, held))
    }

    /// Appends what differs.
    pub(crate) fn write(&self, batch: &mut Batch) -> Result<(), Fatal> {
        for (key, held) in &self.rows {
            if held.before == held.now {
                continue;
            }
            let key = R::key(key);
            match &held.now {
                Some(record) => {
                    let value = record::write(&key, record)?;
                    batch.put(R::TREE, key, value);
                }
                None => {
                    batch.delete(R::TREE, key);
                }
            }
        }
        Ok(())
    }
}
