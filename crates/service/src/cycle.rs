//! The cycle: settle the journal, discover both sides, decide on fresh values, write the supporters, push, resolve what a
//! duplicate rule refused, push that again.
//!
//! This function holds the branches; what it calls decides or does one thing each.

mod carry_out;
mod decided;
mod discover;
mod flag;
mod isolate;
mod keep;
mod only_look;
mod preview;
mod record;

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::time::Duration;

use drill::KillPoint::{K33, K34};
use drill::reached;
use model::{Case, CycleId, DirtyReason, Lane, Side, Stamp, Subject, SupporterId};
use plan::{CycleReport, Deferral, Directory, Fatal, Met, Moment, Outcome, PersonPlan, Sides, Stretch};
use push::{Again, Outbox, Settled};
use state::{AlreadyRunning, Changes};

use crate::batch::{self, Batch, Lift};
use crate::request::{Mode, Request, Seen};
use crate::{quarrel, sweep, turn, upkeep, whom};

use carry_out::Agreement;

/// How many people of one cycle are remembered to be tried again in it; the rest waits, marked, for the next.
const AGAIN_AT_MOST: usize = 200_000;

/// How old the org's clock may be when a cycle begins: windows end at it.
const CLOCK_FRESH: Duration = Duration::from_secs(10);

/// How many plans one commit records: what a commit replaces is freed only after it.
const PLANS_PER_COMMIT: usize = 500;

/// Runs one cycle. What a dry run sees, and every plan of a run of named people, is handed to `sink`.
///
/// # Errors
/// [`Fatal`] when the cycle cannot go on. Everything committed stands; the next cycle goes on from there.
pub async fn run(
    sides: &Sides,
    request: &Request,
    sink: &mut (dyn FnMut(Seen<'_>) + Send),
) -> Result<Result<CycleReport, AlreadyRunning>, Fatal> {
    let guard = match sides.state.begin_cycle().await? {
        Ok(guard) => guard,
        Err(running) => return Ok(Err(running)),
    };
    let begun = sides.clock.now();
    let calls = sides.org.usage().total();
    let now = server_now(sides).await?;
    let mut cycle = Cycle::new(sides, request, guard.id, now, sink);
    let result = cycle.run().await;
    let mut report = cycle.into_report();
    if result.is_err() {
        drill::met(drill::Branch::Deferred);
    }
    report.stopped = sides.stopping();
    report.api_calls = sides.org.usage().total().saturating_sub(calls);
    report.duration_ms = u64::try_from(sides.clock.now().since(begun).as_millis()).unwrap_or(u64::MAX);
    report.still_dirty = sides.state.dirty_count()?;
    report.open_cases = sides.state.case_counts()?.values().sum();
    report.cases_aside = sides.state.cases_aside(sides.clock.now())?.values().sum();
    if !request.dry_run {
        let ended_well = result.is_ok() && !report.stopped;
        keep::keep(sides, request, &report, begun, ended_well).await?;
        upkeep::give_back_room(&sides.state).await?;
    }
    sides.org.close_books().await?;
    result.map(|()| Ok(report))
}

/// Who answers, and the org's clock. The state belongs to one org: another is refused before anything is read or written. The
/// sign-in has told both where it is a moment old; in an older session the org is asked again.
async fn server_now(sides: &Sides) -> Result<Stamp, Fatal> {
    let identity = if sides.org.has_just_signed_in(CLOCK_FRESH).await? {
        sides.org.whose_session().await?
    } else {
        let identity = sides.org.identity().await?;
        // A session that this very call had to renew is not taken for a new one by the next cycle.
        sides.org.has_just_signed_in(CLOCK_FRESH).await?;
        identity
    };
    sides.state.adopt_org(identity.org_id)?;
    Ok(sides.org.server_time().unwrap_or_else(|| sides.clock.now()))
}

struct Cycle<'a> {
    sides: &'a Sides,
    request: &'a Request,
    at: Moment,
    report: CycleReport,
    outbox: Outbox,
    directory: Option<Directory>,
    /// To be tried again in this cycle, and why.
    again: BTreeMap<SupporterId, Deferral>,
    /// To be sent again in smaller transactions, because another row may be why theirs was refused.
    suspects: BTreeSet<SupporterId>,
    /// Those are being sent: none of them goes in a job once more.
    isolating: bool,
    /// Whose outcome in this cycle is that they wait for another one: nobody is counted twice.
    waiting: Met,
    job_rows: usize,
    circuit_open: bool,
    /// The supporter database refuses most writes for one reason.
    supporters_refuse: bool,
    /// Blocks do not hold, and a deleted Contact is not the end: a resync.
    lifting: bool,
    /// Whom an administrator decided to make anew: of them alone, a deleted Contact is not the end.
    anew: HashSet<SupporterId>,
    /// The cases in which that was decided, as long as it is not done.
    to_make: Vec<Case>,
    /// Of whom a plan on file says what may be written; only those who are being worked on.
    agreements: HashMap<Subject, Agreement>,
    sink: &'a mut (dyn FnMut(Seen<'_>) + Send),
}

