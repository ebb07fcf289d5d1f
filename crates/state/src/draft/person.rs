//! What a supporter's record holds besides its link, and the journal.

use model::{
    Block, CycleId, Digest, DirtyReason, Happened, Intent, JournalEntry, PlanId, RuleKey, Subject,
    SupporterId,
};

use crate::bounded_text::cut;
use crate::draft::Draft;
use crate::error::{Error, Fatal};
use crate::person::{Person, indexed};
use crate::{Bases, keys, meta};

/// Blocked supporters read at once.
const PAGE: usize = 1_000;
/// The longest error text kept, in bytes.
const MAX_MESSAGE: usize = 2 * 1024;

impl Draft<'_> {
    pub(super) fn person(&mut self, id: &SupporterId) -> Result<Option<&Person>, Fatal> {
        self.people.get(self.store, id)
    }

    /// The record, created when there is none.
    pub(super) fn person_mut(&mut self, id: &SupporterId) -> Result<&mut Person, Fatal> {
        Ok(self.people.slot(self.store, id)?.get_or_insert_default())
    }

    /// The record, if there is one.
    pub(super) fn person_if_known(&mut self, id: &SupporterId) -> Result<Option<&mut Person>, Fatal> {
        Ok(self.people.slot(self.store, id)?.as_mut())
    }

    /// Removes a record that holds nothing any more.
    pub(super) fn tidy(&mut self, id: &SupporterId) -> Result<(), Fatal> {
        let slot = self.people.slot(self.store, id)?;
        if slot.as_ref().is_some_and(Person::is_empty) {
            *slot = None;
        }
        Ok(())
    }

    pub(super) fn set_bases(&mut self, id: &SupporterId, bases: Vec<(RuleKey, Digest)>) -> Result<(), Fatal> {
        if bases.is_empty() || self.refused.contains(id) {
            return Ok(());
        }
        self.person_mut(id)?.bases.set_all(bases);
        Ok(())
    }

    pub(super) fn drop_bases(&mut self, id: &SupporterId) -> Result<(), Fatal> {
        if let Some(person) = self.person_if_known(id)? {
            person.bases = Bases::default();
        }
        self.tidy(id)
    }

    pub(super) fn drop_bases_of(&mut self, id: &SupporterId, fields: &[RuleKey]) -> Result<(), Fatal> {
        if self.refused.contains(id) {
            return Ok(());
        }
        if let Some(person) = self.person_if_known(id)? {
            person.bases.drop_all(fields);
        }
        self.tidy(id)
    }

    pub(super) fn put_intent(&mut self, id: &SupporterId, intent: Intent) -> Result<(), Error> {
        if self.refused.contains(id) {
            return Ok(());
        }
        let earlier = self.person(id)?.and_then(Person::plan).filter(|plan| intent.plan != Some(*plan));
        if let Some(plan) = earlier
            && self.journal.get(self.store, &plan)?.is_some()
        {
            return Err(Error::InFlight { supporter: id.clone(), plan });
        }
        if let Some(plan) = intent.plan {
            self.use_plan(plan)?;
            self.tell(&Subject::Supporter(id.clone()), Happened::Sent(plan));
        }
        self.person_mut(id)?.intent = Some(intent);
        Ok(())
    }

    pub(super) fn clear_intent(&mut self, id: &SupporterId) -> Result<(), Fatal> {
        if let Some(person) = self.person_if_known(id)? {
            person.intent = None;
        }
        self.tidy(id)
    }

    pub(super) fn put_block(&mut self, id: &SupporterId, mut block: Block) -> Result<(), Fatal> {
        cut(&mut block.message, MAX_MESSAGE);
        let told = Happened::Blocked { code: block.code.clone(), fields: block.fields.clone() };
        self.tell(&Subject::Supporter(id.clone()), told);
        self.person_mut(id)?.block = Some(block);
        Ok(())
    }

    pub(super) fn lift_block(&mut self, id: &SupporterId) -> Result<(), Fatal> {
        if let Some(person) = self.person_if_known(id)?
            && person.block.take().is_some()
        {
            self.receipt.lifted += 1;
            self.tell(&Subject::Supporter(id.clone()), Happened::BlockLifted);
        }
        self.tidy(id)
    }

    pub(super) fn lift_blocks_of_other_map(&mut self, map: Digest) -> Result<(), Fatal> {
        let mut after: Option<Vec<u8>> = None;
        loop {
            let ids = indexed(self.store, keys::BLOCK_PREFIX, after.as_deref(), PAGE)?;
            for id in &ids {
                let other = self.person(id)?.and_then(|p| p.block.as_ref()).is_some_and(|b| b.map != map);
                if other {
                    self.lift_block(id)?;
                    self.mark_dirty(&Subject::Supporter(id.clone()), DirtyReason::MapChanged, None)?;
                }
            }
            match ids.last() {
                Some(last) if ids.len() == PAGE => after = Some(keys::blocked(last)),
                Some(_) | None => return Ok(()),
            }
        }
    }

    pub(super) fn put_outcome(
        &mut self,
        id: &SupporterId,
        cycle: CycleId,
        code: String,
    ) -> Result<(), Fatal> {
        self.person_mut(id)?.outcome = Some((cycle, code));
        Ok(())
    }

    pub(super) fn put_journal(&mut self, entry: JournalEntry) -> Result<(), Fatal> {
        self.use_plan(entry.plan)?;
        let plan = entry.plan;
        self.tell_job(&entry);
        *self.journal.slot(self.store, &plan)? = Some(entry);
        Ok(())
    }

    pub(super) fn remove_journal(&mut self, plan: PlanId) -> Result<(), Fatal> {
        if let Some(entry) = self.journal.slot(self.store, &plan)?.take() {
            self.tell_job_ended(&entry);
        }
        self.milestone = true;
        Ok(())
    }

    /// Makes sure that a plan number is never given out again.
    fn use_plan(&mut self, plan: PlanId) -> Result<(), Fatal> {
        let last = match self.last_plan {
            Some(last) => last,
            None => self.meta_value(meta::PLAN)?.unwrap_or(0),
        };
        if plan.0 > last {
            self.set_meta(meta::PLAN, &plan.0)?;
        }
        self.last_plan = Some(last.max(plan.0));
        Ok(())
    }
}
