//! Contacts on a supporter's address whose names disagree: before a second Contact is created there, a person looks.

use std::collections::HashMap;

use matching::{Knowledge, Person, Strength};
use model::{CaseKind, ContactId, Email, Supporter, SupporterId};

use super::{Fetched, Found, belongs_to_another, email_of};
use crate::choice::{case, person_of_contact, person_of_supporter};
use crate::columns::SeenContact;
use crate::{Fatal, Sides};

/// A Contact on the supporter's address whose names disagree, and who is nobody else among the supporters either: before a
/// second Contact is created on that address, a person looks.
pub(super) async fn ask_about_strangers(
    sides: &Sides,
    supporters: &[&Supporter],
    fetched: &Fetched,
    found: &mut [Found],
) -> Result<(), Fatal> {
    let mut asked: HashMap<Email, Vec<usize>> = HashMap::new();
    for (at, one) in found.iter_mut().enumerate() {
        let Found::Nobody(others) = one else { continue };
        others.retain(|seen| {
            !belongs_to_another(supporters[at], seen, fetched)
                && !seen.contact.person_account
                && !seen.excluded
        });
        if !others.is_empty()
            && let Some(email) = email_of(&sides.map, supporters[at])
        {
            asked.entry(email).or_default().push(at);
        }
    }
    if asked.is_empty() {
        return Ok(());
    }
    let emails: Vec<Email> = asked.keys().cloned().collect();
    let neighbours = on_each_address(sides, sides.supporters.by_emails(&emails).await?);
    for (email, askers) in asked {
        let people = neighbours.get(&email).map_or(&[][..], Vec::as_slice);
        let people: Vec<(&SupporterId, Person)> =
            people.iter().map(|one| (&one.id, person_of_supporter(&sides.map, one, &email))).collect();
        let mut address = Address::new(|seen: &SeenContact| whose(sides, &people, seen, &email));
        for at in askers {
            // Nothing is written any more, and whoever was not asked about keeps the mark.
            if sides.stopping() {
                return Ok(());
            }
            let Found::Nobody(others) = &found[at] else { continue };
            let strangers = address.strangers(&supporters[at].id, others);
            if !strangers.is_empty() {
                found[at] = case(CaseKind::NamesDisagree, strangers, &["email_equal", "names_disagree"]);
            }
        }
    }
    Ok(())
}

/// The supporters by their addresses, without those that were merged away.
fn on_each_address(sides: &Sides, supporters: Vec<Supporter>) -> HashMap<Email, Vec<Supporter>> {
    let mut each: HashMap<Email, Vec<Supporter>> = HashMap::new();
    for supporter in supporters.into_iter().filter(|one| sides.map.merged_into(one).is_none()) {
        if let Some(email) = email_of(&sides.map, &supporter) {
            each.entry(email).or_default().push(supporter);
        }
    }
    each
}

/// Whom of the people on its address a Contact fits: two at the most, so that one is left when the other asks.
fn whose<'a>(
    sides: &Sides,
    people: &[(&'a SupporterId, Person)],
    seen: &SeenContact,
    email: &Email,
) -> Vec<&'a SupporterId> {
    let contact = person_of_contact(&sides.map, seen, email);
    let (knowledge, config) = (Knowledge::built_in(), &sides.settings.matching);
    let fits = |person: &Person| {
        matching::compare(person, &contact, knowledge, config).strength >= Strength::Probable
    };
    people.iter().filter(|(_, person)| fits(person)).map(|(id, _)| *id).take(2).collect()
}

/// The Contacts on one address, each asked once whose it is, however many supporters share the address.
struct Address<'a, W> {
    whose: W,
    known: HashMap<ContactId, Vec<&'a SupporterId>>,
}

impl<'a, W: FnMut(&SeenContact) -> Vec<&'a SupporterId>> Address<'a, W> {
    fn new(whose: W) -> Self {
        Self { whose, known: HashMap::new() }
    }

    /// Those of the Contacts that are nobody's but perhaps the asker's.
    fn strangers(&mut self, asker: &SupporterId, others: &[SeenContact]) -> Vec<SeenContact> {
        let mut strangers = Vec::new();
        for seen in others {
            let owners = self.known.entry(seen.id()).or_insert_with(|| (self.whose)(seen));
            if owners.iter().all(|owner| *owner == asker) {
                strangers.push(seen.clone());
            }
        }
        strangers
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use model::{Cell, Contact, Stamp};

    use super::*;

    fn contact(number: usize) -> SeenContact {
        let contact = Contact {
            id: ContactId::parse(&format!("003{number:012}")).unwrap(),
            modified: Stamp::EPOCH,
            modified_by: None,
            deleted: false,
            master: None,
            supporter_id: Cell::Empty,
            account_key: Cell::Empty,
            account: None,
            person_account: false,
            cells: Vec::new(),
        };
        SeenContact {
            contact: Arc::new(contact),
            emails: Arc::from([]),
            excluded: false,
            push_only: false,
            converted: false,
            ticked: false,
        }
    }

    #[test]
    fn a_contact_is_held_against_the_people_of_its_address_once_and_not_for_each_who_asks() {
        let ids: Vec<SupporterId> = (0..200).map(|id| SupporterId::parse(&id.to_string()).unwrap()).collect();
        let contacts: Vec<SeenContact> = (0..30).map(contact).collect();
        let mut asked = 0;
        // The first Contact is the first supporter's, the second the first two's, and the others nobody's.
        let whose = |seen: &SeenContact| {
            asked += 1;
            let number = contacts.iter().position(|one| one.id() == seen.id()).unwrap();
            ids.iter().take([1, 2].get(number).copied().unwrap_or(0)).collect()
        };
        let mut address = Address::new(whose);
        let strangers: Vec<usize> = ids.iter().map(|id| address.strangers(id, &contacts).len()).collect();
        assert_eq!(asked, contacts.len());
        // Whoever asks is left out: to the first supporter the first Contact is nobody else's.
        assert_eq!(strangers[..2], [29, 28]);
        assert!(strangers[2..].iter().all(|count| *count == 28));
    }
}
