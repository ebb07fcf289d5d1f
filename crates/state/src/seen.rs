//! A bounded memory of records already marked at a stamp, so that the overlap of windows is not compared twice.
//!
//! Only an optimisation: forgetting costs a comparison, never a change. Kept only from `watermark - overlap` upwards.

use model::{Side, Stamp};

use crate::error::Error;
use crate::record::Spelled;
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
