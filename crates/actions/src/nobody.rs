//! What no action takes: why an event is for nobody, and what it refers to that nobody writes.

use serde_json::Value;

use crate::action::ExternalId;
use crate::check::Prepared;
use crate::evaluate::{MAPPED_WITHOUT_RECORD, NotFor};
use crate::incoming::{Incoming, external_refs, is_mapped};
use crate::outcome::{Answer, Outcome};

/// Why an event is left alone that does not say that it is for Salesforce.
pub(crate) const NOT_ASKED_FOR: &str = "integrations does not ask for Salesforce";

/// The longest API name: 40 characters, a namespace of 15 and `__c` (metadata guide, "Custom Object").
const LONGEST_NAME: usize = 60;

/// The outcome of an event beside those of the actions; `verdicts` says of each why it is not for the event, and `None` where it is.
///
/// An action that looks at `context.externalId` speaks for the whole of it: what it refers to and no action writes is for a person,
/// as somebody meant it to be written. Where nobody looks, an `identify` that no action takes is told apart by it as well.
pub(crate) fn of_nobody(
    actions: &[Prepared],
    verdicts: &[Option<NotFor>],
    event: &Incoming,
) -> Option<Outcome> {
    let taken = verdicts.iter().any(Option::is_none);
    let looks = |(prepared, verdict): (&Prepared, &Option<NotFor>)| match verdict {
        None | Some(NotFor::Reference) => prepared.action.external_id != ExternalId::Ignored,
        Some(NotFor::Trigger | NotFor::Flag) => false,
    };
    let kind = event.body.get("type").and_then(Value::as_str).unwrap_or_default();
    let unasked = !taken && verdicts.contains(&Some(NotFor::Flag));
    let looked_at = actions.iter().zip(verdicts).any(looks) || (!taken && !unasked && kind == "identify");
    if let Some(outcome) = looked_at.then(|| left_over(actions, &event.body)).flatten() {
        return Some(outcome);
    }
    let reason = || match (unasked, kind) {
        (true, _) => NOT_ASKED_FOR.to_owned(),
        (false, "") => "no action for it".to_owned(),
        (false, kind) => format!("no action for {kind}"),
    };
    (!taken).then(|| Outcome::new("", "", Answer::Ignored).because(reason()))
}

/// The first reference to an object that no action writes by reference.
fn left_over(actions: &[Prepared], body: &Value) -> Option<Outcome> {
    let written = |object: &str| {
        let mut named = actions.iter().filter(|prepared| prepared.takes_external_ids());
        named.any(|prepared| prepared.object.name.eq_ignore_ascii_case(object))
    };
    let mut refs = external_refs(body).peekable();
    if refs.peek().is_none() && is_mapped(body) {
        return Some(Outcome::new("", "", Answer::Invalid).because(MAPPED_WITHOUT_RECORD));
    }
    let object = refs.find(|one| !written(one.object))?.object;
    let is_name = object.len() <= LONGEST_NAME
        && object.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
    // What is no name may be anything, somebody's address as well.
    let object = if is_name { object } else { "" };
    let reason = format!("no action for {}", if is_name { object } else { "the object of an external id" });
    Some(Outcome::new("", object, Answer::Invalid).because(reason))
}
