//! Is there anybody else whom the same Contact fits as well, or whose row names it? Asked before a link is made by address and names,
//! or by an Id in the row: one side sees one candidate where the other sees two, and the other may come in another batch.

use std::collections::{HashMap, HashSet};

use matching::{Choice, Knowledge, Person, Strength};
use model::{CaseKind, ContactId, Email, Evidence, Supporter, SupporterId};

use crate::choice::{names_are_spelled_alike, person_of_contact, person_of_supporter};
use crate::look_up::{disagrees_entirely, email_of, stored_id};
use crate::{Fatal, Found, SeenContact, Sides};

/// Turns every answer that rests on address and names, and that other never-linked supporters fit as well, into a case.
///
/// Where a whole table is looked up, whoever is spelled as their Contact is not asked about: nobody can fit it better, and there are
/// a million of them. Of two who are spelled so the second becomes the case.
///
/// # Errors
/// [`Fatal`] when the supporter database or the state cannot be read.
pub(crate) async fn ask_about_rivals(
    sides: &Sides,
    supporters: &[&Supporter],
    found: &mut [Found],
    whole_table: bool,
) -> Result<(), Fatal> {
    let answers = supporters.iter().zip(found.iter());
    let open = answers.filter_map(|(supporter, one)| by_names(sides, supporter, one, whole_table));
    let emails: Vec<Email> = open.flat_map(|seen| seen.emails.iter().cloned()).collect();
    if emails.is_empty() {
        return Ok(());
    }
    let free = Free::of(sides, sides.supporters.by_emails(&emails).await?)?;
    let mut neighbours: HashMap<Email, Vec<&Supporter>> = HashMap::new();
    for one in &free.people {
        if let Some(email) = email_of(&sides.map, one) {
            neighbours.entry(email).or_default().push(one);
        }
    }
    for (supporter, one) in supporters.iter().zip(found) {
        let Some(seen) = by_names(sides, supporter, one, whole_table) else { continue };
        let Some(email) = email_of(&sides.map, supporter) else { continue };
        let mut people: Vec<(&Email, &Supporter)> = vec![(&email, supporter)];
        for address in seen.emails.iter() {
            let others = neighbours.get(address).map_or(&[][..], Vec::as_slice).iter();
            let others = others.filter(|other| other.id != supporter.id && !free.is_apart(other, seen));
            people.extend(others.map(|&other| (address, other)));
        }
        let rivals = rivals(sides, seen, &people);
        if !rivals.is_empty() {
            *one = claimed(seen, rivals);
        }
    }
    Ok(())
}

/// Turns every answer that rests on an Id in the row, or on less, into a case where the row of another never-linked supporter names the
/// same Contact, unless that one is somebody else by all that is known.
///
/// # Errors
/// [`Fatal`] when the supporter database or the state cannot be read.
pub(crate) async fn ask_who_else_names_them(
    sides: &Sides,
    supporters: &[&Supporter],
    found: &mut [Found],
    whole_table: bool,
) -> Result<(), Fatal> {
    let answers = supporters.iter().zip(found.iter());
    let ids: HashSet<ContactId> =
        answers.flat_map(|(supporter, one)| names_of(sides, supporter, one, whole_table)).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let ids: Vec<ContactId> = ids.into_iter().collect();
    let free = Free::of(sides, sides.supporters.by_contact_ids(&ids).await?)?;
    let mut naming: HashMap<ContactId, Vec<&Supporter>> = HashMap::new();
    for one in &free.people {
        if let Some(stored) = stored_id(&sides.map, one) {
            naming.entry(stored).or_default().push(one);
        }
    }
    for (supporter, one) in supporters.iter().zip(found) {
        let names = names_of(sides, supporter, one, whole_table);
        let Found::One(seen, _) = &*one else { continue };
        let others = names.iter().flat_map(|id| naming.get(id).map_or(&[][..], Vec::as_slice));
        let others = others.filter(|other| {
            other.id != supporter.id && !free.is_apart(other, seen) && !disagrees_entirely(sides, other, seen)
        });
        let others: Vec<&SupporterId> = others.map(|other| &other.id).collect();
        if !others.is_empty() {
            let claims = others.into_iter().chain([&supporter.id]).map(|id| format!("claimed_by:{id}"));
            *one = claimed(seen, claims.collect());
        }
    }
    Ok(())
}

