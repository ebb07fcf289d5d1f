//! A dry run: what a cycle would do, with nothing marked and nothing written.

use std::collections::HashSet;

use model::{ContactId, Lane, Subject};
use plan::{Deferral, Fatal, Load, Outcome, PersonPlan};

use super::Cycle;
use crate::agreed::Heading;
use crate::batch::Batch;
use crate::request::{Mode, Seen};
use crate::{rulings, turn, upkeep, whom};

impl Cycle<'_> {
    /// What a cycle would do: the windows are read, nothing is marked, nothing is written.
    pub(super) async fn preview(&mut self) -> Result<(), Fatal> {
        self.decisions_that_wait()?;
        let mut subjects = Vec::new();
        let (mut supporters_until, mut contacts_until) = (None, None);
        match &self.request.only {
            Some(only) => subjects.clone_from(only),
            None => {
                upkeep::notice_rules(self.sides, &mut self.report, Some(&mut subjects)).await?;
                let whole = self.request.mode.meets_everybody();
                if self.may_pull() {
                    let found = pull::discover(self.sides, Some(&mut subjects), whole).await?;
                    contacts_until = Some(found.window.until);
                }
                if self.may_push() {
                    let found = push::discover(self.sides, Some(&mut subjects)).await?;
                    supporters_until = Some(found.window.until);
                }
                if whole {
                    whom::everybody(self.sides, Some(&mut subjects)).await?;
                }
                let mut after = None;
                loop {
                    let page = self.sides.state.dirty_page(after.as_ref(), self.sides.settings.batch)?;
                    let Some(last) = page.last() else { break };
                    after = Some(last.subject.clone());
                    subjects.extend(page.into_iter().map(|dirty| dirty.subject));
                }
            }
        }
        let subjects = whom::named(self.sides, &subjects)?;
        self.report.discovered = subjects.len() as u64;
        self.prepare_directory(subjects.len() as u64).await?;
        (self.sink)(Seen::Heading(&Heading::new(self.sides, self.at.now, supporters_until, contacts_until)));
        // As in a real run: a Contact that a supporter of an earlier batch came to is nobody's no more.
        let mut claimed: HashSet<ContactId> = HashSet::new();
        let mut loads = [(Lane::Update, Load::default()), (Lane::Upsert, Load::default())];
        for chunk in subjects.chunks(self.sides.settings.batch) {
            let free = |subject: &&Subject| !matches!(subject, Subject::Contact(id) if claimed.contains(id));
            let chunk: Vec<Subject> = chunk.iter().filter(free).cloned().collect();
            let batch = self.batch(&chunk).await?;
            self.show(&batch);
            self.weigh(&batch, &mut loads);
            claimed.extend(
                batch.plans.iter().filter(|plan| plan.supporter.is_some()).filter_map(|plan| plan.contact),
            );
        }
        for (lane, load) in loads {
            let what = match lane {
                Lane::Update => "that update",
                Lane::Upsert => "that create",
            };
            self.report.notes.extend(load.in_words(&self.sides.settings, what));
        }
        Ok(())
    }

    /// A cycle carries decisions out before anything else. What they write is no plan of this run's.
    fn decisions_that_wait(&mut self) -> Result<(), Fatal> {
        if self.request.mode == Mode::Rebuild {
            return Ok(());
        }
        let waiting = rulings::waiting(&self.sides.state, self.request.only.as_deref())?;
        let (decisions, them, they) = match waiting {
            0 => return Ok(()),
            1 => ("1 decision waits".to_owned(), "it", "it writes"),
            more => (format!("{more} decisions wait"), "them", "they write"),
        };
        self.report.note(format!(
            "{decisions}; the next cycle carries {them} out first, and this plan does not show what {they}: highwater cases list --all"
        ));
        Ok(())
    }

    /// How much would travel in each lane.
    fn weigh(&self, batch: &Batch, loads: &mut [(Lane, Load); 2]) {
        if !self.may_push() {
            return;
        }
        for (lane, load) in loads {
            let plans = batch.plans.iter().filter(|plan| plan.lane() == Some(*lane));
            let rows = plans.filter_map(|plan| push::encode::encode(&self.sides.map, plan, *lane));
            rows.for_each(|row| load.add(row.bytes));
        }
    }

    fn show(&mut self, batch: &Batch) {
        let key = self.sides.state.digest_key();
        for (subject, outcome) in &batch.outcomes {
            self.report.count(outcome);
            (self.sink)(Seen::Ended(subject, outcome));
        }
        for plan in &batch.plans {
            self.report.count(&self.planned_outcome(plan));
            (self.sink)(Seen::Plan(plan, plan.fingerprint(&key)));
        }
    }

    /// The outcome a plan would have if everything went well: what a dry run counts.
    fn planned_outcome(&self, plan: &PersonPlan) -> Outcome {
        let (may_pull, may_push) = (self.may_pull(), self.may_push());
        match plan.lane() {
            Some(Lane::Upsert) if may_push => Outcome::ContactCreated,
            Some(Lane::Update) if may_push => Outcome::ContactUpdated,
            Some(_) => Outcome::Deferred(Deferral::OtherDirection),
            None if turn::needs_pull(plan) && !may_pull => Outcome::Deferred(Deferral::OtherDirection),
            None if plan.creates_supporter() => Outcome::SupporterCreated,
            None if plan.writes_supporter() => Outcome::SupporterUpdated,
            None => turn::still(plan),
        }
    }
}
