//! Rows in which somebody else stands now: a database that gives out the number of a removed row again puts a stranger under
//! the id of a linked supporter.

use matching::{Knowledge, Reason, Strength};
use model::{ContactId, Email, Evidence, Link, LinkLife, Supporter};
use state::Known;

use crate::choice::{choose_contact, person_of_contact, person_of_supporter};
use crate::columns::SeenContact;
use crate::gather::found_pair;
use crate::look_up::{email_of, stored_id};
use crate::{Found, Gathered, Pair, Sides, Tie};

/// A linked pair, unless the row speaks against it. The Contact Id column tells: highwater wrote it when the two were linked, and a new
/// row under the same id comes without.
///
/// A supporter that was deleted is taken for back by that Id, or else by address and names like anybody who is met for the first time. A
/// row of a living link that has lost its Id, or not got it yet, is asked about where not even the names agree.
pub(crate) fn unless_replaced(sides: &Sides, pair: Box<Pair>) -> Gathered {
    let (Some(supporter), Some(seen)) = (&pair.supporter, &pair.contact) else { return Gathered::Pair(pair) };
    let (Tie::Linked(link) | Tie::Moved { link, .. }) = &pair.tie else { return Gathered::Pair(pair) };
    match link.life {
        LinkLife::SupporterDeleted => back_or_replaced(sides, pair),
        LinkLife::Live
            if is_unmarked(supporter)
                && !is_as_decided(link, supporter)
                && is_another_person(sides, supporter, seen) =>
        {
            Gathered::Replaced(pair)
        }
        LinkLife::Live | LinkLife::ContactDeleted => Gathered::Pair(pair),
    }
}

fn back_or_replaced(sides: &Sides, pair: Box<Pair>) -> Gathered {
    let Pair { supporter: Some(supporter), contact: Some(seen), .. } = &*pair else {
        return Gathered::Pair(pair);
    };
    if supporter.contact_id.is_absent() {
        // Nothing but the names says who it is.
        return if is_another_person(sides, supporter, seen) {
            Gathered::Replaced(pair)
        } else {
            Gathered::Pair(pair)
        };
    }
    if names(sides, supporter, &pair.tie, seen.id()) {
        return Gathered::Pair(pair);
    }
    let Some(email) = email_of(&sides.map, supporter).filter(|email| seen.emails.contains(email)) else {
        return Gathered::Replaced(pair);
    };
    match choose_contact(sides, supporter, &email, vec![seen.clone()]) {
        Found::One(seen, evidence) => {
            let (intent, block) = (pair.in_flight.clone(), pair.block.clone());
            let known = Known { intent, block, ..Known::default() };
            Gathered::Pair(found_pair(supporter.clone(), *seen, evidence, known))
        }
        Found::Case { .. } | Found::Nobody(_) => Gathered::Replaced(pair),
    }
}

/// Whether the row carries the Id of the Contact, or of the one that went into it.
fn names(sides: &Sides, supporter: &Supporter, tie: &Tie, contact: ContactId) -> bool {
    let former = match tie {
        Tie::Moved { from, .. } => Some(*from),
        Tie::Linked(_) | Tie::Found(_) | Tie::Alone => None,
    };
    stored_id(&sides.map, supporter).is_some_and(|stored| stored == contact || Some(stored) == former)
}

/// Whether there is a column for the Contact Id, and nothing in it.
fn is_unmarked(supporter: &Supporter) -> bool {
    let nothing = supporter.contact_id.text().is_none_or(|text| text.trim().is_empty());
    nothing && !supporter.contact_id.is_absent()
}

/// Whether the row is still the one that was given this Contact, by a person's word or by a merge: then the two may differ, and the
/// Id is on its way.
fn is_as_decided(link: &Link, supporter: &Supporter) -> bool {
    let decided = match link.evidence {
        Evidence::Administrator | Evidence::SupporterMerged { .. } => true,
        Evidence::StoredContactId
        | Evidence::ExternalId
        | Evidence::EmailAndName { .. }
        | Evidence::CreatedContact
        | Evidence::CreatedSupporter
        | Evidence::DuplicateRule { .. }
        | Evidence::MergedFrom { .. } => false,
    };
    decided && supporter.modified <= link.made_at
}

/// Whether the names are those of two people. Where a name is missing, different addresses have to say it.
fn is_another_person(sides: &Sides, supporter: &Supporter, seen: &SeenContact) -> bool {
    let ours = email_of(&sides.map, supporter);
    let theirs: Option<&Email> = seen.emails.first();
    let differ = ours.as_ref().is_some_and(|ours| theirs.is_some() && !seen.emails.contains(ours));
    // Names are compared as if on one address.
    let Some(email) = ours.as_ref().or(theirs) else { return false };
    let (ours, theirs) =
        (person_of_supporter(&sides.map, supporter, email), person_of_contact(&sides.map, seen, email));
    let outcome = matching::compare(&ours, &theirs, Knowledge::built_in(), &sides.settings.matching);
    outcome.strength == Strength::None && (differ || !outcome.reasons.contains(&Reason::NameMissing))
}
