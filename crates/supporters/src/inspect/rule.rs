//! Which Contact field a column may belong to.

use model::field_map::plain_rule;
use model::{FieldRule, FieldType};

use super::Seen;
use super::word::joined;

/// A standard field of the Contact: its name, type, length (Object reference: Contact), and names of columns for it.
struct Standard {
    field: &'static str,
    kind: FieldType,
    length: Option<usize>,
    names: &'static [&'static str],
}

const fn standard(
    field: &'static str,
    kind: FieldType,
    length: Option<usize>,
    names: &'static [&'static str],
) -> Standard {
    Standard { field, kind, length, names }
}

const STANDARD: [Standard; 12] = [
    standard(
        "FirstName",
        FieldType::Text,
        Some(40),
        &["firstname", "givenname", "forename", "fname", "first", "firstnames"],
    ),
    standard("LastName", FieldType::Text, Some(80), &["lastname", "surname", "familyname", "lname", "last"]),
    standard(
        "Salutation",
        FieldType::Picklist,
        Some(40),
        &["title", "salutation", "honorific", "nameprefix", "prefix"],
    ),
    standard("Title", FieldType::Text, Some(128), &["jobtitle", "position"]),
    standard(
        "MailingCity",
        FieldType::Text,
        Some(40),
        &["city", "town", "locality", "mailingcity", "addresscity", "suburb"],
    ),
    standard(
        "MailingState",
        FieldType::Text,
        Some(80),
        &["region", "state", "province", "county", "stateprovince", "mailingstate", "addressstate"],
    ),
    standard(
        "MailingPostalCode",
        FieldType::Text,
        Some(20),
        &["postcode", "zip", "zipcode", "postalcode", "postcodezip", "zippostalcode", "mailingpostalcode"],
    ),
    standard(
        "MailingCountry",
        FieldType::Text,
        Some(80),
        &["country", "countryname", "mailingcountry", "countrycode"],
    ),
    standard(
        "HomePhone",
        FieldType::Phone,
        Some(40),
        &["homephone", "phone", "phonenumber", "telephone", "tel", "landline", "phone1", "telephonenumber"],
    ),
    standard(
        "MobilePhone",
        FieldType::Phone,
        Some(40),
        &[
            "mobile",
            "mobilephone",
            "mobilenumber",
            "cell",
            "cellphone",
            "cellphonenumber",
            "mobilephonenumber",
        ],
    ),
    standard("OtherPhone", FieldType::Phone, Some(40), &["otherphone", "phone2", "secondphone", "workphone"]),
    standard("Birthdate", FieldType::Date, None, &["birthdate", "birthday", "dateofbirth", "dob"]),
];

/// The lines of a street, by how columns count them.
const STREETS: [[&str; 3]; 6] = [
    ["address1", "address2", "address3"],
    ["addressline1", "addressline2", "addressline3"],
    ["street1", "street2", "street3"],
    ["streetaddress", "streetaddress2", "streetaddress3"],
    ["mailingstreet", "mailingstreet2", "mailingstreet3"],
    ["street", "street2", "street3"],
];

/// The rule for the address.
pub(super) fn email(seen: &Seen) -> FieldRule {
    let mut rule = plain_rule("Email", &seen.column.name, FieldType::Email);
    rule.max_length = Some(model::Email::MAX_CHARS);
    rule.column_length = seen.column.length;
    rule
}

/// Rules for standard fields, each from the first column that fits.
pub(super) fn standards(columns: &[&Seen]) -> Vec<FieldRule> {
    let mut rules = Vec::new();
    for standard in &STANDARD {
        let found = standard.names.iter().find_map(|name| named(columns, name));
        if let Some(seen) = found {
            let mut rule = plain_rule(standard.field, &seen.column.name, standard.kind);
            rule.max_length = standard.length;
            rule.column_length = seen.column.length;
            rules.push(rule);
        }
    }
    rules.extend(street(columns));
    rules
}

/// One rule for all lines of the street. A single column called `address` counts if nothing else does.
fn street(columns: &[&Seen]) -> Option<FieldRule> {
    let lines_of =
        |names: &[&str; 3]| -> Vec<&Seen> { names.iter().map_while(|name| named(columns, name)).collect() };
    let lines = STREETS.iter().map(lines_of).find(|lines| !lines.is_empty());
    let lines = lines.or_else(|| {
        let second = named(columns, "address2");
        named(columns, "address").map(|first| std::iter::once(first).chain(second).collect())
    })?;
    let names: Vec<String> = lines.iter().map(|seen| seen.column.name.clone()).collect();
    let mut rule = plain_rule("MailingStreet", names.first()?, FieldType::TextArea);
    rule.max_length = Some(255);
    rule.columns = names;
    Some(rule)
}

fn named<'a>(columns: &[&'a Seen], name: &str) -> Option<&'a Seen> {
    columns.iter().copied().find(|seen| joined(&seen.column.name) == name)
}
