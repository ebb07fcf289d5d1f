//! Which event set which field of a record, by the event's own time: an older event never overwrites a newer one, however
//! late it arrives and however often the process was restarted meanwhile.

use std::collections::BTreeMap;

use model::{RuleKey, SalesforceId, Stamp};
use state::{Changes, NoteKind, State};

use crate::fatal::Fatal;

/// The most fields remembered of one record; an object has at most 800 custom fields.
const MOST_FIELDS: usize = 1_500;

/// The newest event's time per field.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Stamps(BTreeMap<RuleKey, Stamp>);

impl Stamps {
    /// When the newest event that set this field happened.
    #[must_use]
    pub fn of(&self, field: &str) -> Option<Stamp> {
        self.0.get(&RuleKey::of(field)).copied()
    }

    /// Notes an event's time for a field, unless a newer one is noted.
    pub fn raise(&mut self, field: &str, at: Stamp) {
        let key = RuleKey::of(field);
        if self.0.len() < MOST_FIELDS || self.0.contains_key(&key) {
            let newest = self.0.entry(key).or_insert(at);
            *newest = at.max(*newest);
        }
    }

    /// Twelve bytes per field: its key and microseconds, little-endian.
    fn bytes(&self) -> Vec<u8> {
        let pair = |(key, at): (&RuleKey, &Stamp)| {
            key.0.to_le_bytes().into_iter().chain(at.micros().to_le_bytes()).collect::<Vec<u8>>()
        };
        self.0.iter().flat_map(pair).collect()
    }

    /// Reads [`Stamps::bytes`]; a piece too short for a field is passed over.
    fn read(bytes: &[u8]) -> Self {
        let pair = |piece: &[u8]| {
            let (key, at) = piece.split_first_chunk::<4>()?;
            let at: [u8; 8] = at.try_into().ok()?;
            Some((RuleKey(u32::from_le_bytes(*key)), Stamp::from_micros(i64::from_le_bytes(at))))
        };
        Self(bytes.chunks(12).filter_map(pair).collect())
    }

    /// Those of several records, in order.
    ///
    /// # Errors
    /// [`Fatal::State`].
    pub fn load(state: &State, records: &[SalesforceId]) -> Result<Vec<Self>, Fatal> {
        let keys: Vec<Vec<u8>> = records.iter().map(|id| id.as_str().as_bytes().to_vec()).collect();
        let notes = state.notes_of(NoteKind::Stamps, &keys)?;
        Ok(notes
            .into_iter()
            .map(|note| note.map_or_else(Self::default, |bytes| Self::read(&bytes)))
            .collect())
    }

    /// Keeps them, or forgets them with their record.
    pub fn keep(&self, record: SalesforceId, changes: &mut Changes) {
        changes.put_note(NoteKind::Stamps, record.as_str().as_bytes(), self.bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_only_rise_and_survive_being_stored() {
        let mut stamps = Stamps::default();
        stamps.raise("City", Stamp::from_seconds(10));
        stamps.raise("city", Stamp::from_seconds(5));
        stamps.raise("Phone", Stamp::from_micros(-3));
        assert_eq!(stamps.of("CITY"), Some(Stamp::from_seconds(10)));
        assert_eq!(Stamps::read(&stamps.bytes()), stamps);
        assert_eq!(Stamps::read(&[1, 2, 3]), Stamps::default());
    }
}
