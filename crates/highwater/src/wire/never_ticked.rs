//! Opt-in checkboxes that nobody in the org has ticked. A checkbox cannot say "never asked": a new one is a "no" for everybody, and
//! where the "no" wins at a first meeting, mapping it takes back every consent in the supporter database.

use std::collections::BTreeSet;

use model::{FieldMap, FieldRule, FieldType, Policy};
use salesforce::Org;
use salesforce::soql::{Field, Soql};
use state::State;

use super::met;
use crate::code::contact_fields::NEVER_TICKED;
use crate::config::Config;
use crate::failure::Failure;

/// Where the state keeps which fields were asked about already. Once is enough: from then on people have met.
pub const BOOKMARK: &str = "opt_ins_met";

/// Refuses to begin where people would meet over such a checkbox for the first time, and the configuration does not say that this is
/// meant.
///
/// # Errors
/// [`NEVER_TICKED`], or when the org or the state fails.
pub async fn refuse(config: &Config, org: &Org, state: &State, map: &FieldMap) -> Result<(), Failure> {
    let met = met::recall(state, BOOKMARK)?;
    let new: Vec<&str> = opt_ins(config, map).filter(|name| !met.contains(*name)).collect();
    if new.is_empty() {
        return Ok(());
    }
    let never = among(org, map, &new).await?;
    if !never.is_empty() {
        return Err(Failure::Setup {
            code: &NEVER_TICKED,
            problem: told(config, &never),
            advice: NEVER_TICKED.remedy.to_owned(),
        });
    }
    let met = met.into_iter().chain(new.into_iter().map(str::to_owned)).collect();
    Ok(met::remember(state, BOOKMARK, met).await?)
}

/// Those the org has Contacts for, none of them ticked.
///
/// # Errors
/// When the org cannot be asked.
pub async fn found(config: &Config, org: &Org, map: &FieldMap) -> Result<Vec<String>, Failure> {
    let all: Vec<&str> = opt_ins(config, map).collect();
    if all.is_empty() { Ok(Vec::new()) } else { among(org, map, &all).await }
}

/// What is wrong, in one sentence.
#[must_use]
pub fn told(config: &Config, fields: &[String]) -> String {
    let lost = if config.sync.pull { "be taken back" } else { "not be sent" };
    let fields = fields.join(", ");
    format!("{fields} is ticked on no Contact: everybody's yes in the supporter database would {lost}")
}

/// Opt-ins that may take a yes back at a first meeting, or where nothing is pulled keep it from being sent, because nobody said
/// otherwise.
fn opt_ins<'a>(config: &'a Config, map: &'a FieldMap) -> impl Iterator<Item = &'a str> {
    let takes_back = move |rule: &FieldRule| {
        rule.kind == FieldType::Boolean
            && rule.first_link == Policy::MostRestrictive
            && rule.pulls()
            && (config.sync.pull || config.sync.push && rule.pushes())
            && !rule.is_opt_out()
    };
    let said: BTreeSet<&str> = config
        .fields
        .iter()
        .filter(|field| field.first_link.is_some())
        .map(|field| field.contact.as_str())
        .collect();
    let rules = map.rules().iter().filter(move |rule| takes_back(rule));
    let silent =
        move |rule: &&FieldRule| !said.iter().any(|name| name.eq_ignore_ascii_case(&rule.contact_field));
    rules.filter(silent).map(|rule| rule.contact_field.as_str())
}

async fn among(org: &Org, map: &FieldMap, fields: &[&str]) -> Result<Vec<String>, Failure> {
    // The names are the org's own.
    let Ok(everybody) = Soql::count(map.object().name()) else { return Ok(Vec::new()) };
    if org.count(&everybody).await? == 0 {
        return Ok(Vec::new());
    }
    let mut never = Vec::new();
    for name in fields {
        let Ok(field) = Field::parse(name) else { continue };
        if org.count(&everybody.clone().filter(field.eq(true))).await? == 0 {
            never.push((*name).to_owned());
        }
    }
    Ok(never)
}
