//! Lead conversion, as the user interface does it: a Lead becomes an Account and a Contact, and an Opportunity when
//! wished. Duplicate rules do not run (Salesforce help: things to know about duplicate rules).

use super::{Failure, RowToSave, SaveContext, SaveEnv, SaveError, Target, save};
use crate::id::RecordId;
use crate::record::Record;
use crate::schema::ObjectSchema;
use crate::store::Store;
use crate::value::{Value, ValueRef};
use chrono::Months;
use serde::{Deserialize, Serialize};

/// Into what a Lead is converted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Conversion {
    /// An Account to use; a new one without it.
    pub account: Option<String>,
    /// A Contact to use, whose blank fields are filled; a new one without it.
    pub contact: Option<String>,
    /// Makes an Opportunity too.
    pub opportunity: bool,
}

/// What became of a converted Lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Converted {
    /// The Account.
    pub account: RecordId,
    /// The Contact.
    pub contact: RecordId,
    /// The Opportunity, when one was wished.
    pub opportunity: Option<RecordId>,
}

/// Lead fields and where they go on the Contact.
const TO_CONTACT: [(&str, &str); 20] = [
    ("Salutation", "Salutation"),
    ("FirstName", "FirstName"),
    ("LastName", "LastName"),
    ("Title", "Title"),
    ("Email", "Email"),
    ("Phone", "Phone"),
    ("MobilePhone", "MobilePhone"),
    ("Fax", "Fax"),
    ("LeadSource", "LeadSource"),
    ("Description", "Description"),
    ("HasOptedOutOfEmail", "HasOptedOutOfEmail"),
    ("HasOptedOutOfFax", "HasOptedOutOfFax"),
    ("DoNotCall", "DoNotCall"),
    ("Street", "MailingStreet"),
    ("City", "MailingCity"),
    ("State", "MailingState"),
    ("PostalCode", "MailingPostalCode"),
    ("Country", "MailingCountry"),
    ("StateCode", "MailingStateCode"),
    ("CountryCode", "MailingCountryCode"),
];

/// Lead fields and where they go on the Account.
const TO_ACCOUNT: [(&str, &str); 7] = [
    ("Company", "Name"),
    ("Phone", "Phone"),
    ("Website", "Website"),
    ("Street", "BillingStreet"),
    ("City", "BillingCity"),
    ("PostalCode", "BillingPostalCode"),
    ("Country", "BillingCountry"),
];

/// Converts a live Lead that was not converted before.
///
/// # Errors
/// When it is not there, was converted, or one of the records is refused. Records made before the refusal stay.
pub fn convert(
    store: &mut Store,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    lead: RecordId,
    wish: &Conversion,
) -> Result<Converted, Failure> {
    let quiet = SaveEnv { duplicates: None, ..*env };
    let record = {
        let table = store.table("Lead").ok_or_else(|| SaveError::unknown_object("Lead"))?;
        let found = table.get(&lead).ok_or_else(SaveError::cross_reference)?;
        if found.deleted {
            return Err(SaveError::deleted().into());
        }
        if is_converted(table.schema(), found) {
            return Err(SaveError::converted().into());
        }
        found.clone()
    };
    let given = |text: &Option<String>| match text {
        Some(text) => RecordId::parse(text).map(Some).ok_or_else(SaveError::cross_reference),
        None => Ok(None),
    };
    let account = match given(&wish.account)? {
        Some(id) => id,
        None => put(store, &quiet, context, "Account", Target::New, copied(store, &record, "Account", None))?,
    };
    let known = given(&wish.contact)?;
    let mut fields = copied(store, &record, "Contact", known);
    if known.is_none() {
        fields.push(("AccountId", Value::text(account.as_str())));
    }
    let target = known.map_or(Target::New, Target::Id);
    let contact = put(store, &quiet, context, "Contact", target, fields)?;
    let opportunity = if wish.opportunity {
        let day = env.now.utc().date_naive();
        let fields = vec![
            ("Name", Value::text(text_of(store, &record, "Company"))),
            ("AccountId", Value::text(account.as_str())),
            ("StageName", Value::text("Prospecting")),
            ("CloseDate", Value::Date(day.checked_add_months(Months::new(3)).unwrap_or(day))),
        ];
        Some(put(store, &quiet, context, "Opportunity", Target::New, fields)?)
    } else {
        None
    };
    close(store, &quiet, context, lead, &Converted { account, contact, opportunity })?;
    Ok(Converted { account, contact, opportunity })
}

/// Whether a Lead was converted.
pub(super) fn is_converted(schema: &ObjectSchema, record: &Record) -> bool {
    schema.any_field("IsConverted").is_some_and(|field| record.value(field) == ValueRef::Bool(true))
}

/// Marks the Lead converted; its fields are read only to everybody, so this goes by the door of seeding.
fn close(
    store: &mut Store,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    lead: RecordId,
    made: &Converted,
) -> Result<(), Failure> {
    let context = SaveContext { api: super::Api::Seed, ..*context };
    let mut fields = vec![
        ("IsConverted", Value::Bool(true)),
        ("Status", Value::text("Closed - Converted")),
        ("ConvertedDate", Value::Date(env.now.utc().date_naive())),
        ("ConvertedAccountId", Value::text(made.account.as_str())),
        ("ConvertedContactId", Value::text(made.contact.as_str())),
    ];
    fields.extend(made.opportunity.map(|id| ("ConvertedOpportunityId", Value::text(id.as_str()))));
    put(store, env, &context, "Lead", Target::Id(lead), fields).map(|_| ())
}

fn text_of(store: &Store, lead: &Record, name: &str) -> String {
    let field = store.schema("Lead").and_then(|schema| schema.any_field(name));
    field.and_then(|field| lead.value(field).text()).unwrap_or_default().to_owned()
}

/// The Lead's values under the names of the other object; only blanks of a known record are filled.
fn copied(store: &Store, lead: &Record, object: &str, known: Option<RecordId>) -> Vec<(&'static str, Value)> {
    let pairs: &[(&str, &'static str)] = if object == "Contact" { &TO_CONTACT } else { &TO_ACCOUNT };
    let (Some(from), Some(to)) = (store.schema("Lead"), store.table(object)) else { return Vec::new() };
    let old = known.and_then(|id| to.get(&id));
    let copy = |(source, target): &(&str, &'static str)| {
        let value = lead.value(from.any_field(source)?).to_value();
        let field = to.schema().any_field(target)?;
        let blank = old.is_none_or(|record| record.value(field).is_null());
        (blank && value != Value::Null).then_some((*target, value))
    };
    pairs.iter().filter_map(copy).collect()
}

fn put(
    store: &mut Store,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    object: &str,
    target: Target,
    fields: Vec<(&str, Value)>,
) -> Result<RecordId, Failure> {
    let schema = store.schema(object).ok_or_else(|| SaveError::unknown_object(object))?;
    let named = fields.into_iter();
    let values = named.filter_map(|(name, value)| Some((schema.any_field(name)?.index, value))).collect();
    let saved = save(store, env, context, object, vec![RowToSave::new(target, values)]).pop();
    saved.unwrap_or_else(|| Err(SaveError::cross_reference().into())).map(|saved| saved.id)
}
