//! People for tests. Nobody real.

use serde_json::{Map, Value as Json};

/// A supporter's row.
#[derive(Debug, Clone, Default)]
pub struct Person {
    /// The row's id.
    pub id: i64,
    /// The address.
    pub email: Option<String>,
    /// First name.
    pub first: Option<String>,
    /// Last name.
    pub last: Option<String>,
    /// First address line.
    pub street: Option<String>,
    /// Second address line.
    pub street_2: Option<String>,
    /// City.
    pub city: Option<String>,
    /// Phone.
    pub phone: Option<String>,
    /// `Y` or `N`.
    pub opt_in: Option<String>,
    /// What stands in the Contact Id column.
    pub contact_id: Option<String>,
}

impl Person {
    /// Somebody with a name and an address.
    #[must_use]
    pub fn new(id: i64, first: &str, last: &str, email: &str) -> Self {
        let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
        Self { id, first: some(first), last: some(last), email: some(email), ..Self::default() }
    }

    /// Carrying a Contact Id.
    #[must_use]
    pub fn linked_to(self, contact: &str) -> Self {
        Self { contact_id: Some(contact.to_owned()), ..self }
    }

    /// Living in a city.
    #[must_use]
    pub fn in_city(self, city: &str) -> Self {
        Self { city: Some(city.to_owned()), ..self }
    }

    /// With an opt-in of `Y` or `N`.
    #[must_use]
    pub fn opted(self, answer: &str) -> Self {
        Self { opt_in: Some(answer.to_owned()), ..self }
    }
}

/// A Contact's fields.
#[derive(Debug, Clone, Default)]
pub struct Contact(Map<String, Json>);

impl Contact {
    /// Somebody with a name and an address.
    #[must_use]
    pub fn new(first: &str, last: &str, email: &str) -> Self {
        Self::default().with("FirstName", first).with("LastName", last).with("Email", email)
    }

    /// With another field; an empty text is left out.
    #[must_use]
    pub fn with(mut self, field: &str, value: &str) -> Self {
        if !value.is_empty() {
            self.0.insert(field.to_owned(), Json::String(value.to_owned()));
        }
        self
    }

    /// As the org takes it.
    #[must_use]
    pub fn to_json(&self) -> Map<String, Json> {
        self.0.clone()
    }
}
