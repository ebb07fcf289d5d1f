//! What administrators decided about cases since the last cycle, carried out before anything else is decided.

use std::collections::HashSet;

use model::{
    Case, CaseKind, Cell, Choice, ContactId, DirtyReason, Evidence, Happened, InvalidValue, Link, LinkLife,
    RuleKey, Ruling, Side, Subject, Supporter, SupporterId,
};
use plan::record::close_identity_cases;
use plan::{CycleReport, Fatal, Gathered, Moment, Pair, Sides};
use state::{CaseKey, Changes, NoteKind, State};

/// How many cases are read at a time.
const PAGE: usize = 1_000;

/// What the rulings ask of the rest of the cycle.
#[derive(Debug, Default)]
pub(crate) struct Carried {
    /// Cases whose supporters are to be made anew. They stay open, with their decision, until that is done: see [`made_anew`].
    pub(crate) anew: Vec<Case>,
    /// Everybody about whom something was decided.
    pub(crate) marked: Vec<Subject>,
}

/// Carries out every ruling that waits; with `only`, those about these people. Each is one commit: after a crash the rest
/// still waits. `creates`: the run may make people anew; else that waits for one that may.
///
/// # Errors
/// [`Fatal`] when either side or the state fails.
pub(crate) async fn carry_out(
    sides: &Sides,
    report: &mut CycleReport,
    only: Option<&[Subject]>,
    creates: bool,
    at: Moment,
) -> Result<Carried, Fatal> {
    let mut carried = Carried::default();
    if sides.state.ruling_count()? == 0 {
        return Ok(carried);
    }
    let wanted: Option<HashSet<&Subject>> = only.map(|only| only.iter().collect());
    let mut after: Option<CaseKey> = None;
    loop {
        let page = sides.state.cases_page(after.as_ref(), PAGE)?;
        let Some(last) = page.last() else { break };
        after = Some(CaseKey::of(last));
        for case in page {
            let Some(ruling) = case.standing.ruling.clone() else { continue };
            if wanted.as_ref().is_some_and(|wanted| !concerns(&case, wanted)) {
                continue;
            }
            if ruling.choice == Choice::CreateAnew {
                // What the case shows is not needed to carry it out.
                carried.anew.extend(creates.then_some(Case { records: Vec::new(), ..case }));
            } else {
                one(sides, report, &case, &ruling, at, &mut carried).await?;
            }
        }
    }
    Ok(carried)
}

/// How many rulings wait, of which a preview shows nothing; with `only`, those about these people.
///
/// # Errors
/// When the state cannot be read.
pub(crate) fn waiting(state: &State, only: Option<&[Subject]>) -> Result<u64, state::Error> {
    let all = state.ruling_count()?;
    let (Some(only), 1..) = (only, all) else { return Ok(all) };
    let wanted: HashSet<&Subject> = only.iter().collect();
    let (mut count, mut after): (u64, Option<CaseKey>) = (0, None);
    loop {
        let page = state.cases_page(after.as_ref(), PAGE)?;
        let Some(last) = page.last() else { return Ok(count) };
        after = Some(CaseKey::of(last));
        let waits = |case: &&Case| case.standing.ruling.is_some() && concerns(case, &wanted);
        count += page.iter().filter(waits).count() as u64;
    }
}

fn concerns(case: &Case, wanted: &HashSet<&Subject>) -> bool {
    let supporters = case.supporters.iter().cloned().map(Subject::Supporter);
    let contacts = case.contacts.iter().copied().map(Subject::Contact);
    supporters.chain(contacts).any(|subject| wanted.contains(&subject))
}

async fn one(
    sides: &Sides,
    report: &mut CycleReport,
    case: &Case,
    ruling: &Ruling,
    at: Moment,
    carried: &mut Carried,
) -> Result<(), Fatal> {
    let mut changes = Changes::new();
    let mut people: Vec<Subject> = Vec::new();
    let (mut done, mut missing) = (true, None);
    match &ruling.choice {
        Choice::Link { supporter, contact } => {
            missing = link(sides, report, &mut changes, &mut people, (case, supporter, *contact), at).await?;
            done = missing.is_none();
        }
        Choice::Unlink { supporter, contact } => {
            done = unlink(sides, report, &mut changes, supporter, *contact).await?;
            people.extend([Subject::Supporter(supporter.clone()), Subject::Contact(*contact)]);
        }
        Choice::Separate => separate(sides, report, &mut changes, &mut people, case).await?,
        Choice::Take(fields) => {
            done = take(sides, &mut changes, case, fields).await?;
            people.extend(case.supporters.iter().cloned().map(Subject::Supporter));
        }
        // The link stays as a tombstone, so that nobody is matched or created in its place.
        Choice::Leave => {}
        // A deleted Contact stays deleted: that is another question.
        Choice::Retry => {
            for supporter in &case.supporters {
                changes.lift_block(supporter);
                people.push(Subject::Supporter(supporter.clone()));
            }
        }
        // Only what comes of it shows that it was carried out.
        Choice::CreateAnew => return Ok(()),
    }
    // In the same commit: whoever has neither case nor mark is found by nobody.
    for subject in &people {
        changes.mark_dirty(subject.clone(), DirtyReason::Resync, None);
    }
    changes.close_case(case.kind, &case.subject);
    let undone = (!done).then(|| missing.unwrap_or_else(|| not_done(&ruling.choice).to_owned()));
    tell(&mut changes, case, ruling, undone.as_deref());
    if let Some(why) = undone {
        report.not_carried_out(&case.name(), &why);
    }
    carried.marked.extend(people);
    let _receipt = sides.state.commit(changes).await?;
    Ok(())
}

