//! Is there anybody else whom the same Contact fits as well? Asked before a link is made by address and names alone: one side
//! sees one candidate where the other sees two.

use std::collections::HashMap;

use matching::{Choice, Knowledge, Person};
use model::{CaseKind, Email, Evidence, Supporter, SupporterId};

use crate::look_up::{email_of, person_of_contact, person_of_supporter};
use crate::{Fatal, Found, SeenContact, Sides};

/// Turns every answer that rests on address and names, and that other never-linked supporters fit as well, into a case.
///
/// # Errors
/// [`Fatal`] when the supporter database or the state cannot be read.
pub(crate) async fn ask_about_rivals(
    sides: &Sides,
    supporters: &[&Supporter],
    found: &mut [Found],
) -> Result<(), Fatal> {
    let emails: Vec<Email> =
        found.iter().filter_map(by_names).flat_map(|seen| seen.emails.iter().cloned()).collect();
    if emails.is_empty() {
        return Ok(());
    }
    let neighbours = free_holders(sides, &emails).await?;
    for (supporter, one) in supporters.iter().zip(found) {
        let Some(seen) = by_names(one) else { continue };
        let Some(email) = email_of(&sides.map, supporter) else { continue };
        let mut people: Vec<(&Email, &Supporter)> = vec![(&email, supporter)];
        for address in seen.emails.iter() {
            let others = neighbours.get(address).map_or(&[][..], Vec::as_slice);
            people.extend(others.iter().filter(|o| o.id != supporter.id).map(|other| (address, other)));
        }
        let rivals = rivals(sides, seen, &people);
        if !rivals.is_empty() {
            let contacts = vec![seen.clone()];
            *one = Found::Case { kind: CaseKind::TwoSupportersOneContact, contacts, reasons: rivals };
        }
    }
    Ok(())
}

/// The Contact of an answer that nothing but address and names speaks for.
fn by_names(found: &Found) -> Option<&SeenContact> {
    match found {
        Found::One(seen, Evidence::EmailAndName { .. }) => Some(seen),
        Found::One(..) | Found::Case { .. } | Found::Nobody(_) => None,
    }
}

/// Supporters with these addresses who have no Contact.
async fn free_holders(sides: &Sides, emails: &[Email]) -> Result<HashMap<Email, Vec<Supporter>>, Fatal> {
    let mut holders = sides.supporters.by_emails(emails).await?;
    holders.retain(|holder| sides.map.merged_into(holder).is_none());
    let ids: Vec<SupporterId> = holders.iter().map(|holder| holder.id.clone()).collect();
    let links = sides.state.links_of(&ids)?;
    let mut free: HashMap<Email, Vec<Supporter>> = HashMap::new();
    for (holder, link) in holders.into_iter().zip(links) {
        if let (Some(email), None) = (email_of(&sides.map, &holder), link) {
            free.entry(email).or_default().push(holder);
        }
    }
    Ok(free)
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
    let mut claims: Vec<String> = which.iter().map(|&at| format!("claimed_by:{}", people[at].1.id)).collect();
    claims.sort();
    claims
}
