//! Person accounts: the fields of a person on Account, and where they are kept on its Contact.

use super::field::{Field, FieldType};
use super::spec::{address, field, flag, picklist, reference, text};
use super::{ObjectSchema, Source};

/// Fields whose names on Account are those of Contact with `Person` in front, and those that differ.
const RENAMED: [(&str, &str); 3] =
    [("FirstName", "FirstName"), ("LastName", "LastName"), ("Salutation", "Salutation")];
const PREFIXED: [&str; 14] = [
    "MobilePhone",
    "HomePhone",
    "OtherPhone",
    "AssistantPhone",
    "Email",
    "Title",
    "Department",
    "AssistantName",
    "LeadSource",
    "Birthdate",
    "HasOptedOutOfEmail",
    "HasOptedOutOfFax",
    "DoNotCall",
    "IndividualId",
];

/// Adds what person accounts bring to both objects (captured describes of an org with person accounts).
pub(super) fn add_fields(account: &mut ObjectSchema, contact: &mut ObjectSchema) {
    account.add(reference("RecordTypeId", "Record Type ID", &["RecordType"], "RecordType", "CUNFD"));
    account.add(flag("IsPersonAccount", "Is Person Account", "FD"));
    account.add(reference("PersonContactId", "Contact ID", &["Contact"], "PersonContact", "NF"));
    account.add(text("FirstName", "First Name", 40, "CUNF"));
    account.add(text("LastName", "Last Name", 80, "CUNF"));
    account.add(picklist(
        "Salutation",
        "Salutation",
        40,
        "CUNF",
        &["Mr.", "Ms.", "Mrs.", "Dr.", "Prof.", "Mx."],
    ));
    for name in ["Mailing", "Other"] {
        for part in address(&format!("Person{name}"), &format!("{name} ")) {
            account.add(part);
        }
    }
    for name in PREFIXED {
        if let Some(own) = contact.any_field(name) {
            let id_lookup = false;
            let flags = super::Flags { id_lookup, ..own.flags };
            let relationship_name = own.relationship_name.as_ref().map(|name| format!("Person{name}"));
            account.add(Field { name: format!("Person{name}"), flags, relationship_name, ..own.clone() });
        }
    }
    contact.add(flag("IsPersonAccount", "Is Person Account", "FD"));
    let custom: Vec<Field> = contact.fields.iter().filter(|f| f.flags.custom).cloned().collect();
    for own in custom {
        account.add(mirror(&own));
    }
    account.add(field(
        "PersonLastCURequestDate",
        "Last Stay-in-Touch Request Date",
        FieldType::DateTime,
        0,
        "NF",
    ));
}

/// A custom field of Contact as Account shows it: `X__pc`. It is a view of the Contact's, so it keys nothing.
fn mirror(own: &Field) -> Field {
    let flags =
        super::Flags { external_id: false, id_lookup: false, unique: false, nillable: true, ..own.flags };
    Field { name: format!("{}__pc", own.name.trim_end_matches("__c")), flags, ..own.clone() }
}

/// Pairs of field indexes: on Account and on Contact.
pub(crate) fn pairs(account: &ObjectSchema, contact: &ObjectSchema) -> Vec<(u16, u16)> {
    let named = |on_account: &str, on_contact: &str| {
        Some((account.any_field(on_account)?.index, contact.any_field(on_contact)?.index))
    };
    let mut all: Vec<(u16, u16)> = RENAMED.iter().filter_map(|(a, c)| named(a, c)).collect();
    let stored = contact.fields.iter().filter(|field| field.source == Source::Stored);
    all.extend(stored.filter_map(|field| {
        let custom = format!("{}__pc", field.name.trim_end_matches("__c"));
        let on_account = if field.flags.custom { custom } else { format!("Person{}", field.name) };
        named(&on_account, &field.name)
    }));
    all
}
