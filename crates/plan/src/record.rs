//! What a decision leaves in the state before anything is written to either side: links, agreements, conflicts, cases.

use std::collections::HashSet;

use drill::{Branch, Mistake, met, planted};
use model::{
    Case, CaseKind, CaseRecord, Cause, ContactId, CycleId, Decision, DirtyReason, Evidence, Happened, Link,
    LinkLife, Stamp, Subject, SupporterId, Turn,
};
use state::{Changes, Conflict, InTheWay};

use crate::columns::SeenContact;
use crate::deleted::OnDelete;
use crate::outcome::CycleReport;
use crate::person_plan::PersonPlan;
use crate::{Ended, Fatal, FieldPlan, Settings, Sides, Tie};

/// When and in which cycle something is recorded.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    /// The cycle.
    pub cycle: CycleId,
    /// Salesforce's clock.
    pub now: Stamp,
}

/// The cases that say "we do not know who this is": closed as soon as we do.
static IDENTITY: [CaseKind; 11] = [
    CaseKind::SupporterMergeNeeded,
    CaseKind::ContactMergeNeeded,
    CaseKind::AmbiguousContacts,
    CaseKind::ReviewMatch,
    CaseKind::NamesDisagree,
    CaseKind::TwoSupportersOneContact,
    CaseKind::IdAndEmailDisagree,
    CaseKind::SeveralContactsOneKey,
    CaseKind::DuplicateUnresolved,
    CaseKind::DuplicateOfOtherObject,
    CaseKind::ContactDeleted,
];

/// The cases of somebody whose two records are not there, or not to be written: closed as soon as they are.
const STANDING_AGAINST: [CaseKind; 4] = [
    CaseKind::Blocked,
    CaseKind::MergedIntoLinked,
    CaseKind::SupporterDeleted,
    // The row named another Contact than the link, and does not any more.
    CaseKind::IdAndEmailDisagree,
];

/// The cases of fields that a person has to decide.
const HELD: [CaseKind; 2] = [CaseKind::ConflictHeld, CaseKind::ConsentConflict];

/// The cases that are over when both records are there, nothing stands against them any more, and no field is held.
static SETTLED: [CaseKind; 6] =
    [STANDING_AGAINST[0], STANDING_AGAINST[1], STANDING_AGAINST[2], STANDING_AGAINST[3], HELD[0], HELD[1]];

/// Records a plan: the link if it is new, what both sides agree on, what a policy overwrites, what is held.
pub fn record_plan(changes: &mut Changes, report: &mut CycleReport, plan: &PersonPlan, at: Moment) {
    let Some(id) = plan.supporter_id().cloned() else { return };
    let subject = Subject::Supporter(id.clone());
    tell_decision(changes, plan, &subject);
    record_tie(changes, report, plan, &id, at);
    if plan.contact.is_some() {
        let agreed = plan.fields.iter().filter_map(|field| {
            let sent = planted(Mistake::BaseAtPlanTime) && field.to_contact();
            let equal = (sent || field.decision == Decision::InStep).then_some(field.supporter_digest);
            if field.landed.is_some() {
                met(Branch::OwnWriteMet);
            }
            Some((field.key, equal.or(field.landed)?))
        });
        let agreed: Vec<_> = agreed.collect();
        changes.set_bases(&id, &agreed);
    }
    if plan.blocked {
        changes.lift_block(&id);
    }
    if !planted(Mistake::ConflictNotLogged) {
        record_conflicts(changes, report, plan, &id, at);
    }
    if plan.held().next().is_none() {
        changes.close_cases(&SETTLED, &subject);
        return;
    }
    changes.close_cases(&STANDING_AGAINST, &subject);
    for kind in HELD {
        let held: Vec<&FieldPlan> = plan.held().filter(|field| field.held_as() == kind).collect();
        if held.is_empty() {
            changes.close_case(kind, &subject);
        } else {
            met(Branch::Held);
            changes.open_case(held_case(kind, plan, &subject, &held, at));
        }
    }
}

/// What was decided goes into the person's story. That both are equal does not, nor that a Contact is new: the job tells.
fn tell_decision(changes: &mut Changes, plan: &PersonPlan, subject: &Subject) {
    if plan.contact.is_none() || (plan.is_still() && plan.held().next().is_none()) {
        return;
    }
    let differs = |field: &&FieldPlan| field.decision != Decision::InStep;
    let turn = |field: &FieldPlan| Turn { field: field.field.to_string(), decision: field.decision };
    let fields = plan.fields.iter().filter(differs).map(turn).collect();
    changes.tell(subject, Happened::Decided { action: plan.action().to_owned(), fields });
}

