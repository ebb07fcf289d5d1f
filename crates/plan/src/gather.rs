//! Reading linked people fresh from both sides, and noticing who is gone.

use std::collections::HashMap;

use model::{ContactId, Evidence, Link, LinkLife, Subject, Supporter, SupporterId};

use crate::columns::SeenContact;
use crate::contradicted::contradicted;
use crate::merged::survivors;
use crate::read::{Fate, contacts, fates};
use crate::replaced::unless_replaced;
use crate::{Directory, Fatal, Pair, Sides, Tie};
use state::Known;

/// What one linked supporter turned out to be.
#[derive(Debug, Clone)]
pub enum Gathered {
    /// Both records are there.
    Pair(Box<Pair>),
    /// Both records are there, and the supporter's row names another Contact, which is there, too: this one.
    Contradicted(Box<Pair>, Box<SeenContact>),
    /// Both records are there, and it seems that the row is another person's now, under an id that was given out again.
    Replaced(Box<Pair>),
    /// The link leads nowhere any more, or never was: the supporter is to be looked up anew.
    Unlinked(Box<Supporter>, Box<Known>),
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
        /// The supporter it belongs to; `None`: one of another supporter database.
        owner: Option<SupporterId>,
    },
    /// The link was a tombstone before, and still is.
    Tombstone(Link),
    /// The supporter was merged into another in the supporter database.
    SupporterMerged {
        /// The supporter that was merged away.
        supporter: SupporterId,
        /// Its link, live or not.
        link: Option<Link>,
        /// The supporter that remains.
        into: SupporterId,
        /// The Contact that one has already.
        kept: Option<ContactId>,
        /// An administrator said that the merged one's Contact is not the one that remains.
        apart: bool,
    },
}

impl Ended {
    /// Whose link a deletion ended just now, and what it is from now on.
    #[must_use]
    pub const fn tombstone(&self) -> Option<(&SupporterId, LinkLife)> {
        match self {
            Self::ContactDeleted(link) => Some((&link.supporter, LinkLife::ContactDeleted)),
            Self::SupporterDeleted(link) => Some((&link.supporter, LinkLife::SupporterDeleted)),
            Self::MergedIntoLinked { .. } | Self::Tombstone(_) | Self::SupporterMerged { .. } => None,
        }
    }
}

/// Reads supporters and their Contacts. The answers come in the order of `ids`.
///
/// `anew`: for whom a deleted Contact is not the end; an administrator asked for the person to be matched or created again.
///
/// # Errors
/// [`Fatal`] when either side or the state cannot be read.
pub async fn gather(
    sides: &Sides,
    directory: Option<&Directory>,
    ids: &[SupporterId],
    anew: &(dyn Fn(&SupporterId) -> bool + Sync),
) -> Result<Vec<Gathered>, Fatal> {
    let supporters = sides.supporters.get(ids).await?;
    let known = sides.state.known_of(ids)?;
    let linked: Vec<ContactId> =
        known.iter().filter_map(|known| Some(known.link.as_ref()?.contact)).collect();
    let mut live = read_contacts(sides, directory, &linked).await?;
    let gone: Vec<ContactId> = linked.iter().copied().filter(|id| !live.contains_key(id)).collect();
    let fates = if gone.is_empty() { HashMap::new() } else { fates(sides, &gone).await? };
    let survivors: Vec<ContactId> = fates.values().filter_map(|fate| survivor(*fate)).collect();
    live.extend(read_contacts(sides, None, &survivors).await?);
    let owners = owners(sides, &survivors, &live).await?;
    let own_account = sides.map.technical().own_account();
    let seen = Seen { live, fates, owners, own_account };
    let merged = merged_away(sides, &supporters, &known).await?;
    let mut named = contradicted(sides, &supporters, &known).await?;
    let each = ids.iter().zip(supporters).zip(known);
    let gathered = each.map(|((id, supporter), known)| match merged.get(id) {
        Some(ended) => Gathered::Ended(ended.clone()),
        None => match (one(&seen, id, supporter, known, anew(id)), named.remove(id)) {
            (Gathered::Pair(pair), Some(other)) => Gathered::Contradicted(pair, Box::new(other)),
            (Gathered::Pair(pair), None) => unless_replaced(sides, pair),
            (gathered, _) => gathered,
        },
    });
    Ok(gathered.collect())
}

/// Whose the survivors of merges are already. By our links; and where there is none, by the id they carry: a record made for
/// that supporter whose outcome never came back has no link yet, and is theirs all the same.
async fn owners(
    sides: &Sides,
    survivors: &[ContactId],
    live: &HashMap<ContactId, SeenContact>,
) -> Result<HashMap<ContactId, SupporterId>, Fatal> {
    let linked = survivors.iter().zip(sides.state.supporters_of(survivors)?);
    let mut owners: HashMap<ContactId, SupporterId> =
        linked.filter_map(|(id, owner)| Some((*id, owner?))).collect();
    let unlinked = survivors.iter().filter(|id| !owners.contains_key(id));
    // In another supporter database the same id is somebody else's.
    let own = sides.map.technical().own_account();
    let carried = |id: &ContactId| {
        let seen = live.get(id).filter(|seen| !seen.of_other_account(own))?;
        SupporterId::parse(seen.contact.supporter_id.text()?).ok()
    };
    let (contacts, carriers): (Vec<ContactId>, Vec<SupporterId>) =
        unlinked.filter_map(|id| Some((*id, carried(id)?))).unzip();
    if carriers.is_empty() {
        return Ok(owners);
    }
    let links = sides.state.links_of(&carriers)?;
    let found = sides.supporters.get(&carriers).await?;
    for ((contact, link), supporter) in contacts.into_iter().zip(links).zip(found) {
        // Whoever has a link has their own Contact: what this one carries was typed there by somebody.
        if let (None, Some(supporter)) = (link, supporter)
            && sides.map.merged_into(&supporter).is_none()
        {
            owners.insert(contact, supporter.id);
        }
    }
    Ok(owners)
}

