//! What the org's own duplicate rules answer about people whose row they refused: for whoever our look-up does not find, or for
//! all, as the settings say. Asking saves nothing.
//!
//! A rule that an administrator made may look at anything: a phone, a street, a Lead, an Account. Its answer is a link only where
//! it names one free Contact whose names fit and whose address does not contradict. Everything else is a case that names the rule.

use std::collections::HashSet;

use model::{CaseKind, Cell, ContactId, Evidence, Supporter, SupporterId};
use plan::look_up::{choose_contact, email_of};
use plan::read::contacts;
use plan::{Fatal, Found, SeenContact, Sides, Twin};
use salesforce::{DuplicateResult, Fields, WouldBe};

use crate::json_value::typed;

/// How many people one job may ask the org about: each is a call. Whoever is left becomes a case, as without asking.
pub(crate) const MOST_ASKED: u32 = 500;

/// Asks the org about everybody for whom the look-up found nobody, as far as `asks` reaches.
///
/// # Errors
/// [`Fatal`] when either side or the state fails.
pub(crate) async fn ask_the_org(
    sides: &Sides,
    supporters: &[Supporter],
    found: Vec<Found>,
    asks: &mut u32,
) -> Result<Vec<Found>, Fatal> {
    if sides.settings.twin == Twin::Ours {
        return Ok(found);
    }
    let apart = sides.state.apart_of(supporters.iter().map(|supporter| &supporter.id))?;
    let mut answers = Vec::with_capacity(found.len());
    for (supporter, found) in supporters.iter().zip(found) {
        let Found::Nobody(others) = found else {
            answers.push(found);
            continue;
        };
        if *asks == 0 {
            answers.push(Found::Nobody(others));
            continue;
        }
        *asks -= 1;
        answers.push(
            match sides.org.ask_duplicates(sides.map.object().name(), &fields(sides, supporter)).await? {
                WouldBe::New => Found::Nobody(others),
                WouldBe::Refused(refusal) => match refusal.duplicate {
                    None => Found::Nobody(others),
                    Some(result) => judge(sides, supporter, &result, &apart).await?,
                },
            },
        );
    }
    Ok(answers)
}

/// The record as the refused row had it. A value that cannot be sent is left out: it refused nothing.
fn fields(sides: &Sides, supporter: &Supporter) -> Fields {
    let values = sides.map.supporter_values(&supporter.cells);
    let mut fields = Fields::new();
    for (rule, value) in sides.map.rules().iter().zip(values).filter(|(rule, _)| rule.pushes()) {
        if let Ok(Cell::Value(text)) = value {
            fields.insert(rule.contact_field.clone(), typed(rule.kind, &text));
        }
    }
    fields
}

/// What the rule's answer comes to.
async fn judge(
    sides: &Sides,
    supporter: &Supporter,
    result: &DuplicateResult,
    apart: &HashSet<(SupporterId, ContactId)>,
) -> Result<Found, Fatal> {
    let rule = result.rule.clone().unwrap_or_else(|| "unnamed".to_owned());
    let mut reasons = vec![format!("rule:{rule}")];
    reasons.extend(
        result.matches.iter().filter_map(|found| found.rule.as_ref()).map(|by| format!("matched_by:{by}")),
    );
    reasons.dedup();
    let other = |object: &&str| !object.is_empty() && !object.eq_ignore_ascii_case(sides.map.object().name());
    let objects = result.matches.iter().map(|found| found.entity.as_str()).chain(result.entity.as_deref());
    let ids: Vec<ContactId> =
        result.matches.iter().filter_map(|found| sides.map.object().id(found.id.as_str())).collect();
    let there: Vec<SeenContact> = contacts(sides, &ids).await?.into_iter().flatten().collect();
    if let Some(object) = objects.into_iter().find(other) {
        reasons.push(format!("object:{object}"));
        return Ok(Found::Case { kind: CaseKind::DuplicateOfOtherObject, contacts: there, reasons });
    }
    let unresolved = |contacts: Vec<SeenContact>, mut reasons: Vec<String>, why: &str| {
        reasons.push(why.to_owned());
        Found::Case { kind: CaseKind::DuplicateUnresolved, contacts, reasons }
    };
    if there.is_empty() {
        return Ok(unresolved(there, reasons, "records_hidden"));
    }
    let Some(email) = email_of(&sides.map, supporter) else {
        return Ok(unresolved(there, reasons, "no_email"));
    };
    // Another supporter database has them, as people of its own.
    let own = sides.map.technical().own_account();
    let ours: Vec<SeenContact> = there.iter().filter(|seen| !seen.of_other_account(own)).cloned().collect();
    if ours.is_empty() {
        return Ok(unresolved(there, reasons, "other_account"));
    }
    // An administrator said that it is somebody else: no rule knows better.
    let is_apart = |seen: &SeenContact| apart.contains(&(supporter.id.clone(), seen.id()));
    let ours: Vec<SeenContact> = ours.into_iter().filter(|seen| !is_apart(seen)).collect();
    if ours.is_empty() {
        return Ok(unresolved(there, reasons, "set_apart"));
    }
    if let Some(owned) = owned_by_another(sides, supporter, &ours).await? {
        reasons.push("already_linked".to_owned());
        return Ok(Found::Case { kind: CaseKind::TwoSupportersOneContact, contacts: vec![owned], reasons });
    }
    // Another address than the supporter's: the rule looked at something else, and namesakes share phones and streets.
    let carries = |seen: &SeenContact| seen.emails.is_empty() || seen.emails.contains(&email);
    let usable = |seen: &SeenContact| !seen.contact.person_account && !seen.excluded;
    let near: Vec<SeenContact> = ours.into_iter().filter(carries).filter(usable).collect();
    Ok(match choose_contact(sides, supporter, &email, near) {
        Found::One(seen, Evidence::EmailAndName { strength, reasons }) => {
            Found::One(seen, Evidence::DuplicateRule { rule, strength, reasons })
        }
        Found::One(seen, evidence) => Found::One(seen, evidence),
        Found::Case { kind, contacts, reasons: ours } => {
            reasons.extend(ours);
            Found::Case { kind, contacts, reasons }
        }
        Found::Nobody(_) => unresolved(there, reasons, "names_or_address_differ"),
    })
}

/// The first of these Contacts that is linked to another supporter who exists, or carries such a supporter's id.
async fn owned_by_another(
    sides: &Sides,
    supporter: &Supporter,
    there: &[SeenContact],
) -> Result<Option<SeenContact>, Fatal> {
    let ids: Vec<ContactId> = there.iter().map(SeenContact::id).collect();
    let linked = sides.state.supporters_of(&ids)?;
    for (seen, linked) in there.iter().zip(linked) {
        let carried = seen.contact.supporter_id.text().and_then(|key| SupporterId::parse(key).ok());
        let others: Vec<SupporterId> =
            linked.into_iter().chain(carried).filter(|owner| *owner != supporter.id).collect();
        if sides.supporters.get(&others).await?.into_iter().any(|owner| owner.is_some()) {
            return Ok(Some(seen.clone()));
        }
    }
    Ok(None)
}
