//! Records as they will be after a commit: read on first use, changed in memory, written once if they differ.

use std::collections::BTreeMap;

use crate::error::Fatal;
use crate::record::{self, Record};
use crate::store::{Batch, Store};

/// One record, before and after.
pub(crate) struct Held<R> {
    pub(crate) before: Option<R>,
    pub(crate) now: Option<R>,
}

/// The records of one kind that a commit touches.
pub(crate) struct Overlay<R: Record>(BTreeMap<R::Key, Held<R>>);

impl<R: Record> Default for Overlay<R> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<R: Record + PartialEq> Overlay<R> {
    fn held(&mut self, store: &dyn Store, key: &R::Key) -> Result<&mut Held<R>, Fatal> {
        if !self.0.contains_key(key) {
            let before: Option<R> = record::get(store, key)?;
            self.0.insert(key.clone(), Held { now: before.clone(), before });
        }
        Ok(self.0.get_mut(key).expect("inserted above when it was missing"))
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
        let mut missing: Vec<R::Key> = keys.filter(|key| !self.0.contains_key(*key)).cloned().collect();
        missing.sort_unstable();
        missing.dedup();
        let found = record::get_many::<R>(store, &missing)?;
        for (key, before) in missing.into_iter().zip(found) {
            self.0.insert(key, Held { now: before.clone(), before });
        }
        Ok(())
    }

    /// Whether nothing was read or changed.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether the record was read or changed before.
    pub(crate) fn holds(&self, key: &R::Key) -> bool {
        self.0.contains_key(key)
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
        self.0.iter()
    }

    /// Appends what differs.
    pub(crate) fn write(&self, batch: &mut Batch) -> Result<(), Fatal> {
        for (key, held) in &self.0 {
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