/// Closes those of the cases whose supporters have a live Contact by now, and tells that they were decided so. Returns those that go on
/// waiting: a row was refused in passing, or the run was told to stop.
///
/// # Errors
/// [`Fatal`] when the state fails.
pub(crate) async fn made_anew(
    sides: &Sides,
    report: &mut CycleReport,
    cases: Vec<Case>,
) -> Result<Vec<Case>, Fatal> {
    let mut waiting = Vec::new();
    for case in cases {
        let Some(ruling) = &case.standing.ruling else { continue };
        let links = sides.state.links_of(&case.supporters)?;
        let all = |life| links.iter().all(|link| link.as_ref().is_some_and(|link| link.life == life));
        // Of a supporter who was removed meanwhile nobody is made.
        let (done, never) = (all(LinkLife::Live), all(LinkLife::SupporterDeleted));
        let still = sides.state.case_of(case.kind, &case.subject)?;
        if !done && !never && still.is_some_and(|still| still.standing.ruling.is_some()) {
            waiting.push(case);
            continue;
        }
        let mut changes = Changes::new();
        if done || never {
            changes.close_case(case.kind, &case.subject);
        }
        let undone = (!done).then(|| not_done(&ruling.choice));
        if let Some(why) = undone {
            report.not_carried_out(&case.name(), why);
        }
        tell(&mut changes, &case, ruling, undone);
        let _receipt = sides.state.commit(changes).await?;
    }
    Ok(waiting)
}

/// Links the two of a decision, and ends what stands in the way. `Some`: which of them is not there, such as a Contact Id that
/// was mistyped.
async fn link(
    sides: &Sides,
    report: &mut CycleReport,
    changes: &mut Changes,
    people: &mut Vec<Subject>,
    (case, supporter, contact): (&Case, &SupporterId, ContactId),
    at: Moment,
) -> Result<Option<String>, Fatal> {
    people.push(Subject::Supporter(supporter.clone()));
    let row = match both_there(sides, supporter, contact).await? {
        Ok(row) => row,
        Err(missing) => return Ok(Some(missing)),
    };
    if case.kind == CaseKind::IdAndEmailDisagree && are_linked(sides, supporter, contact)? {
        confirm(changes, case, supporter, contact, at);
        return Ok(None);
    }
    let lost = free(sides, changes, people, supporter, contact)?;
    // What the row still names of what was in question is a leftover from now on; another Id was written there by somebody.
    let named = row.contact_id.text().and_then(|raw| sides.map.object().id(raw));
    let in_question = |named: &ContactId| case.contacts.contains(named) || lost == Some(*named);
    if let Some(named) = named.filter(|named| *named != contact && in_question(named)) {
        changes.set_apart(supporter, named);
    }
    let others = case.contacts.iter().copied().chain(lost).filter(|other| *other != contact);
    release_key(sides, report, supporter, others.collect()).await?;
    let evidence = Evidence::Administrator;
    report.count_link(&evidence);
    changes.put_link(Link {
        supporter: supporter.clone(),
        contact,
        made_at: at.now,
        cycle: at.cycle,
        evidence,
        life: LinkLife::Live,
    });
    changes.end_apart(supporter, contact);
    changes.lift_block(supporter);
    close_identity_cases(changes, &Subject::Supporter(supporter.clone()));
    close_identity_cases(changes, &Subject::Contact(contact));
    Ok(None)
}

/// The link was right, and the row names somebody else: what both sides agreed on still holds, and the row is put right.
fn confirm(changes: &mut Changes, case: &Case, supporter: &SupporterId, contact: ContactId, at: Moment) {
    for other in case.contacts.iter().filter(|other| **other != contact) {
        changes.set_apart(supporter, *other);
    }
    // Nothing in the row says that it was right: from here on, somebody's word does.
    changes.relink(supporter, contact, contact, Evidence::Administrator, at.now);
    changes.lift_block(supporter);
    close_identity_cases(changes, &Subject::Supporter(supporter.clone()));
}

