//! Members of an event that no field rule uses: into fields of their name, or said to be left out.

use salesforce::{Describe, DescribeField};
use serde_json::{Map, Value};

use crate::action::{Action, Matchers, OneOrMany, Only, Operation, Rest};
use crate::check::Prepared;
use crate::evaluate::{Wanted, keep, refused, taken};
use crate::fit::is_empty;
use crate::outcome::{Note, Outcome};
use crate::path::Path;

/// The most members that are looked at beside the field rules.
const MOST: usize = 1_000;
/// The most of a member's name that a note repeats.
const NAMED: usize = 80;

/// Members no rule and no matcher uses, into fields of their name; of objects that are used in part the other parts are noted.
pub(crate) fn rest(prepared: &Prepared, body: &Value, wanted: &mut Wanted) -> Result<(), Box<Outcome>> {
    let action = &prepared.action;
    let Some(Value::Object(members)) = action.rest_of.of(body) else { return Ok(()) };
    if action.rest == Rest::Ignore {
        return Ok(());
    }
    let paths = used_paths(action);
    let used = |member: &str| paths.iter().any(|path| path.split('.').next() == Some(member));
    // A record's Id is no value of it: it is said by a matcher or an external id.
    let is_unused = |member: &str| !used(member) && !member.eq_ignore_ascii_case("id");
    for (member, value) in members.iter().filter(|(member, _)| is_unused(member)).take(MOST) {
        match field_of(action, &prepared.object, member) {
            Err(name) => wanted.notes.push(Note::NoField(name.chars().take(NAMED).collect())),
            Ok(field) if taken(wanted, field, Only::Always) => {}
            Ok(field) => {
                keep(prepared, value, field, Only::Always, (action.too_long, action.unfit), wanted)
                    .map_err(|note| refused(prepared, field, &note))?;
            }
        }
    }
    unused_parts("", members, &paths, &mut wanted.notes);
    Ok(())
}

/// The field for a member, or the name it would have.
fn field_of<'d>(action: &Action, object: &'d Describe, member: &str) -> Result<&'d DescribeField, String> {
    let custom = format!("{member}__c");
    let known = |name: &str| field_for(object, name, action.operation);
    match action.rest {
        Rest::Custom => known(&custom).ok_or(custom),
        Rest::AsNamed | Rest::Ignore => known(member).ok_or_else(|| member.to_owned()),
        Rest::AsNamedOrCustom => known(member)
            .filter(|field| field.name == member)
            .or_else(|| known(&custom))
            .ok_or_else(|| member.to_owned()),
    }
}

/// A field that this operation may write.
fn field_for<'d>(object: &'d Describe, name: &str, operation: Operation) -> Option<&'d DescribeField> {
    object.field(name).filter(|field| {
        (!operation.creates() || field.createable) && (!operation.changes() || field.updateable)
    })
}

/// What rules and matchers read below the members' parent: `address.city`, `email`.
fn used_paths(action: &Action) -> Vec<&str> {
    let rules = action.fields.iter().flat_map(|rule| {
        let holes = rule.template.iter().flat_map(crate::template::Template::paths);
        rule.path.iter().flat_map(OneOrMany::each).chain(holes)
    });
    let matchers = action.matchers.iter().flat_map(Matchers::each);
    let matchers = matchers.flat_map(|matcher| matcher.path.iter().flat_map(OneOrMany::each));
    rules.chain(matchers).filter_map(|path: &Path| path.below(&action.rest_of)).collect()
}

/// Notes what no path reaches in members that some path reaches into. Depth is bounded by that of the paths.
fn unused_parts(parent: &str, members: &Map<String, Value>, paths: &[&str], notes: &mut Vec<Note>) {
    for (name, value) in members.iter().take(MOST).filter(|(_, value)| !is_empty(value)) {
        let whole = format!("{parent}{name}");
        let inside = format!("{whole}.");
        let reached_into = paths.iter().any(|path| path.starts_with(&inside));
        let mut unused = || notes.push(Note::Unused(whole.chars().take(NAMED).collect()));
        match value {
            Value::Object(members) if reached_into => unused_parts(&inside, members, paths, notes),
            // By its index, or not: nobody names the items of a list one by one.
            Value::Array(_) if reached_into => {}
            _ if paths.contains(&whole.as_str()) => {}
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::String(_)
            | Value::Array(_)
            | Value::Object(_) => {
                if reached_into || !parent.is_empty() {
                    unused();
                }
            }
        }
    }
}