/// Supporters who have no Contact.
struct Free {
    people: Vec<Supporter>,
    apart: HashSet<(SupporterId, ContactId)>,
}

impl Free {
    /// Those of them.
    fn of(sides: &Sides, mut people: Vec<Supporter>) -> Result<Self, Fatal> {
        people.retain(|one| sides.map.merged_into(one).is_none());
        let ids: Vec<SupporterId> = people.iter().map(|one| one.id.clone()).collect();
        let mut links = sides.state.links_of(&ids)?.into_iter();
        people.retain(|_| links.next().flatten().is_none());
        let apart = sides.state.apart_of(people.iter().map(|one| &one.id))?;
        Ok(Self { people, apart })
    }

    /// Whether an administrator said that the two are different people.
    fn is_apart(&self, supporter: &Supporter, seen: &SeenContact) -> bool {
        !self.apart.is_empty() && self.apart.contains(&(supporter.id.clone(), seen.id()))
    }
}

fn claimed(seen: &SeenContact, mut claims: Vec<String>) -> Found {
    claims.sort();
    claims.dedup();
    Found::Case { kind: CaseKind::TwoSupportersOneContact, contacts: vec![seen.clone()], reasons: claims }
}

/// The Contact of an answer that nothing but address and names speaks for, and that somebody else may fit better.
fn by_names<'a>(
    sides: &Sides,
    supporter: &Supporter,
    found: &'a Found,
    whole_table: bool,
) -> Option<&'a SeenContact> {
    let Found::One(seen, Evidence::EmailAndName { strength, .. }) = found else { return None };
    let best = whole_table
        && strength == Strength::Exact.as_str()
        && names_are_spelled_alike(&sides.map, supporter, seen);
    (!best).then_some(&**seen)
}

/// The Ids by which the row of another supporter may name the Contact of an answer. None where what speaks for it is the Contact itself,
/// which names its supporter.
fn names_of(sides: &Sides, supporter: &Supporter, found: &Found, whole_table: bool) -> Vec<ContactId> {
    let Found::One(seen, evidence) = found else { return Vec::new() };
    match evidence {
        Evidence::StoredContactId => vec![seen.id()],
        Evidence::MergedFrom { contact } => vec![seen.id(), *contact],
        Evidence::EmailAndName { .. } => {
            by_names(sides, supporter, found, whole_table).map(SeenContact::id).into_iter().collect()
        }
        Evidence::ExternalId
        | Evidence::DuplicateRule { .. }
        | Evidence::CreatedContact
        | Evidence::CreatedSupporter
        | Evidence::SupporterMerged { .. }
        | Evidence::Administrator => Vec::new(),
    }
}

/// Who else the Contact could be, as reasons of a case; empty when it is clearly the first.
fn rivals(sides: &Sides, seen: &SeenContact, people: &[(&Email, &Supporter)]) -> Vec<String> {
    let Some((first, _)) = people.first().filter(|_| people.len() > 1) else { return Vec::new() };
    let contact = person_of_contact(&sides.map, seen, first);
    let candidates: Vec<Person> =
        people.iter().map(|(email, supporter)| person_of_supporter(&sides.map, supporter, email)).collect();
    let which = match matching::choose(&contact, &candidates, Knowledge::built_in(), &sides.settings.matching)
    {
        Choice::Link(0) | Choice::NoMatch => return Vec::new(),
        Choice::Link(other) => vec![0, other],
        Choice::Ambiguous(which) => which,
    };
    which.iter().map(|&at| format!("claimed_by:{}", people[at].1.id)).collect()
}
