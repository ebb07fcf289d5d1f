//! Fields that follow from others of the same record.

use crate::record::Draft;
use crate::schema::ObjectSchema;
use crate::value::Value;

/// Whether an Opportunity is closed and won follows from its stage, whether a Case is closed from its status.
pub(super) fn set(schema: &ObjectSchema, draft: &mut Draft) {
    let of = |name: &str| schema.any_field(name).map(|field| field.index);
    let closed = match schema.name.as_str() {
        "Opportunity" => of("StageName"),
        "Case" => of("Status"),
        _ => return,
    };
    let text = closed.and_then(|field| draft.get(field).text()).unwrap_or_default().to_owned();
    if let Some(field) = of("IsClosed") {
        draft.set(field, Value::Bool(text.starts_with("Closed")));
    }
    if let Some(field) = of("IsWon") {
        draft.set(field, Value::Bool(text == "Closed Won"));
    }
}
