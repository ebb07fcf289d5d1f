//! Which duplicate rules look at what highwater creates. What a rule does about a match is not shown to API callers.

use model::PersonObject;
use salesforce::{Describe, Org, Row};

use super::finding::{Finding, Weight};
use super::look::{field, hidden, rows, select};
use crate::code::org_setup as code;
use crate::failure::Failure;

/// An org has at most five active rules an object; rules of all objects come back.
const RULES: usize = 1_000;

/// What is found.
///
/// # Errors
/// When the org cannot be asked at all.
pub(super) async fn check(
    org: &Org,
    object: PersonObject,
    contact: &Describe,
) -> Result<Vec<Finding>, Failure> {
    let soql =
        select("DuplicateRule", &["DeveloperName", "SobjectType"])?.filter(field("IsActive")?.eq(true));
    let Some(found) = rows(org, &soql, RULES).await? else {
        return Ok(vec![hidden("duplicate rules", "Setup, Duplicate Rules")]);
    };
    let mut findings = Vec::new();
    let on_contacts = on(&found, object.name());
    if !on_contacts.is_empty() {
        let several = on_contacts.len() > 1;
        let weight = if several { Weight::Warning } else { Weight::Note };
        let text = format!("{} looks at new {}s", on_contacts.join(", "), object.name());
        let text = if several { text.replace("looks", "look") } else { text };
        findings.push(Finding::new(&code::DUPLICATE_RULES, weight, object.name(), text));
    }
    let on_accounts = on(&found, "Account");
    if object == PersonObject::Contact && !on_accounts.is_empty() && households(contact) {
        let text = format!("{} on Accounts, and NPSP makes one for each new Contact", on_accounts.join(", "));
        findings.push(Finding::new(&code::DUPLICATE_RULES, Weight::Warning, "Account", text));
    }
    Ok(findings)
}

fn on(found: &[Row], object: &str) -> Vec<String> {
    let rules = found.iter().filter(|row| row.get("SobjectType") == Some(object));
    rules.filter_map(|row| Some(row.get("DeveloperName")?.to_owned())).collect()
}

/// Nonprofit Success Pack: its Contact fields give it away.
fn households(contact: &Describe) -> bool {
    contact.fields().iter().any(|field| field.name.starts_with("npe01__") || field.name.starts_with("npsp__"))
}
