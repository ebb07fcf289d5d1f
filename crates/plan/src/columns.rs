//! Which Contact fields are read, and how a row of the org becomes a Contact.

use std::sync::Arc;

use model::{AccountId, Cell, Contact, ContactId, Email, FieldMap, PersonObject, Stamp, SupporterId, UserId};
use salesforce::soql::{Field, InvalidName, Soql};
use salesforce::{Condition, Describe, Row};

use crate::{OnDelete, Settings};

/// A Contact as it was read, with what only this run needs to know of it. Clones share the record: it goes through many hands,
/// and nobody changes it.
#[derive(Debug, Clone)]
pub struct SeenContact {
    /// The record.
    pub contact: Arc<Contact>,
    /// Every usable address it carries, the main one first.
    pub emails: Arc<[Email]>,
    /// The exclude filter names it: it is left alone.
    pub excluded: bool,
    /// The exclude filter names it, and takes it out of the pull only.
    pub push_only: bool,
    /// A Lead that was converted: the person is a Contact by now, and the record counts as deleted.
    pub converted: bool,
    /// The record is ticked: its supporter was deleted. Never where deletions are not told so.
    pub ticked: bool,
}

impl SeenContact {
    /// The record's id.
    #[must_use]
    pub fn id(&self) -> ContactId {
        self.contact.id
    }

    /// Whether the record carries this supporter's id, spelled as it is.
    #[must_use]
    pub fn carries(&self, supporter: &SupporterId) -> bool {
        self.contact.supporter_id.text() == Some(supporter.as_str())
    }

    /// Whether it carries the account id of another supporter database than ours. None at all is nobody's.
    #[must_use]
    pub fn of_other_account(&self, own: Option<&str>) -> bool {
        own.zip(self.contact.account_key.text()).is_some_and(|(own, theirs)| own != theirs)
    }
}

/// What a Contact is filed under.
#[derive(Debug)]
pub(crate) struct Filed<'a> {
    pub(crate) id: ContactId,
    /// The supporter id it carries.
    pub(crate) key: Option<&'a str>,
    pub(crate) emails: Vec<Email>,
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
    account: Option<usize>,
    /// Contacts of person accounts are told by it; where the records are person accounts, other Accounts are.
    person_account: Option<usize>,
    converted: Option<usize>,
    emails: Vec<usize>,
    /// The checkbox that says of a record that its supporter was deleted.
    ticked: Option<usize>,
    exclude: Vec<(usize, Vec<String>)>,
    exclude_pulls_only: bool,
    object: PersonObject,
}

/// The places of the fields that every query begins with.
const ID: usize = 0;
const STAMP: usize = 1;
const BY: usize = 2;
const DELETED: usize = 3;
const MASTER: usize = 4;
const FIXED: [&str; 5] = ["Id", "SystemModstamp", "LastModifiedById", "IsDeleted", "MasterRecordId"];
const ACCOUNT: &str = "AccountId";
const PERSON: &str = "IsPersonAccount";
const CONVERTED: &str = "IsConverted";

impl ContactColumns {
    /// The fields that are looked for in every org, whatever the map: not every object has all of them, and `IsPersonAccount` not
    /// every org.
    pub const ALWAYS: [&str; 10] = [
        FIXED[ID],
        FIXED[STAMP],
        FIXED[BY],
        FIXED[DELETED],
        FIXED[MASTER],
        ACCOUNT,
        PERSON,
        CONVERTED,
        "Email",
        "PersonEmail",
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
        let object = map.object();
        let account = (object == PersonObject::Contact).then(|| place(ACCOUNT));
        let person_account = match object {
            PersonObject::Contact => describe.field(PERSON).is_some().then(|| place(PERSON)),
            PersonObject::Lead => None,
            PersonObject::PersonAccount => Some(place(PERSON)),
        };
        let converted = (object == PersonObject::Lead).then(|| place(CONVERTED));
        let rules = map.rules().iter().map(|rule| place(&rule.contact_field)).collect();
        let mut emails = vec![place(object.email())];
        emails.extend(settings.email_fields.iter().map(|field| place(field)));
        let exclude = settings.exclude.iter().map(|e| (place(&e.field), e.values.clone())).collect();
        // One that cannot be seen cannot be set either: then there are cases in its place.
        let tick = settings.deleted_flags.field.as_deref().filter(|name| describe.field(name).is_some());
        let ticked = tick.filter(|_| settings.supporter_deleted == OnDelete::Flag).map(&mut place);
        let missing: Vec<String> =
            names.iter().filter(|name| describe.field(name).is_none()).cloned().collect();
        if !missing.is_empty() {
            return Err(missing);
        }
        Ok(Self {
            names,
            rules,
            supporter_id,
            account_key,
            account,
            person_account,
            converted,
            emails,
            ticked,
            exclude,
            exclude_pulls_only: settings.exclude_pulls_only,
            object,
        })
    }

    /// A query for records of the object with these fields. Accounts that are no persons are left out.
    ///
    /// # Errors
    /// [`InvalidName`] when a name is no API name.
    pub fn query<F: AsRef<str>>(&self, fields: impl IntoIterator<Item = F>) -> Result<Soql, InvalidName> {
        let soql = Soql::select(self.object.name(), fields)?;
        Ok(match self.only_persons()? {
            Some(condition) => soql.filter(condition),
            None => soql,
        })
    }

