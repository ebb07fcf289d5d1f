//! Nonprofit Success Pack: a Contact without Account gets a household.

use super::{Api, RowToSave, SaveContext, SaveEnv, SaveError, Target, Work, duplicates};
use crate::record::Draft;
use crate::schema::ObjectSchema;
use crate::store::Store;
use crate::value::Value;

fn wants_household(schema: &ObjectSchema, env: &SaveEnv<'_>, work: &Work) -> bool {
    let account = schema.any_field("AccountId");
    env.settings.npsp.households
        && schema.name == "Contact"
        && work.is_new()
        && work.passes()
        && account.is_some_and(|field| work.draft.get(field.index).is_null())
}

/// The household Account of a Contact.
fn household(schema: &ObjectSchema, account: &ObjectSchema, work: &Work) -> Vec<(u16, Value)> {
    let text = |name: &str| {
        schema.any_field(name).and_then(|field| work.draft.get(field.index).text()).map(str::to_owned)
    };
    let name = format!("{} Household", text("LastName").unwrap_or_default());
    let mut values = Vec::new();
    let mut give = |field: &str, value: Option<String>| {
        if let (Some(field), Some(value)) = (account.any_field(field), value) {
            values.push((field.index, Value::text(value)));
        }
    };
    give("Name", Some(name));
    give("Phone", text("HomePhone"));
    for part in ["Street", "City", "State", "PostalCode", "Country"] {
        give(&format!("Billing{part}"), text(&format!("Mailing{part}")));
    }
    values
}

/// Asks the Account duplicate rules before anything is written: NPSP turns their alert into an error of the
/// Contact (label `Failed to create Account for Contact {0} {1}. {2}`).
pub(super) fn check_households(
    store: &Store,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    object: &str,
    works: &mut [Work],
) {
    let (Some(schema), Some(account)) = (store.schema(object), store.schema("Account")) else { return };
    let first = schema.any_field("FirstName");
    for work in works.iter_mut() {
        if !wants_household(schema, env, work) {
            continue;
        }
        let values = household(schema, account, work);
        let mut draft = Draft::default();
        let changed = values.iter().map(|(index, _)| *index).collect();
        for (index, value) in values {
            draft.set(index, value);
        }
        let row = RowToSave::new(Target::New, Vec::new());
        let (errors, reports) = (Vec::new(), Vec::new());
        let mut probe = [Work { row, slot: None, id: None, draft, changed, errors, reports }];
        duplicates::check(store, env, context, "Account", &mut probe);
        let [mut probe] = probe;
        if let Some(message) = &env.settings.npsp.account_fails_with {
            probe.errors.push(SaveError::new("UNKNOWN_EXCEPTION", message));
        }
        if let Some(error) = probe.errors.first() {
            let get = |name: &str| {
                schema.any_field(name).and_then(|f| work.draft.get(f.index).text()).unwrap_or_default()
            };
            let given = if first.is_some() { get("FirstName") } else { "" };
            let text = format!(
                "Failed to create Account for Contact {given} {}. {}",
                get("LastName"),
                error.message
            );
            work.errors.push(SaveError::new("FIELD_CUSTOM_VALIDATION_EXCEPTION", text));
        }
    }
}

/// Makes the household of a Contact about to be committed and puts its id on it.
pub(super) fn make_household(
    store: &mut Store,
    env: &SaveEnv<'_>,
    context: &SaveContext,
    object: &str,
    work: &mut Work,
) {
    let (Some(schema), Some(account)) = (store.schema(object), store.schema("Account")) else { return };
    if context.api == Api::Seed || !wants_household(schema, env, work) {
        return;
    }
    let Some(field) = schema.any_field("AccountId").map(|field| field.index) else { return };
    let row = RowToSave::new(Target::New, household(schema, account, work));
    // The rules were asked already; asking again could refuse half of a transaction.
    let quiet = SaveEnv { duplicates: None, ..*env };
    if let Some(Ok(saved)) = super::save(store, &quiet, context, "Account", vec![row]).pop() {
        work.draft.set(field, Value::text(saved.id.as_str()));
    }
}
