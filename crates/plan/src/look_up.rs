//! Which Contact is this supporter? Asked for people who were never linked, before anything is created for them.
//!
//! In this order: the Contact Id the supporter's row carries, then our external id (deleted and merged Contacts too: a hit
//! there is a link or a case, never a second Contact), then e-mail address and names.

mod by_key;
mod strangers;

use std::borrow::Borrow;
use std::collections::{HashMap, HashSet};

use matching::{Knowledge, Strength};
use model::{CaseKind, ContactId, Email, Evidence, FieldMap, Supporter, SupporterId};
use salesforce::soql::{Field, Literal};

use crate::choice::case;
pub use crate::choice::{PeopleReader, choose_contact, person_of_contact, person_of_supporter};
use crate::claims::one_supporter_each;
use crate::columns::SeenContact;
use crate::read::{Fate, contacts, fates};
use crate::rivals::{ask_about_rivals, ask_who_else_names_them};
use crate::{Directory, Fatal, SharedAddress, Sides};
use by_key::by_key;
use strangers::ask_about_strangers;

/// Who the supporter is in Salesforce.
#[derive(Debug, Clone)]
pub enum Found {
    /// This Contact, by this evidence.
    One(Box<SeenContact>, Evidence),
    /// A person must say.
    Case {
        /// What kind of case.
        kind: CaseKind,
        /// The Contacts in question.
        contacts: Vec<SeenContact>,
        /// Reason codes.
        reasons: Vec<String>,
    },
    /// Nobody: the supporter has no Contact. Others may share the address.
    Nobody(Vec<SeenContact>),
}

/// How far a look-up goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Depth {
    /// Stored Contact Id and external id only.
    ByIds,
    /// E-mail address and names as well.
    ByNames,
}

/// Everything one look-up fetched, indexed.
#[derive(Debug, Default)]
struct Fetched {
    by_id: HashMap<ContactId, SeenContact>,
    fates: HashMap<ContactId, Fate>,
    by_key: HashMap<String, Vec<SeenContact>>,
    by_email: HashMap<Email, Vec<SeenContact>>,
    taken: HashMap<ContactId, SupporterId>,
    alive: HashSet<SupporterId>,
    apart: HashSet<(SupporterId, ContactId)>,
    own_account: Option<String>,
    /// The address of each supporter who was looked for by it.
    addresses: HashMap<SupporterId, Email>,
}

/// Looks up each supporter. The answers come in the order of the supporters.
///
/// # Errors
/// [`Fatal`] when the org or the state cannot be asked.
pub async fn look_up<S: Borrow<Supporter>>(
    sides: &Sides,
    directory: Option<&Directory>,
    supporters: &[S],
    depth: Depth,
) -> Result<Vec<Found>, Fatal> {
    let supporters: &[&Supporter] = &supporters.iter().map(Borrow::borrow).collect::<Vec<_>>();
    let fetched = fetch(sides, directory, supporters, depth).await?;
    let mut found: Vec<Found> =
        supporters.iter().map(|supporter| settle(sides, supporter, &fetched, depth)).collect();
    one_supporter_each(supporters, &mut found);
    // Whoever comes in another batch has the same claim.
    let whole_table = directory.is_some();
    ask_who_else_names_them(sides, supporters, &mut found, whole_table).await?;
    ask_about_rivals(sides, supporters, &mut found, whole_table).await?;
    if sides.settings.shared_address == SharedAddress::Case {
        ask_about_strangers(sides, supporters, &fetched, &mut found).await?;
    }
    Ok(found)
}

/// The supporter's Contact Id column, where it holds an id.
pub(crate) fn stored_id(map: &FieldMap, supporter: &Supporter) -> Option<ContactId> {
    supporter.contact_id.text().and_then(|raw| map.object().id(raw))
}

/// The supporter's address, as the map reads it.
#[must_use]
pub fn email_of(map: &FieldMap, supporter: &Supporter) -> Option<Email> {
    let rule = map.email_rule()?;
    let value = map.supporter_value(rule, &supporter.cells).ok()?;
    Email::parse(value.text()?).ok()
}

