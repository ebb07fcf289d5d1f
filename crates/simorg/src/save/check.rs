//! Checks of one row by itself, and the org's validation rules.

use super::{SaveEnv, SaveError, Work};
use crate::id::RecordId;
use crate::schema::{Field, FieldType, ObjectSchema};
use crate::store::{Store, Table};
use crate::value::{Value, ValueRef};

/// Types, lengths, addresses, picklists and references of the fields that changed. A 15-character id is
/// stored with its checksum.
pub(super) fn types(store: &Store, schema: &ObjectSchema, work: &mut Work) {
    for index in work.changed.clone() {
        let Some(field) = schema.at(index) else { continue };
        match value(store, field, work.draft.get(index)) {
            Ok(None) => {}
            Ok(Some(better)) => work.draft.set(index, better),
            Err(error) => work.errors.push(error),
        }
    }
}

/// Checks one value; answers another form to store when there is one.
fn value(store: &Store, field: &Field, value: ValueRef<'_>) -> Result<Option<Value>, SaveError> {
    match value {
        ValueRef::Text(text) => check_text(store, field, text),
        ValueRef::Number(number) => check_number(field, number).map(|()| None),
        ValueRef::Null | ValueRef::Bool(_) | ValueRef::Date(_) | ValueRef::DateTime(_) => Ok(None),
    }
}

fn check_text(store: &Store, field: &Field, text: &str) -> Result<Option<Value>, SaveError> {
    if field.kind == FieldType::Reference {
        return reference(store, field, text).map(Some);
    }
    if field.length > 0 && text.len() > field.length && text.chars().count() > field.length {
        return Err(SaveError::too_long(field, text));
    }
    if field.kind == FieldType::Email && !is_email(text) {
        let message = format!("{}: invalid email address: {text}", field.label);
        return Err(SaveError::new("INVALID_EMAIL_ADDRESS", message).on(&field.name));
    }
    let picks = matches!(field.kind, FieldType::Picklist | FieldType::MultiPicklist);
    if picks && field.flags.restricted {
        let parts =
            if field.kind == FieldType::MultiPicklist { text.split(';').collect() } else { vec![text] };
        if !parts.iter().all(|part| field.picklist.iter().any(|known| known.value == *part)) {
            let message = format!("{}: bad value for restricted picklist field: {text}", field.label);
            return Err(SaveError::new("INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST", message).on(&field.name));
        }
    }
    Ok(None)
}

fn check_number(field: &Field, number: f64) -> Result<(), SaveError> {
    let whole_digits = i32::from(field.precision) - i32::from(field.scale);
    if field.precision > 0 && number.abs() >= 10f64.powi(whole_digits) {
        let message = format!("{}: value outside of valid range on numeric field: {number:E}", field.label);
        return Err(SaveError::new("NUMBER_OUTSIDE_VALID_RANGE", message).on(&field.name));
    }
    Ok(())
}

fn reference(store: &Store, field: &Field, text: &str) -> Result<Value, SaveError> {
    let wrong = || {
        let message = format!("{}: id value of incorrect type: {text}", field.label);
        SaveError::new("MALFORMED_ID", message).on(&field.name)
    };
    let id = RecordId::parse(text).ok_or_else(wrong)?;
    let Some(table) = store.table_of_prefix(id.prefix()) else { return Err(wrong()) };
    if !field.reference_to.iter().any(|object| *object == table.schema().name) {
        return Err(wrong());
    }
    match table.get(&id) {
        Some(record) if !record.deleted => Ok(Value::text(id.as_str())),
        Some(_) | None => Err(SaveError::cross_reference()),
    }
}

/// Salesforce wants one `@`, a dotted domain and no odd characters.
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.rsplit_once('@') else { return false };
    let odd = |c: char| {
        c.is_whitespace()
            || c.is_control()
            || matches!(c, '(' | ')' | '<' | '>' | ',' | ';' | ':' | '"' | '\\' | '[' | ']')
    };
    let dots = |part: &str| !part.starts_with('.') && !part.ends_with('.') && !part.contains("..");
    !local.is_empty()
        && !local.contains('@')
        && !text.contains(odd)
        && dots(local)
        && dots(domain)
        && domain.contains('.')
        && domain.chars().all(|c| c.is_alphanumeric() || matches!(c, '.' | '-'))
}

/// Required fields must have a value when all is said.
pub(super) fn required(schema: &ObjectSchema, work: &mut Work) {
    if !work.passes() {
        return;
    }
    let empty = |field: &&Field| field.required() && work.draft.get(field.index).is_null();
    let missing: Vec<String> = schema.fields.iter().filter(empty).map(|field| field.name.clone()).collect();
    if !missing.is_empty() {
        let text = format!("Required fields are missing: [{}]", missing.join(", "));
        let mut error = SaveError::new("REQUIRED_FIELD_MISSING", text);
        error.fields = missing;
        work.errors.push(error);
    }
}

/// Validation rules an administrator wrote.
pub(super) fn validation(table: &Table, env: &SaveEnv<'_>, works: &mut [Work]) {
    if !env.settings.validation.unique_email || table.schema().name != "Contact" {
        return;
    }
    let Some(email) = table.schema().any_field("Email") else { return };
    for work in works.iter_mut().filter(|work| work.errors.is_empty()) {
        if !work.changed.contains(&email.index) {
            continue;
        }
        let ValueRef::Text(address) = work.draft.get(email.index) else { continue };
        if table.holders(email, address).iter().any(|record| Some(record.id) != work.id) {
            let text = "A record with this email address already exists.";
            work.errors.push(SaveError::new("FIELD_CUSTOM_VALIDATION_EXCEPTION", text).on("Email"));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_email;
    use proptest::prelude::*;

    #[test]
    fn addresses_are_judged_as_the_platform_judges_them() {
        for good in ["joe@example.org", "o'brien+x@mail.example.co.uk", "a_b-c@x-y.org"] {
            assert!(is_email(good), "{good}");
        }
        for bad in ["foo@bar", "foo", "@x.org", "a b@x.org", "a@@x.org", "a@.org", "a..b@x.org", "<a@x.org>"]
        {
            assert!(!is_email(bad), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_an_address_or_not(text in ".{0,60}") {
            let _ = is_email(&text);
        }
    }
}