/// Those among the supporters that were merged into another, each with what becomes of the link.
async fn merged_away(
    sides: &Sides,
    supporters: &[Option<Supporter>],
    known: &[Known],
) -> Result<HashMap<SupporterId, Ended>, Fatal> {
    if !sides.map.follows_merges() {
        return Ok(HashMap::new());
    }
    let there: Vec<Supporter> =
        supporters.iter().flatten().filter(|s| sides.map.merged_into(s).is_some()).cloned().collect();
    let survivors = survivors(sides, &there).await?;
    let remaining: Vec<SupporterId> = survivors.values().cloned().collect();
    let live = sides.state.links_of(&remaining)?.into_iter().flatten().filter(|l| l.life == LinkLife::Live);
    let mut kept: HashMap<SupporterId, ContactId> = live.map(|link| (link.supporter, link.contact)).collect();
    let set_apart = sides.state.apart_of(&remaining)?;
    let mut merged = HashMap::new();
    for (supporter, known) in supporters.iter().zip(known) {
        let Some(supporter) = supporter else { continue };
        let Some(into) = survivors.get(&supporter.id).cloned() else { continue };
        let link = known.link.clone();
        let before = kept.get(&into).copied();
        let apart = link.as_ref().is_some_and(|link| set_apart.contains(&(into.clone(), link.contact)));
        // The first of several brings the Contact along; those after it meet it there.
        if let Some(live) = link.as_ref().filter(|link| link.life == LinkLife::Live && !apart) {
            kept.entry(into.clone()).or_insert(live.contact);
        }
        let supporter = supporter.id.clone();
        merged
            .insert(supporter.clone(), Ended::SupporterMerged { supporter, link, into, kept: before, apart });
    }
    Ok(merged)
}

struct Seen<'a> {
    live: HashMap<ContactId, SeenContact>,
    fates: HashMap<ContactId, Fate>,
    owners: HashMap<ContactId, SupporterId>,
    own_account: Option<&'a str>,
}

impl Seen<'_> {
    /// Whose the survivor of a merge is, if not this supporter's: somebody's of ours, or of another supporter database.
    fn owner_beside(&self, id: &SupporterId, survivor: ContactId) -> Option<Option<SupporterId>> {
        let foreign = self.live.get(&survivor).is_some_and(|seen| seen.of_other_account(self.own_account));
        let owner = self.owners.get(&survivor).filter(|owner| *owner != id);
        (foreign || owner.is_some()).then(|| owner.cloned())
    }
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
    seen: &Seen<'_>,
    id: &SupporterId,
    supporter: Option<Supporter>,
    known: Known,
    anew: bool,
) -> Gathered {
    let Some(link) = known.link.clone() else {
        let unlinked = |supporter| Gathered::Unlinked(Box::new(supporter), Box::new(known));
        return supporter.map_or_else(|| Gathered::Nobody(id.clone()), unlinked);
    };
    let Some(supporter) = supporter else {
        let before = link.life == LinkLife::SupporterDeleted;
        return Gathered::Ended(if before { Ended::Tombstone(link) } else { Ended::SupporterDeleted(link) });
    };
    if let Some(contact) = seen.live.get(&link.contact) {
        return Gathered::Pair(pair(supporter, Some(contact.clone()), Tie::Linked(link), known));
    }
    match seen.fates.get(&link.contact) {
        Some(Fate::Survivor(master)) => {
            if let Some(owner) = seen.owner_beside(id, *master) {
                return Gathered::Ended(Ended::MergedIntoLinked { link, survivor: *master, owner });
            }
            match seen.live.get(master) {
                Some(contact) => {
                    let from = link.contact;
                    Gathered::Pair(pair(supporter, Some(contact.clone()), Tie::Moved { link, from }, known))
                }
                None => Gathered::Unlinked(Box::new(supporter), Box::new(known)),
            }
        }
        Some(Fate::Deleted) if !anew => {
            let before = link.life == LinkLife::ContactDeleted;
            Gathered::Ended(if before { Ended::Tombstone(link) } else { Ended::ContactDeleted(link) })
        }
        Some(Fate::Deleted | Fate::Unknown) | None => {
            Gathered::Unlinked(Box::new(supporter), Box::new(known))
        }
    }
}

fn pair(supporter: Supporter, contact: Option<SeenContact>, tie: Tie, known: Known) -> Box<Pair> {
    Box::new(Pair {
        subject: Subject::Supporter(supporter.id.clone()),
        bases: known.bases,
        in_flight: known.intent,
        block: known.block,
        supporter: Some(supporter),
        contact,
        tie,
    })
}

/// A pair of a supporter and the Contact just found for it. The two never agreed on anything: what was agreed with another
/// Contact before says nothing about this one.
#[must_use]
pub fn found_pair(supporter: Supporter, contact: SeenContact, evidence: Evidence, known: Known) -> Box<Pair> {
    let known = Known { bases: state::Bases::default(), ..known };
    pair(supporter, Some(contact), Tie::Found(evidence), known)
}

/// A supporter that has no Contact.
#[must_use]
pub fn alone(supporter: Supporter, known: Known) -> Box<Pair> {
    pair(supporter, None, Tie::Alone, known)
}
