//! Each change, and what carries it out.

use crate::Change;
use crate::draft::Draft;
use crate::error::Error;
use crate::meta;

impl Draft<'_> {
    pub(super) fn apply(&mut self, change: Change) -> Result<(), Error> {
        match change {
            Change::MarkDirty { subject, reason, stamp } => self.mark_dirty(&subject, reason, stamp)?,
            Change::ClearDirty(subject) => self.clear_dirty(&subject, None)?,
            Change::ClearDirtySeen { subject, marked } => self.clear_dirty(&subject, Some(marked))?,
            Change::BumpAttempts(subject) => self.bump_attempts(&subject)?,
            Change::RaiseWatermark { side, to } => self.raise_watermark(side, to)?,
            Change::RewindWatermark { side, to, who, why } => self.rewind_watermark(side, to, &who, &why)?,
            Change::PutLink(link) => self.put_link(link)?,
            Change::RemoveLink(supporter) => self.remove_link(&supporter)?,
            Change::Relink { supporter, from, to, evidence, at } => {
                self.relink(&supporter, from, to, evidence, at)?;
            }
            Change::SetLinkLife { supporter, life } => self.set_link_life(&supporter, life)?,
            Change::SetBases { supporter, bases } => self.set_bases(&supporter, bases)?,
            Change::DropBases(supporter) => self.drop_bases(&supporter)?,
            Change::DropBasesOf { supporter, fields } => self.drop_bases_of(&supporter, &fields)?,
            Change::PutIntent { supporter, intent } => self.put_intent(&supporter, intent)?,
            Change::ClearIntent(supporter) => self.clear_intent(&supporter)?,
            Change::PutJournal(entry) => self.put_journal(*entry)?,
            Change::RemoveJournal(plan) => self.remove_journal(plan)?,
            Change::PutBlock { supporter, block } => self.put_block(&supporter, block)?,
            Change::LiftBlock(supporter) => self.lift_block(&supporter)?,
            Change::LiftBlocksOfOtherMap(map) => self.lift_blocks_of_other_map(map)?,
            Change::PutOutcome { supporter, cycle, code } => self.put_outcome(&supporter, cycle, code)?,
            Change::OpenCase(case) => self.open_case(*case)?,
            Change::JoinCase(case) => self.join_case(*case)?,
            Change::CloseCase { kind, subject } => self.close_cases(&[kind], &subject)?,
            Change::CloseCases { kinds, subject } => self.close_cases(kinds, &subject)?,
            Change::CloseCasesOf(subject) => self.close_cases_of(&subject)?,
            Change::Rule { kind, subject, standing } => self.rule_case(kind, &subject, standing)?,
            Change::SetApart { supporter, contact } => self.set_apart(&supporter, contact, true)?,
            Change::EndApart { supporter, contact } => self.set_apart(&supporter, contact, false)?,
            Change::LogConflict(conflict) => self.log_conflict(*conflict)?,
            Change::PruneConflicts(before) => self.prune_conflicts(before)?,
            Change::Audit { who, what } => self.audit(who, what)?,
            Change::NoteSeen { side, id, stamp } => self.seen.push((side, id, stamp)),
            Change::PutSummary { cycle, value } => self.put_summary(cycle, value)?,
            Change::SetProgress(progress) => self.set_meta(meta::PROGRESS, &progress)?,
            Change::SetMap(map) => self.set_meta(meta::MAP, &map)?,
            Change::Forget { supporter, contact, tombstones } => {
                self.forget(&supporter, contact, &tombstones)?;
            }
            Change::PutBookmark { name, value } => self.set_meta(&meta::bookmark_row(&name), &value)?,
            Change::RemoveBookmark(name) => {
                *self.meta.slot(self.store, &meta::bookmark_row(&name))? = None;
            }
            Change::Tell { who, what } => self.tell(&who, *what),
            Change::PutNote { kind, key, value } => self.put_note(kind, &key, value),
            Change::BeginCycle => {
                let last: u64 = self.meta_value(meta::CYCLE)?.unwrap_or(0);
                self.cycle = None;
                self.set_meta(meta::CYCLE, &(last + 1))?;
            }
        }
        Ok(())
    }
}
