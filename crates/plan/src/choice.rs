//! People as the matcher reads them, and its choice among those who carry one address.

use std::sync::Arc;

use matching::{Choice, Knowledge, Person, Strength};
use model::{CaseKind, Cell, Email, Evidence, FieldMap, Supporter};

use crate::columns::SeenContact;
use crate::{Found, Sides};

/// The matcher's choice among Contacts that carry the address.
#[must_use]
pub fn choose_contact(
    sides: &Sides,
    supporter: &Supporter,
    email: &Email,
    candidates: Vec<SeenContact>,
) -> Found {
    // On a first load most people have none: their names need not be understood.
    if candidates.is_empty() {
        return Found::Nobody(Vec::new());
    }
    let config = &sides.settings.matching;
    let knowledge = Knowledge::built_in();
    let mut people = PeopleReader::new(&sides.map, email);
    let ours = people.supporter(supporter);
    let theirs: Vec<Arc<Person>> = candidates.iter().map(|seen| people.contact(seen)).collect();
    match matching::choose(&ours, &theirs, knowledge, config) {
        Choice::Link(at) => {
            let outcome = matching::compare(&ours, &theirs[at], knowledge, config);
            let evidence = Evidence::EmailAndName {
                strength: outcome.strength.as_str().to_owned(),
                reasons: outcome.reasons.iter().map(|reason| reason.as_str().to_owned()).collect(),
            };
            Found::One(Box::new(candidates[at].clone()), evidence)
        }
        Choice::Ambiguous(which) => {
            let several = which.iter().map(|&at| candidates[at].clone()).collect();
            case(CaseKind::AmbiguousContacts, several, &["email_equal", "several_fit"])
        }
        Choice::NoMatch => {
            let outcomes: Vec<_> =
                theirs.iter().map(|c| matching::compare(&ours, c, knowledge, config)).collect();
            let near: Vec<usize> =
                (0..outcomes.len()).filter(|&at| outcomes[at].strength >= Strength::Review).collect();
            if near.is_empty() {
                return Found::Nobody(Vec::new());
            }
            let reasons = near.iter().flat_map(|&at| outcomes[at].reasons.iter());
            let reasons: Vec<&str> = reasons.map(|reason| reason.as_str()).collect();
            case(CaseKind::ReviewMatch, near.iter().map(|&at| candidates[at].clone()).collect(), &reasons)
        }
    }
}

/// A person must say who is meant.
pub(crate) fn case(kind: CaseKind, contacts: Vec<SeenContact>, reasons: &[&str]) -> Found {
    let mut reasons: Vec<String> = reasons.iter().map(|&reason| reason.to_owned()).collect();
    reasons.dedup();
    Found::Case { kind, contacts, reasons }
}

/// Whether both have the same first and last name, letter for letter.
pub(crate) fn names_are_spelled_alike(map: &FieldMap, supporter: &Supporter, seen: &SeenContact) -> bool {
    names_of_supporter(map, supporter) == names_of_contact(map, seen)
}

fn names_of_supporter(map: &FieldMap, supporter: &Supporter) -> [Cell; 2] {
    let value = |field: &str| {
        let rule = map.rule_of(field);
        let value = rule.and_then(|rule| map.supporter_value(rule, &supporter.cells).ok());
        value.unwrap_or_default()
    };
    [value("FirstName"), value("LastName")]
}

fn names_of_contact(map: &FieldMap, seen: &SeenContact) -> [Cell; 2] {
    let cell = |field: &str| {
        let cell = map.rule_of(field).and_then(|at| seen.contact.cells.get(at));
        cell.cloned().unwrap_or_default()
    };
    [cell("FirstName"), cell("LastName")]
}

/// The supporter as the matcher reads people.
#[must_use]
pub fn person_of_supporter(map: &FieldMap, supporter: &Supporter, email: &Email) -> Person {
    let reader = PeopleReader::new(map, email);
    reader.understand(&names_of_supporter(map, supporter))
}

/// The Contact as the matcher reads people.
#[must_use]
pub fn person_of_contact(map: &FieldMap, seen: &SeenContact, email: &Email) -> Person {
    let reader = PeopleReader::new(map, email);
    reader.understand(&names_of_contact(map, seen))
}

/// Reads people on one address as the matcher does. Most who meet there are spelled alike on both sides: whoever is spelled as
/// the first one read is the same to the matcher, and need not be understood again.
pub struct PeopleReader<'a> {
    map: &'a FieldMap,
    email: &'a Email,
    first: Option<([Cell; 2], Arc<Person>)>,
}

impl<'a> PeopleReader<'a> {
    /// Nobody read yet.
    #[must_use]
    pub const fn new(map: &'a FieldMap, email: &'a Email) -> Self {
        Self { map, email, first: None }
    }

    /// A supporter.
    pub fn supporter(&mut self, supporter: &Supporter) -> Arc<Person> {
        self.read(names_of_supporter(self.map, supporter))
    }

    /// A Contact.
    pub fn contact(&mut self, seen: &SeenContact) -> Arc<Person> {
        self.read(names_of_contact(self.map, seen))
    }

    fn read(&mut self, names: [Cell; 2]) -> Arc<Person> {
        if let Some((known, person)) = &self.first
            && *known == names
        {
            return Arc::clone(person);
        }
        let person = Arc::new(self.understand(&names));
        if self.first.is_none() {
            self.first = Some((names, Arc::clone(&person)));
        }
        person
    }

    fn understand(&self, [first, last]: &[Cell; 2]) -> Person {
        Person::new(first.text().unwrap_or_default(), last.text().unwrap_or_default(), self.email.expose())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::field_map::plain_rule;
    use model::{FieldType, Stamp, SupporterId, TechnicalFields};

    proptest::proptest! {
        /// Whoever is read after others is read as if alone.
        #[test]
        fn reading_several_people_is_reading_each(names in proptest::collection::vec("(Bo|bo|Dr\\. Bo|)", 4..8)) {
            let technical = TechnicalFields {
                supporter_id: "Supporter_Id__c".to_owned(),
                account_id: None,
                push_marker: None,
            };
            let rules = ["LastName", "FirstName", "Email"];
            let rules = rules.map(|field| plain_rule(field, field, FieldType::Text)).to_vec();
            let map = FieldMap::new(rules, technical).unwrap();
            let email = Email::parse("bo@example.org").unwrap();
            let mut reader = PeopleReader::new(&map, &email);
            for pair in names.windows(2) {
                let cells = pair.iter().map(|name| Cell::from_nullable(Some(name))).collect();
                let supporter = Supporter {
                    id: SupporterId::parse("1").unwrap(),
                    modified: Stamp::EPOCH,
                    contact_id: Cell::Empty,
                    cells,
                };
                let read = reader.supporter(&supporter);
                let alone = person_of_supporter(&map, &supporter, &email);
                let other = Person::new("Bo", "Bo", email.expose());
                let compared = |one: &Person| matching::compare(one, &other, Knowledge::built_in(), &matching::Config::default());
                proptest::prop_assert_eq!(compared(&read), compared(&alone));
            }
        }
    }
}
