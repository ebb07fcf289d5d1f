//! What to do, in which order: supporters first, then Contacts, then the check that the Id stayed.

use std::collections::BTreeSet;

use model::Case;

use super::{Action, Certainty, Group, Member};

/// The steps for a group.
pub(super) fn steps(group: &Group, cases: &[&Case]) -> Vec<String> {
    match group.action {
        Action::Merge => merge(group),
        Action::Decide | Action::Correct => {
            let mut seen = BTreeSet::new();
            let mut steps: Vec<String> = Vec::new();
            for case in cases.iter().filter(|case| seen.insert((case.kind, case.name()))) {
                steps.push(format!("case {}: {}", case.name(), case.advice()));
            }
            if group.action == Action::Decide {
                steps.push("or decide it here: highwater cases show, then cases resolve".to_owned());
            }
            steps
        }
    }
}

fn merge(group: &Group) -> Vec<String> {
    let mut steps = Vec::new();
    if group.certainty == Certainty::LookFirst {
        steps.push(
            "look first whether they are one person at all; if not: highwater cases resolve … --separate"
                .to_owned(),
        );
    }
    for line in &group.consent {
        let said_by = line.said_by.join(", ");
        steps.push(format!(
            "keep the no: {} must be {} on what remains, as {said_by} says",
            line.field, line.must_be
        ));
    }
    if !group.gains.is_empty() {
        steps
            .push("carry over what the others have and the survivor lacks, as far as it is right".to_owned());
    }
    let (supporter, contact) = (group.kept_supporter(), group.kept_contact());
    if let Some(into) = supporter.filter(|_| group.supporters().count() > 1) {
        let losers = losers(group.supporters(), into);
        steps.push(format!("first, in the supporter database: merge {losers} into {}", into.subject));
    }
    if let Some(into) = contact {
        let losers = losers(group.contacts().filter(|member| !member.gone), into);
        if !losers.is_empty() {
            steps.push(format!("then, in Salesforce: merge {losers} into {}", into.subject));
        }
    }
    if let (Some(supporter), Some(contact)) = (supporter, contact) {
        let (supporter, contact) = (&supporter.subject, contact.id());
        steps.push(format!(
            "check that {supporter} carries the Contact Id {contact}; if it does not, put it there"
        ));
    }
    if group.household.len() > 1 {
        steps.push("look for an empty household that is left behind".to_owned());
    }
    steps.push("run highwater sync, then highwater report merges --verify --against FILE".to_owned());
    steps
}

fn losers<'a>(members: impl Iterator<Item = &'a Member>, into: &Member) -> String {
    let losers = members.filter(|member| member.subject != into.subject);
    losers.map(|member| member.subject.to_string()).collect::<Vec<_>>().join(" and ")
}
