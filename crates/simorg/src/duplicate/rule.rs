//! Matching rules and duplicate rules as an administrator sets them up.

use serde::{Deserialize, Serialize};

use super::method::MatchMethod;

/// How blanks in a field of a matching rule are treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub enum BlankRule {
    /// A blank never matches (the default, API name `NullNotAllowed`).
    #[default]
    NullNotAllowed,
    /// Two blanks match each other.
    MatchBlanks,
    /// A blank is left out of the comparison when the group also holds an exact field (the standard rules do this for
    /// names next to an e-mail address).
    LeftOutNextToExact,
}

/// One field of a matching rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchItem {
    /// The field of the records searched. One level of relationship is allowed (`Account.Name`).
    pub field: String,
    /// How values are compared.
    pub method: MatchMethod,
    /// What blanks do.
    #[serde(default)]
    pub blank: BlankRule,
}

impl MatchItem {
    /// An item whose blanks never match.
    #[must_use]
    pub fn new(field: &str, method: MatchMethod) -> Self {
        Self { field: field.to_owned(), method, blank: BlankRule::NullNotAllowed }
    }

    fn left_out_next_to_exact(field: &str, method: MatchMethod) -> Self {
        Self { field: field.to_owned(), method, blank: BlankRule::LeftOutNextToExact }
    }
}

/// A matching rule: which records count as the same person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MatchingRule {
    /// Developer name, shown in `matchResults[].rule`.
    pub name: String,
    /// The object searched.
    pub object: String,
    /// The fields, numbered from 1 in the equation.
    pub items: Vec<MatchItem>,
    /// E.g. `1 AND (2 OR 3)`; empty = all items.
    #[serde(default)]
    pub equation: String,
}

/// What a duplicate rule does when it finds a match.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DuplicateAction {
    /// Nothing.
    Off,
    /// Saves and keeps a duplicate record set.
    Report,
    /// Refuses unless the caller sends `allowSave=true`.
    Alert,
    /// Refuses whatever the caller sends.
    Block,
}

/// A use of a matching rule by a duplicate rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleUse {
    /// Name of the matching rule.
    pub matching_rule: String,
    /// For a rule on another object: field of the searched object to field of the saved one, where the names differ.
    #[serde(default)]
    pub field_mapping: Vec<(String, String)>,
}

/// A duplicate rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DuplicateRule {
    /// Developer name, shown in `duplicateResult.duplicateRule`.
    pub name: String,
    /// The object whose saves it watches.
    pub object: String,
    /// Matching rules, at most 3.
    pub uses: Vec<RuleUse>,
    /// On create.
    pub on_create: DuplicateAction,
    /// On edit.
    pub on_edit: DuplicateAction,
    /// The alert text, which becomes the error message.
    pub alert_text: String,
    /// Usernames the rule does not run for.
    #[serde(default)]
    pub excluded_users: Vec<String>,
}

/// Everything about duplicates an administrator can set, and the switches of the simulation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct DuplicateSettings {
    /// Matching rules by name.
    pub matching_rules: Vec<MatchingRule>,
    /// Duplicate rules in the order they run; the first that refuses is the one reported.
    pub rules: Vec<DuplicateRule>,
    /// Key of the result in a REST refusal: the real service spells it `duplicateResut` (captures of v50 to v54).
    pub result_key: String,
    /// Lets first names match on Jaro-Winkler alone. Off, as in Salesforce's article on fuzzy first names.
    pub jaro_winkler_alone: bool,
}

impl Default for DuplicateSettings {
    /// The state of a new org: the standard rules with an alert on create and only a report on edit, Contacts checked
    /// against Leads too.
    fn default() -> Self {
        Self {
            matching_rules: vec![standard_contact(), standard_lead()],
            rules: vec![standard_rule("Contact"), standard_rule("Lead")],
            result_key: "duplicateResut".to_owned(),
            jaro_winkler_alone: false,
        }
    }
}

impl DuplicateSettings {
    /// No rules at all.
    #[must_use]
    pub fn none() -> Self {
        Self { matching_rules: Vec::new(), rules: Vec::new(), ..Self::default() }
    }

