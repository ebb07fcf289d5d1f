//! Records as they will be after a commit: read on first use, changed in memory, written once if they differ.

use std::ops::Range;

use crate::error::Fatal;
use crate::record::{self, Counted, Record, Spelled};
use crate::store::{Batch, Store};

/// One record, before and after.
pub(crate) struct Held<R> {
    /// What of it was counted before; `None`: it was not there.
    pub(crate) before: Option<Counted>,
    pub(crate) now: Option<R>,
    /// Where its bytes lie as they were stored.
    stored: Range<usize>,
    /// It may be another one than before.
    changed: bool,
}

impl<R> Default for Held<R> {
    fn default() -> Self {
        Self { before: None, now: None, stored: 0..0, changed: false }
    }
}

impl<R: Record> Held<R> {
    fn read(key: &[u8], value: &[u8], all: &mut Vec<u8>) -> Result<Self, Fatal> {
        let record: R = record::read(key, value)?;
        let from = all.len();
        all.extend_from_slice(value);
        let before = Some(record.counted());
        Ok(Self { before, now: Some(record), stored: from..all.len(), changed: false })
    }

    /// What of it is counted from now on; `None`: it is not there.
    pub(crate) fn after(&self) -> Option<Counted> {
        self.now.as_ref().map(Record::counted)
    }
}

/// The records of one kind that a commit touches, in the order of their keys. Changes come in that order, too, most of the time:
/// the place of the last one, or the next, is looked at before any search.
pub(crate) struct Overlay<R: Record> {
    rows: Vec<(R::Key, Held<R>)>,
    last: usize,
    /// The bytes of all records that were there, to tell whether one differs.
    stored: Vec<u8>,
}

impl<R: Record> Default for Overlay<R> {
    fn default() -> Self {
        Self { rows: Vec::new(), last: 0, stored: Vec::new() }
    }
}

impl<R: Record> Overlay<R> {
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
                let spelled = R::key(key);
                let held = match store.get(R::TREE, &spelled)? {
                    Some(value) => Held::read(&spelled, &value, &mut self.stored)?,
                    None => Held::default(),
                };
                self.rows.insert(at, (key.clone(), held));
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
        let mut missing: Vec<&R::Key> = Vec::new();
        // Changes of one record mostly stand beside each other.
        for key in keys {
            if missing.last().is_none_or(|last| *last != key) && !self.holds(key) {
                missing.push(key);
            }
        }
        if !missing.is_sorted_by(|a, b| a < b) {
            missing.sort_unstable();
            missing.dedup();
        }
        let spelled = Spelled::of::<R>(missing.iter().copied());
        let asked = spelled.keys();
        let held_before = self.rows.len();
        self.rows.extend(missing.into_iter().map(|key| (key.clone(), Held::default())));
        let (new, stored) = (&mut self.rows[held_before..], &mut self.stored);
        store.get_each(R::TREE, &asked, &mut |at, value| {
            new[at].1 = Held::read(asked[at], value, stored)?;
            Ok(())
        })?;
        if held_before > 0 {
            self.rows.sort_by(|(a, _), (b, _)| a.cmp(b));
        }
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

    /// Whether there is a record, as far as this commit has come. Nothing is held for one that is not: of thousands that are asked for,
    /// a few may be there.
    pub(crate) fn is_there(&self, store: &dyn Store, key: &R::Key) -> Result<bool, Fatal> {
        match self.find(key) {
            Ok(at) => Ok(self.rows[at].1.now.is_some()),
            Err(_) => Ok(store.get(R::TREE, &R::key(key))?.is_some()),
        }
    }

    /// The record as it is now.
    pub(crate) fn get(&mut self, store: &dyn Store, key: &R::Key) -> Result<Option<&R>, Fatal> {
        Ok(self.held(store, key)?.now.as_ref())
    }

    /// The record, to be changed, created or removed.
    pub(crate) fn slot(&mut self, store: &dyn Store, key: &R::Key) -> Result<&mut Option<R>, Fatal> {
        let held = self.held(store, key)?;
        held.changed = true;
        Ok(&mut held.now)
    }

    /// Everything touched, by key.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&R::Key, &Held<R>)> {
        self.rows.iter().map(|(key, held)| (key, held))
    }

    /// Appends what differs.
    pub(crate) fn write(&self, batch: &mut Batch) -> Result<(), Fatal> {
        for (key, held) in self.rows.iter().filter(|(_, held)| held.changed) {
            match &held.now {
                Some(record) => {
                    let key = R::key(key);
                    let value = record::write(&key, record)?;
                    if value != self.stored[held.stored.clone()] {
                        batch.put(R::TREE, key, value);
                    }
                }
                None if held.before.is_some() => {
                    batch.delete(R::TREE, R::key(key));
                }
                None => {}
            }
        }
        Ok(())
    }
}
