//! Whether what people did in the hour is on both sides afterwards.

use std::collections::HashMap;

use model::{CaseKind, Subject, SupporterId};
use serde_json::Value as Json;

use super::world::World;
use crate::failure::Failure;

/// Something that must hold after the cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Expected {
    /// The supporter's column and its Contact's field both hold this; `None`: both are empty.
    Both {
        /// The supporter.
        supporter: i64,
        /// Its column.
        column: &'static str,
        /// The Contact's field.
        field: &'static str,
        /// What the column holds.
        ours: Option<String>,
        /// What the field holds.
        theirs: Option<String>,
    },
    /// The supporter is linked to this Contact, and its row carries the Id.
    Linked {
        /// The supporter.
        supporter: i64,
        /// The Contact.
        contact: String,
    },
    /// Exactly one supporter and one live Contact carry the address, and they are linked.
    OnePerson {
        /// The address.
        email: String,
    },
    /// A person is asked to decide.
    Case {
        /// Whom it is about.
        supporter: i64,
        /// What kind.
        kind: CaseKind,
    },
    /// The supporter is in Salesforce under no address.
    NoContact {
        /// The address.
        email: String,
    },
    /// The Contact is no supporter.
    NoSupporter {
        /// The Contact.
        contact: String,
    },
}

/// What an expectation is about, for the count.
#[derive(Debug, Clone)]
pub struct Expectation {
    /// What people did.
    pub what: &'static str,
    /// What must come of it.
    pub expected: Expected,
}

/// Looks at both sides. Answers each expectation that does not hold, in words.
///
/// # Errors
/// When a side cannot be read.
pub async fn unmet(world: &World, expectations: &[Expectation]) -> Result<Vec<String>, Failure> {
    let contacts = world.simulated.org.records("Contact");
    let by_id: HashMap<&str, &Json> =
        contacts.iter().filter_map(|contact| Some((contact["Id"].as_str()?, contact))).collect();
    let look = Look { world, contacts: &contacts, by_id };
    let mut unmet = Vec::new();
    for expectation in expectations {
        if let Some(problem) = look.at(&expectation.expected).await? {
            unmet.push(format!("{}: {problem}", expectation.what));
        }
    }
    Ok(unmet)
}

struct Look<'a> {
    world: &'a World,
    contacts: &'a [Json],
    by_id: HashMap<&'a str, &'a Json>,
}

impl Look<'_> {
    async fn at(&self, expected: &Expected) -> Result<Option<String>, Failure> {
        match expected {
            Expected::Both { supporter, column, field, ours, theirs } => {
                let found = self.world.database.cell(*supporter, column)?;
                let there = self.linked_contact(*supporter)?.map(|contact| text(&contact[*field]));
                let held = found == *ours && there.as_ref() == Some(theirs);
                Ok((!held)
                    .then(|| format!("supporter {supporter}: {column} and {field} are not as expected")))
            }
            Expected::Linked { supporter, contact } => {
                let stored = self.world.database.cell(*supporter, "sf_contact_id")?;
                let held =
                    self.link(*supporter)?.as_ref() == Some(contact) && stored.as_ref() == Some(contact);
                Ok((!held).then(|| format!("supporter {supporter} is not linked to Contact {contact}")))
            }
            Expected::OnePerson { email } => {
                let supporters = self.world.database.with_email(email)?;
                let contacts = self.holders(email);
                let held = match (&supporters[..], &contacts[..]) {
                    ([supporter], [contact]) => self.link(*supporter)?.as_deref() == contact["Id"].as_str(),
                    _ => false,
                };
                let found = (supporters.len(), contacts.len());
                Ok((!held).then(|| format!("{} supporters and {} Contacts, or not linked", found.0, found.1)))
            }
            Expected::Case { supporter, kind } => {
                let case = self.world.sides.state.case_of(*kind, &Subject::Supporter(id(*supporter)?))?;
                Ok(case.is_none().then(|| format!("no case {} for supporter {supporter}", kind.code())))
            }
            Expected::NoContact { email } => {
                let count = self.holders(email).len();
                Ok((count > 0).then(|| format!("{count} Contacts were made")))
            }
            Expected::NoSupporter { contact } => {
                let parsed = model::ContactId::parse(contact).ok();
                let owner = parsed.map(|id| self.world.sides.state.supporter_of(&id)).transpose()?.flatten();
                Ok(owner.map(|owner| format!("supporter {owner} was made")))
            }
        }
    }

    fn link(&self, supporter: i64) -> Result<Option<String>, Failure> {
        let link = self.world.sides.state.link_of(&id(supporter)?)?;
        Ok(link.filter(|link| link.life == model::LinkLife::Live).map(|link| link.contact.to_string()))
    }

    fn linked_contact(&self, supporter: i64) -> Result<Option<&Json>, Failure> {
        let link = self.link(supporter)?;
        Ok(link.and_then(|link| self.by_id.get(link.as_str()).copied()))
    }

    fn holders(&self, email: &str) -> Vec<&Json> {
        let holds =
            |contact: &&Json| contact["Email"].as_str().is_some_and(|held| held.eq_ignore_ascii_case(email));
        self.contacts.iter().filter(holds).collect()
    }
}

fn id(supporter: i64) -> Result<SupporterId, Failure> {
    let parsed = SupporterId::parse(&supporter.to_string());
    parsed.map_err(|_| Failure::Unexpected("a number is no supporter id"))
}

/// A field as text; `None` when null or empty.
fn text(value: &Json) -> Option<String> {
    match value {
        Json::Null => None,
        Json::String(text) => Some(text.clone()),
        Json::Bool(_) | Json::Number(_) | Json::Array(_) | Json::Object(_) => Some(value.to_string()),
    }
}