fn record_tie(
    changes: &mut Changes,
    report: &mut CycleReport,
    plan: &PersonPlan,
    id: &SupporterId,
    at: Moment,
) {
    let Some(contact) = plan.contact else { return };
    let subject = Subject::Supporter(id.clone());
    let link = |evidence: &Evidence| Link {
        supporter: id.clone(),
        contact,
        made_at: at.now,
        cycle: at.cycle,
        evidence: evidence.clone(),
        life: LinkLife::Live,
    };
    match &plan.tie {
        Tie::Found(evidence) => {
            let _ = changes.put_link(link(evidence));
            report.count_link(evidence);
        }
        Tie::Moved { from, .. } => {
            met(Branch::Relinked);
            let evidence = Evidence::MergedFrom { contact: *from };
            report.count_link(&evidence);
            let _ = changes.relink(id, *from, contact, evidence, at.now);
            // With this Contact they were not agreed on. From now on it is linked, and whoever asks next cannot tell any more.
            let consents = plan.fields.iter().filter(|field| field.consent).map(|field| field.key);
            let _ = changes.drop_bases_of(id, consents.collect());
            // Whoever merged the two Contacts knows better by now.
            changes.end_apart(id, contact);
        }
        Tie::Linked(known) if known.life != LinkLife::Live => {
            met(Branch::Revived);
            let _ = changes.set_link_life(id, LinkLife::Live);
        }
        Tie::Linked(_) | Tie::Alone => return,
    }
    close_identity_cases(changes, &subject);
    // A Contact may have asked whose it is before anybody knew the supporter.
    close_identity_cases(changes, &Subject::Contact(contact));
    changes.clear_dirty(&Subject::Contact(contact));
}

/// Closes the cases that asked who somebody is: it is known now.
pub fn close_identity_cases(changes: &mut Changes, subject: &Subject) {
    changes.close_cases(&IDENTITY, subject);
}

/// Somebody was looked for again and the answer is this kind of case: what an earlier look asked about the same person is over.
pub fn close_other_identity_cases(changes: &mut Changes, subject: &Subject, now: CaseKind) {
    for kind in IDENTITY.into_iter().filter(|&kind| kind != now) {
        changes.close_case(kind, subject);
    }
}

/// Links that were refused because the Contact became somebody else's meanwhile, or is known to be somebody else: a case each, and nothing is written for them.
///
/// # Errors
/// [`Fatal`] when the state fails.
pub async fn refused_links(
    sides: &Sides,
    report: &mut CycleReport,
    receipt: &state::Receipt,
    at: Moment,
) -> Result<HashSet<SupporterId>, Fatal> {
    let mut taken = HashSet::new();
    let mut changes = Changes::new();
    for refused in &receipt.refused {
        met(Branch::LinkRefused);
        changes.clear_dirty(&Subject::Supporter(refused.supporter.clone()));
        let case = refused_link(refused, at);
        report.count(&crate::Outcome::Case(case.kind));
        changes.open_case(case);
        taken.insert(refused.supporter.clone());
    }
    if !taken.is_empty() {
        let _receipt = sides.state.commit(changes).await?;
    }
    Ok(taken)
}

/// The case of a link that was refused because one end has another, or because an administrator said that they are different people.
#[must_use]
pub fn refused_link(refused: &state::RefusedLink, at: Moment) -> Case {
    let mut supporters = vec![refused.supporter.clone()];
    let mut contacts = vec![refused.contact];
    let (kind, reason) = match &refused.by {
        InTheWay::Linked(by) => {
            match by {
                Subject::Supporter(other) => supporters.push(other.clone()),
                Subject::Contact(other) => contacts.push(*other),
            }
            (CaseKind::TwoSupportersOneContact, "already_linked")
        }
        InTheWay::SetApart => (CaseKind::ReviewMatch, "set_apart"),
    };
    Case {
        kind,
        subject: Subject::Supporter(refused.supporter.clone()),
        supporters,
        contacts,
        reasons: vec![reason.to_owned()],
        records: Vec::new(),
        opened_at: at.now,
        seen_at: at.now,
        standing: model::Standing::default(),
    }
}

/// Where both sides had changed and a policy chose, the value that loses is kept in the log until its retention ends.
fn record_conflicts(
    changes: &mut Changes,
    report: &mut CycleReport,
    plan: &PersonPlan,
    id: &SupporterId,
    at: Moment,
) {
    let Some(contact) = plan.contact else { return };
    for field in &plan.fields {
        let (kept, policy) = match field.decision {
            Decision::ToContact(Cause::Policy(policy)) => (Some(model::Side::Supporter), policy),
            Decision::ToSupporter(Cause::Policy(policy)) => (Some(model::Side::Salesforce), policy),
            Decision::InStep
            | Decision::Hold(_)
            | Decision::Leave(_)
            | Decision::ToContact(Cause::Changed | Cause::FirstLink)
            | Decision::ToSupporter(Cause::Changed | Cause::FirstLink) => continue,
        };
        met(Branch::Overwrote);
        report.overwrites += 1;
        changes.log_conflict(Conflict {
            cycle: at.cycle,
            at: at.now,
            supporter: id.clone(),
            contact,
            field: field.field.to_string(),
            kept,
            policy,
            supporter_value: field.supporter.text().unwrap_or_default().to_owned(),
            contact_value: field.contact.text().unwrap_or_default().to_owned(),
            blind: false,
        });
    }
}