impl<'a> Cycle<'a> {
    fn new(
        sides: &'a Sides,
        request: &'a Request,
        cycle: CycleId,
        now: Stamp,
        sink: &'a mut (dyn FnMut(Seen<'_>) + Send),
    ) -> Self {
        Self {
            sides,
            request,
            at: Moment { cycle, now },
            report: CycleReport::new(cycle, request.mode.code(), now),
            outbox: Outbox::new(sides.state.spool_dir()),
            directory: None,
            again: BTreeMap::new(),
            suspects: BTreeSet::new(),
            isolating: false,
            waiting: Met::default(),
            job_rows: sides.settings.job_rows,
            circuit_open: false,
            supporters_refuse: false,
            lifting: request.mode == Mode::Resync,
            anew: HashSet::new(),
            to_make: Vec::new(),
            agreements: HashMap::new(),
            sink,
        }
    }

    /// What it came to; what it remembered of people is forgotten before the state is put in order, which takes room of its own.
    fn into_report(self) -> CycleReport {
        self.report
    }

    async fn run(&mut self) -> Result<(), Fatal> {
        if self.request.dry_run {
            return self.preview().await;
        }
        upkeep::tidy(&self.sides.state, self.at.now, self.sides.clock.now()).await?;
        let left = push::recover(self.sides, &mut self.report, self.at).await?;
        self.absorb(left).await?;
        self.report.of_earlier_jobs = self.report.outcomes.clone();
        // Whoever an earlier job left undone is marked, and is met by this cycle if it looks at everybody.
        self.again.clear();
        self.suspects.clear();
        match (&self.request.agreed, &self.request.only) {
            (Some(agreed), _) => self.carry_out(agreed).await?,
            (None, Some(subjects)) => {
                let mut subjects = subjects.clone();
                subjects.extend(self.rulings(Some(&subjects)).await?);
                let subjects = whom::named(self.sides, &subjects)?;
                self.mark(&subjects).await?;
                self.prepare_directory(subjects.len() as u64).await?;
                self.work_in_batches(&subjects).await?;
            }
            (None, None) => {
                if self.request.mode != Mode::Rebuild {
                    self.rulings(None).await?;
                }
                upkeep::notice_rules(self.sides, &mut self.report, None).await?;
                sweep::sweep_when_due(self.sides, &mut self.report, self.at).await?;
                self.discover().await?;
                self.prepare_directory(whom::unlinked(self.sides, self.sides.settings.directory_from)?)
                    .await?;
                self.work_off_the_marks().await?;
            }
        }
        self.send_all().await?;
        self.isolate().await?;
        self.rounds().await?;
        self.isolate().await?;
        self.end_rulings().await
    }

    async fn work_in_batches(&mut self, subjects: &[Subject]) -> Result<(), Fatal> {
        let mut subjects = subjects.to_vec();
        if self.sides.map.follows_merges() {
            let merged = whom::merged(self.sides, subjects.iter().cloned()).await?;
            if !merged.is_empty() {
                self.work(&merged).await?;
                subjects.retain(|subject| !merged.contains(subject));
            }
        }
        for chunk in subjects.chunks(self.sides.settings.batch) {
            if self.sides.stopping() {
                self.report.count_many(&Outcome::Deferred(Deferral::Stopped), chunk.len() as u64);
            } else {
                self.work(chunk).await?;
            }
        }
        Ok(())
    }

    /// Whether this run may write supporters.
    fn may_pull(&self) -> bool {
        self.request.mode.pulls() && self.sides.settings.pull && !self.supporters_refuse
    }

    /// Whether this run may write Contacts.
    fn may_push(&self) -> bool {
        self.request.mode.pushes() && self.sides.settings.push
    }

    async fn mark(&mut self, subjects: &[Subject]) -> Result<(), Fatal> {
        let mut changes = Changes::new();
        for subject in subjects {
            changes.mark_dirty(subject.clone(), DirtyReason::Resync, None);
        }
        let _receipt = self.sides.state.commit(changes).await?;
        Ok(())
    }

    /// Everybody who is marked. Supporters go first: a merge may lead one of them to a Contact that is marked as nobody's, and
    /// that Contact must not become a second supporter before.
    async fn work_off_the_marks(&mut self) -> Result<(), Fatal> {
        self.sides.progress.begin(Stretch::Decide, Some(self.sides.state.dirty_count()?));
        self.merged_first().await?;
        self.pass(Side::Supporter).await?;
        self.pass(Side::Salesforce).await?;
        self.sides.progress.end();
        Ok(())
    }

    /// Supporters that were merged away go before everybody else: whoever remains must have their Contact before it is asked
    /// whether one is to be created.
    async fn merged_first(&mut self) -> Result<(), Fatal> {
        if !self.sides.map.follows_merges() {
            return Ok(());
        }
        let mut after: Option<Subject> = None;
        while !self.sides.stopping() && !self.circuit_open {
            let page = self.sides.state.dirty_page(after.as_ref(), self.sides.settings.batch)?;
            let Some(last) = page.last() else { break };
            after = Some(last.subject.clone());
            let merged = whom::merged(self.sides, page.into_iter().map(|dirty| dirty.subject)).await?;
            if !merged.is_empty() {
                self.work(&merged).await?;
            }
        }
        Ok(())
    }

    /// The marked of one kind, a page at a time. Nobody is visited twice.
    async fn pass(&mut self, side: Side) -> Result<(), Fatal> {
        let mut after: Option<Subject> = None;
        while !self.sides.stopping() && !self.circuit_open {
            let page = self.sides.state.dirty_page_of(side, after.as_ref(), self.sides.settings.batch)?;
            let Some(last) = page.last() else { break };
            after = Some(last.subject.clone());
            let subjects: Vec<Subject> = page.into_iter().map(|dirty| dirty.subject).collect();
            self.renew_directory().await?;
            self.work(&subjects).await?;
        }
        Ok(())
    }

    /// One batch: read both sides, decide, record, write the supporters, put the Contacts' rows into the outbox.
    async fn work(&mut self, subjects: &[Subject]) -> Result<(), Fatal> {
        let batch = self.batch(subjects).await?;
        let Batch { outcomes, plans, ends, mut changes, unseen: _ } = batch;
        for (subject, outcome) in &outcomes {
            self.report.count(outcome);
            if let (Outcome::Deferred(_), Subject::Supporter(id)) = (outcome, subject)
                && self.waiting.len() < AGAIN_AT_MOST
            {
                self.waiting.insert(id);
            }
        }
        let plans = self.as_agreed(plans);
        self.flag(&mut changes, &ends, &plans).await?;
        if !changes.is_empty() {
            let _receipt = self.sides.state.commit(changes).await?;
        }
        let mut taken = HashSet::new();
        for plans in plans.chunks(PLANS_PER_COMMIT) {
            taken.extend(self.record(plans).await?);
        }
        let plans: Vec<PersonPlan> = plans
            .into_iter()
            .filter(|plan| plan.supporter_id().is_none_or(|id| !taken.contains(id)))
            .collect();
        self.write(plans).await?;
        self.sides.progress.advance(subjects.len() as u64);
        if !self.isolating && self.outbox.is_full(&self.sides.settings) {
            self.send_all().await?;
        }
        Ok(())
    }

    async fn batch(&mut self, subjects: &[Subject]) -> Result<Batch, Fatal> {
        let met = |id: &SupporterId| {
            self.outbox.holds(id)
                || self.again.contains_key(id)
                || self.suspects.contains(id)
                || self.waiting.contains(id)
        };
        let directory = self.directory.as_ref();
        let anew = |id: &SupporterId| self.lifting || self.anew.contains(id);
        let lift = Lift { blocks: self.lifting, anew: &anew };
        let mut batch = batch::read(self.sides, directory, subjects, self.at, lift, &met).await?;
        let told = quarrel::hold(self.sides, &mut batch.plans, &mut batch.changes, self.at.now)?;
        told.into_iter().for_each(|sentence| self.report.note(sentence));
        self.report.blind_overwrites += batch.unseen;
        Ok(batch)
    }

    async fn write(&mut self, plans: Vec<PersonPlan>) -> Result<(), Fatal> {
        if self.request.mode == Mode::Rebuild {
            return self.only_look(plans).await;
        }
        if self.sides.stopping() {
            self.report.count_many(&Outcome::Deferred(Deferral::Stopped), plans.len() as u64);
            return Ok(());
        }
        let (may_pull, may_push) = (self.may_pull(), self.may_push());
        let (now, later): (Vec<PersonPlan>, Vec<PersonPlan>) =
            plans.into_iter().partition(|plan| may_pull || !turn::needs_pull(plan));
        let pull::Writes { written, mut changes, circuit_open } =
            pull::apply(self.sides, &mut self.report, &now, self.at).await?;
        self.supporters_refuse |= circuit_open;
        let wrote = !changes.is_empty();
        for plan in later {
            if let Some(outcome) = self.push_alone(&mut changes, &plan) {
                self.settle_now(&mut changes, &plan, &outcome);
            }
        }
        for (plan, written) in now.into_iter().zip(written) {
            let outcome = match (&written, plan.lane()) {
                (pull::Written::Not(outcome), _) => Some(outcome.clone()),
                (pull::Written::Done(id), _) if plan.creates_supporter() => {
                    self.again(id.clone(), Deferral::OtherDirection);
                    if self.request.agreed.is_some() {
                        self.agreements.insert(Subject::Supporter(id.clone()), Agreement::Follows);
                    }
                    Some(Outcome::SupporterCreated)
                }
                (_, Some(_)) if !may_push => Some(Outcome::Deferred(Deferral::OtherDirection)),
                (_, Some(lane)) => self.post(&plan, lane),
                (pull::Written::Done(_), None) => Some(Outcome::SupporterUpdated),
                (pull::Written::Nothing, None) => Some(turn::still(&plan)),
            };
            if let Some(outcome) = outcome {
                self.settle_now(&mut changes, &plan, &outcome);
            }
        }
        if wrote {
            reached(K33);
        }
        if !changes.is_empty() {
            let _receipt = self.sides.state.commit(changes).await?;
        }
        if wrote {
            reached(K34);
        }
        Ok(())
    }

    /// A plan that writes both sides, in a run that may write Contacts only: they get their part, and what the Contact has for
    /// the supporter stays marked under the Contact's own name, where the row's success does not end it.
    fn push_alone(&mut self, changes: &mut Changes, plan: &PersonPlan) -> Option<Outcome> {
        let (Some(lane), Some(contact), true) = (plan.lane(), plan.contact, self.may_push()) else {
            let refused = self.supporters_refuse;
            return Some(Outcome::Deferred(if refused {
                Deferral::Transient
            } else {
                Deferral::OtherDirection
            }));
        };
        let outcome = self.post(plan, lane);
        if outcome.is_none() {
            changes.mark_dirty(Subject::Contact(contact), DirtyReason::ContactChanged, None);
        }
        outcome
    }

    /// Counts an outcome that needs no job. Whoever waits stays marked and is not met again in this cycle.
    fn settle_now(&mut self, changes: &mut Changes, plan: &PersonPlan, outcome: &Outcome) {
        self.report.count(outcome);
        turn::tell(changes, plan.subject().as_ref(), outcome);
        match (outcome, plan.supporter_id()) {
            (Outcome::Deferred(_), Some(id)) if self.waiting.len() < AGAIN_AT_MOST => {
                self.waiting.insert(id);
            }
            (Outcome::Deferred(_), _) => {}
            _ => turn::finish(changes, plan),
        }
    }

    /// Puts a row into the outbox. Its outcome comes with the job's results.
    fn post(&mut self, plan: &PersonPlan, lane: Lane) -> Option<Outcome> {
        let row = push::encode::encode(&self.sides.map, plan, lane)?;
        (!self.outbox.add(lane, row)).then_some(Outcome::Deferred(Deferral::InFlight))
    }

    /// Sends what waits, both lanes, in jobs of bounded size.
    async fn send_all(&mut self) -> Result<(), Fatal> {
        for lane in [Lane::Update, Lane::Upsert] {
            let mut rows = self.outbox.take(lane)?;
            while !rows.is_empty() {
                if self.sides.stopping() || self.circuit_open {
                    self.report.count_many(&Outcome::Deferred(Deferral::Stopped), rows.len() as u64);
                    break;
                }
                let rest = rows.split_off(rows.len().min(self.job_rows));
                let settled = push::deliver(self.sides, &mut self.report, lane, rows, self.at).await?;
                self.absorb(settled).await?;
                rows = rest;
            }
        }
        Ok(())
    }

    /// What a job leaves to be done in this cycle: refused people are resolved at once.
    async fn absorb(&mut self, settled: Settled) -> Result<(), Fatal> {
        self.circuit_open |= settled.circuit_open;
        for suspect in settled.suspects {
            if self.suspects.len() < AGAIN_AT_MOST {
                self.suspects.insert(suspect.supporter);
            } else {
                self.report.count(&Outcome::Deferred(Deferral::Transient));
            }
        }
        for (id, why) in settled.again {
            self.again(
                id,
                match why {
                    Again::Transient => Deferral::Transient,
                    Again::Unprocessed => Deferral::Unprocessed,
                    Again::Stale => Deferral::ChangedMeanwhile,
                },
            );
        }
        for id in push::resolve(self.sides, &mut self.report, &settled.refused, self.at).await? {
            self.again(id, Deferral::ChangedMeanwhile);
        }
        Ok(())
    }

    /// Once more in this cycle; if there is no room or no round left, in the next one, for this reason.
    fn again(&mut self, id: SupporterId, why: Deferral) {
        if self.again.len() < AGAIN_AT_MOST {
            self.again.insert(id, why);
        } else {
            self.report.count(&Outcome::Deferred(why));
        }
    }

    /// Those linked, refused in passing or not reached: again, in ever smaller jobs, a bounded number of times.
    async fn rounds(&mut self) -> Result<(), Fatal> {
        for _ in 0..self.sides.settings.retry_rounds {
            if self.again.is_empty() || self.sides.stopping() || self.circuit_open {
                break;
            }
            let people = std::mem::take(&mut self.again);
            self.job_rows = (self.job_rows.min(people.len()) / 2).max(200);
            let subjects: Vec<Subject> = people.into_keys().map(Subject::Supporter).collect();
            self.work_in_batches(&subjects).await?;
            self.send_all().await?;
        }
        for why in std::mem::take(&mut self.again).into_values() {
            let why = if self.sides.stopping() { Deferral::Stopped } else { why };
            self.report.count(&Outcome::Deferred(why));
        }
        Ok(())
    }
}
