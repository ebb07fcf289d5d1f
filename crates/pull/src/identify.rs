//! Whose Contact is this? By the Contact Id a supporter carries, then by the id the Contact carries, then by e-mail address
//! and names; else it is new.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use matching::{Choice, Knowledge, Person, Strength};
use model::{CaseKind, ContactId, Email, Evidence, Subject, Supporter, SupporterId};
use plan::look_up::{PeopleReader, email_of, person_of_contact, person_of_supporter};
use plan::{Fatal, SeenContact, Sides};

use crate::merged;

/// Who a Contact is among the supporters.
#[derive(Debug, Clone)]
pub enum Identified {
    /// This supporter, by this evidence.
    One(Box<Supporter>, Evidence),
    /// A person must say.
    Case {
        /// What kind of case.
        kind: CaseKind,
        /// The supporters in question.
        supporters: Vec<Supporter>,
        /// Reason codes.
        reasons: Vec<String>,
    },
    /// Nobody: an administrator said that it is none of those who carry its address. As the address is taken, nobody is made of it either.
    SetApart,
    /// Nobody of ours: it carries the account id of another supporter database, and ids and people of two databases may be alike.
    OtherAccount,
    /// A supporter who was merged into another: that one has a Contact already, or nobody knows who it is. The row still holds the Id or the
    /// address, so nobody is made of it a second time.
    MergedAway,
    /// Nobody.
    New,
}

/// What one batch of Contacts needs to be identified.
#[derive(Default)]
struct Known {
    by_contact: HashMap<ContactId, Vec<Supporter>>,
    by_id: HashMap<SupporterId, Supporter>,
    by_email: HashMap<Email, Vec<Supporter>>,
    linked: HashSet<SupporterId>,
    apart: HashSet<(SupporterId, ContactId)>,
    /// Rows that would have answered and were merged into another.
    merged: Vec<Supporter>,
}

/// Identifies each Contact. The answers come in the order of the Contacts.
///
/// # Errors
/// [`Fatal`] when the supporter database or the state cannot be read.
pub async fn identify(sides: &Sides, contacts: &[SeenContact]) -> Result<Vec<Identified>, Fatal> {
    let own = sides.map.technical().own_account();
    let theirs = |seen: &SeenContact| seen.of_other_account(own);
    let ours: Vec<&SeenContact> = contacts.iter().filter(|seen| !theirs(seen)).collect();
    let mut known = read_by_ids(sides, &ours).await?;
    let by_ids = contacts
        .iter()
        .map(|seen| if theirs(seen) { Some(Identified::OtherAccount) } else { by_any_id(seen, &known) });
    let by_ids: Vec<Option<Identified>> = by_ids.collect();
    // Addresses are asked for only where no id has answered.
    let open = contacts.iter().zip(&by_ids).filter(|(_, answer)| answer.is_none()).map(|(seen, _)| seen);
    let emails: HashSet<Email> = open.flat_map(|seen| seen.emails.iter().cloned()).collect();
    read_by_emails(sides, &mut known, emails.into_iter().collect()).await?;
    let answers = contacts.iter().zip(by_ids);
    let answers = answers.map(|(seen, answer)| answer.unwrap_or_else(|| by_email(sides, seen, &known)));
    let mut answers: Vec<Identified> = answers.collect();
    merged::answer(sides, contacts, &known.merged, &mut answers).await?;
    one_contact_each(contacts, &mut answers);
    Ok(answers)
}

async fn read_by_ids(sides: &Sides, contacts: &[&SeenContact]) -> Result<Known, Fatal> {
    let ids: Vec<ContactId> = contacts.iter().map(|seen| seen.id()).collect();
    let keys: Vec<SupporterId> = contacts
        .iter()
        .filter_map(|seen| SupporterId::parse(seen.contact.supporter_id.text()?).ok())
        .collect();
    let mut known = Known { by_contact: HashMap::with_capacity(ids.len()), ..Known::default() };
    for supporter in known.standing(sides, sides.supporters.by_contact_ids(&ids).await?) {
        let stored = supporter.contact_id.text().and_then(|raw| sides.map.object().id(raw));
        if let Some(id) = stored {
            known.by_contact.entry(id).or_default().push(supporter);
        }
    }
    let carried = sides.supporters.get(&keys).await?.into_iter().flatten().collect();
    for supporter in known.standing(sides, carried) {
        known.by_id.insert(supporter.id.clone(), supporter);
    }
    let by_ids = known.by_contact.values().flatten().chain(known.by_id.values());
    let by_ids: Vec<SupporterId> = by_ids.map(|supporter| supporter.id.clone()).collect();
    known.remember(sides, by_ids)?;
    Ok(known)
}

async fn read_by_emails(sides: &Sides, known: &mut Known, emails: Vec<Email>) -> Result<(), Fatal> {
    known.by_email.reserve(emails.len());
    for supporter in known.standing(sides, sides.supporters.by_emails(&emails).await?) {
        if let Some(email) = email_of(&sides.map, &supporter) {
            known.by_email.entry(email).or_default().push(supporter);
        }
    }
    let by_email = known.by_email.values().flatten().map(|supporter| supporter.id.clone()).collect();
    known.remember(sides, by_email)
}