async fn fetch(
    sides: &Sides,
    directory: Option<&Directory>,
    supporters: &[&Supporter],
    depth: Depth,
) -> Result<Fetched, Fatal> {
    let mut fetched = Fetched::default();
    let stored: Vec<ContactId> =
        supporters.iter().filter_map(|supporter| stored_id(&sides.map, supporter)).collect();
    if let Some(directory) = directory {
        fetched.by_id = directory.by_ids(&stored).map_err(Fatal::spool("reading the Contact directory"))?;
    }
    let unseen: Vec<ContactId> =
        stored.iter().copied().filter(|id| !fetched.by_id.contains_key(id)).collect();
    for (id, seen) in unseen.iter().zip(contacts(sides, &unseen).await?) {
        if let Some(seen) = seen {
            fetched.by_id.insert(*id, seen);
        }
    }
    fetched.apart = sides.state.apart_of(supporters.iter().map(|supporter| &supporter.id))?;
    // A first load into a new org: nobody there carries anything.
    if directory.is_none_or(|directory| !directory.is_empty()) {
        find_carriers(sides, directory, supporters, depth, &mut fetched).await?;
    }
    follow_up(sides, &mut fetched, &stored).await?;
    fetched.own_account = sides.map.technical().own_account().map(str::to_owned);
    note_owners(sides, &mut fetched).await?;
    Ok(fetched)
}

/// Whoever carries the external id or address of a supporter whose row does not say already who that is.
async fn find_carriers(
    sides: &Sides,
    directory: Option<&Directory>,
    supporters: &[&Supporter],
    depth: Depth,
    fetched: &mut Fetched,
) -> Result<(), Fatal> {
    let says = |supporter: &Supporter| {
        let there = |id: &ContactId| fetched.by_id.contains_key(id) && !are_apart(supporter, *id, fetched);
        stored_id(&sides.map, supporter).as_ref().is_some_and(there)
    };
    let open: Vec<&Supporter> = supporters.iter().copied().filter(|supporter| !says(supporter)).collect();
    let keys: Vec<&SupporterId> = open.iter().map(|supporter| &supporter.id).collect();
    fetched.addresses = match depth {
        Depth::ByIds => HashMap::new(),
        Depth::ByNames => {
            let addressed = |one: &&Supporter| Some((one.id.clone(), email_of(&sides.map, one)?));
            open.iter().filter_map(addressed).collect()
        }
    };
    let emails: HashSet<Email> = fetched.addresses.values().cloned().collect();
    let hits = match directory {
        Some(directory) => {
            directory.find(&keys, &emails).map_err(Fatal::spool("reading the Contact directory"))?
        }
        None => ask(sides, &keys, &emails).await?,
    };
    fetched.by_id.reserve(hits.len());
    fetched.by_email.reserve(hits.len());
    for seen in hits {
        index(fetched, seen, &emails);
    }
    Ok(())
}

/// Whose the Contacts are already: by our links and by the id they carry, as far as those supporters still exist.
async fn note_owners(sides: &Sides, fetched: &mut Fetched) -> Result<(), Fatal> {
    let every: Vec<ContactId> = fetched.by_id.keys().copied().collect();
    for (id, owner) in every.iter().zip(sides.state.supporters_of(&every)?) {
        if let Some(owner) = owner {
            fetched.taken.insert(*id, owner);
        }
    }
    let carried = fetched.by_id.values().filter_map(|seen| seen.contact.supporter_id.text());
    let mut owners: Vec<SupporterId> = carried.filter_map(|key| SupporterId::parse(key).ok()).collect();
    owners.extend(fetched.taken.values().cloned());
    owners.sort();
    owners.dedup();
    let found = sides.supporters.get(&owners).await?;
    let stands = |supporter: &Supporter| sides.map.merged_into(supporter).is_none();
    fetched.alive = found.into_iter().flatten().filter(stands).map(|supporter| supporter.id).collect();
    Ok(())
}

fn index(fetched: &mut Fetched, seen: SeenContact, emails: &HashSet<Email>) {
    if let Some(key) = seen.contact.supporter_id.text() {
        fetched.by_key.entry(key.to_lowercase()).or_default().push(seen.clone());
    }
    if seen.contact.deleted && !seen.converted {
        return;
    }
    for (at, email) in seen.emails.iter().enumerate() {
        let again = at > 0 && seen.emails[at - 1] == *email;
        if !again && emails.contains(email) {
            fetched.by_email.entry(email.clone()).or_default().push(seen.clone());
        }
    }
    if !seen.converted {
        fetched.by_id.insert(seen.id(), seen);
    }
}

/// What became of stored ids and external-id holders that are gone, and the survivors of their merges.
async fn follow_up(sides: &Sides, fetched: &mut Fetched, stored: &[ContactId]) -> Result<(), Fatal> {
    let gone_stored = stored.iter().copied().filter(|id| !fetched.by_id.contains_key(id));
    let gone_keyed =
        fetched.by_key.values().flatten().filter(|seen| seen.contact.deleted).map(SeenContact::id);
    let gone: Vec<ContactId> = gone_stored.chain(gone_keyed).collect();
    if gone.is_empty() {
        return Ok(());
    }
    fetched.fates = fates(sides, &gone).await?;
    let survivors: Vec<ContactId> = fetched
        .fates
        .values()
        .filter_map(|fate| match fate {
            Fate::Survivor(id) => Some(*id),
            Fate::Deleted | Fate::Unknown => None,
        })
        .filter(|id| !fetched.by_id.contains_key(id))
        .collect();
    for seen in contacts(sides, &survivors).await?.into_iter().flatten() {
        fetched.by_id.insert(seen.id(), seen);
    }
    Ok(())
}

