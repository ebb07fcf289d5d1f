//! The fields that both sides of a world hold: one of every kind, how people write them, and how either side shows them.

use model::field_map::plain_rule;
use model::{Cell, FieldRule, FieldType, Policy, Supporter};
use serde_json::{Value as Json, json};
use simorg::Admin;
use simorg::schema::{CustomField, FieldType as OrgType};

/// A mapped field.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    /// Its name on the Contact.
    pub contact: &'static str,
    /// Its columns.
    pub columns: &'static [&'static str],
    /// What it holds.
    pub kind: FieldType,
}

const fn field(contact: &'static str, columns: &'static [&'static str], kind: FieldType) -> Field {
    Field { contact, columns, kind }
}

/// All of them, the address and the names first.
pub const FIELDS: [Field; 15] = [
    field("Email", &["email"], FieldType::Email),
    field("FirstName", &["first_name"], FieldType::Text),
    field("LastName", &["last_name"], FieldType::Text),
    field("MailingCity", &["city"], FieldType::Text),
    field("HomePhone", &["phone"], FieldType::Phone),
    field("MailingStreet", &["address_1", "address_2"], FieldType::TextArea),
    field("Title", &["title"], FieldType::Text),
    field("Birthdate", &["born"], FieldType::Date),
    field("Email_Opt_In__c", &["opt_in"], FieldType::Boolean),
    field("Visited_At__c", &["visited"], FieldType::DateTime),
    field("Points__c", &["points"], FieldType::Number),
    field("LeadSource", &["source"], FieldType::Picklist),
    field("Level__c", &["level"], FieldType::Picklist),
    field("Interests__c", &["interests"], FieldType::MultiPicklist),
    field("Website__c", &["website"], FieldType::Url),
];

/// The field of a Contact that names its supporter.
pub const OWNER: &str = "EN_Supporter_Id__c";

/// How many of [`FIELDS`] say who somebody is.
pub const IDENTITY: usize = 3;
/// The longest title an org takes (describe of Contact).
pub const TITLE: usize = 128;

/// A city that a trigger of some orgs cannot cope with.
pub const NOWHERE: &str = "Nowhere";

/// A level that the org does not know.
pub const UNKNOWN_LEVEL: &str = "lead";

const LEVELS: [&str; 3] = ["bronze", "silver", "gold"];
const SOURCES: [&str; 3] = ["Web", "Partner Referral", "Other"];
const INTERESTS: [&str; 4] = ["art", "birds", "chess", "dance"];

/// What the administrator of the org added.
pub fn custom_fields() -> Vec<CustomField> {
    let field = |name: &str, kind| CustomField { name: name.to_owned(), kind, ..CustomField::default() };
    let texts = |values: &[&str]| values.iter().map(|&value| value.to_owned()).collect();
    vec![
        field("Visited_At__c", OrgType::DateTime),
        CustomField { precision: 10, scale: 2, ..field("Points__c", OrgType::Double) },
        CustomField { values: texts(&LEVELS), restricted: true, ..field("Level__c", OrgType::Picklist) },
        CustomField { values: texts(&INTERESTS), ..field("Interests__c", OrgType::MultiPicklist) },
        field("Website__c", OrgType::Url),
    ]
}

/// The rules of the map. `title` is the policy of the one field whose policy differs from world to world.
pub fn rules(title: Policy) -> Vec<FieldRule> {
    let rule = |field: &Field| FieldRule {
        columns: field.columns.iter().map(|&column| column.to_owned()).collect(),
        max_length: match field.contact {
            "FirstName" | "MailingCity" | "HomePhone" => Some(40),
            "LastName" => Some(80),
            "Title" => Some(TITLE),
            _ => None,
        },
        yes_no: (field.kind == FieldType::Boolean).then(|| ("Y".to_owned(), "N".to_owned())),
        policy: if field.contact == "Title" {
            title
        } else {
            plain_rule(field.contact, "", field.kind).policy
        },
        ..plain_rule(field.contact, "", field.kind)
    };
    FIELDS.iter().map(rule).collect()
}

/// Whether a value is one that stays on its own side: the other one has no room for it, or does not take it.
pub fn is_unbearable(field: &Field, value: &str) -> bool {
    match field.contact {
        "Title" => value.len() > TITLE,
        "Level__c" => value == UNKNOWN_LEVEL,
        "MailingCity" => value == NOWHERE,
        _ => false,
    }
}

/// A value that a person types, in the one spelling that both sides show it in. `number` makes it like no other, where the kind
/// has so many values.
pub fn value(field: &Field, by: char, number: u64) -> String {
    let among = |values: &[&str]| values[usize::try_from(number).unwrap_or(0) % values.len()].to_owned();
    match field.kind {
        FieldType::Email => format!("{by}{number}@example.org"),
        FieldType::Phone => format!("0401 {:03} {:03}", number / 1_000 % 1_000, number % 1_000),
        FieldType::TextArea => match number % 3 {
            0 => format!("{by}{number} High St"),
            _ => format!("{by}{number} High St\nFlat {number}"),
        },
        FieldType::Date => {
            format!("19{:02}-{:02}-{:02}", number % 90 + 10, number / 90 % 12 + 1, number % 28 + 1)
        }
        FieldType::Boolean => number.is_multiple_of(2).to_string(),
        FieldType::DateTime => {
            format!("2020-01-{:02}T{:02}:{:02}:00Z", number / 1_440 % 28 + 1, number / 60 % 24, number % 60)
        }
        FieldType::Number => format!("{}", number * 2 + 1),
        FieldType::Picklist if field.contact == "Level__c" => among(&LEVELS),
        FieldType::Picklist => among(&SOURCES),
        FieldType::MultiPicklist => {
            let chosen = INTERESTS.iter().enumerate().filter(|(bit, _)| (number % 15 + 1) >> bit & 1 == 1);
            chosen.map(|(_, interest)| *interest).collect::<Vec<_>>().join(";")
        }
        FieldType::Url => format!("https://example.org/{by}{number}"),
        FieldType::Text | FieldType::Reference => format!("{by}{number}"),
    }
}

/// All Contacts that are not deleted, with what a story is about: their ids, whose they say they are, and the mapped fields.
pub fn contacts(admin: &Admin) -> Vec<Json> {
    let mut names = vec!["Id", OWNER];
    names.extend(FIELDS.iter().map(|field| field.contact));
    admin.fields_of_records("Contact", &names)
}

/// The fields whose history an org can keep with their values.
pub fn tracked() -> impl Iterator<Item = &'static Field> {
    FIELDS.iter().filter(|field| field.kind != FieldType::MultiPicklist)
}

