//! A plan on file, carried out: each person only as agreed.

use std::collections::HashSet;

use model::{Digest, Side, Subject};
use plan::{Fatal, PersonPlan, Stretch};
use state::Changes;

use super::Cycle;
use crate::agreed::Agreed;
use crate::whom;

/// What may be written for somebody while a plan on file is carried out.
#[derive(Debug, Clone, Copy)]
pub(super) enum Agreement {
    /// What has this fingerprint; nothing, where the plan had nothing to write.
    Exactly(Option<Digest>),
    /// It began as agreed; what is tried again must be about the same values.
    Begun(Digest),
    /// A supporter who was created as agreed: what follows from it.
    Follows,
}

impl Cycle<'_> {
    /// A plan on file: its people in its order, each only as agreed. Then the watermarks are where the plan's windows ended,
    /// so that the next cycle meets whoever changed later.
    pub(super) async fn carry_out(&mut self, agreed: &Agreed) -> Result<(), Fatal> {
        let read = |bad| Fatal::spool("reading the plan")(std::io::Error::other(bad));
        let mut people = agreed.read().map_err(read)?;
        self.report.discovered = agreed.people();
        self.prepare_directory(agreed.people()).await?;
        self.sides.progress.begin(Stretch::Decide, Some(agreed.people()));
        let merged = self.merged_as_agreed(agreed).await?;
        loop {
            let mut page = people.page(self.sides.settings.batch).map_err(read)?;
            if page.is_empty() || self.sides.stopping() || self.circuit_open {
                break;
            }
            page.retain(|(subject, _)| !merged.contains(subject));
            let subjects: Vec<Subject> = page.iter().map(|(subject, _)| subject.clone()).collect();
            let agreements = page.into_iter().map(|(subject, of)| (subject, Agreement::Exactly(of)));
            self.agreements.extend(agreements);
            self.mark(&subjects).await?;
            self.work(&subjects).await?;
            // Whoever is neither on the way nor tried again is done with, and what was agreed for them, too.
            let (outbox, again) = (&self.outbox, &self.again);
            self.agreements.retain(|subject, _| match subject {
                Subject::Supporter(id) => outbox.holds(id) || again.contains_key(id),
                Subject::Contact(_) => false,
            });
        }
        self.sides.progress.end();
        if !self.sides.stopping() && !self.circuit_open {
            let mut changes = Changes::new();
            let ends = agreed.heading();
            for (side, end) in
                [(Side::Supporter, ends.supporters_until), (Side::Salesforce, ends.contacts_until)]
            {
                if let Some(end) = end {
                    changes.raise_watermark(side, end);
                }
            }
            let _receipt = self.sides.state.commit(changes).await?;
        }
        Ok(())
    }

    /// Whoever was merged away goes before everybody else, as in a cycle: whoever remains must have their Contact before it is asked
    /// whether one is to be created.
    async fn merged_as_agreed(&mut self, agreed: &Agreed) -> Result<HashSet<Subject>, Fatal> {
        let mut all = HashSet::new();
        if !self.sides.map.follows_merges() {
            return Ok(all);
        }
        let read = |bad| Fatal::spool("reading the plan")(std::io::Error::other(bad));
        let mut people = agreed.read().map_err(read)?;
        loop {
            let page = people.page(self.sides.settings.batch).map_err(read)?;
            if page.is_empty() || self.sides.stopping() || self.circuit_open {
                return Ok(all);
            }
            let merged = whom::merged(self.sides, page.iter().map(|(subject, _)| subject.clone())).await?;
            if merged.is_empty() {
                continue;
            }
            let of = page.into_iter().filter(|(subject, _)| merged.contains(subject));
            self.agreements.extend(of.map(|(subject, of)| (subject, Agreement::Exactly(of))));
            self.mark(&merged).await?;
            self.work(&merged).await?;
            all.extend(merged);
        }
    }

    /// Parts the plans that may be carried out from those that are no longer what was agreed to: these people stay marked.
    pub(super) fn as_agreed(&mut self, plans: Vec<PersonPlan>) -> Vec<PersonPlan> {
        if self.request.agreed.is_none() {
            return plans;
        }
        let key = self.sides.state.digest_key();
        let mut kept = Vec::with_capacity(plans.len());
        for plan in plans {
            let Some(subject) = plan.subject() else { continue };
            let agreed = match self.agreements.get(&subject) {
                Some(Agreement::Exactly(Some(of))) => *of == plan.fingerprint(&key),
                Some(Agreement::Begun(values)) => *values == plan.record,
                Some(Agreement::Follows) => true,
                Some(Agreement::Exactly(None)) | None => false,
            };
            if agreed {
                if !matches!(self.agreements.get(&subject), Some(Agreement::Follows)) {
                    self.agreements.insert(subject, Agreement::Begun(plan.record));
                }
                kept.push(plan);
            } else if plan.is_still() && plan.new_link().is_none() {
                kept.push(plan);
            } else {
                self.report.leave_out(subject);
            }
        }
        kept
    }
}
