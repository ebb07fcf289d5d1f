//! The records of one object and their indexes.

use super::index::{Index, Slot, key_of, same_text};
use super::journal::Change;
use crate::id::RecordId;
use crate::record::Record;
use crate::schema::{Field, ObjectSchema, Source};
use crate::value::{Stamp, ValueRef};
use std::collections::{BTreeSet, HashMap};

pub use crate::duplicate::KeyMaker;

/// The records of one object, live, deleted and (as empty places) purged.
#[derive(Clone, Debug)]
pub struct Table {
    schema: ObjectSchema,
    pod: String,
    minted: u64,
    records: Vec<Record>,
    ids: HashMap<RecordId, Slot>,
    indexes: Vec<(u16, Index)>,
    stamps: BTreeSet<(Stamp, Slot)>,
    match_keys: Option<(KeyMaker, Index)>,
    pending: Vec<Slot>,
    /// Changes of the running transaction, when one is running.
    pub(super) journal: Option<Vec<Change>>,
}

impl Table {
    pub(super) fn new(schema: ObjectSchema, pod: &str) -> Self {
        let mut table = Self {
            schema,
            pod: pod.to_owned(),
            minted: 0,
            records: Vec::new(),
            ids: HashMap::new(),
            indexes: Vec::new(),
            stamps: BTreeSet::new(),
            match_keys: None,
            pending: Vec::new(),
            journal: None,
        };
        table.index_new_fields();
        table
    }

    /// The object's description.
    pub fn schema(&self) -> &ObjectSchema {
        &self.schema
    }

    /// Forgets every record and starts ids anew: for records that follow the settings.
    pub(crate) fn clear(&mut self) {
        *self = Self::new(self.schema.clone(), &self.pod);
    }

    pub(super) fn adopt(&mut self, schema: &ObjectSchema) {
        self.schema.access = schema.access;
        for field in &schema.fields {
            self.schema.add(field.clone());
        }
        self.index_new_fields();
    }

    fn index_new_fields(&mut self) {
        for field in &self.schema.fields {
            let wanted = (field.flags.unique || field.is_upsert_key()) && field.source == Source::Stored;
            if !wanted || self.indexes.iter().any(|(known, _)| *known == field.index) {
                continue;
            }
            let mut index = Index::default();
            for (slot, record) in (0..).zip(&self.records) {
                if let Some(key) = index_key(record, field) {
                    index.add(key, slot);
                }
            }
            self.indexes.push((field.index, index));
        }
    }

    /// Keeps an index of match keys from now on, for the records already there too.
    pub fn keep_match_keys(&mut self, maker: KeyMaker) {
        let mut index = Index::default();
        for (slot, record) in (0..).zip(&self.records) {
            for key in maker.keys(&self.schema, record) {
                index.add(key, slot);
            }
        }
        self.match_keys = Some((maker, index));
    }

    /// The next id, never given before.
    pub fn mint(&mut self) -> RecordId {
        self.minted += 1;
        RecordId::mint(&self.schema.key_prefix, &self.pod, self.minted)
    }

    /// How many ids were given.
    pub fn minted(&self) -> u64 {
        self.minted
    }

    /// Goes on counting ids after so many, never backwards.
    pub fn resume(&mut self, minted: u64) {
        self.minted = self.minted.max(minted);
    }

    /// Number of records, deleted ones included.
    pub fn len(&self) -> usize {
        self.ids.len()
    }

    /// Whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// All records in the order of their making, deleted ones included.
    pub fn iter(&self) -> impl Iterator<Item = &Record> {
        self.records.iter().filter(|record| !record.purged)
    }

    /// One past the last slot.
    pub fn slots(&self) -> Slot {
        Slot::try_from(self.records.len()).unwrap_or(Slot::MAX)
    }

    /// The record in a slot.
    pub fn at(&self, slot: Slot) -> Option<&Record> {
        self.records.get(slot as usize).filter(|record| !record.purged)
    }

    /// The record of an id, deleted or not.
    pub fn get(&self, id: &RecordId) -> Option<&Record> {
        self.at(*self.ids.get(id)?)
    }

    /// The slot of an id.
    pub fn slot(&self, id: &RecordId) -> Option<Slot> {
        self.ids.get(id).copied()
    }

    /// Slots that may hold this text in this field, deleted records included, or `None` when the field
    /// has no index. A caller must still compare: hashes collide, and rows whose commit lags are added.
    pub fn find(&self, field: &Field, text: &str) -> Option<Vec<Slot>> {
        let index = self.indexes.iter().find_map(|(of, index)| (*of == field.index).then_some(index))?;
        let mut slots = index.get(key_of(text, field.flags.case_sensitive)).to_vec();
        self.add_pending(&mut slots);
        Some(slots)
    }

