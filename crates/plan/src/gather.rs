//! Reading linked people fresh from both sides, and noticing who is gone.

use std::collections::HashMap;

use model::{ContactId, Evidence, Link, LinkLife, Subject, Supporter, SupporterId};

use crate::columns::SeenContact;
use crate::read::{Fate, contacts, fates};
use crate::{Directory, Fatal, Pair, Sides, Tie};

/// What one linked supporter turned out to be.
#[derive(Debug, Clone)]
pub enum Gathered {
    /// Both records are there.
    Pair(Box<Pair>),
    /// The link leads nowhere any more, or never was: the supporter is to be looked up anew.
    Unlinked(Box<Supporter>, Option<Link>),
    /// One end is gone.
    Ended(Ended),
    /// There is no such supporter, and no link either.
    Nobody(SupporterId),
}

/// How a link ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ended {
    /// The Contact was deleted.
    ContactDeleted(Link),
    /// The supporter is gone.
    SupporterDeleted(Link),
    /// The Contact was merged into one that belongs to another supporter.
    MergedIntoLinked {
        /// The link as it stands.
        link: Link,
        /// The Contact that remains.
        survivor: ContactId,
        /// The supporter it belongs to.
        owner: SupporterId,
    },
    /// The link was a tombstone before, and still is.
    Tombstone(Link),
}

/// Reads supporters and their Contacts. The answers come in the order of `ids`.
///
/// `anew`: a deleted Contact is not the end; an administrator asked for the person to be matched or created again.
///
/// # Errors
/// [`Fatal`] when either side or the state cannot be read.
pub async fn gather(
    sides: &Sides,
    directory: Option<&Directory>,
    ids: &[SupporterId],
    anew: bool,
) -> Result<Vec<Gathered>, Fatal> {
    let supporters = sides.supporters.get(ids).await?;
    let links = sides.state.links_of(ids)?;
    let linked: Vec<ContactId> = links.iter().flatten().map(|link| link.contact).collect();
    let mut live = read_contacts(sides, directory, &linked).await?;
    let gone: Vec<ContactId> = linked.iter().copied().filter(|id| !live.contains_key(id)).collect();
    let fates = if gone.is_empty() { HashMap::new() } else { fates(sides, &gone).await? };
    let survivors: Vec<ContactId> = fates.values().filter_map(|fate| survivor(*fate)).collect();
    live.extend(read_contacts(sides, None, &survivors).await?);
    let owners: HashMap<ContactId, SupporterId> = survivors
        .iter()
        .zip(sides.state.supporters_of(&survivors)?)
        .filter_map(|(id, owner)| Some((*id, owner?)))
        .collect();
    let seen = Seen { live, fates, owners };
    ids.iter()
        .zip(supporters)
        .zip(links)
        .map(|((id, supporter), link)| one(sides, &seen, id, supporter, link, anew))
        .collect()
}

struct Seen {
    live: HashMap<ContactId, SeenContact>,
    fates: HashMap<ContactId, Fate>,
    owners: HashMap<ContactId, SupporterId>,
}

const fn survivor(fate: Fate) -> Option<ContactId> {
    match fate {
        Fate::Survivor(id) => Some(id),
        Fate::Deleted | Fate::Unknown => None,
    }
}

async fn read_contacts(
    sides: &Sides,
    directory: Option<&Directory>,
    ids: &[ContactId],
) -> Result<HashMap<ContactId, SeenContact>, Fatal> {
    let mut live = match fresh(sides, directory) {
        Some(directory) => directory.by_ids(ids).map_err(Fatal::spool("reading the Contact directory"))?,
        None => HashMap::new(),
    };
    let rest: Vec<ContactId> = ids.iter().copied().filter(|id| !live.contains_key(id)).collect();
    live.extend(contacts(sides, &rest).await?.into_iter().flatten().map(|seen| (seen.id(), seen)));
    Ok(live)
}

/// The directory, while what it says is young enough to decide on.
#[must_use]
pub fn fresh<'a>(sides: &Sides, directory: Option<&'a Directory>) -> Option<&'a Directory> {
    let directory = directory?;
    let age = sides.org.server_time()?.since(directory.read_at()?);
    (age <= sides.settings.fresh_for).then_some(directory)
}

fn one(
    sides: &Sides,
    seen: &Seen,
    id: &SupporterId,
    supporter: Option<Supporter>,
    link: Option<Link>,
    anew: bool,
) -> Result<Gathered, Fatal> {
    let Some(link) = link else {
        let unlinked = |supporter| Gathered::Unlinked(Box::new(supporter), None);
        return Ok(supporter.map_or_else(|| Gathered::Nobody(id.clone()), unlinked));
    };
    let Some(supporter) = supporter else {
        let known = link.life == LinkLife::SupporterDeleted;
        return Ok(Gathered::Ended(if known {
            Ended::Tombstone(link)
        } else {
            Ended::SupporterDeleted(link)
        }));
    };
    if let Some(contact) = seen.live.get(&link.contact) {
        return pair(sides, supporter, contact.clone(), Tie::Linked(link)).map(Gathered::Pair);
    }
    match seen.fates.get(&link.contact) {
        Some(Fate::Survivor(master)) => {
            if let Some(owner) = seen.owners.get(master).filter(|owner| **owner != *id) {
                let owner = owner.clone();
                return Ok(Gathered::Ended(Ended::MergedIntoLinked { link, survivor: *master, owner }));
            }
            match seen.live.get(master) {
                Some(contact) => {
                    let from = link.contact;
                    pair(sides, supporter, contact.clone(), Tie::Moved { link, from }).map(Gathered::Pair)
                }
                None => Ok(Gathered::Unlinked(Box::new(supporter), Some(link))),
            }
        }
        Some(Fate::Deleted) if !anew => {
            let known = link.life == LinkLife::ContactDeleted;
            Ok(Gathered::Ended(if known { Ended::Tombstone(link) } else { Ended::ContactDeleted(link) }))
        }
        Some(Fate::Deleted | Fate::Unknown) | None => Ok(Gathered::Unlinked(Box::new(supporter), Some(link))),
    }
}

fn pair(sides: &Sides, supporter: Supporter, contact: SeenContact, tie: Tie) -> Result<Box<Pair>, Fatal> {
    let id = supporter.id.clone();
    Ok(Box::new(Pair {
        subject: Subject::Supporter(id.clone()),
        bases: sides.state.bases_of(&id)?,
        in_flight: sides.state.intent_of(&id)?,
        block: sides.state.block_of(&id)?,
        supporter: Some(supporter),
        contact: Some(contact),
        tie,
    }))
}

/// A pair of a supporter and the Contact just found for it.
///
/// # Errors
/// [`Fatal`] when the state cannot be read.
pub fn found_pair(
    sides: &Sides,
    supporter: Supporter,
    contact: SeenContact,
    evidence: Evidence,
) -> Result<Box<Pair>, Fatal> {
    pair(sides, supporter, contact, Tie::Found(evidence))
}

/// A supporter that has no Contact.
///
/// # Errors
/// [`Fatal`] when the state cannot be read.
pub fn alone(sides: &Sides, supporter: Supporter) -> Result<Box<Pair>, Fatal> {
    let id = supporter.id.clone();
    Ok(Box::new(Pair {
        subject: Subject::Supporter(id.clone()),
        bases: sides.state.bases_of(&id)?,
        in_flight: sides.state.intent_of(&id)?,
        block: sides.state.block_of(&id)?,
        supporter: Some(supporter),
        contact: None,
        tie: Tie::Alone,
    }))
}
