//! The two Flows of the Engaging Networks set-up, as before-save automation of Contact.

use super::{SaveEnv, Work};
use crate::schema::ObjectSchema;
use crate::value::{Value, ValueRef};

/// Rule 1 stamps the date when a mapped field changed (or the record is new) and the push flag is false and
/// did not change in this save. Rule 2 puts the flag back, which never counts as a change.
pub(super) fn before_save(schema: &ObjectSchema, env: &SaveEnv<'_>, work: &mut Work) {
    let flows = &env.settings.flows;
    if schema.name != "Contact" {
        return;
    }
    let Some(push) = schema.any_field(&flows.push_field) else { return };
    let flagged = work.draft.get(push.index) == ValueRef::Bool(true);
    // On a new record the flag changes only when it is given as true.
    let flag_moved = work.changed.contains(&push.index) && (!work.is_new() || flagged);
    let is_mapped = |index: &u16| {
        let name = schema.at(*index).map_or("", |field| field.name.as_str());
        flows.mapped_fields.is_empty()
            || flows.mapped_fields.iter().any(|mapped| mapped.eq_ignore_ascii_case(name))
    };
    let counts = work.is_new() || work.changed.iter().any(is_mapped);
    if let Some(stamp) = schema.any_field(&flows.stamp_field).filter(|_| flows.stamp)
        && counts
        && !flagged
        && !flag_moved
    {
        work.draft.set(stamp.index, Value::DateTime(env.now.to_second()));
    }
    if flows.reset && flagged {
        work.draft.set(push.index, Value::Bool(false));
    }
}
