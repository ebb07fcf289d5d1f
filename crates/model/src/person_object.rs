//! Which object of the org a supporter's record is.

use serde::{Deserialize, Serialize};

use crate::ContactId;

/// The object that the sync keeps in step with the supporters. Wherever the engine says "Contact" it means a record of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PersonObject {
    /// Contacts.
    #[default]
    Contact,
    /// Leads. One that was converted is a Lead no more: its end is the end of a record.
    Lead,
    /// Person accounts: Accounts with `IsPersonAccount`, whose address is `PersonEmail` and whose Contact fields end in `__pc`
    /// (Object reference, Account, "Person Account Fields").
    PersonAccount,
}

impl PersonObject {
    /// The object's API name.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contact => "Contact",
            Self::Lead => "Lead",
            Self::PersonAccount => "Account",
        }
    }

    /// What the ids of its records begin with (Object reference, "Key prefix").
    #[must_use]
    pub const fn prefix(self) -> &'static str {
        match self {
            Self::Contact => "003",
            Self::Lead => "00Q",
            Self::PersonAccount => "001",
        }
    }

    /// The field of the main address.
    #[must_use]
    pub const fn email(self) -> &'static str {
        match self {
            Self::Contact | Self::Lead => "Email",
            Self::PersonAccount => "PersonEmail",
        }
    }

    /// Fields without which Salesforce takes no new record, or nobody can be told from anybody. `LastName` is the same in all
    /// three; a Lead needs a `Company` besides (Object reference, Lead).
    #[must_use]
    pub const fn needed(self) -> &'static [&'static str] {
        match self {
            Self::Contact => &["LastName", "Email"],
            Self::Lead => &["LastName", "Email", "Company"],
            Self::PersonAccount => &["LastName", "PersonEmail"],
        }
    }

    /// Whether an id is one of its records'.
    #[must_use]
    pub fn has(self, id: ContactId) -> bool {
        id.as_str().starts_with(self.prefix())
    }

    /// The id of one of its records; `None` for any other text.
    #[must_use]
    pub fn id(self, text: &str) -> Option<ContactId> {
        ContactId::parse(text.trim()).ok().filter(|id| self.has(*id))
    }

    /// The word in the configuration.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Contact => "contact",
            Self::Lead => "lead",
            Self::PersonAccount => "person_account",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_object_takes_its_own_ids_only() {
        let all = [PersonObject::Contact, PersonObject::Lead, PersonObject::PersonAccount];
        for (at, text) in ["0031i000013x2TEAAY", "00QRM0000068xVC", "00190000001pPvHAAU"].iter().enumerate() {
            for (other, object) in all.iter().enumerate() {
                assert_eq!(object.id(text).is_some(), at == other, "{text} as {}", object.word());
            }
        }
        assert!(all.iter().all(|object| object.id("00D000000000000EAA").is_none()));
    }
}