    /// Slots whose `SystemModstamp` lies between both moments, both included, oldest first; rows whose
    /// commit lags are added, so a caller must still compare.
    pub fn touched_between(&self, from: Stamp, to: Stamp) -> Vec<Slot> {
        if from > to {
            return Vec::new();
        }
        let mut slots: Vec<Slot> =
            self.stamps.range((from, 0)..=(to, Slot::MAX)).map(|(_, slot)| *slot).collect();
        self.add_pending(&mut slots);
        slots
    }

    /// Slots that share a match key; empty when no match keys are kept.
    pub fn find_by_match_key(&self, key: u64) -> &[Slot] {
        self.match_keys.as_ref().map_or(&[], |(_, index)| index.get(key))
    }

    fn add_pending(&self, slots: &mut Vec<Slot>) {
        if !self.pending.is_empty() {
            slots.extend(&self.pending);
            slots.sort_unstable();
            slots.dedup();
        }
    }

    /// Live records with exactly this value in an indexed field, as committed (no lag).
    pub fn holders(&self, field: &Field, text: &str) -> Vec<&Record> {
        let case = field.flags.case_sensitive;
        let holds = |record: &&Record| match record.value(field) {
            ValueRef::Text(held) => same_text(held, text, case),
            ValueRef::Null
            | ValueRef::Bool(_)
            | ValueRef::Number(_)
            | ValueRef::Date(_)
            | ValueRef::DateTime(_) => false,
        };
        let live = |record: &&Record| !record.deleted;
        let slots = self.find(field, text).unwrap_or_default();
        slots.into_iter().filter_map(|slot| self.at(slot)).filter(live).filter(holds).collect()
    }

    /// Adds a record and indexes it. Its id must come from [`Table::mint`].
    pub fn insert(&mut self, record: Record) -> Slot {
        let slot = self.slots();
        self.ids.insert(record.id, slot);
        self.index(slot, &record, true);
        if record.visible_at > record.stamp {
            self.pending.push(slot);
        }
        self.records.push(record);
        self.note(|| Change::Added(slot));
        slot
    }

    /// Puts a new version in place of a record. While the commit lags the old version stays visible.
    pub fn replace(&mut self, slot: Slot, mut version: Record) {
        let Some(place) = self.records.get_mut(slot as usize) else { return };
        let lagging = version.visible_at > version.stamp;
        if let Some(journal) = &mut self.journal {
            journal.push(Change::Replaced(slot, Box::new(place.clone())));
        }
        let mut old = std::mem::replace(place, version.clone());
        self.index(slot, &old, false);
        if lagging {
            // Only what some query can still see is kept.
            old.previous = old.previous.filter(|_| old.visible_at > version.stamp);
            version.previous = Some(Box::new(old));
            self.pending.push(slot);
        }
        self.index(slot, &version, true);
        if let Some(place) = self.records.get_mut(slot as usize) {
            *place = version;
        }
    }

    /// Puts an earlier version back as it was.
    pub(super) fn put_back(&mut self, slot: Slot, before: Record) {
        let Some(place) = self.records.get_mut(slot as usize) else { return };
        let gone = std::mem::replace(place, before.clone());
        self.index(slot, &gone, false);
        self.index(slot, &before, true);
    }

    /// Removes a record for good.
    pub fn purge(&mut self, slot: Slot) {
        let Some(place) = self.records.get_mut(slot as usize) else { return };
        place.purged = true;
        place.previous = None;
        let gone = place.clone();
        place.cells = crate::record::Cells::default();
        self.index(slot, &gone, false);
        self.ids.remove(&gone.id);
    }

    /// Forgets old versions that no query can see any more.
    pub fn settle(&mut self, now: Stamp) {
        let records = &mut self.records;
        self.pending.retain(|slot| {
            let Some(record) = records.get_mut(*slot as usize) else { return false };
            if record.visible_at <= now {
                record.previous = None;
            }
            record.visible_at > now
        });
    }

    fn index(&mut self, slot: Slot, record: &Record, add: bool) {
        for (of, index) in &mut self.indexes {
            let key = self.schema.at(*of).and_then(|field| index_key(record, field));
            match (key, add) {
                (Some(key), true) => index.add(key, slot),
                (Some(key), false) => index.remove(key, slot),
                (None, _) => {}
            }
        }
        if let Some((maker, index)) = &mut self.match_keys {
            for key in maker.keys(&self.schema, record) {
                if add { index.add(key, slot) } else { index.remove(key, slot) }
            }
        }
        if add {
            self.stamps.insert((record.stamp, slot));
        } else {
            self.stamps.remove(&(record.stamp, slot));
        }
    }
}

fn index_key(record: &Record, field: &Field) -> Option<u64> {
    record.value(field).text().map(|text| key_of(text, field.flags.case_sensitive))
}
