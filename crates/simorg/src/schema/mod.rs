//! Objects and their fields.

mod access;
mod account;
mod contact;
mod countries;
mod custom;
mod custom_object;
mod field;
mod lead;
mod opportunity;
mod other;
pub(crate) mod person;
pub(crate) mod regions;
mod setup;
mod spec;

pub use access::Access;
pub use custom::CustomField;
pub use custom_object::CustomObject;
pub use field::{Field, FieldType, Flags, PicklistValue, Source};

use crate::settings::Settings;
use std::collections::HashMap;

/// A field that counts up by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AutoNumber {
    /// The field.
    pub field: String,
    /// Text in front of the number.
    pub prefix: String,
    /// Digits, with leading zeros.
    pub digits: usize,
}

/// One object: its fields and what can be done with it.
#[derive(Clone, Debug)]
pub struct ObjectSchema {
    /// API name.
    pub name: String,
    /// Shown name.
    pub label: String,
    /// Shown name of several.
    pub label_plural: String,
    /// First three characters of its ids.
    pub key_prefix: String,
    /// Whether the API may create, change and delete its records.
    pub writable: bool,
    /// Whether its records can be merged.
    pub mergeable: bool,
    /// Made by the org, not by Salesforce.
    pub custom: bool,
    /// Its records follow the settings: nobody writes them.
    pub setup: bool,
    /// What callers of the API may do with its records.
    pub access: Access,
    /// The field that counts up.
    pub auto_number: Option<AutoNumber>,
    /// All fields, hidden ones included, in describe order.
    pub fields: Vec<Field>,
    by_name: HashMap<String, u16>,
}

impl ObjectSchema {
    fn new(name: &str, label: &str, plural: &str, prefix: &str, fields: Vec<Field>) -> Self {
        let mut schema = Self {
            name: name.into(),
            label: label.into(),
            label_plural: plural.into(),
            key_prefix: prefix.into(),
            writable: true,
            mergeable: matches!(name, "Contact" | "Account" | "Lead"),
            custom: false,
            setup: false,
            access: Access::default(),
            auto_number: None,
            fields: Vec::new(),
            by_name: HashMap::new(),
        };
        for field in fields {
            schema.add(field);
        }
        schema
    }

    /// Adds a field and gives it its index. A name that exists already is replaced in place.
    pub fn add(&mut self, mut field: Field) {
        let key = field.name.to_ascii_lowercase();
        if let Some(old) = self.by_name.get(&key).and_then(|i| self.fields.get_mut(usize::from(*i))) {
            field.index = old.index;
            *old = field;
            return;
        }
        field.index = u16::try_from(self.fields.len()).unwrap_or(u16::MAX);
        self.by_name.insert(key, field.index);
        self.fields.push(field);
    }

    /// The field of this name, whatever its case, as an API user sees it: hidden fields are absent.
    pub fn field(&self, name: &str) -> Option<&Field> {
        self.any_field(name).filter(|field| !field.flags.hidden)
    }

    /// The field of this name, hidden or not, for the platform's own work.
    pub fn any_field(&self, name: &str) -> Option<&Field> {
        self.at(*self.by_name.get(&name.to_ascii_lowercase())?)
    }

    /// The field with this index.
    pub fn at(&self, index: u16) -> Option<&Field> {
        self.fields.get(usize::from(index))
    }

    /// The reference field whose relationship has this name, as an API user sees it.
    pub fn relationship(&self, name: &str) -> Option<&Field> {
        self.visible().find(|field| {
            field.relationship_name.as_deref().is_some_and(|known| known.eq_ignore_ascii_case(name))
        })
    }

    /// Fields an API user sees.
    pub fn visible(&self) -> impl Iterator<Item = &Field> {
        self.fields.iter().filter(|field| !field.flags.hidden)
    }

    /// Whether this name, `Field` or `Object.Field`, means the field.
    fn is_named(&self, field: &Field, name: &str) -> bool {
        match name.split_once('.') {
            Some((object, own)) => {
                object.eq_ignore_ascii_case(&self.name) && own.eq_ignore_ascii_case(&field.name)
            }
            None => name.eq_ignore_ascii_case(&field.name),
        }
    }

