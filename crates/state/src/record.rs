//! Typed records over raw values: how each is keyed, coded and versioned.

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::error::{Damage, Fatal};
use crate::seal;
use crate::store::{Row, Scan, Store};
use crate::tree::Tree;

/// How a payload is written, unless a record says so itself. Many small records are postcard, whose bytes are pinned by a stored
/// fixture; the rare ones are JSON, which tolerates added fields.
#[derive(Clone, Copy)]
pub(crate) enum Coding {
    Postcard,
    Json,
}

/// A record that lies in one tree under one kind of key.
pub(crate) trait Record: Serialize + DeserializeOwned + Clone {
    /// What it is found by.
    type Key: Ord + Clone;
    const TREE: Tree;
    const CODING: Coding;
    /// Version of the record; a change of its shape takes the next number and a step in `upgrade.rs`.
    const FORMAT: u8 = 1;
    fn key(key: &Self::Key) -> Vec<u8>;

    /// The payload in the format of today; `None` where it cannot be written.
    fn encode(&self) -> Option<Vec<u8>> {
        match Self::CODING {
            Coding::Postcard => postcard::to_stdvec(self).ok(),
            Coding::Json => serde_json::to_vec(self).ok(),
        }
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

/// Codes and seals a record.
pub(crate) fn write<R: Record>(key: &[u8], record: &R) -> Result<Vec<u8>, Fatal> {
    let payload = record.encode().ok_or_else(|| Fatal::damaged(R::TREE, key, Damage::Content))?;
    Ok(seal::seal(R::TREE, key, R::FORMAT, &payload))
}

/// Opens and decodes a value. Total: any bytes give a record or an error that names tree and key.
pub(crate) fn read<R: Record>(key: &[u8], value: &[u8]) -> Result<R, Fatal> {
    let (format, payload) = seal::open(R::TREE, key, value)?;
    R::decode(format, payload).map_err(|damage| Fatal::damaged(R::TREE, key, damage))
}

/// One record.
pub(crate) fn get<R: Record>(store: &dyn Store, key: &R::Key) -> Result<Option<R>, Fatal> {
    let key = R::key(key);
    store.get(R::TREE, &key)?.map(|value| read(&key, &value)).transpose()
}

/// Several records, in the order asked for.
pub(crate) fn get_many<R: Record>(store: &dyn Store, keys: &[R::Key]) -> Result<Vec<Option<R>>, Fatal> {
    let keys: Vec<Vec<u8>> = keys.iter().map(R::key).collect();
    let values = store.get_many(R::TREE, &keys)?;
    keys.iter().zip(values).map(|(key, value)| value.map(|value| read(key, &value)).transpose()).collect()
}

/// A page of records with their keys' bytes.
pub(crate) fn page<R: Record>(
    store: &dyn Store,
    scan: Scan<'_>,
    limit: usize,
) -> Result<Vec<(Vec<u8>, R)>, Fatal> {
    let rows: Vec<Row> = store.scan(R::TREE, scan, limit)?;
    rows.into_iter()
        .map(|(key, value)| {
            let record = read(&key, &value)?;
            Ok((key, record))
        })
        .collect()
}