fn held_case(kind: CaseKind, plan: &PersonPlan, subject: &Subject, held: &[&FieldPlan], at: Moment) -> Case {
    let mut records = Vec::new();
    let texts = |pick: fn(&FieldPlan) -> &model::Cell| {
        let shown =
            |field: &&FieldPlan| (field.field.to_string(), pick(field).text().unwrap_or_default().to_owned());
        held.iter().map(shown).collect::<Vec<_>>()
    };
    records.push(CaseRecord { subject: subject.clone(), fields: texts(|field| &field.supporter) });
    if let Some(contact) = plan.contact {
        records
            .push(CaseRecord { subject: Subject::Contact(contact), fields: texts(|field| &field.contact) });
    }
    Case {
        kind,
        subject: subject.clone(),
        supporters: plan.supporter_id().cloned().into_iter().collect(),
        contacts: plan.contact.into_iter().collect(),
        reasons: held.iter().map(|field| field.field.to_string()).collect(),
        records,
        opened_at: at.now,
        seen_at: at.now,
        standing: model::Standing::default(),
    }
}

/// A case about who somebody is, with both records side by side.
#[must_use]
pub fn identity_case(
    sides: &Sides,
    kind: CaseKind,
    supporters: &[&model::Supporter],
    contacts: &[SeenContact],
    mut reasons: Vec<String>,
    at: Moment,
) -> Option<Case> {
    let subject = match (supporters.first(), contacts.first()) {
        (Some(supporter), _) => Subject::Supporter(supporter.id.clone()),
        (None, Some(seen)) => Subject::Contact(seen.id()),
        (None, None) => return None,
    };
    // A case shows a dozen records side by side. Hundreds may be named in each of a thousand cases of one batch.
    let ours = supporters.iter().map(|supporter| supporter_record(sides, supporter));
    let theirs = contacts.iter().map(|seen| contact_record(sides, seen));
    let records: Vec<CaseRecord> = ours.chain(theirs).take(state::SHOWN_RECORDS).collect();
    let all = supporters.len() + contacts.len();
    if all > state::SHOWN_RECORDS {
        reasons.push(format!("records_shown={}_of_{all}", state::SHOWN_RECORDS));
    }
    Some(Case {
        kind,
        subject,
        supporters: supporters.iter().map(|supporter| supporter.id.clone()).collect(),
        contacts: contacts.iter().map(SeenContact::id).collect(),
        reasons,
        records,
        opened_at: at.now,
        seen_at: at.now,
        standing: model::Standing::default(),
    })
}

/// The mapped fields of a supporter, as an administrator reads them.
#[must_use]
pub fn supporter_record(sides: &Sides, supporter: &model::Supporter) -> CaseRecord {
    let values = sides.map.supporter_values(&supporter.cells);
    let text = |(at, value): (usize, &Result<model::Cell, model::InvalidValue>)| match value {
        Ok(cell) => cell.text().map(bounded),
        Err(_) => sides.map.supporter_text(at, &supporter.cells).map(|text| unfit(&text)),
    };
    let shown = sides.map.rules().iter().zip(values.iter().enumerate());
    let fields = shown.filter_map(|(rule, value)| Some((rule.contact_field.clone(), text(value)?)));
    CaseRecord { subject: Subject::Supporter(supporter.id.clone()), fields: fields.collect() }
}

/// The mapped fields of a Contact, as an administrator reads them.
#[must_use]
pub fn contact_record(sides: &Sides, seen: &SeenContact) -> CaseRecord {
    let shown = sides.map.rules().iter().zip(&seen.contact.cells);
    let fields =
        shown.filter_map(|(rule, cell)| Some((rule.contact_field.clone(), bounded(cell.text()?)))).collect();
    CaseRecord { subject: Subject::Contact(seen.id()), fields }
}

/// A value that the other side could not hold, as its own side spells it: an empty field would say that there is none.
#[must_use]
pub fn unfit(text: &str) -> String {
    format!("{} (does not fit)", bounded(text.trim()))
}

/// A case shows enough to decide on, not whole essays.
fn bounded(text: &str) -> String {
    const MOST: usize = 500;
    if text.chars().count() <= MOST {
        text.to_owned()
    } else {
        text.chars().take(MOST).chain("…".chars()).collect()
    }
}

