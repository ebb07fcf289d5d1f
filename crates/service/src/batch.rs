//! One batch of marked people: who they are on both sides, and what is to be written for them.

mod strangers;

use std::collections::HashSet;
use std::time::Duration;

use model::{CaseKind, ContactId, DirtyReason, LinkLife, Subject, Supporter, SupporterId};
use plan::gather::{alone, found_pair, fresh, gather};
use plan::overwritten::{SavedRow, overwritten};
use plan::record::{close_identity_cases, close_other_identity_cases, identity_case, record_end};
use plan::{
    BlankDigests, Decided, Deferral, Depth, Directory, Ended, Fatal, Found, Gathered, Moment, Outcome, Pair,
    PersonPlan, Rules, SeenContact, Settings, Sides, SkipReason, Tie, decide, look_up, travelling,
};
use state::{Changes, Conflict, Known};

use crate::turn::tell;

/// How far back a row without an outcome may have been sent: as long as the log keeps what it overwrote.
const LEFT_BEHIND: Duration = Duration::from_secs(30 * 86_400);
/// Entries of the conflict log read at once.
const LOG_PAGE: usize = 500;

/// What a batch came to.
pub(crate) struct Batch {
    /// The outcomes of those for whom nothing is written.
    pub(crate) outcomes: Vec<(Subject, Outcome)>,
    /// What is to be written, and what is in step.
    pub(crate) plans: Vec<PersonPlan>,
    /// Links that a deletion ended: the record that is left may be flagged.
    pub(crate) ends: Vec<Ended>,
    /// What the outcomes leave in the state; the plans' part is added when they are recorded.
    pub(crate) changes: Changes,
    /// Edits that rows of an interrupted run overwrote before they were seen.
    pub(crate) unseen: u64,
}

/// What stands in somebody's way otherwise, and does not because an administrator asked.
#[derive(Clone, Copy)]
pub(crate) struct Lift<'a> {
    /// Blocks do not hold.
    pub(crate) blocks: bool,
    /// For whom a deleted Contact is not the end.
    pub(crate) anew: &'a (dyn Fn(&SupporterId) -> bool + Sync),
}

/// Work on one batch, collected.
struct Desk<'a> {
    sides: &'a Sides,
    at: Moment,
    lift: Lift<'a>,
    outcomes: Vec<(Subject, Outcome)>,
    pairs: Vec<Pair>,
    ends: Vec<Ended>,
    changes: Changes,
    unseen: u64,
    /// Contacts that the row of somebody names who is linked to another: it is asked there whose they are.
    named: HashSet<ContactId>,
}

/// Reads and decides a batch. People whose row waits in the outbox are passed over: their outcome is on its way.
pub(crate) async fn read(
    sides: &Sides,
    directory: Option<&Directory>,
    subjects: &[Subject],
    at: Moment,
    lift: Lift<'_>,
    holds: &(dyn Fn(&SupporterId) -> bool + Sync),
) -> Result<Batch, Fatal> {
    let (outcomes, pairs, ends) = (Vec::new(), Vec::new(), Vec::new());
    let mut desk = Desk {
        sides,
        at,
        lift,
        outcomes,
        pairs,
        ends,
        changes: Changes::new(),
        unseen: 0,
        named: HashSet::new(),
    };
    let (mut supporters, mut strangers) = sort(sides, subjects, holds, &mut desk.changes)?;
    supporters.retain(|id| !holds(id));
    desk.leave_alone(&mut supporters, &mut strangers)?;
    desk.linked_and_lost(directory, &supporters, holds).await?;
    desk.strangers(directory, &strangers, holds).await?;
    desk.unseen().await?;
    desk.decide()
}

/// Supporters, those behind linked Contacts among them, and Contacts that belong to nobody yet. Each once. The mark of a
/// Contact whose supporter is being dealt with stays: it may say more than that supporter's row.
fn sort(
    sides: &Sides,
    subjects: &[Subject],
    holds: &(dyn Fn(&SupporterId) -> bool + Sync),
    changes: &mut Changes,
) -> Result<(Vec<SupporterId>, Vec<ContactId>), Fatal> {
    let mut supporters = Vec::new();
    let mut contacts = Vec::new();
    for subject in subjects {
        match subject {
            Subject::Supporter(id) => supporters.push(id.clone()),
            Subject::Contact(id) => contacts.push(*id),
        }
    }
    let mut strangers = Vec::new();
    for (contact, owner) in contacts.iter().zip(sides.state.supporters_of(&contacts)?) {
        match owner {
            Some(owner) if holds(&owner) => {}
            Some(owner) => {
                changes.clear_dirty(&Subject::Contact(*contact));
                changes.mark_dirty(Subject::Supporter(owner.clone()), DirtyReason::ContactChanged, None);
                supporters.push(owner);
            }
            None => strangers.push(*contact),
        }
    }
    // Marks come in the order of their ids.
    if !supporters.is_sorted_by(|a, b| a < b) {
        let mut once = HashSet::new();
        supporters.retain(|id| once.insert(id.clone()));
    }
    Ok((supporters, strangers))
}