/// The live Contacts that carry one of these addresses.
///
/// # Errors
/// [`Fatal`] when the org cannot be asked.
pub async fn carriers(sides: &Sides, emails: &HashSet<Email>) -> Result<Vec<SeenContact>, Fatal> {
    let hits = ask(sides, &[], emails).await?;
    Ok(hits.into_iter().filter(|seen| !seen.contact.deleted).collect())
}

/// Asks the org by external id and address, as many as one request holds at a time. Deleted Contacts answer, too.
pub(crate) async fn ask(
    sides: &Sides,
    keys: &[&SupporterId],
    emails: &HashSet<Email>,
) -> Result<Vec<SeenContact>, Fatal> {
    let mut hits: HashMap<ContactId, SeenContact> = HashMap::new();
    let base = sides.columns.query(sides.columns.select())?;
    let key_field = Field::parse(&sides.map.technical().supporter_id)?;
    let mut queries = base.in_chunks(&key_field, keys.iter().map(|key| Literal::from(key.as_str())));
    for name in sides.columns.email_fields() {
        queries.extend(
            base.in_chunks(&Field::parse(name)?, emails.iter().map(|email| Literal::from(email.expose()))),
        );
    }
    for soql in queries {
        let mut pages = sides.org.query_all(&soql)?;
        while let Some(rows) = pages.next_page().await? {
            for seen in rows.iter().filter_map(|row| sides.columns.read(row).ok()) {
                hits.insert(seen.id(), seen);
            }
        }
    }
    let mut hits: Vec<SeenContact> = hits.into_values().collect();
    hits.sort_by_key(SeenContact::id);
    Ok(hits)
}

/// One supporter against what was fetched. Pure.
fn settle(sides: &Sides, supporter: &Supporter, fetched: &Fetched, depth: Depth) -> Found {
    if let Some(found) = by_stored_id(sides, supporter, fetched) {
        return found;
    }
    if let Some(found) = by_key(supporter, fetched) {
        return found;
    }
    match depth {
        Depth::ByIds => Found::Nobody(Vec::new()),
        Depth::ByNames => by_email(sides, supporter, fetched),
    }
}

/// The id the row carries. A stale one is followed to the survivor of a merge; one that leads nowhere counts as none.
fn by_stored_id(sides: &Sides, supporter: &Supporter, fetched: &Fetched) -> Option<Found> {
    let stored = stored_id(&sides.map, supporter)?;
    // An administrator said that this is somebody else, whatever the row says.
    if are_apart(supporter, stored, fetched) {
        return None;
    }
    let (seen, evidence) = match fetched.by_id.get(&stored) {
        Some(seen) => (seen, Evidence::StoredContactId),
        None => match fetched.fates.get(&stored)? {
            Fate::Survivor(id) => (fetched.by_id.get(id)?, Evidence::MergedFrom { contact: stored }),
            Fate::Deleted | Fate::Unknown => return None,
        },
    };
    // Nor is whoever it was merged into.
    if are_apart(supporter, seen.id(), fetched) {
        return None;
    }
    if belongs_to_another(supporter, seen, fetched) {
        return Some(case(CaseKind::TwoSupportersOneContact, vec![seen.clone()], &["stored_contact_id"]));
    }
    if disagrees_entirely(sides, supporter, seen) {
        return Some(case(
            CaseKind::IdAndEmailDisagree,
            vec![seen.clone()],
            &["email_differs", "names_disagree"],
        ));
    }
    Some(Found::One(Box::new(seen.clone()), evidence))
}

/// Whether an administrator said that the two are different people.
fn are_apart(supporter: &Supporter, contact: ContactId, fetched: &Fetched) -> bool {
    !fetched.apart.is_empty() && fetched.apart.contains(&(supporter.id.clone(), contact))
}

/// Linked to another supporter that exists, carrying such a supporter's id, or belonging to another supporter database.
fn belongs_to_another(supporter: &Supporter, seen: &SeenContact, fetched: &Fetched) -> bool {
    of_another_supporter(supporter, seen, fetched) || foreign(seen, fetched)
}

