//! Field maps to export, a small one and random ones.

use std::collections::BTreeSet;

use model::field_map::plain_rule;
use model::{Direction, FieldMap, FieldRule, FieldType, TechnicalFields};
use proptest::prelude::*;
use setup::{Blueprint, MappedField, SignIn, Technical, Work};

pub(crate) fn technical() -> Technical {
    Technical {
        supporter_id: "EN_Supporter_Id__c".to_owned(),
        account_id: None,
        push_marker: "EN_Push__c".to_owned(),
        last_modified: "EN_Last_Modified_Date__c".to_owned(),
        supporter_deleted: None,
        read: Vec::new(),
    }
}

pub(crate) fn blueprint_of(map: &FieldMap, technical: Technical) -> Blueprint {
    let fields = map.rules().iter().map(MappedField::from).collect();
    let work = Work { push: true, create: true };
    Blueprint::new(fields, technical, "66.0", work, SignIn::ClientCredentials).expect("the map is checked")
}

/// Names, an address, a phone number, an opt-in and a roll-up.
pub(crate) fn small() -> Blueprint {
    let pulled =
        FieldRule { direction: Direction::Pull, ..plain_rule("Gifts__c", "gifts", FieldType::Number) };
    let pushed = FieldRule { direction: Direction::Push, ..plain_rule("Phone", "phone", FieldType::Phone) };
    let rules = vec![
        plain_rule("LastName", "last_name", FieldType::Text),
        plain_rule("Email", "email", FieldType::Email),
        plain_rule("MailingCity", "city", FieldType::Text),
        plain_rule("Opt_In__c", "opt_in", FieldType::Boolean),
        pushed,
        pulled,
    ];
    blueprint_of(&map(rules), technical())
}

fn map(rules: Vec<FieldRule>) -> FieldMap {
    let names = technical();
    let own = TechnicalFields {
        supporter_id: names.supporter_id,
        account_id: None,
        push_marker: Some(names.push_marker),
    };
    FieldMap::new(rules, own).expect("the rules do not contradict each other")
}

/// Up to 150 fields: Salesforce's own, the administrator's, and a package's, in any direction and of any type.
pub(crate) fn any_map() -> impl Strategy<Value = FieldMap> {
    let standard = prop::sample::select(vec![
        "FirstName",
        "Salutation",
        "MailingStreet",
        "MailingCity",
        "OtherCountry",
        "HomePhone",
        "AccountId",
        "Birthdate",
        "Description",
        "HasOptedOutOfEmail",
    ])
    .prop_map(str::to_owned);
    let name = prop_oneof![
        1 => standard,
        3 => "[A-Z][a-z]{1,8}(_[A-Z0-9][a-z]{0,9}){0,2}__c",
        1 => "[a-z]{2,8}__[A-Z][a-z]{1,8}__c",
    ];
    let direction = prop::sample::select(vec![Direction::Both, Direction::Push, Direction::Pull]);
    let kinds = vec![
        FieldType::Text,
        FieldType::TextArea,
        FieldType::Email,
        FieldType::Phone,
        FieldType::Url,
        FieldType::Boolean,
        FieldType::Date,
        FieldType::DateTime,
        FieldType::Number,
        FieldType::Picklist,
        FieldType::MultiPicklist,
        FieldType::Reference,
    ];
    let length = prop::option::of(1_usize..200_000);
    let rule = (name, direction, prop::sample::select(kinds), length);
    prop::collection::vec(rule, 0..150).prop_map(|drawn| {
        let mut rules = vec![
            plain_rule("LastName", "last", FieldType::Text),
            plain_rule("Email", "email", FieldType::Email),
        ];
        let mut seen = BTreeSet::new();
        for (name, direction, kind, max_length) in drawn {
            if seen.insert(name.to_ascii_lowercase()) {
                rules.push(FieldRule { direction, max_length, ..plain_rule(&name, &name, kind) });
            }
        }
        map(rules)
    })
}

/// Technical fields of one's own or of a package.
pub(crate) fn any_technical() -> impl Strategy<Value = Technical> {
    (prop::bool::ANY, prop::bool::ANY).prop_map(|(package, account)| {
        let name = |stem: &str| if package { format!("engaging__{stem}__c") } else { format!("{stem}__c") };
        Technical {
            supporter_id: name("ENX_Supporter_Id"),
            account_id: account.then(|| name("ENX_Account")),
            push_marker: name("ENX_Push"),
            last_modified: name("ENX_Changed"),
            supporter_deleted: None,
            read: Vec::new(),
        }
    })
}
