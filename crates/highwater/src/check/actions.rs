//! Destination actions and replication: whether they fit the org and the supporter table, before anything runs.

use actions::action::Action;
use actions::check::{Schema, check};
use actions::entry::actions_of;
use actions::replicate::{columns_of, is_for_supporters};
use events::FlagRule;
use salesforce::Org;

use super::finding::{Finding, Weight};
use super::of_failure;
use crate::code::events as code;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::wire;

/// What does not fit between `[[actions]]` and the org; what does is noted.
///
/// # Errors
/// When the org cannot be asked.
pub(super) async fn against_org(config: &Config, org: &Org) -> Result<Vec<Finding>, Failure> {
    let actions = wanted(config);
    let schema = Schema::of(org, &actions).await?;
    let mut findings = Vec::new();
    for action in &actions {
        let about = format!("actions.{}", action.name);
        match check(action, &schema) {
            Ok(prepared) => {
                let only = match action.flag {
                    FlagRule::Required => ", of events that say integrations.Salesforce = true",
                    FlagRule::Optional => ", but of events that say integrations.Salesforce = false",
                    FlagRule::Ignored => "",
                };
                let text = format!("{} {}{only}", action.operation.code(), prepared.object.name);
                findings.push(Finding::new(&code::ACTION_FITS, Weight::Note, &about, text));
            }
            Err(mismatches) => findings.extend(mismatches.iter().map(|mismatch| {
                Finding::new(&code::ACTION, Weight::Stop(Exit::Usage), &about, mismatch.to_string())
            })),
        }
    }
    Ok(findings)
}

/// What does not fit between `[[actions]]`, `[intake]` and the supporter table.
pub(super) async fn against_database(config: &Config) -> Vec<Finding> {
    let actions = wanted(config);
    let (replicating, for_events): (Vec<&Action>, Vec<&Action>) =
        actions.iter().partition(|action| is_for_supporters(action));
    let mut findings = Vec::new();
    let warn = |about: &str, text: &str, advice: &str| {
        Finding::new(&code::ACTION_IDLE, Weight::Warning, about, text).advise(advice)
    };
    if config.intake.is_on() && for_events.is_empty() {
        let advice = "add an entry to [[actions]]; events are kept until then";
        findings.push(warn("intake", "events are taken in, and no action is for them", advice));
    }
    if !config.intake.is_on() && !for_events.is_empty() {
        let advice = "add an [[intake.source]], or take the action out";
        findings.push(warn("actions", "an action is for events, and none are taken in", advice));
    }
    match replicating.as_slice() {
        [] => {}
        [action] => {
            // Opening the table looks for every column that the action reads.
            let opened = wire::supporters::supporters(config, &columns_of(action)).await;
            findings.extend(opened.err().map(|failure| of_failure("replication", &failure)));
        }
        several => {
            let names: Vec<&str> = several.iter().map(|action| action.name.as_str()).collect();
            let text = format!("more than one action is for supporters: {}", names.join(", "));
            findings.push(Finding::new(&code::ACTION, Weight::Stop(Exit::Usage), "replication", text));
        }
    }
    findings
}

/// Reading the file has refused what cannot be meant.
fn wanted(config: &Config) -> Vec<Action> {
    actions_of(&config.actions).unwrap_or_default()
}