    /// The condition that leaves out Accounts that are no persons.
    ///
    /// # Errors
    /// None that a fixed name could bring.
    pub fn only_persons(&self) -> Result<Option<Condition>, InvalidName> {
        match self.object {
            PersonObject::Contact | PersonObject::Lead => Ok(None),
            PersonObject::PersonAccount => Ok(Some(Field::parse(PERSON)?.eq(true))),
        }
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
        let yes = |at: usize| filled(at).is_some_and(|text| text.eq_ignore_ascii_case("true"));
        let (id, modified) = self.usable(text)?;
        let cell = |at: usize| Cell::from_nullable(text(at));
        let converted = self.converted.is_some_and(yes);
        let person = self.person_account.is_some_and(yes);
        let contact = Contact {
            id,
            modified,
            modified_by: filled(BY).and_then(|raw| UserId::parse(raw).ok()),
            supporter_id: cell(self.supporter_id),
            account_key: self.account_key.map_or(Cell::Absent, cell),
            account: self.account.and_then(filled).and_then(|raw| AccountId::parse(raw).ok()),
            // A Lead that was converted is read only, and is a Contact from then on.
            deleted: yes(DELETED) || converted,
            master: filled(MASTER).and_then(|raw| ContactId::parse(raw).ok()),
            person_account: self.object == PersonObject::Contact && person,
            cells: self.rules.iter().map(|&at| cell(at)).collect(),
        };
        let named = |(at, values): &(usize, Vec<String>)| {
            filled(*at).is_some_and(|text| values.iter().any(|value| value.eq_ignore_ascii_case(text)))
        };
        let named = self.exclude.iter().any(named);
        Ok(SeenContact {
            contact: Arc::new(contact),
            emails: self.addresses(text).collect(),
            excluded: named && !self.exclude_pulls_only,
            push_only: named && self.exclude_pulls_only,
            converted,
            ticked: self.ticked.is_some_and(yes),
        })
    }

    /// What a row is filed under, where [`ContactColumns::read`] would make a Contact of it.
    ///
    /// # Errors
    /// As [`ContactColumns::read`].
    pub(crate) fn filed<'a>(&self, row: &'a Row) -> Result<Filed<'a>, UnusableRow> {
        let text = |at| row.at(at);
        let (id, _) = self.usable(&text)?;
        Ok(Filed { id, key: row.at(self.supporter_id), emails: self.addresses(&text).collect() })
    }

    /// The id and the stamp, without which a row is none of ours.
    fn usable<'a>(&self, text: &dyn Fn(usize) -> Option<&'a str>) -> Result<(ContactId, Stamp), UnusableRow> {
        let filled = |at: usize| text(at).filter(|text| !text.is_empty());
        let id = filled(ID).and_then(|raw| self.object.id(raw)).ok_or(UnusableRow("Id"))?;
        let modified =
            filled(STAMP).and_then(|raw| Stamp::parse(raw).ok()).ok_or(UnusableRow("SystemModstamp"))?;
        let yes = |at: usize| filled(at).is_some_and(|text| text.eq_ignore_ascii_case("true"));
        if self.object == PersonObject::PersonAccount && !self.person_account.is_some_and(yes) {
            return Err(UnusableRow(PERSON));
        }
        Ok((id, modified))
    }

    fn addresses<'a>(&self, text: &dyn Fn(usize) -> Option<&'a str>) -> impl Iterator<Item = Email> {
        self.emails.iter().filter_map(|&at| Email::parse(text(at)?).ok())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use salesforce::Columns;

    use super::*;

    proptest::proptest! {
        /// Whoever is filed is read by the same ids and addresses, and nobody else is.
        #[test]
        fn what_a_row_is_filed_under_is_what_it_is_read_as(
            id in "(0035g00000AAAAz|00Q5g00000AAAAz|0015g00000AAAAz|)",
            stamp in "(2026-10-05T12:34:56.000Z|soon|)",
            person in "(true|false|)",
            texts in proptest::collection::vec("(1042|jo@example\\.org|Jo@Example\\.org|)", 3),
            object in 0_usize..3,
        ) {
            let object = [PersonObject::Contact, PersonObject::Lead, PersonObject::PersonAccount][object];
            let mut names = FIXED.map(str::to_owned).to_vec();
            names.extend([PERSON, "Supporter_Id__c", "Email", "Other__c"].map(str::to_owned));
            let columns = ContactColumns {
                names: names.clone(),
                rules: vec![7],
                supporter_id: 6,
                account_key: None,
                account: None,
                person_account: Some(5),
                converted: None,
                emails: vec![7, 8],
                ticked: None,
                exclude: Vec::new(),
                exclude_pulls_only: false,
                object,
            };
            let mut values = vec![id, stamp, String::new(), String::new(), String::new(), person];
            values.extend(texts);
            let row = Row::new(Arc::new(Columns::new(names)), values.iter().map(Some));
            match (columns.filed(&row), columns.read(&row)) {
                (Ok(filed), Ok(seen)) => {
                    proptest::prop_assert_eq!(filed.id, seen.id());
                    proptest::prop_assert_eq!(filed.key, seen.contact.supporter_id.text());
                    proptest::prop_assert_eq!(&filed.emails[..], &seen.emails[..]);
                }
                (filed, seen) => proptest::prop_assert_eq!(filed.err(), seen.err()),
            }
        }
    }
}
