//! Triggers that end in an unhandled exception: nothing of their transaction is saved.

use super::{SaveEnv, SaveError, Work};
use crate::schema::ObjectSchema;
use crate::settings::ThrowingTrigger;

/// Refuses every row that would have been saved, in the same words, when one of them is what a trigger cannot cope with.
pub(super) fn throw(schema: &ObjectSchema, env: &SaveEnv<'_>, works: &mut [Work]) {
    for trigger in env.settings.throwing_triggers.iter().filter(|trigger| trigger.object == schema.name) {
        if !works.iter().any(|work| work.passes() && meets(schema, trigger, work)) {
            continue;
        }
        let text = "CareForContact: execution of BeforeInsert caused by: System.NullPointerException: Attempt to \
                    de-reference a null object Trigger.CareForContact: line 7, column 1";
        for work in works.iter_mut().filter(|work| work.passes()) {
            work.errors.push(SaveError::new("CANNOT_INSERT_UPDATE_ACTIVATE_ENTITY", text));
        }
    }
}

fn meets(schema: &ObjectSchema, trigger: &ThrowingTrigger, work: &Work) -> bool {
    let value = schema.any_field(&trigger.field).and_then(|field| work.draft.get(field.index).text());
    trigger.holds.is_empty() || value.is_some_and(|value| value.contains(&trigger.holds))
}
