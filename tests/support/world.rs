//! What a test's world is made of.

use model::FieldRule;
use plan::Settings;
use simorg::duplicate::{DuplicateAction, DuplicateSettings};

/// What differs from the default world.
#[derive(Default)]
pub struct World {
    /// Which object the supporters are.
    pub object: model::PersonObject,
    /// The org.
    pub org: simorg::Settings,
    /// The org's duplicate rules are as set; otherwise it has none.
    pub own_duplicate_rules: bool,
    /// The engine.
    pub settings: Settings,
    /// Further rules of the map.
    pub rules: Vec<FieldRule>,
    /// Who is right about a field when both sides changed it, where that is not the default.
    pub policies: Vec<(String, model::Policy)>,
    /// Who is right about a field at a first meeting, where that is not the default.
    pub first_link: Vec<(String, model::Policy)>,
    /// Which way a field travels, where that is not both.
    pub directions: Vec<(String, model::Direction)>,
    /// The "EN Push" marker is written.
    pub push_marker: bool,
    /// The id of our account, where Contacts carry one.
    pub account: Option<String>,
    /// The state lies on disk, where it outlives its process.
    pub on_disk: bool,
    /// Calls to the org are repeated for a minute instead of moments: a fault holds a cycle where it is.
    pub patient: bool,
    /// The supporters are read through a view, which takes no writes.
    pub through_view: bool,
    /// The table has no Contact Id column.
    pub no_contact_id: bool,
    /// The table's ids are texts.
    pub text_ids: bool,
    /// Contact fields whose yes only the person confirms.
    pub confirmed: Vec<String>,
    /// Contact fields that are consents, each with the field of its date.
    pub dated: Vec<(String, String)>,
    /// Supporters that were merged away name the one that remains.
    pub merges: bool,
    /// Small lots go without a job, as they do by default; otherwise everything goes as a job.
    pub direct: bool,
}

impl World {
    /// An org with the duplicate rule on, as Engaging Networks' guide sets it up.
    #[must_use]
    pub fn with_duplicate_rule() -> Self {
        let mut world = Self { own_duplicate_rules: true, ..Self::default() };
        world.org.duplicates = alerting("Use one of these records?");
        world
    }

    /// Where the supporters are records of this object, with the fields an administrator makes for it.
    #[must_use]
    pub fn of(object: model::PersonObject) -> Self {
        let mut world = Self { object, ..Self::default() };
        world.org.person_accounts = object == model::PersonObject::PersonAccount;
        if object != model::PersonObject::Contact {
            // A person account shows the Contact's own fields, but its key must be the Account's.
            let key_alone = object == model::PersonObject::PersonAccount;
            let own = world.org.custom_fields.iter().filter(|field| field.object == "Contact");
            let own: Vec<_> = own.filter(|field| !key_alone || field.unique).cloned().collect();
            let own = own.into_iter().map(|mut field| {
                object.name().clone_into(&mut field.object);
                field
            });
            world.org.custom_fields.extend(own);
        }
        world
    }

    /// What the Contact's field is called on this object.
    #[must_use]
    pub fn name(object: model::PersonObject, field: &str) -> String {
        match (object, field) {
            (model::PersonObject::Lead, "HomePhone") => "Phone".to_owned(),
            (model::PersonObject::Lead, _) => field.trim_start_matches("Mailing").to_owned(),
            (model::PersonObject::PersonAccount, "FirstName" | "LastName") => field.to_owned(),
            (model::PersonObject::PersonAccount, _) => match field.strip_suffix("__c") {
                Some(own) => format!("{own}__pc"),
                None => format!("Person{field}"),
            },
            (model::PersonObject::Contact, _) => field.to_owned(),
        }
    }

    /// With a policy of its own for one field.
    #[must_use]
    pub fn with_policy(mut self, field: &str, policy: model::Policy) -> Self {
        self.policies.push((field.to_owned(), policy));
        self
    }
}

/// First and last name fuzzy, address exact, alert on create: the set-up Engaging Networks asks for.
#[must_use]
pub fn alerting(text: &str) -> DuplicateSettings {
    DuplicateSettings::name_and_email(DuplicateAction::Alert, text)
}