/// A text as the columns of a supporter hold it.
pub fn cells(field: &Field, value: &str) -> Vec<Cell> {
    let spelled = match (field.kind, value) {
        (FieldType::Boolean, "true") => "Y",
        (FieldType::Boolean, _) => "N",
        _ => value,
    };
    let mut lines = spelled.splitn(field.columns.len(), '\n');
    field.columns.iter().map(|_| Cell::from_nullable(lines.next().filter(|line| !line.is_empty()))).collect()
}

/// A text as the org takes it.
pub fn json(field: &Field, value: &str) -> Json {
    if field.kind == FieldType::Boolean {
        Json::Bool(value == "true")
    } else if value.is_empty() {
        Json::Null
    } else if field.kind == FieldType::Number {
        value.parse::<f64>().map_or(Json::Null, |number| json!(number))
    } else {
        Json::String(value.to_owned())
    }
}

/// What a supporter holds, in the one spelling.
pub fn here(columns: &[String], supporter: &Supporter, field: &Field) -> String {
    let text = |column: &&str| {
        let at = columns.iter().position(|known| known == column)?;
        supporter.cells.get(at)?.text().map(ToOwned::to_owned)
    };
    let lines: Vec<String> = field.columns.iter().filter_map(text).collect();
    if field.kind == FieldType::Boolean {
        return lines.first().is_some_and(|line| line == "Y").to_string();
    }
    lines.join("\n")
}

/// What a Contact holds, in the one spelling.
pub fn there(contact: &Json, field: &Field) -> String {
    match &contact[field.contact] {
        Json::Bool(yes) => yes.to_string(),
        Json::Number(number) => number.as_f64().unwrap_or(0.0).to_string(),
        Json::String(text) if field.kind == FieldType::DateTime => text.replace(".000+0000", "Z"),
        Json::String(text) => text.clone(),
        Json::Null if field.kind == FieldType::Boolean => "false".to_owned(),
        Json::Null | Json::Array(_) | Json::Object(_) => String::new(),
    }
}
