//! What is only appended, and its bounds: conflicts, audit lines, summaries.

use model::{CycleId, Happened, Stamp, Subject};

use crate::bounded_text::cut;
use crate::conflicts::Conflict;
use crate::draft::Draft;
use crate::error::Fatal;
use crate::log::{Audit, MAX_AUDITS, MAX_SUMMARIES, SUMMARY, Summary};
use crate::record::{self, Record};
use crate::store::Scan;
use crate::tree::Tree;

/// How many conflicts one commit removes at most.
const MAX_PRUNED: usize = 2_000;
/// The longest audit text, in bytes.
const MAX_AUDIT_TEXT: usize = 1_024;
/// The largest summary, in bytes of JSON.
const MAX_SUMMARY: usize = 48 * 1024;

impl Draft<'_> {
    pub(super) fn log_conflict(&mut self, conflict: Conflict) -> Result<(), Fatal> {
        self.counts.conflicts += 1;
        let number = self.counts.conflicts;
        let (field, kept, policy) = (conflict.field.clone(), conflict.kept, conflict.policy);
        let told = if conflict.blind {
            Happened::OverwrittenUnseen { number, field }
        } else {
            Happened::Overwritten { number, field, kept, policy }
        };
        self.tell(&Subject::Supporter(conflict.supporter.clone()), told);
        self.append(&number, &conflict.bounded())
    }

    pub(super) fn prune_conflicts(&mut self, before: Stamp) -> Result<(), Fatal> {
        for (key, conflict) in record::page::<Conflict>(self.store, Scan::default(), MAX_PRUNED)? {
            if conflict.at >= before {
                break;
            }
            self.batch.delete(Tree::Conflicts, key);
            self.receipt.pruned += 1;
        }
        Ok(())
    }

    pub(super) fn audit(&mut self, mut who: String, mut what: String) -> Result<(), Fatal> {
        cut(&mut who, MAX_AUDIT_TEXT);
        cut(&mut what, MAX_AUDIT_TEXT);
        self.counts.audits += 1;
        let number = self.counts.audits;
        if let Some(oldest) = number.checked_sub(MAX_AUDITS) {
            self.batch.delete(Tree::Log, Audit::key(&oldest));
        }
        let at = self.setting.now;
        self.append(&number, &Audit { at, who, what })
    }

    pub(super) fn put_summary(&mut self, cycle: CycleId, value: serde_json::Value) -> Result<(), Fatal> {
        let scan = Scan { prefix: &[SUMMARY], after: None };
        let kept = self.store.scan(Tree::Log, scan, 2 * MAX_SUMMARIES)?;
        let spare = (kept.len() + 1).saturating_sub(MAX_SUMMARIES);
        for (key, _) in kept.into_iter().take(spare) {
            self.batch.delete(Tree::Log, key);
        }
        let bytes = value.to_string().len();
        let value = if bytes > MAX_SUMMARY { serde_json::json!({ "too_large_bytes": bytes }) } else { value };
        self.append(&cycle, &Summary { cycle, value })
    }
}
