//! Opt-in columns in which nobody says yes. An empty column counts as a "no", and where the "no" wins at a first meeting, mapping a
//! column that was never filled takes back every consent that Salesforce holds.

use model::{FieldMap, FieldRule, FieldType, Policy, SupporterId};
use salesforce::Org;
use salesforce::soql::{Field, Soql};
use state::State;
use supporters::Supporters;

use super::met;
use crate::code::contact_fields::NEVER_FILLED;
use crate::config::Config;
use crate::failure::Failure;

/// Where the state keeps which columns were looked at already. Once is enough: from then on people have met.
pub const BOOKMARK: &str = "opt_in_columns_met";
/// How many supporters are read at a time.
const PAGE: usize = 1_000;

/// Refuses to begin where people would meet over such a column for the first time, and the configuration does not say that this is
/// meant.
///
/// # Errors
/// [`NEVER_FILLED`], or when a side or the state fails.
pub async fn refuse(
    config: &Config,
    org: &Org,
    supporters: &dyn Supporters,
    state: &State,
    map: &FieldMap,
) -> Result<(), Failure> {
    let met = met::recall(state, BOOKMARK)?;
    let new: Vec<usize> = opt_ins(config, map).filter(|at| !met.contains(&named(map, *at))).collect();
    if new.is_empty() {
        return Ok(());
    }
    // Of an empty table nothing is learned: it may be filled tomorrow.
    let Some(never) = among(org, supporters, map, new.clone()).await? else { return Ok(()) };
    if !never.is_empty() {
        return Err(Failure::Setup {
            code: &NEVER_FILLED,
            problem: told(config, &never),
            advice: NEVER_FILLED.remedy.to_owned(),
        });
    }
    let met = met.into_iter().chain(new.into_iter().map(|at| named(map, at))).collect();
    Ok(met::remember(state, BOOKMARK, met).await?)
}

/// The columns, each with its field, in which nobody says yes although the org knows of a yes.
///
/// # Errors
/// When a side cannot be read.
pub async fn found(
    config: &Config,
    org: &Org,
    supporters: &dyn Supporters,
    map: &FieldMap,
) -> Result<Vec<String>, Failure> {
    Ok(among(org, supporters, map, opt_ins(config, map).collect()).await?.unwrap_or_default())
}

/// What is wrong, in one sentence.
#[must_use]
pub fn told(config: &Config, columns: &[String]) -> String {
    let lost = if config.sync.push { "be taken back" } else { "not be taken over" };
    format!("nobody says yes in {}: everybody's yes in Salesforce would {lost}", columns.join(", "))
}

/// The places of opt-ins that may take a yes back in Salesforce at a first meeting, or where nothing is pushed keep it from being
/// taken over, because nobody said otherwise.
fn opt_ins<'a>(config: &'a Config, map: &'a FieldMap) -> impl Iterator<Item = usize> + 'a {
    let takes_back = move |rule: &FieldRule| {
        rule.kind == FieldType::Boolean
            && rule.first_link == Policy::MostRestrictive
            && rule.pushes()
            && (config.sync.push || config.sync.pull && rule.pulls())
            && !rule.is_opt_out()
    };
    let said = |rule: &FieldRule| {
        let mut said = config.fields.iter().filter(|field| field.first_link.is_some());
        said.any(|field| field.contact.eq_ignore_ascii_case(&rule.contact_field))
    };
    let rules = map.rules().iter().enumerate().filter(move |(_, rule)| takes_back(rule));
    rules.filter(move |(_, rule)| !said(rule)).map(|(at, _)| at)
}

/// The column and the field of the rule at this place.
fn named(map: &FieldMap, at: usize) -> String {
    map.rules()
        .get(at)
        .map_or_else(String::new, |rule| format!("{} ({})", rule.columns.join(" + "), rule.contact_field))
}

/// `None`: there are no supporters.
async fn among(
    org: &Org,
    supporters: &dyn Supporters,
    map: &FieldMap,
    opt_ins: Vec<usize>,
) -> Result<Option<Vec<String>>, Failure> {
    let mut never = Vec::new();
    let Some(silent) = without_a_yes(supporters, map, opt_ins).await? else { return Ok(None) };
    for at in silent {
        let ticked = map.rules().get(at).and_then(|rule| Field::parse(&rule.contact_field).ok());
        // The names are the org's own.
        let (Some(ticked), Ok(everybody)) = (ticked, Soql::count(map.object().name())) else { continue };
        if org.count(&everybody.filter(ticked.eq(true))).await? > 0 {
            never.push(named(map, at));
        }
    }
    Ok(Some(never))
}

/// Those in which no supporter says yes; most end with the first page. `None`: there are no supporters.
async fn without_a_yes(
    supporters: &dyn Supporters,
    map: &FieldMap,
    mut open: Vec<usize>,
) -> Result<Option<Vec<usize>>, Failure> {
    let mut after: Option<SupporterId> = None;
    while !open.is_empty() {
        let ids = supporters.ids(after.as_ref(), PAGE).await?;
        if ids.is_empty() && after.is_none() {
            return Ok(None);
        }
        for supporter in supporters.get(&ids).await?.into_iter().flatten() {
            let values = map.supporter_values(&supporter.cells);
            let says_yes =
                |at: usize| matches!(values.get(at), Some(Ok(cell)) if cell.text() == Some("true"));
            open.retain(|at| !says_yes(*at));
        }
        if ids.len() < PAGE {
            break;
        }
        after = ids.last().cloned();
    }
    Ok(Some(open))
}
