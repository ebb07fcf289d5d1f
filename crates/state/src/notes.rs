//! What others than the state itself remember, the delivery of events above all: bytes under a kind and a key, whose meaning belongs to the crate that writes them. They
//! change in the same commit as everything else.

use crate::error::{Damage, Error, Fatal};
use crate::store::Scan;
use crate::tree::Tree;
use crate::{State, seal};

/// The part of the index that holds notes.
const TAG: u8 = b'n';

/// What a note is about. The bytes are on disk: they are never reused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum NoteKind {
    /// Per record: which event set which field, by the event's time.
    Stamps = b's',
    /// Writes on their way that must be looked for before they are repeated.
    Sending = b'i',
    /// Events whose outcome is durable here and not yet where they came from.
    Settled = b'o',
    /// Per supporter: the record it was replicated to, or why it is set aside.
    Replica = b'r',
    /// Per record that supporters were replicated to, or are about to be: which supporter's it is.
    Owner = b'w',
    /// Per supporter: which fields went back and forth between both sides.
    Turns = b't',
}

/// A note's key and value.
pub type Note = (Vec<u8>, Vec<u8>);

pub(crate) fn key_of(kind: NoteKind, key: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(key.len() + 2);
    whole.extend([TAG, kind as u8]);
    whole.extend_from_slice(key);
    whole
}

pub(crate) fn opened(key: &[u8], value: &[u8]) -> Result<Vec<u8>, Fatal> {
    match seal::unwrap(Tree::Index, key, value)? {
        (1, payload) => Ok(payload.to_vec()),
        (format, _) => Err(Fatal::damaged(Tree::Index, key, Damage::Format(format))),
    }
}

impl State {
    /// One note.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn note(&self, kind: NoteKind, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        let key = key_of(kind, key);
        let value = self.store().get(Tree::Index, &key)?;
        Ok(value.map(|value| opened(&key, &value)).transpose()?)
    }

    /// Several notes, in the order of their keys as given.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn notes_of(&self, kind: NoteKind, keys: &[Vec<u8>]) -> Result<Vec<Option<Vec<u8>>>, Error> {
        let keys: Vec<Vec<u8>> = keys.iter().map(|key| key_of(kind, key)).collect();
        let mut notes = vec![None; keys.len()];
        let asked: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
        self.store().get_each(Tree::Index, &asked, &mut |at, value| {
            notes[at] = Some(opened(asked[at], value)?);
            Ok(())
        })?;
        Ok(notes)
    }

    /// At most `limit` notes of a kind, in the order of their keys, after `after`.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn notes(&self, kind: NoteKind, after: Option<&[u8]>, limit: usize) -> Result<Vec<Note>, Error> {
        let prefix = key_of(kind, &[]);
        let after = after.map(|key| key_of(kind, key));
        let rows =
            self.store().scan(Tree::Index, Scan { prefix: &prefix, after: after.as_deref() }, limit)?;
        let notes = rows.into_iter().map(|(key, value)| {
            let value = opened(&key, &value)?;
            Ok((key.get(2..).unwrap_or_default().to_vec(), value))
        });
        Ok(notes.collect::<Result<_, Fatal>>()?)
    }
}