impl Desk<'_> {
    /// People who were forgotten on purpose are met as if they were not there.
    fn leave_alone(
        &mut self,
        supporters: &mut Vec<SupporterId>,
        contacts: &mut Vec<ContactId>,
    ) -> Result<(), Fatal> {
        let named = supporters.iter().cloned().map(Subject::Supporter);
        let subjects: Vec<Subject> = named.chain(contacts.iter().copied().map(Subject::Contact)).collect();
        let forgotten = self.sides.state.forgotten_among(&subjects)?;
        if forgotten.is_empty() {
            return Ok(());
        }
        supporters.retain(|id| !forgotten.contains(&Subject::Supporter(id.clone())));
        contacts.retain(|id| !forgotten.contains(&Subject::Contact(*id)));
        for subject in subjects.into_iter().filter(|subject| forgotten.contains(subject)) {
            self.close(&subject, Outcome::Skipped(SkipReason::Forgotten));
        }
        Ok(())
    }

    /// Linked people are paired; those whose link leads nowhere, or who never had one, are looked up.
    async fn linked_and_lost(
        &mut self,
        directory: Option<&Directory>,
        ids: &[SupporterId],
        holds: &(dyn Fn(&SupporterId) -> bool + Sync),
    ) -> Result<(), Fatal> {
        let (mut lost, mut known): (Vec<Supporter>, Vec<Known>) = (Vec::new(), Vec::new());
        self.pairs.reserve(ids.len());
        for (id, gathered) in ids.iter().zip(gather(self.sides, directory, ids, self.lift.anew).await?) {
            match gathered {
                Gathered::Pair(pair) => self.pairs.push(*pair),
                Gathered::Contradicted(pair, named) => self.contradicted(&pair, *named)?,
                Gathered::Replaced(pair) => self.replaced(&pair)?,
                // A row of whoever remains is on its way: what becomes of it shows first.
                Gathered::Ended(Ended::SupporterMerged { into, .. }) if holds(&into) => {
                    let waits = Outcome::Deferred(Deferral::InFlight);
                    self.outcomes.push((Subject::Supporter(id.clone()), waits));
                }
                Gathered::Ended(ended) => {
                    self.end(id, ended)?;
                }
                Gathered::Nobody(_) => {
                    let subject = Subject::Supporter(id.clone());
                    self.changes.close_cases_of(&subject);
                    self.close(&subject, Outcome::Skipped(SkipReason::Gone));
                }
                Gathered::Unlinked(supporter, remembered) => {
                    lost.push(*supporter);
                    known.push(*remembered);
                }
            }
        }
        let depth = if self.sides.settings.match_before_create { Depth::ByNames } else { Depth::ByIds };
        let found = look_up(self.sides, fresh(self.sides, directory), &lost, depth).await?;
        for ((supporter, known), found) in lost.into_iter().zip(known).zip(found) {
            self.found(supporter, known, found)?;
        }
        Ok(())
    }

    /// The row names another Contact than the link does. Which of the two is meant somebody has to say: neither is written to, and the Id
    /// stays where somebody wrote it.
    fn contradicted(&mut self, pair: &Pair, named: SeenContact) -> Result<(), Fatal> {
        let Some(supporter) = &pair.supporter else { return Ok(()) };
        self.asked_anew(&supporter.id)?;
        let kind = CaseKind::IdAndEmailDisagree;
        // It is one question, whichever of the two was touched.
        close_identity_cases(&mut self.changes, &Subject::Contact(named.id()));
        self.named.insert(named.id());
        let contacts: Vec<SeenContact> = pair.contact.iter().cloned().chain([named]).collect();
        let reasons = vec!["stored_contact_id".to_owned(), "already_linked".to_owned()];
        let case = identity_case(self.sides, kind, &[supporter], &contacts, reasons, self.at);
        self.case(case, kind, &pair.subject)
    }

    /// Somebody else seems to stand in the row by now. Neither is written to until a person has said whether it is the same one.
    fn replaced(&mut self, pair: &Pair) -> Result<(), Fatal> {
        let (Some(supporter), Some(seen)) = (&pair.supporter, &pair.contact) else { return Ok(()) };
        self.asked_anew(&supporter.id)?;
        let kind = CaseKind::IdAndEmailDisagree;
        // It is one question, whichever of the two was touched.
        close_identity_cases(&mut self.changes, &Subject::Contact(seen.id()));
        self.named.insert(seen.id());
        let reasons = vec!["already_linked".to_owned(), "names_disagree".to_owned(), "id_reused".to_owned()];
        let contacts = std::slice::from_ref(seen);
        let case = identity_case(self.sides, kind, &[supporter], contacts, reasons, self.at);
        self.case(case, kind, &pair.subject)
    }

    /// What the look-up came to. A link that is known leads to a Contact that the org knows nothing of any more.
    fn found(&mut self, supporter: Supporter, known: Known, found: Found) -> Result<(), Fatal> {
        match found {
            Found::One(seen, evidence) => {
                self.unlink(&known);
                self.pairs.push(*found_pair(supporter, *seen, evidence, known));
            }
            // An administrator asked for this person again, knowing that the Contact was deleted.
            Found::Case { kind: CaseKind::ContactDeleted, .. } | Found::Nobody(_)
                if (self.lift.anew)(&supporter.id) =>
            {
                self.unlink(&known);
                self.pairs.push(*alone(supporter, known));
            }
            Found::Case { kind, contacts, reasons } => {
                self.asked_anew(&supporter.id)?;
                let case = identity_case(self.sides, kind, &[&supporter], &contacts, reasons, self.at);
                self.case(case, kind, &Subject::Supporter(supporter.id))?;
            }
            Found::Nobody(_) => match known.link {
                // Erased for good, or hidden from our user. Nobody is made anew without an administrator's word.
                Some(link) => {
                    let before = link.life == LinkLife::ContactDeleted;
                    let ended = if before { Ended::Tombstone(link) } else { Ended::ContactDeleted(link) };
                    self.end(&supporter.id, ended)?;
                }
                None => self.pairs.push(*alone(supporter, known)),
            },
        }
        Ok(())
    }

    /// What was refused of a record is over when it is in doubt who that is, or one side of it is gone: after that, the record is tried
    /// as it is then. A block that came with a case of another kind, as a refused duplicate's does, goes with that case.
    fn asked_anew(&mut self, id: &SupporterId) -> Result<(), Fatal> {
        let subject = Subject::Supporter(id.clone());
        if self.sides.state.case_of(CaseKind::Blocked, &subject)?.is_some() {
            self.changes.close_case(CaseKind::Blocked, &subject);
            self.changes.lift_block(id);
        }
        Ok(())
    }

    fn end(&mut self, id: &SupporterId, ended: Ended) -> Result<(), Fatal> {
        self.asked_anew(id)?;
        let outcome = record_end(&mut self.changes, &ended, &self.sides.settings, self.at);
        self.close(&Subject::Supporter(id.clone()), outcome);
        if self.sides.settings.flag_of_end(&ended).is_some() {
            self.ends.push(ended);
        }
        Ok(())
    }

    fn unlink(&mut self, known: &Known) {
        if let Some(link) = &known.link {
            self.changes.remove_link(&link.supporter);
        }
    }

    fn case(&mut self, case: Option<model::Case>, kind: CaseKind, subject: &Subject) -> Result<(), Fatal> {
        if let Some(case) = case {
            // Asked about itself, this is all that stands about it; asked about somebody else's, that one has its own turn.
            if case.subject == *subject {
                close_other_identity_cases(&mut self.changes, subject, kind);
            }
            // A Contact that asks about somebody does not take the place of one that asked before.
            if matches!(subject, Subject::Contact(_)) && case.subject != *subject {
                // Whoever was refused as a duplicate of nobody has somebody to be a duplicate of: they are looked up anew.
                if self.sides.state.case_of(CaseKind::DuplicateUnresolved, &case.subject)?.is_some() {
                    self.changes.mark_dirty(case.subject.clone(), DirtyReason::ContactChanged, None);
                }
                self.changes.join_case(case);
            } else {
                self.changes.open_case(case);
            }
        }
        self.close(subject, Outcome::Case(kind));
        Ok(())
    }

    fn close(&mut self, subject: &Subject, outcome: Outcome) {
        self.changes.clear_dirty(subject);
        tell(&mut self.changes, Some(subject), &outcome);
        self.outcomes.push((subject.clone(), outcome));
    }

    /// Rows that a run left behind without an outcome may have overwritten an edit unseen, too. Each is logged once, although it may
    /// be met in several cycles.
    async fn unseen(&mut self) -> Result<(), Fatal> {
        let rows = self.pairs.iter().filter_map(|pair| {
            let (intent, supporter) = (pair.in_flight.as_ref()?, pair.supporter_id()?);
            let contact = intent.contact.filter(|_| intent.plan.is_some())?;
            Some(SavedRow { supporter, contact, fields: &intent.fields })
        });
        let rows: Vec<SavedRow<'_>> = rows.collect();
        let since = self.at.now.minus(LEFT_BEHIND);
        let mut lost = overwritten(self.sides, &rows, since, false, self.at).await?.unwrap_or_default();
        let mut after = None;
        while !lost.is_empty() {
            let page = self.sides.state.conflicts_page(after, LOG_PAGE)?;
            let Some((last, _)) = page.last() else { break };
            after = Some(*last);
            lost.retain(|new| !page.iter().any(|(_, known)| is_same(known, new)));
        }
        self.unseen = lost.len() as u64;
        for conflict in lost {
            self.changes.log_conflict(conflict);
        }
        Ok(())
    }

    fn decide(mut self) -> Result<Batch, Fatal> {
        let key = self.sides.state.digest_key();
        let fields = travelling(&self.sides.map, &self.sides.settings);
        let blank = BlankDigests::of_rules(&self.sides.map, &key);
        let rules = Rules {
            blank: &blank,
            map: &self.sides.map,
            fields: &fields,
            settings: &self.sides.settings,
            key: &key,
            now: self.at.now,
            lift_blocks: self.lift.blocks,
            stamps_supporters: self.sides.stamps_supporters(),
        };
        let settings = &self.sides.settings;
        let no_pull =
            settings.exclude_pulls_only.then(|| Settings { pull: false, ..Settings::clone(settings) });
        let pushed = no_pull.as_ref().map(|no_pull| travelling(&self.sides.map, no_pull));
        let push_only = pushed.as_deref().zip(no_pull.as_ref());
        let push_only = push_only.map(|(fields, settings)| Rules { fields, settings, ..rules });
        let mut plans = Vec::with_capacity(self.pairs.len());
        for mut pair in std::mem::take(&mut self.pairs) {
            let is_push_only = pair.contact.as_ref().is_some_and(|seen| seen.push_only);
            match decide(&mut pair, push_only.as_ref().filter(|_| is_push_only).unwrap_or(&rules)) {
                Decided::Plan(plan) => plans.push(*plan),
                Decided::Skip(why) => self.close(&pair.subject, Outcome::Skipped(why)),
                Decided::Block { block, known } => {
                    let outcome = if known && !self.lift.blocks {
                        Outcome::Skipped(SkipReason::Blocked)
                    } else {
                        self.set_aside(&pair, block)
                    };
                    self.close(&pair.subject, outcome);
                }
            }
        }
        Ok(Batch {
            outcomes: self.outcomes,
            plans,
            ends: self.ends,
            changes: self.changes,
            unseen: self.unseen,
        })
    }

    /// A value that cannot stand on the other side: the record is blocked and an administrator told.
    fn set_aside(&mut self, pair: &Pair, block: model::Block) -> Outcome {
        drill::met(drill::Branch::Blocked);
        let code = block.code.clone();
        if matches!(pair.tie, Tie::Found(_) | Tie::Alone) {
            // Who this is was asked just now and is answered; what is left is the value. That somebody is to be made anew holds until then.
            if pair.contact.is_none() && pair.supporter_id().is_some_and(self.lift.anew) {
                close_other_identity_cases(&mut self.changes, &pair.subject, CaseKind::ContactDeleted);
            } else {
                close_identity_cases(&mut self.changes, &pair.subject);
            }
        }
        let supporters: Vec<&Supporter> = pair.supporter.iter().collect();
        let contacts: Vec<SeenContact> = pair.contact.iter().cloned().collect();
        let reasons = std::iter::once(code.clone()).chain(block.fields.iter().cloned()).collect();
        let case = identity_case(self.sides, CaseKind::Blocked, &supporters, &contacts, reasons, self.at);
        if let Some(case) = case {
            self.changes.open_case(case);
        }
        if let Some(id) = pair.supporter_id() {
            self.changes.put_block(id, block);
        }
        Outcome::Blocked(code)
    }
}

/// Whether it is the same edit that was overwritten.
fn is_same(known: &Conflict, new: &Conflict) -> bool {
    known.blind
        && known.supporter == new.supporter
        && known.field == new.field
        && known.contact_value == new.contact_value
        && known.supporter_value == new.supporter_value
}

/// New links to Contacts whose former supporter no longer exists: those links end first.
pub(crate) fn free_contacts(sides: &Sides, changes: &mut Changes, plans: &[PersonPlan]) -> Result<(), Fatal> {
    let found = |plan: &PersonPlan| match (&plan.tie, plan.contact, plan.supporter_id()) {
        (Tie::Found(_), Some(contact), Some(id)) => Some((contact, id.clone())),
        (Tie::Found(_) | Tie::Linked(_) | Tie::Moved { .. } | Tie::Alone, _, _) => None,
    };
    let (contacts, ids): (Vec<ContactId>, Vec<SupporterId>) = plans.iter().filter_map(found).unzip();
    for (owner, id) in sides.state.supporters_of(&contacts)?.into_iter().zip(ids) {
        if let Some(owner) = owner.filter(|owner| *owner != id) {
            changes.set_link_life(&owner, LinkLife::SupporterDeleted);
        }
    }
    Ok(())
}