/// Remembers that the supporters and the Contacts of a case are different people. A case that asks nothing but whether a link still holds
/// ends the link.
async fn separate(
    sides: &Sides,
    report: &mut CycleReport,
    changes: &mut Changes,
    people: &mut Vec<Subject>,
    case: &Case,
) -> Result<(), Fatal> {
    people.extend(case.supporters.iter().cloned().map(Subject::Supporter));
    if let (CaseKind::IdAndEmailDisagree, [supporter], [contact]) =
        (case.kind, case.supporters.as_slice(), case.contacts.as_slice())
        && unlink(sides, report, changes, supporter, *contact).await?
    {
        // The Contact that is left may be that of somebody who was deleted: nobody is made of it unasked.
        return Ok(());
    }
    for supporter in &case.supporters {
        tell_apart(sides, report, changes, supporter, &case.contacts).await?;
    }
    people.extend(case.contacts.iter().copied().map(Subject::Contact));
    Ok(())
}

/// Tells a supporter apart from those of the Contacts that are not theirs: of several supporters one may be who the Contact is.
async fn tell_apart(
    sides: &Sides,
    report: &mut CycleReport,
    changes: &mut Changes,
    supporter: &SupporterId,
    contacts: &[ContactId],
) -> Result<(), Fatal> {
    let links = sides.state.links_of(std::slice::from_ref(supporter))?;
    let linked = links.into_iter().flatten().find(|link| link.life == LinkLife::Live);
    let theirs = linked.map(|link| link.contact);
    let others: Vec<ContactId> =
        contacts.iter().copied().filter(|contact| Some(*contact) != theirs).collect();
    for contact in &others {
        changes.set_apart(supporter, *contact);
    }
    release_key(sides, report, supporter, others).await
}

/// Parts the two of a decision for good. `false`: they are not linked any more.
async fn unlink(
    sides: &Sides,
    report: &mut CycleReport,
    changes: &mut Changes,
    supporter: &SupporterId,
    contact: ContactId,
) -> Result<bool, Fatal> {
    if link_of(sides, supporter)?.is_none_or(|link| link.contact != contact) {
        return Ok(false);
    }
    release_key(sides, report, supporter, vec![contact]).await?;
    changes.remove_link(supporter);
    changes.set_apart(supporter, contact);
    changes.lift_block(supporter);
    Ok(true)
}

/// Why a decision came to nothing.
const fn not_done(choice: &Choice) -> &'static str {
    match choice {
        Choice::Link { .. } => "the supporter or the Contact is not there: nothing was linked",
        Choice::Unlink { .. } => "the two are not linked any more",
        Choice::Separate | Choice::Take(_) | Choice::CreateAnew | Choice::Leave | Choice::Retry => {
            "the records changed after the decision; it is decided anew on what they hold now"
        }
    }
}

/// What came of the decision, and why nothing where it did not: for the audit trail, and for the story of everybody it is about.
fn tell(changes: &mut Changes, case: &Case, ruling: &Ruling, undone: Option<&str>) {
    let (way, what) = (ruling.choice.way(), ruling.choice.told());
    let came = undone.map_or_else(|| "carried out".to_owned(), |why| format!("not carried out, {why}"));
    changes.audit(&ruling.by, &format!("case {} ({}): {what}: {came}", case.name(), case.kind.code()));
    let done = undone.is_none();
    let told = Happened::CarriedOut { name: case.name(), way, by: ruling.by.clone(), done };
    changes.tell(&case.subject, told.clone());
    let supporters = case.supporters.iter().cloned().map(Subject::Supporter);
    for other in supporters.filter(|supporter| *supporter != case.subject) {
        changes.tell(&other, told.clone());
    }
}

/// The supporter, where both records are there, and otherwise which is not: a Contact Id may be mistyped.
async fn both_there(
    sides: &Sides,
    supporter: &SupporterId,
    contact: ContactId,
) -> Result<Result<Supporter, String>, Fatal> {
    let row = sides.supporters.get(std::slice::from_ref(supporter)).await?.into_iter().flatten().next();
    let record = plan::read::contacts(sides, &[contact]).await?;
    let who = match (row, record.iter().any(Option::is_some)) {
        (Some(row), true) => return Ok(Ok(row)),
        (None, true) => format!("supporter {supporter} is not there"),
        (Some(_), false) => format!("Contact {contact} is not there"),
        (None, false) => format!("neither supporter {supporter} nor Contact {contact} is there"),
    };
    Ok(Err(format!("{who}: nothing was linked")))
}