impl Known {
    /// Those that were not merged into another. The others are kept apart.
    fn standing(&mut self, sides: &Sides, found: Vec<Supporter>) -> Vec<Supporter> {
        let is_merged = |one: &Supporter| sides.map.merged_into(one).is_some();
        let (merged, standing): (Vec<Supporter>, Vec<Supporter>) = found.into_iter().partition(is_merged);
        self.merged.extend(merged);
        standing
    }

    /// Adds what the state remembers of these supporters.
    fn remember(&mut self, sides: &Sides, ids: Vec<SupporterId>) -> Result<(), Fatal> {
        self.apart.extend(sides.state.apart_of(&ids)?);
        let links = sides.state.links_of(&ids)?;
        self.linked.extend(ids.into_iter().zip(links).filter_map(|(id, link)| link.map(|_| id)));
        Ok(())
    }
}

/// Whether an administrator said that the two are different people.
fn are_apart(supporter: &Supporter, seen: &SeenContact, known: &Known) -> bool {
    !known.apart.is_empty() && known.apart.contains(&(supporter.id.clone(), seen.id()))
}

/// By the id that either record carries of the other.
fn by_any_id(seen: &SeenContact, known: &Known) -> Option<Identified> {
    by_contact_id(seen, known).or_else(|| by_supporter_id(seen, known))
}

/// The supporter whose row carries this Contact's Id.
fn by_contact_id(seen: &SeenContact, known: &Known) -> Option<Identified> {
    let claimants = known.by_contact.get(&seen.id())?;
    let claimants: Vec<&Supporter> =
        claimants.iter().filter(|supporter| !are_apart(supporter, seen, known)).collect();
    if claimants.is_empty() {
        return None;
    }
    let all = |supporters: &[&Supporter]| supporters.iter().map(|&supporter| supporter.clone()).collect();
    let free: Vec<&Supporter> = claimants.iter().filter(|s| !known.linked.contains(&s.id)).copied().collect();
    match free.as_slice() {
        [] => Some(case(CaseKind::TwoSupportersOneContact, all(&claimants), &["stored_contact_id"])),
        [one] => {
            // The Contact itself names somebody else, who exists: two claims that contradict each other.
            let other = known_owner(seen, known).filter(|owner| owner.id != one.id);
            match other {
                Some(other) => {
                    let both = vec![(*one).clone(), other.clone()];
                    Some(case(CaseKind::TwoSupportersOneContact, both, &["stored_contact_id", "external_id"]))
                }
                None => Some(Identified::One(Box::new((*one).clone()), Evidence::StoredContactId)),
            }
        }
        several => Some(case(CaseKind::TwoSupportersOneContact, all(several), &["stored_contact_id"])),
    }
}

fn known_owner<'a>(seen: &SeenContact, known: &'a Known) -> Option<&'a Supporter> {
    let key = SupporterId::parse(seen.contact.supporter_id.text()?).ok()?;
    known.by_id.get(&key)
}

/// The supporter whose id the Contact carries.
fn by_supporter_id(seen: &SeenContact, known: &Known) -> Option<Identified> {
    let owner = known_owner(seen, known).filter(|owner| !are_apart(owner, seen, known))?;
    if known.linked.contains(&owner.id) {
        return Some(case(
            CaseKind::SeveralContactsOneKey,
            vec![owner.clone()],
            &["external_id", "already_linked"],
        ));
    }
    Some(Identified::One(Box::new(owner.clone()), Evidence::ExternalId))
}

/// Address and names. A shared address alone names nobody.
fn by_email(sides: &Sides, seen: &SeenContact, known: &Known) -> Identified {
    let mut candidates: Vec<(&Email, &Supporter)> = Vec::new();
    for email in seen.emails.iter() {
        for supporter in known.by_email.get(email).map_or(&[][..], Vec::as_slice) {
            let twice = candidates.iter().any(|(_, other)| other.id == supporter.id);
            if !known.linked.contains(&supporter.id) && !twice && !are_apart(supporter, seen, known) {
                candidates.push((email, supporter));
            }
        }
    }
    let Some((email, _)) = candidates.first() else { return behind_linked(sides, seen, known) };
    let (config, knowledge) = (&sides.settings.matching, Knowledge::built_in());
    let mut reader = PeopleReader::new(&sides.map, email);
    let contact = reader.contact(seen);
    let people: Vec<Arc<Person>> =
        candidates.iter().map(|(_, supporter)| reader.supporter(supporter)).collect();
    let pick = |which: Vec<usize>| which.into_iter().map(|at| candidates[at].1.clone()).collect::<Vec<_>>();
    match matching::choose(&contact, &people, knowledge, config) {
        Choice::Link(at) => {
            let outcome = matching::compare(&people[at], &contact, knowledge, config);
            let reasons = outcome.reasons.iter().map(|reason| reason.as_str().to_owned()).collect();
            let strength = outcome.strength.as_str().to_owned();
            Identified::One(Box::new(candidates[at].1.clone()), Evidence::EmailAndName { strength, reasons })
        }
        Choice::Ambiguous(which) => {
            case(CaseKind::SupporterMergeNeeded, pick(which), &["email_equal", "several_fit"])
        }
        Choice::NoMatch => {
            let outcomes: Vec<_> =
                people.iter().map(|person| matching::compare(person, &contact, knowledge, config)).collect();
            let near: Vec<usize> =
                (0..outcomes.len()).filter(|&at| outcomes[at].strength >= Strength::Review).collect();
            if near.is_empty() {
                // Somebody else behind the same address: a partner, a colleague. No name is touched, nobody is renamed.
                return case(CaseKind::NamesDisagree, pick((0..people.len()).collect()), &["email_equal"]);
            }
            let reasons: Vec<&str> = near
                .iter()
                .flat_map(|&at| outcomes[at].reasons.iter())
                .map(|reason| reason.as_str())
                .collect();
            case(CaseKind::ReviewMatch, pick(near.clone()), &reasons)
        }
    }
}

