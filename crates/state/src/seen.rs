//! A bounded memory of records already marked at a stamp, so that the overlap of windows is not compared twice.
//!
//! Only an optimisation: forgetting costs a comparison, never a change. Kept only from `watermark - overlap` upwards.

use model::{Side, Stamp};

use crate::error::Error;
use crate::record::Spelled;
use crate::store::Scan;
use crate::tree::Tree;
use crate::{State, keys};

impl State {
    /// Whether this record was already marked at exactly this stamp.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn recently_seen(&self, side: Side, id: &str, stamp: Stamp) -> Result<bool, Error> {
        Ok(self.store().get(Tree::Seen, &keys::seen(side, stamp, id))?.is_some())
    }

    /// Whether a stamp of this side lies below what is needed, so that raising the watermark to where it is would forget it.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn has_seen_too_much(&self, side: Side) -> Result<bool, Error> {
        let Some(watermark) = self.watermark(side)? else { return Ok(false) };
        let bound = watermark.minus(self.inner().overlap);
        let prefix = keys::side_prefix(side);
        let scan = Scan { prefix: &prefix, after: None };
        let oldest = self.store().scan(Tree::Seen, scan, 1)?;
        Ok(oldest.first().map(|(key, _)| keys::seen_stamp(key)).transpose()?.is_some_and(|at| at < bound))
    }

    /// The same of many records, in their order.
    ///
    /// # Errors
    /// [`Error::Fatal`].
    pub fn recently_seen_of<'a>(
        &self,
        side: Side,
        records: impl Iterator<Item = (&'a str, Stamp)>,
    ) -> Result<Vec<bool>, Error> {
        let mut spelled = Spelled::default();
        records.for_each(|(id, stamp)| spelled.add(|to| keys::spell_seen(side, stamp, id, to)));
        let keys = spelled.keys();
        let mut seen = vec![false; keys.len()];
        self.store().get_each(Tree::Seen, &keys, &mut |at, _| {
            seen[at] = true;
            Ok(())
        })?;
        Ok(seen)
    }
}