    /// One rule on Contacts: first name fuzzy, last name fuzzy, e-mail exact, with this action on create and a report
    /// on edit. It is the set-up the Engaging Networks connector asks for.
    #[must_use]
    pub fn name_and_email(action: DuplicateAction, alert_text: &str) -> Self {
        let rule = MatchingRule {
            name: "Supporter_Match_Rule".to_owned(),
            object: "Contact".to_owned(),
            items: vec![
                MatchItem::new("FirstName", MatchMethod::FirstName),
                MatchItem::new("LastName", MatchMethod::LastName),
                MatchItem::new("Email", MatchMethod::Exact),
            ],
            equation: String::new(),
        };
        let duplicate = DuplicateRule {
            name: "Supporter_Dup_Rule".to_owned(),
            object: "Contact".to_owned(),
            uses: vec![RuleUse { matching_rule: rule.name.clone(), field_mapping: Vec::new() }],
            on_create: action,
            on_edit: if action == DuplicateAction::Off { action } else { DuplicateAction::Report },
            alert_text: alert_text.to_owned(),
            excluded_users: Vec::new(),
        };
        Self { matching_rules: vec![rule], rules: vec![duplicate], ..Self::default() }
    }
}

/// Lead field to Contact field, where the names differ.
const LEAD_TO_CONTACT: [(&str, &str); 4] = [
    ("Company", "Account.Name"),
    ("Street", "MailingStreet"),
    ("City", "MailingCity"),
    ("PostalCode", "MailingPostalCode"),
];

/// Seven groups of the standard rule (Salesforce help, standard contact matching rule). Items: 1 first, 2 last,
/// 3 title, 4 company, 5 e-mail, 6 phone, 7 street, 8 city, 9 ZIP.
const STANDARD_EQUATION: &str = "1 AND 2 AND ((3 AND 4) OR 5 OR (6 AND 4) OR (7 AND (8 OR 9 OR 6)) OR (7 AND 3) \
                                 OR (3 AND 5) OR 6)";

fn standard(name: &str, object: &str, company: &str, street: &str, city: &str, zip: &str) -> MatchingRule {
    MatchingRule {
        name: name.to_owned(),
        object: object.to_owned(),
        items: vec![
            MatchItem::left_out_next_to_exact("FirstName", MatchMethod::FirstName),
            MatchItem::left_out_next_to_exact("LastName", MatchMethod::LastName),
            MatchItem::new("Title", MatchMethod::Title),
            MatchItem::new(company, MatchMethod::CompanyName),
            MatchItem::new("Email", MatchMethod::Exact),
            MatchItem::new("Phone", MatchMethod::Phone),
            MatchItem::new(street, MatchMethod::Street),
            MatchItem::new(city, MatchMethod::City),
            MatchItem::new(zip, MatchMethod::Zip),
        ],
        equation: STANDARD_EQUATION.to_owned(),
    }
}

fn standard_contact() -> MatchingRule {
    let name = "Standard_Contact_Match_Rule_v1_1";
    standard(name, "Contact", "Account.Name", "MailingStreet", "MailingCity", "MailingPostalCode")
}

fn standard_lead() -> MatchingRule {
    standard("Standard_Lead_Match_Rule_v1_0", "Lead", "Company", "Street", "City", "PostalCode")
}

fn standard_rule(object: &str) -> DuplicateRule {
    let mapping = |flip: bool| {
        let pair = |(lead, contact): &(&str, &str)| {
            if flip {
                ((*contact).to_owned(), (*lead).to_owned())
            } else {
                ((*lead).to_owned(), (*contact).to_owned())
            }
        };
        LEAD_TO_CONTACT.iter().map(pair).collect::<Vec<_>>()
    };
    let is_contact = object == "Contact";
    let contacts = RuleUse {
        matching_rule: standard_contact().name,
        field_mapping: if is_contact { Vec::new() } else { mapping(true) },
    };
    let leads = RuleUse {
        matching_rule: standard_lead().name,
        field_mapping: if is_contact { mapping(false) } else { Vec::new() },
    };
    DuplicateRule {
        name: format!("Standard_{object}_Duplicate_Rule"),
        object: object.to_owned(),
        uses: if is_contact { vec![contacts, leads] } else { vec![leads, contacts] },
        on_create: DuplicateAction::Alert,
        on_edit: DuplicateAction::Report,
        alert_text: "Use one of these records?".to_owned(),
        excluded_users: Vec::new(),
    }
}