/// A Contact whose address only supporters with a Contact of their own carry, if anybody: a partner, or a second Contact of
/// the same person. The address is taken, so no supporter is made of it.
fn behind_linked(sides: &Sides, seen: &SeenContact, known: &Known) -> Identified {
    let apart = |supporter: &&Supporter| are_apart(supporter, seen, known);
    let holder = seen.emails.iter().find_map(|email| {
        Some((email, known.by_email.get(email)?.iter().find(|supporter| !apart(supporter))?))
    });
    let holder = match holder {
        _ if !sides.settings.create_supporters => None,
        None if is_taken(seen, known) => return Identified::SetApart,
        holder => holder,
    };
    let Some((email, holder)) = holder else { return Identified::New };
    let (ours, theirs) =
        (person_of_supporter(&sides.map, holder, email), person_of_contact(&sides.map, seen, email));
    let strength =
        matching::compare(&ours, &theirs, Knowledge::built_in(), &sides.settings.matching).strength;
    let kind =
        if strength >= Strength::Review { CaseKind::AmbiguousContacts } else { CaseKind::NamesDisagree };
    case(kind, vec![holder.clone()], &["email_equal", "already_linked"])
}

/// Whether anybody carries an address of the Contact.
fn is_taken(seen: &SeenContact, known: &Known) -> bool {
    seen.emails.iter().any(|email| known.by_email.get(email).is_some_and(|holders| !holders.is_empty()))
}

fn case(kind: CaseKind, supporters: Vec<Supporter>, reasons: &[&str]) -> Identified {
    let mut reasons: Vec<String> = reasons.iter().map(|&reason| reason.to_owned()).collect();
    reasons.dedup();
    Identified::Case { kind, supporters, reasons }
}

/// Two Contacts of one batch that found the same supporter: the Id beats the names, equals are a case for both.
fn one_contact_each(contacts: &[SeenContact], answers: &mut [Identified]) {
    let mut claims: HashMap<SupporterId, Vec<usize>> = HashMap::with_capacity(answers.len());
    for (at, answer) in answers.iter().enumerate() {
        if let Identified::One(supporter, _) = answer {
            claims.entry(supporter.id.clone()).or_default().push(at);
        }
    }
    for claimants in claims.into_values().filter(|claimants| claimants.len() > 1) {
        let rank = |at: usize| match &answers[at] {
            Identified::One(_, Evidence::StoredContactId) => 9,
            Identified::One(_, Evidence::ExternalId) => 8,
            Identified::One(_, Evidence::EmailAndName { strength, .. }) => {
                Strength::from_code(strength).map_or(0, |strength| strength as u8)
            }
            Identified::One(..)
            | Identified::Case { .. }
            | Identified::SetApart
            | Identified::OtherAccount
            | Identified::MergedAway
            | Identified::New => 0,
        };
        let best = claimants.iter().map(|&at| rank(at)).max().unwrap_or(0);
        let winners: Vec<usize> = claimants.iter().copied().filter(|&at| rank(at) == best).collect();
        let others: Vec<String> =
            claimants.iter().map(|&at| format!("contact:{}", contacts[at].id())).collect();
        for &at in &claimants {
            if winners == [at] {
                continue;
            }
            let Identified::One(supporter, _) = &answers[at] else { continue };
            let supporters = vec![(**supporter).clone()];
            answers[at] =
                Identified::Case { kind: CaseKind::AmbiguousContacts, supporters, reasons: others.clone() };
        }
    }
}

/// The subject under which an identified Contact goes on.
#[must_use]
pub fn subject_of(seen: &SeenContact, answer: &Identified) -> Subject {
    match answer {
        Identified::One(supporter, _) => Subject::Supporter(supporter.id.clone()),
        Identified::Case { .. }
        | Identified::SetApart
        | Identified::OtherAccount
        | Identified::MergedAway
        | Identified::New => Subject::Contact(seen.id()),
    }
}
