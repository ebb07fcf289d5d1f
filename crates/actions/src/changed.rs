//! Which fields of a replicated supporter changed since they were last written: only those are sent, so that what somebody typed
//! into the others stays.

use std::collections::{BTreeMap, BTreeSet};

use model::{Cell, RuleKey};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use state::State;

use crate::action::{Action, Only};
use crate::check::Prepared;
use crate::evaluate::{Verdict, Wanted, evaluate};
use crate::incoming::Incoming;
use crate::outcome::{Answer, Outcome};

/// What was last written of a supporter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Written {
    /// Digest of the action it was written under.
    action: u64,
    /// Per field of the record, the digest of what the columns made of it.
    fields: BTreeMap<String, u64>,
}

/// What the columns make of one field of a record that is there.
pub(crate) struct Field {
    name: String,
    digest: u64,
    /// Nothing: the field is cleared.
    empty: bool,
    /// A record that is made does not get it.
    not_at_first: bool,
}

/// The digest of any text, keyed: nobody reads a value out of it.
pub(crate) fn digest(state: &State, text: &str) -> u64 {
    state.digest_key().digest(RuleKey(0), &Cell::Value(text.into())).0
}

/// The digest of an action, without its name. A key that actions get in a later version takes part only where it is given: else
/// everybody would be written anew after an upgrade.
pub(crate) fn digest_of_action(state: &State, action: &Action) -> u64 {
    let what = (&action.object, action.operation, &action.on, &action.matchers, &action.external_id);
    let how = (action.too_long, action.unfit, action.nulls, action.converted, action.duplicates);
    let fields = (&action.fields, action.rest, &action.rest_of);
    digest(state, &format!("{what:?} {fields:?} {how:?}"))
}

/// What the columns make of each field; `None` where the action refuses them.
pub(crate) fn fields_of(state: &State, prepared: &Prepared, incoming: &Incoming) -> Option<Vec<Field>> {
    let wanted = match evaluate(prepared, incoming) {
        Verdict::Wanted(all) => all.into_iter().next()?,
        Verdict::NotFor(_) | Verdict::Refused(_) => return None,
    };
    let names = wanted.values.iter().map(|one| &one.field);
    let names: BTreeSet<&String> = names.chain(wanted.references.iter().map(|one| &one.field)).collect();
    Some(names.into_iter().filter_map(|name| field(state, &wanted, name)).collect())
}

fn field(state: &State, wanted: &Wanted, name: &String) -> Option<Field> {
    let values = wanted.values.iter().map(|one| (&one.field, &one.value, one.only));
    let references = wanted.references.iter().map(|one| (&one.field, &one.value, one.only));
    let mine = values.chain(references).filter(|(field, _, only)| *field == name && *only != Only::Create);
    let mine: Vec<(&Value, Only)> = mine.map(|(_, value, only)| (value, only)).collect();
    let given: Vec<&(&Value, Only)> = mine.iter().filter(|(value, _)| !value.is_null()).collect();
    let values: Vec<&Value> = given.iter().map(|(value, _)| *value).collect();
    (!mine.is_empty()).then(|| Field {
        name: name.clone(),
        digest: digest(state, &json!([name, values]).to_string()),
        empty: values.is_empty(),
        not_at_first: given.iter().any(|(_, only)| *only == Only::Update),
    })
}

/// The fields that are left as they are: what was written before and did not change, unless the action did; and what is empty,
/// unless something was written there before. `None` for what was written before: the record is another one, or a new one.
pub(crate) fn left_alone(fields: &[Field], before: Option<&Written>, action: u64) -> BTreeSet<String> {
    let all = before.is_none_or(|written| written.action != action);
    let last = |field: &Field| before.and_then(|written| written.fields.get(&field.name));
    let stays = |field: &&Field| match (last(field), field.empty) {
        (Some(digest), true) => *digest == field.digest,
        (None, true) => true,
        (Some(digest), false) => !all && *digest == field.digest,
        (None, false) => false,
    };
    fields.iter().filter(stays).map(|field| field.name.clone()).collect()
}

/// What is remembered once the record has it. A reference that pointed at nothing is looked for again.
pub(crate) fn written(fields: &[Field], action: u64, outcome: &Outcome) -> Written {
    let left_out = |field: &Field| {
        let note = format!("{}: left out", field.name);
        outcome.notes.iter().any(|one| one.starts_with(&note))
    };
    let made = outcome.answer == Answer::Created;
    let lacks = |field: &&Field| left_out(field) || (made && field.not_at_first);
    let kept = fields.iter().filter(|field| !lacks(field));
    Written { action, fields: kept.map(|field| (field.name.clone(), field.digest)).collect() }
}

/// The same of whoever an earlier version wrote, and who did not change since.
pub(crate) fn taken_over(fields: &[Field], action: u64) -> Written {
    Written { action, fields: fields.iter().map(|field| (field.name.clone(), field.digest)).collect() }
}