/// Whether the two are one person now.
fn are_linked(sides: &Sides, supporter: &SupporterId, contact: ContactId) -> Result<bool, Fatal> {
    let link = link_of(sides, supporter)?;
    Ok(link.is_some_and(|link| link.contact == contact && link.life == LinkLife::Live))
}

fn link_of(sides: &Sides, supporter: &SupporterId) -> Result<Option<Link>, Fatal> {
    Ok(sides.state.links_of(std::slice::from_ref(supporter))?.into_iter().flatten().next())
}

/// The external id is unique: a Contact that still carries it would have the org refuse it on the one that is linked now. It is taken
/// from the Contacts that are not this supporter's.
async fn release_key(
    sides: &Sides,
    report: &mut CycleReport,
    supporter: &SupporterId,
    others: Vec<ContactId>,
) -> Result<(), Fatal> {
    if !sides.settings.push {
        return Ok(());
    }
    for seen in plan::read::contacts(sides, &others).await?.into_iter().flatten() {
        if seen.contact.supporter_id.text() != Some(supporter.as_str()) {
            continue;
        }
        let mut fields = salesforce::Fields::new();
        fields.insert(sides.map.technical().supporter_id.clone(), serde_json::Value::Null);
        let object = sides.map.object().name();
        if let Err(refused) = sides.org.update(object, seen.id().into(), &fields, None).await? {
            let code = refused.error.code().as_str();
            report.note(format!("Contact {} keeps the id of supporter {supporter}: {code}", seen.id()));
        }
    }
    Ok(())
}

/// Ends what stands in the way of a link: the supporter's other Contact, the Contact's other supporter. Whoever loses a Contact
/// is looked at anew. Returns the Contact that the supporter had.
fn free(
    sides: &Sides,
    changes: &mut Changes,
    people: &mut Vec<Subject>,
    supporter: &SupporterId,
    contact: ContactId,
) -> Result<Option<ContactId>, Fatal> {
    if let Some(other) = sides.state.supporter_of(&contact)?
        && other != *supporter
    {
        changes.remove_link(&other);
        people.push(Subject::Supporter(other));
    }
    if let Some(link) = link_of(sides, supporter)? {
        changes.remove_link(supporter);
        if link.contact != contact {
            people.push(Subject::Contact(link.contact));
            return Ok(Some(link.contact));
        }
    }
    Ok(None)
}

/// Whether a field still holds what the administrator saw beside it.
fn is_as_shown(case: &Case, whose: &Subject, field: &str, value: &Result<Cell, InvalidValue>) -> bool {
    let Ok(cell) = value else { return false };
    let record = case.records.iter().find(|record| record.subject == *whose);
    let shown = record.and_then(|record| record.fields.iter().find(|(name, _)| name == field));
    shown.is_some_and(|(_, text)| text == cell.text().unwrap_or_default())
}

/// Makes the side that is to lose a field the one both agreed on: then only the other side has changed, and its value goes over
/// like any edit. Nothing is done when either record is not the one the administrator saw.
async fn take(
    sides: &Sides,
    changes: &mut Changes,
    case: &Case,
    fields: &[(String, Side)],
) -> Result<bool, Fatal> {
    let key = sides.state.digest_key();
    for id in &case.supporters {
        let gathered = plan::gather::gather(sides, None, std::slice::from_ref(id), &|_| false).await?;
        let Some(Gathered::Pair(pair)) = gathered.into_iter().next() else { return Ok(false) };
        let Pair { supporter: Some(supporter), contact: Some(seen), .. } = *pair else { return Ok(false) };
        let (ours, theirs) =
            (sides.map.supporter_values(&supporter.cells), sides.map.contact_values(&seen.contact.cells));
        let mut bases: Vec<(RuleKey, model::Digest)> = Vec::new();
        for (field, winner) in fields {
            let Some(rule) = sides.map.rule_of(field) else { return Ok(false) };
            if !is_as_shown(case, &Subject::Supporter(id.clone()), field, &ours[rule])
                || !is_as_shown(case, &Subject::Contact(seen.id()), field, &theirs[rule])
            {
                return Ok(false);
            }
            let loser = match winner {
                Side::Salesforce => &ours[rule],
                Side::Supporter => &theirs[rule],
            };
            let Ok(cell) = loser else { return Ok(false) };
            let name = sides.map.keys()[rule];
            bases.push((name, key.digest(name, cell)));
        }
        changes.set_bases(id, &bases);
        // What went back and forth before somebody decided says nothing about what comes after.
        changes.remove_note(NoteKind::Turns, id.as_str().as_bytes());
    }
    Ok(true)
}
