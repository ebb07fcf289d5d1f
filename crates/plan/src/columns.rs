//! Which Contact fields are read, and how a row of the org becomes a Contact.

use model::{AccountId, Cell, Contact, ContactId, Email, FieldMap, Stamp, UserId};
use salesforce::{Describe, Row};

use crate::Settings;

/// A Contact as it was read, with what only this run needs to know of it.
#[derive(Debug, Clone)]
pub struct SeenContact {
    /// The record.
    pub contact: Contact,
    /// Every usable address it carries, the main one first.
    pub emails: Vec<Email>,
    /// The exclude filter names it.
    pub excluded: bool,
}

impl SeenContact {
    /// The record's id.
    #[must_use]
    pub const fn id(&self) -> ContactId {
        self.contact.id
    }
}

/// A row that is no Contact: the answer breaks the wire contract. Names the field only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a Contact row without a usable {0}")]
pub struct UnusableRow(pub &'static str);

/// The fields of every Contact query, in one order.
#[derive(Debug, Clone)]
pub struct ContactColumns {
    names: Vec<String>,
    rules: Vec<usize>,
    supporter_id: usize,
    account_key: Option<usize>,
    person_account: Option<usize>,
    emails: Vec<usize>,
    exclude: Vec<(usize, Vec<String>)>,
}

/// The places of the fields that every query begins with.
const ID: usize = 0;
const STAMP: usize = 1;
const BY: usize = 2;
const ACCOUNT: usize = 3;
const DELETED: usize = 4;
const MASTER: usize = 5;
const FIXED: [&str; 6] =
    ["Id", "SystemModstamp", "LastModifiedById", "AccountId", "IsDeleted", "MasterRecordId"];

impl ContactColumns {
    /// The fields that are looked for in every org, whatever the map: one of them, `IsPersonAccount`, not every org has.
    pub const ALWAYS: [&str; 8] = [
        FIXED[ID],
        FIXED[STAMP],
        FIXED[BY],
        FIXED[ACCOUNT],
        FIXED[DELETED],
        FIXED[MASTER],
        "IsPersonAccount",
        "Email",
    ];

    /// Collects the fields that the map and the settings need.
    ///
    /// # Errors
    /// The API names that the org does not show: they do not exist, or field-level security hides them from our user.
    pub fn new(map: &FieldMap, settings: &Settings, describe: &Describe) -> Result<Self, Vec<String>> {
        let mut names: Vec<String> = FIXED.iter().map(|&name| name.to_owned()).collect();
        let mut place = |name: &str| {
            names.iter().position(|known| known.eq_ignore_ascii_case(name)).unwrap_or_else(|| {
                names.push(name.to_owned());
                names.len() - 1
            })
        };
        let supporter_id = place(&map.technical().supporter_id);
        let account_key = map.technical().account_id.as_ref().map(|(field, _)| place(field));
        let person_account = describe.field("IsPersonAccount").is_some().then(|| place("IsPersonAccount"));
        let rules = map.rules().iter().map(|rule| place(&rule.contact_field)).collect();
        let mut emails = vec![place("Email")];
        emails.extend(settings.email_fields.iter().map(|field| place(field)));
        let exclude = settings.exclude.iter().map(|e| (place(&e.field), e.values.clone())).collect();
        let missing: Vec<String> =
            names.iter().filter(|name| describe.field(name).is_none()).cloned().collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        Ok(Self { names, rules, supporter_id, account_key, person_account, emails, exclude })
    }

    /// The fields to select.
    #[must_use]
    pub fn select(&self) -> &[String] {
        &self.names
    }

    /// The API names of the fields that hold addresses.
    pub fn email_fields(&self) -> impl Iterator<Item = &str> {
        self.emails.iter().map(|&at| self.names[at].as_str())
    }

    /// Reads one row of a query that selected [`ContactColumns::select`].
    ///
    /// # Errors
    /// [`UnusableRow`] when the id or the stamp is missing or malformed.
    pub fn read(&self, row: &Row) -> Result<SeenContact, UnusableRow> {
        self.from_texts(&|at| row.at(at))
    }

    /// Reads a Contact from texts in the order of [`ContactColumns::select`].
    ///
    /// # Errors
    /// [`UnusableRow`] when the id or the stamp is missing or malformed.
    pub fn from_texts<'a>(
        &self,
        text: &dyn Fn(usize) -> Option<&'a str>,
    ) -> Result<SeenContact, UnusableRow> {
        let filled = |at: usize| text(at).filter(|text| !text.is_empty());
        let id = filled(ID).and_then(|raw| ContactId::parse(raw).ok()).ok_or(UnusableRow("Id"))?;
        let modified =
            filled(STAMP).and_then(|raw| Stamp::parse(raw).ok()).ok_or(UnusableRow("SystemModstamp"))?;
        let yes = |at: usize| filled(at).is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let cell = |at: usize| Cell::from_nullable(text(at));
        let contact = Contact {
            id,
            modified,
            modified_by: filled(BY).and_then(|raw| UserId::parse(raw).ok()),
            supporter_id: cell(self.supporter_id),
            account_key: self.account_key.map_or(Cell::Absent, cell),
            account: filled(ACCOUNT).and_then(|raw| AccountId::parse(raw).ok()),
            deleted: yes(DELETED),
            master: filled(MASTER).and_then(|raw| ContactId::parse(raw).ok()),
            person_account: self.person_account.is_some_and(yes),
            cells: self.rules.iter().map(|&at| cell(at)).collect(),
        };
        let named = |(at, values): &(usize, Vec<String>)| {
            filled(*at).is_some_and(|text| values.iter().any(|value| value.eq_ignore_ascii_case(text)))
        };
        Ok(SeenContact {
            contact,
            emails: self.emails.iter().filter_map(|&at| Email::parse(filled(at)?).ok()).collect(),
            excluded: self.exclude.iter().any(named),
        })
    }
}
