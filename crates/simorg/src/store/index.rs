//! An index that keeps hashes only: a hit is a candidate, the caller compares the value.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};

/// Position of a record in its table.
pub type Slot = u32;

#[derive(Clone, Debug)]
enum Slots {
    One(Slot),
    Many(Vec<Slot>),
}

/// Hash of a key to the slots that hold it. 24 bytes or so a record, whatever the length of the key.
#[derive(Clone, Debug, Default)]
pub(super) struct Index {
    map: HashMap<u64, Slots>,
}

impl Index {
    /// Adds a slot under a key.
    pub(super) fn add(&mut self, key: u64, slot: Slot) {
        match self.map.get_mut(&key) {
            None => {
                self.map.insert(key, Slots::One(slot));
            }
            Some(Slots::Many(slots)) => slots.push(slot),
            Some(entry) => {
                if let Slots::One(first) = *entry {
                    *entry = Slots::Many(vec![first, slot]);
                }
            }
        }
    }

    /// Removes a slot from under a key, if it is there.
    pub(super) fn remove(&mut self, key: u64, slot: Slot) {
        match self.map.get_mut(&key) {
            Some(Slots::Many(slots)) => {
                slots.retain(|known| *known != slot);
                if slots.is_empty() {
                    self.map.remove(&key);
                }
            }
            Some(Slots::One(only)) if *only == slot => {
                self.map.remove(&key);
            }
            Some(Slots::One(_)) | None => {}
        }
    }

    /// The slots under a key, in the order they were added; other keys of the same hash may be among them.
    pub(super) fn get(&self, key: u64) -> &[Slot] {
        match self.map.get(&key) {
            None => &[],
            Some(Slots::One(slot)) => std::slice::from_ref(slot),
            Some(Slots::Many(slots)) => slots,
        }
    }
}

/// Hash of a text as the index keeps it: case is folded unless the field minds it.
pub fn key_of(text: &str, case_sensitive: bool) -> u64 {
    let mut hasher = DefaultHasher::new();
    if case_sensitive {
        text.hash(&mut hasher);
    } else {
        for letter in text.chars().flat_map(char::to_lowercase) {
            letter.hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// Whether two texts are the same to a field.
pub fn same_text(one: &str, other: &str, case_sensitive: bool) -> bool {
    if case_sensitive || one == other {
        return one == other;
    }
    one.chars().flat_map(char::to_lowercase).eq(other.chars().flat_map(char::to_lowercase))
}