/// Linked to another supporter that exists, or carrying such a supporter's id.
fn of_another_supporter(supporter: &Supporter, seen: &SeenContact, fetched: &Fetched) -> bool {
    let another = |owner: &SupporterId| *owner != supporter.id && fetched.alive.contains(owner);
    let linked = fetched.taken.get(&seen.id()).is_some_and(another);
    let carries = seen.contact.supporter_id.text().and_then(|key| SupporterId::parse(key).ok());
    linked || carries.is_some_and(|owner| another(&owner))
}

/// Belonging to another supporter database.
fn foreign(seen: &SeenContact, fetched: &Fetched) -> bool {
    seen.of_other_account(fetched.own_account.as_deref())
}

/// The address differs and not even the names agree: whoever typed that id may have meant somebody else.
pub(crate) fn disagrees_entirely(sides: &Sides, supporter: &Supporter, seen: &SeenContact) -> bool {
    let Some(email) = email_of(&sides.map, supporter) else { return false };
    if seen.emails.is_empty() || seen.emails.contains(&email) {
        return false;
    }
    let config = &sides.settings.matching;
    let (ours, theirs) =
        (person_of_supporter(&sides.map, supporter, &email), person_of_contact(&sides.map, seen, &email));
    matching::compare(&ours, &theirs, Knowledge::built_in(), config).strength == Strength::None
}

/// Address and names.
fn by_email(sides: &Sides, supporter: &Supporter, fetched: &Fetched) -> Found {
    if fetched.by_email.is_empty() {
        return Found::Nobody(Vec::new());
    }
    let Some(email) = fetched.addresses.get(&supporter.id) else { return Found::Nobody(Vec::new()) };
    let holders = fetched.by_email.get(email).map_or(&[][..], Vec::as_slice);
    // A placeholder: whoever carries it is told by nothing, and each of a thousand supporters would be held against thousands of Contacts.
    if holders.len() > supporters::MAX_MATCHES_PER_KEY {
        let some = holders.iter().take(state::SHOWN_RECORDS - 1).cloned().collect();
        return case(CaseKind::AmbiguousContacts, some, &["email_equal", "address_of_many"]);
    }
    let holders = holders.iter().filter(|seen| !are_apart(supporter, seen.id(), fetched)).cloned();
    let (converted, holders): (Vec<SeenContact>, Vec<SeenContact>) = holders.partition(|seen| seen.converted);
    let usable = |seen: &&SeenContact| {
        !belongs_to_another(supporter, seen, fetched) && !seen.contact.person_account && !seen.excluded
    };
    let candidates: Vec<SeenContact> = holders.iter().filter(usable).cloned().collect();
    match choose_contact(sides, supporter, email, candidates) {
        Found::Nobody(_) => match choose_contact(sides, supporter, email, converted) {
            Found::Nobody(_) => set_apart(sides, supporter, email, &holders, fetched),
            // The person is a Contact by now: a new Lead would be a second record of them.
            Found::One(seen, _) => {
                case(CaseKind::ContactDeleted, vec![*seen], &["email_equal", "lead_converted"])
            }
            Found::Case { contacts, .. } => {
                case(CaseKind::ContactDeleted, contacts, &["email_equal", "lead_converted"])
            }
        },
        found @ (Found::One(..) | Found::Case { .. }) => found,
    }
}

/// Nobody free fits. The person may be there all the same: as a Contact that is not to be touched, which is then left alone,
/// or as another supporter's, which a person must look at. Either way nobody is created once more, though they be there twice already.
fn set_apart(
    sides: &Sides,
    supporter: &Supporter,
    email: &Email,
    holders: &[SeenContact],
    fetched: &Fetched,
) -> Found {
    let (taken, free): (Vec<&SeenContact>, Vec<&SeenContact>) =
        holders.iter().partition(|seen| of_another_supporter(supporter, seen, fetched));
    let untouchable = free.into_iter().filter(|seen| seen.contact.person_account || seen.excluded);
    let choose = |some: Vec<SeenContact>| choose_contact(sides, supporter, email, some);
    match choose(untouchable.cloned().collect()) {
        found @ Found::One(..) => return found,
        // Whichever of them it is, it is left alone.
        Found::Case { kind: CaseKind::AmbiguousContacts, contacts, .. } => {
            if let found @ Found::One(..) = choose(contacts.into_iter().take(1).collect()) {
                return found;
            }
        }
        Found::Case { .. } | Found::Nobody(_) => {}
    }
    let contacts = match choose(taken.into_iter().cloned().collect()) {
        Found::One(seen, _) => vec![*seen],
        Found::Case { kind: CaseKind::AmbiguousContacts, contacts, .. } => contacts,
        Found::Case { .. } | Found::Nobody(_) => return Found::Nobody(holders.to_vec()),
    };
    case(CaseKind::TwoSupportersOneContact, contacts, &["email_equal", "already_linked"])
}