/// A supporter went into another one: whoever remains takes the Contact, or has one already, and then the two Contacts are one
/// person and a person merges them.
fn record_supporter_merge(
    changes: &mut Changes,
    supporter: &SupporterId,
    link: Option<&Link>,
    into: &SupporterId,
    (kept, apart): (Option<ContactId>, bool),
    at: Moment,
) {
    changes.close_cases_of(&Subject::Supporter(supporter.clone()));
    changes.lift_block(supporter);
    // Whoever remains may have waited for this: two rows for one Contact are one now.
    changes.lift_block(into);
    changes.mark_dirty(Subject::Supporter(into.clone()), DirtyReason::SupporterChanged, None);
    let Some(link) = link else { return };
    changes.remove_link(supporter);
    if link.life != LinkLife::Live {
        return;
    }
    match kept {
        None if !apart => {
            // What was agreed with another Contact, or by another supporter, says nothing about these two.
            changes.drop_bases(into);
            changes.put_link(Link {
                supporter: into.clone(),
                contact: link.contact,
                made_at: at.now,
                cycle: at.cycle,
                evidence: Evidence::SupporterMerged { supporter: supporter.clone() },
                life: LinkLife::Live,
            });
            close_identity_cases(changes, &Subject::Supporter(into.clone()));
        }
        Some(kept) if kept == link.contact => {}
        // The Contact stays nobody's until a person says that it is theirs all the same, or merges it into theirs.
        None | Some(_) => {
            let mut reasons = vec![format!("merged_supporter:{supporter}")];
            reasons.extend(apart.then(|| "set_apart".to_owned()));
            changes.open_case(Case {
                kind: CaseKind::ContactMergeNeeded,
                subject: Subject::Contact(link.contact),
                supporters: vec![into.clone()],
                contacts: kept.into_iter().chain([link.contact]).collect(),
                reasons,
                records: Vec::new(),
                opened_at: at.now,
                seen_at: at.now,
                standing: model::Standing::default(),
            });
        }
    }
}

/// Records how a link ended, as the settings have it. Returns the outcome.
pub fn record_end(changes: &mut Changes, ended: &Ended, settings: &Settings, at: Moment) -> crate::Outcome {
    if let (Some((OnDelete::Flag | OnDelete::Nothing, why)), Some((id, life))) =
        (settings.on_end(ended), ended.tombstone())
    {
        met(Branch::LinkEnded);
        changes.set_link_life(id, life);
        return crate::Outcome::Skipped(why);
    }
    record_end_as_case(changes, ended, at)
}

/// Records how a link ended, with a case where a person has to decide about it.
pub fn record_end_as_case(changes: &mut Changes, ended: &Ended, at: Moment) -> crate::Outcome {
    let case =
        |kind: CaseKind, link: &Link, contacts: Vec<model::ContactId>, supporters: Vec<SupporterId>| Case {
            kind,
            subject: Subject::Supporter(link.supporter.clone()),
            supporters,
            contacts,
            reasons: vec![link.evidence.code().to_owned()],
            records: Vec::new(),
            opened_at: at.now,
            seen_at: at.now,
            standing: model::Standing::default(),
        };
    met(Branch::LinkEnded);
    match ended {
        Ended::ContactDeleted(link) => {
            changes.set_link_life(&link.supporter, LinkLife::ContactDeleted);
            let (contacts, supporters) = (vec![link.contact], vec![link.supporter.clone()]);
            changes.open_case(case(CaseKind::ContactDeleted, link, contacts, supporters));
            crate::Outcome::Case(CaseKind::ContactDeleted)
        }
        Ended::SupporterDeleted(link) => {
            changes.set_link_life(&link.supporter, LinkLife::SupporterDeleted);
            let (contacts, supporters) = (vec![link.contact], vec![link.supporter.clone()]);
            changes.open_case(case(CaseKind::SupporterDeleted, link, contacts, supporters));
            crate::Outcome::Case(CaseKind::SupporterDeleted)
        }
        Ended::MergedIntoLinked { link, survivor, owner } => {
            let contacts = vec![link.contact, *survivor];
            let supporters = std::iter::once(&link.supporter).chain(owner).cloned().collect();
            let mut case = case(CaseKind::MergedIntoLinked, link, contacts, supporters);
            if owner.is_none() {
                case.reasons.push("other_account".to_owned());
            }
            changes.open_case(case);
            crate::Outcome::Case(CaseKind::MergedIntoLinked)
        }
        Ended::Tombstone(_) => crate::Outcome::Skipped(crate::SkipReason::Tombstone),
        Ended::SupporterMerged { supporter, link, into, kept, apart } => {
            record_supporter_merge(changes, supporter, link.as_ref(), into, (*kept, *apart), at);
            crate::Outcome::Skipped(crate::SkipReason::MergedAway)
        }
    }
}
