//! The rows every store keeps by itself: `generation`, which counts commits, and `epoch`, which fences old writers; on disk also how large
//! it was at its smallest.

use crate::error::{Damage, Fatal};
use crate::seal;
use crate::store::{Batch, Store};
use crate::tree::Tree;

/// Key of the commit counter in [`Tree::Meta`].
pub(crate) const GENERATION: &[u8] = b"generation";
/// Key of the current writer's epoch in [`Tree::Meta`].
pub(crate) const EPOCH: &[u8] = b"epoch";

/// Key of the bytes the database had on disk when it was last written anew, in [`Tree::Meta`].
pub(crate) const WRITTEN_ANEW: &[u8] = b"written_anew";

/// Codes a number for one of these rows.
pub(crate) fn number_value(key: &[u8], number: u64) -> Vec<u8> {
    seal::seal(Tree::Meta, key, 1, &number.to_le_bytes())
}

/// Decodes one of these rows.
pub(crate) fn number_of(key: &[u8], value: &[u8]) -> Result<u64, Fatal> {
    let (format, payload) = seal::open(Tree::Meta, key, value)?;
    match (format, <[u8; 8]>::try_from(payload)) {
        (1, Ok(bytes)) => Ok(u64::from_le_bytes(bytes)),
        (1, Err(_)) => Err(Fatal::damaged(Tree::Meta, key, Damage::Content)),
        (format, _) => Err(Fatal::damaged(Tree::Meta, key, Damage::Format(format))),
    }
}

/// How many commits the store has seen.
pub(crate) fn generation(store: &dyn Store) -> Result<u64, Fatal> {
    store.get(Tree::Meta, GENERATION)?.map_or(Ok(0), |value| number_of(GENERATION, &value))
}

/// Refuses a batch of an earlier writer.
pub(crate) fn admit(epoch_row: Option<&[u8]>, batch: &Batch) -> Result<(), Fatal> {
    let Some(mine) = batch.epoch else { return Ok(()) };
    match epoch_row.map(|value| number_of(EPOCH, value)).transpose()? {
        Some(current) if current == mine => Ok(()),
        Some(_) | None => Err(Fatal::Fenced),
    }
}

/// A batch that makes its writer the only one admitted from now on.
pub(crate) fn take_over(epoch: u64) -> Batch {
    let mut batch = Batch::new();
    batch.put(Tree::Meta, EPOCH, number_value(EPOCH, epoch));
    batch
}
