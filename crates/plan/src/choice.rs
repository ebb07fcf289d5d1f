//! People as the matcher reads them, and its choice among those who carry one address.

use matching::{Choice, Knowledge, Person, Strength};
use model::{CaseKind, Cell, Email, Evidence, FieldMap, Supporter};

use crate::columns::SeenContact;
use crate::look_up::case;
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
    let ours = person_of_supporter(&sides.map, supporter, email);
    let theirs: Vec<Person> =
        candidates.iter().map(|seen| person_of_contact(&sides.map, seen, email)).collect();
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

/// The supporter as the matcher reads people.
#[must_use]
pub fn person_of_supporter(map: &FieldMap, supporter: &Supporter, email: &Email) -> Person {
    let value = |field: &str| {
        let value = map.rule_of(field).and_then(|rule| map.supporter_value(rule, &supporter.cells).ok());
        value.unwrap_or_default()
    };
    let (first, last) = (value("FirstName"), value("LastName"));
    Person::new(first.text().unwrap_or_default(), last.text().unwrap_or_default(), email.expose())
}

/// The Contact as the matcher reads people.
#[must_use]
pub fn person_of_contact(map: &FieldMap, seen: &SeenContact, email: &Email) -> Person {
    let text = |field: &str| {
        let cell = map.rule_of(field).and_then(|at| seen.contact.cells.get(at));
        cell.and_then(Cell::text).unwrap_or_default()
    };
    Person::new(text("FirstName"), text("LastName"), email.expose())
}
