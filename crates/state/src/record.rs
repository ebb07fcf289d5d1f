//! Typed records over raw values: how each is keyed, coded and versioned.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Damage, Fatal};
use crate::seal;
use crate::store::{Scan, Store};
use crate::tree::Tree;

/// How a payload is written, unless a record says so itself. Many small records are postcard, whose bytes are pinned by a stored
/// fixture; the rare ones are JSON, which tolerates added fields.
#[derive(Clone, Copy)]
pub(crate) enum Coding {
    Postcard,
    Json,
}

/// The largest record that is coded without asking for memory, in bytes.
const SMALL: usize = 128;

/// What of a record is counted over all of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counted {
    /// A live link.
    pub(crate) link: bool,
    /// A block.
    pub(crate) block: bool,
    /// A decision that waits.
    pub(crate) ruling: bool,
    /// A case that was put off or ignored.
    pub(crate) put_off: bool,
}

/// A record that lies in one tree under one kind of key.
pub(crate) trait Record: Serialize + DeserializeOwned {
    /// What it is found by.
    type Key: Ord + Clone;
    const TREE: Tree;
    const CODING: Coding;
    /// Version of the record; a change of its shape takes the next number and a step in `upgrade.rs`.
    const FORMAT: u8 = 1;
    fn key(key: &Self::Key) -> Vec<u8>;

    /// Appends [`Record::key`].
    fn spell(key: &Self::Key, to: &mut Vec<u8>) {
        to.extend_from_slice(&Self::key(key));
    }

    /// What of it is counted.
    fn counted(&self) -> Counted {
        Counted::default()
    }

    /// About how many bytes it takes.
    fn size_hint(&self) -> usize {
        64
    }

    /// Appends the payload in the format of today; `None` where it cannot be written.
    fn encode(&self, to: &mut Vec<u8>) -> Option<()> {
        match Self::CODING {
            Coding::Postcard => match postcard::to_slice(self, &mut [0; SMALL]) {
                Ok(small) => to.extend_from_slice(small),
                Err(_) => to.extend(postcard::to_stdvec(self).ok()?),
            },
            Coding::Json => serde_json::to_writer(to, self).ok()?,
        }
        Some(())
    }

    /// Reads a payload of today's format or of an earlier one. Total.
    ///
    /// # Errors
    /// [`Damage::Format`] or [`Damage::Content`].
    fn decode(format: u8, payload: &[u8]) -> Result<Self, Damage> {
        if format != Self::FORMAT {
            return Err(Damage::Format(format));
        }
        decode_as(Self::CODING, payload)
    }
}

/// Reads a payload that is coded in one of the general ways.
pub(crate) fn decode_as<R: DeserializeOwned>(coding: Coding, payload: &[u8]) -> Result<R, Damage> {
    let record = match coding {
        Coding::Postcard => match postcard::take_from_bytes(payload) {
            Ok((record, [])) => Some(record),
            Ok(_) | Err(_) => None,
        },
        Coding::Json => serde_json::from_slice(payload).ok(),
    };
    record.ok_or(Damage::Content)
}

/// Codes a record, with its envelope.
pub(crate) fn write<R: Record>(key: &[u8], record: &R) -> Result<Vec<u8>, Fatal> {
    let mut value = Vec::with_capacity(record.size_hint());
    value.push(R::FORMAT);
    record.encode(&mut value).ok_or_else(|| Fatal::damaged(R::TREE, key, Damage::Content))?;
    seal::finish(R::TREE, key, &mut value);
    Ok(value)
}

/// Opens and decodes a value. Total: any bytes give a record or an error that names tree and key.
pub(crate) fn read<R: Record>(key: &[u8], value: &[u8]) -> Result<R, Fatal> {
    let (format, payload) = seal::unwrap(R::TREE, key, value)?;
    R::decode(format, payload).map_err(|damage| Fatal::damaged(R::TREE, key, damage))
}

/// One record.
pub(crate) fn get<R: Record>(store: &dyn Store, key: &R::Key) -> Result<Option<R>, Fatal> {
    let key = R::key(key);
    store.get(R::TREE, &key)?.map(|value| read(&key, &value)).transpose()
}

/// Keys as bytes, one behind the other.
#[derive(Default)]
pub(crate) struct Spelled {
    bytes: Vec<u8>,
    ends: Vec<usize>,
}

impl Spelled {
    /// The keys of records.
    pub(crate) fn of<'k, R: Record>(keys: impl ExactSizeIterator<Item = &'k R::Key>) -> Self
    where
        R::Key: 'k,
    {
        let room = keys.len();
        let mut spelled = Self { bytes: Vec::with_capacity(16 * room), ends: Vec::with_capacity(room) };
        keys.for_each(|key| spelled.add(|to| R::spell(key, to)));
        spelled
    }

    /// Adds a key.
    pub(crate) fn add(&mut self, spell: impl FnOnce(&mut Vec<u8>)) {
        spell(&mut self.bytes);
        self.ends.push(self.bytes.len());
    }

    /// The keys.
    pub(crate) fn keys(&self) -> Vec<&[u8]> {
        let mut from = 0;
        let key = |&to: &usize| &self.bytes[std::mem::replace(&mut from, to)..to];
        self.ends.iter().map(key).collect()
    }
}

/// Shows several records, those that are there, with their key's place in `keys`.
pub(crate) fn get_each<R: Record>(
    store: &dyn Store,
    keys: &[R::Key],
    mut see: impl FnMut(usize, R),
) -> Result<(), Fatal> {
    let spelled = Spelled::of::<R>(keys.iter());
    let asked = spelled.keys();
    store.get_each(R::TREE, &asked, &mut |at, value| {
        see(at, read(asked[at], value)?);
        Ok(())
    })
}

/// Several records, in the order asked for.
pub(crate) fn get_many<R: Record>(store: &dyn Store, keys: &[R::Key]) -> Result<Vec<Option<R>>, Fatal> {
    let mut found: Vec<Option<R>> = keys.iter().map(|_| None).collect();
    get_each(store, keys, |at, record| found[at] = Some(record))?;
    Ok(found)
}

/// A page of records with their keys' bytes.
pub(crate) fn page<R: Record>(
    store: &dyn Store,
    scan: Scan<'_>,
    limit: usize,
) -> Result<Vec<(Vec<u8>, R)>, Fatal> {
    let mut page = Vec::new();
    store.scan_each(R::TREE, scan, limit, &mut |key, value| {
        page.push((key.to_vec(), read(key, value)?));
        Ok(())
    })?;
    Ok(page)
}