    /// Field-level security and object permissions of the settings. Records of the set-up stay as they are.
    fn restrict(&mut self, settings: &Settings) {
        if self.setup {
            return;
        }
        self.access = settings.permissions.access(&self.name);
        let named = |names: &[String], field: &Field| names.iter().any(|name| self.is_named(field, name));
        let mark = |field: &Field| {
            let mut flags = field.flags;
            flags.hidden = named(&settings.hidden_fields, field);
            flags.no_edit = named(&settings.permissions.read_only_fields, field);
            flags.tracked = field.source == Source::Stored && named(&settings.tracked_fields, field);
            flags
        };
        let marks: Vec<Flags> = self.fields.iter().map(mark).collect();
        for (field, flags) in self.fields.iter_mut().zip(marks) {
            field.flags = flags;
        }
    }
}

/// Most custom objects, which their two-digit prefixes allow.
const MOST_CUSTOM_OBJECTS: usize = 100;

/// All objects of the org, in the order of the global describe.
#[derive(Clone, Debug)]
pub struct Schema {
    objects: Vec<ObjectSchema>,
}

impl Schema {
    /// The objects of an org with these settings. Custom fields of unknown objects are left out.
    pub fn of_settings(settings: &Settings) -> Self {
        let mut objects = vec![account::account(), contact::contact(), lead::lead()];
        objects.extend(opportunity::sales());
        objects.extend(other::others());
        objects.extend(setup::setup());
        let custom = settings.custom_objects.iter().take(MOST_CUSTOM_OBJECTS).enumerate();
        objects.extend(custom.map(|(number, object)| object.to_schema(number)));
        for field in &settings.custom_fields {
            if let Some(object) = objects.iter_mut().find(|o| o.name.eq_ignore_ascii_case(&field.object)) {
                object.add(field.to_field());
            }
        }
        if settings.person_accounts
            && let [account, contact, ..] = objects.as_mut_slice()
        {
            person::add_fields(account, contact);
        }
        for object in &mut objects {
            if settings.state_country_picklists {
                regions::add_codes(object);
            }
            object.restrict(settings);
        }
        Self { objects }
    }

    /// The standard objects with these custom fields, and these fields (`Field` or `Object.Field`) hidden.
    pub fn new(custom: &[CustomField], hidden: &[String]) -> Self {
        Self::of_settings(&Settings {
            custom_fields: custom.to_vec(),
            hidden_fields: hidden.to_vec(),
            custom_objects: Vec::new(),
            ..Settings::default()
        })
    }

    /// A schema of objects described already.
    pub fn of(objects: Vec<ObjectSchema>) -> Self {
        Self { objects }
    }

    /// All objects.
    pub fn objects(&self) -> &[ObjectSchema] {
        &self.objects
    }
}

#[cfg(test)]
mod tests {
    use super::Schema;

    fn contact() -> super::ObjectSchema {
        let schema = Schema::new(&[], &[]);
        schema.objects().iter().find(|o| o.name == "Contact").cloned().expect("Contact exists")
    }

    #[test]
    fn only_the_last_name_of_a_contact_is_required() {
        let required: Vec<_> =
            contact().fields.iter().filter(|f| f.required()).map(|f| f.name.clone()).collect();
        assert_eq!(required, ["LastName"]);
    }

    #[test]
    fn the_keys_of_a_contact_without_custom_fields_are_id_and_email() {
        let keys: Vec<_> =
            contact().fields.iter().filter(|f| f.is_upsert_key()).map(|f| f.name.clone()).collect();
        assert_eq!(keys, ["Id", "Email"]);
    }

    #[test]
    fn names_are_found_in_any_case_and_hidden_ones_only_by_the_platform() {
        let schema = Schema::new(&[], &["Contact.Title".into()]);
        let contact = schema.objects().iter().find(|o| o.name == "Contact").expect("Contact exists");
        assert!(contact.field("lastNAME").is_some());
        assert!(contact.field("title").is_none());
        assert!(contact.any_field("title").is_some());
    }
}
