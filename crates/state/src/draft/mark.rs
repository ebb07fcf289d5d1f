//! Marks, watermarks, and what was seen below them.

use model::{DirtyReason, Happened, Side, Stamp, Subject};

use crate::dirty::{DirtyReasons, Mark};
use crate::draft::Draft;
use crate::error::Fatal;
use crate::store::Scan;
use crate::tree::Tree;
use crate::{keys, meta, seal};

/// How many forgotten records of a side one commit removes at most; the rest goes with the next one.
const MAX_FORGOTTEN: usize = 5_000;

impl Draft<'_> {
    pub(super) fn mark_dirty(
        &mut self,
        subject: &Subject,
        reason: DirtyReason,
        stamp: Option<Stamp>,
    ) -> Result<(), Fatal> {
        let first_cycle = self.cycle_now()?;
        self.counts.marks += 1;
        let mark = self.marks.slot(self.store, subject)?.get_or_insert(Mark {
            reasons: DirtyReasons::default(),
            first_cycle,
            stamp: None,
            attempts: 0,
            marked: 0,
        });
        let news = !mark.reasons.iter().any(|known| known == reason);
        mark.reasons.insert(reason);
        mark.stamp = mark.stamp.max(stamp);
        mark.marked = self.counts.marks;
        if news {
            self.tell(subject, Happened::Marked(reason));
        }
        Ok(())
    }

    pub(super) fn clear_dirty(&mut self, subject: &Subject, marked: Option<u64>) -> Result<(), Fatal> {
        let slot = self.marks.slot(self.store, subject)?;
        if marked.is_none_or(|marked| slot.as_ref().is_some_and(|mark| mark.marked == marked)) {
            *slot = None;
        }
        Ok(())
    }

    pub(super) fn bump_attempts(&mut self, subject: &Subject) -> Result<(), Fatal> {
        if let Some(mark) = self.marks.slot(self.store, subject)? {
            mark.attempts = mark.attempts.saturating_add(1);
        }
        Ok(())
    }

    pub(super) fn raise_watermark(&mut self, side: Side, to: Stamp) -> Result<(), Fatal> {
        let row = meta::watermark_row(side);
        let now: Option<Stamp> = self.meta_value(row)?;
        if now.is_none_or(|now| now < to) {
            self.set_meta(row, &to)?;
        }
        self.raised.push(side);
        self.milestone = true;
        Ok(())
    }

    pub(super) fn rewind_watermark(
        &mut self,
        side: Side,
        to: Stamp,
        who: &str,
        why: &str,
    ) -> Result<(), Fatal> {
        let row = meta::watermark_row(side);
        let from: Option<Stamp> = self.meta_value(row)?;
        self.set_meta(row, &to)?;
        self.milestone = true;
        let from = from.map_or_else(|| "none".to_owned(), |from| from.to_string());
        self.audit(who.to_owned(), format!("{side} watermark set from {from} to {to}: {why}"))
    }

    /// The stamp below which nothing of a side needs to be remembered as seen; `None`: nothing needs to be.
    fn seen_bound(&mut self, side: Side) -> Result<Option<Stamp>, Fatal> {
        let watermark: Option<Stamp> = self.meta_value(meta::watermark_row(side))?;
        Ok(watermark.map(|watermark| watermark.minus(self.setting.overlap)))
    }

    pub(super) fn forget_seen(&mut self) -> Result<(), Fatal> {
        for side in std::mem::take(&mut self.raised) {
            let Some(bound) = self.seen_bound(side)? else { continue };
            let prefix = keys::side_prefix(side);
            let scan = Scan { prefix: &prefix, after: None };
            for (key, _) in self.store.scan(Tree::Seen, scan, MAX_FORGOTTEN)? {
                if keys::seen_stamp(&key)? >= bound {
                    break;
                }
                self.batch.delete(Tree::Seen, key);
                self.receipt.forgotten_seen += 1;
            }
        }
        Ok(())
    }

    pub(super) fn write_seen(&mut self) -> Result<(), Fatal> {
        if self.seen.is_empty() {
            return Ok(());
        }
        let bounds = (self.seen_bound(Side::Supporter)?, self.seen_bound(Side::Salesforce)?);
        for (side, id, stamp) in std::mem::take(&mut self.seen) {
            let bound = match side {
                Side::Supporter => bounds.0,
                Side::Salesforce => bounds.1,
            };
            if bound.is_some_and(|bound| stamp >= bound) {
                let key = keys::seen(side, stamp, &id);
                let value = seal::wrap(Tree::Seen, &key, 1, &[]);
                self.batch.put(Tree::Seen, key, value);
            }
        }
        Ok(())
    }
}
