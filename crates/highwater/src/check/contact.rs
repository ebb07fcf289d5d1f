//! The Contact as the org shows it, against the field map.

use model::{Direction, FieldType, PersonObject};
use salesforce::{Describe, DescribeField};

use super::finding::{Finding, Weight};
use super::rights::Rights;
use crate::code::contact_fields as code;
use crate::config::{Config, Field, Whole};
use crate::exit::Exit;
use crate::wire::field_type::{field_type, has_length};

const STOP: Weight = Weight::Stop(Exit::Usage);

/// What does not fit.
pub(super) fn check(config: &Config, describe: &Describe, rights: &Rights) -> Vec<Finding> {
    let mut findings = object(config, describe);
    findings.extend(key_field(config, describe, rights));
    findings.extend(other_technical(config, describe, rights));
    for field in &config.fields {
        match describe.field(&field.contact) {
            Some(seen) => findings.extend(mapped(field, seen, rights)),
            None => findings.push(missing(&field.contact, &code::FIELD_MISSING)),
        }
    }
    let filters =
        config.sync.exclude.iter().map(|exclude| &exclude.field).chain(&config.matching.email_fields);
    let unseen = filters.filter(|name| describe.field(name).is_none());
    findings.extend(unseen.map(|name| missing(name, &code::EXCLUDE_FIELD)));
    findings.extend(required(config, describe));
    findings
}

fn missing(name: &str, code: &'static crate::code::Code) -> Finding {
    Finding::new(code, STOP, name, "does not exist, or field-level security hides it from our user")
}

fn object(config: &Config, describe: &Describe) -> Vec<Finding> {
    let wanted = [
        (config.sync.push, describe.updateable, "may not update these records"),
        (
            config.sync.push && config.sync.create_contacts,
            describe.createable,
            "may not create these records",
        ),
        (true, describe.queryable, "may not read these records"),
    ];
    let lacking = wanted.into_iter().filter(|(needed, allowed, _)| *needed && !allowed);
    lacking
        .map(|(_, _, text)| {
            let weight = Weight::Stop(Exit::NotAuthorised);
            Finding::new(
                &code::OBJECT_PERMISSION,
                weight,
                config.sync.object.name(),
                format!("our user {text}"),
            )
        })
        .collect()
}

/// The external id: whoever is not External ID and Unique makes twins.
fn key_field(config: &Config, describe: &Describe, rights: &Rights) -> Option<Finding> {
    let name = &config.contact_fields.supporter_id;
    let Some(field) = describe.field(name) else { return Some(missing(name, &code::FIELD_MISSING)) };
    let lacks: Vec<&str> = [
        (field.external_id, "External ID"),
        (field.unique, "Unique"),
        (field.createable && field.updateable, "editable by our user"),
    ]
    .into_iter()
    .filter_map(|(has, what)| (!has).then_some(what))
    .collect();
    (!lacks.is_empty()).then(|| {
        let found = Finding::new(&code::KEY_FIELD, STOP, name, format!("is not {}", lacks.join(" and not ")));
        if field.external_id && field.unique { with_way(found, rights, name) } else { found }
    })
}

/// Names the permission set that keeps a field from being edited, where one is seen.
fn with_way(found: Finding, rights: &Rights, name: &str) -> Finding {
    match rights.to_edit(name) {
        Some(way) => found.advise(way),
        None => found,
    }
}

fn other_technical(config: &Config, describe: &Describe, rights: &Rights) -> Vec<Finding> {
    let mut findings = Vec::new();
    if let Some(name) = &config.contact_fields.account_id {
        match describe.field(name) {
            None => findings.push(missing(name, &code::FIELD_MISSING)),
            Some(field) if !field.updateable => {
                let found = Finding::new(&code::NOT_WRITABLE, STOP, name, "our user may not edit it");
                findings.push(with_way(found, rights, name));
            }
            Some(_) => {}
        }
    }
    let ours = [&config.contact_fields.push_marker, &config.contact_fields.supporter_deleted];
    for name in ours.into_iter().flatten() {
        match describe.field(name) {
            None => findings.push(missing(name, &code::FIELD_MISSING)),
            Some(field) if field.kind != "boolean" || !field.updateable => {
                let found = Finding::new(&code::MARKER, STOP, name, "is no checkbox that our user may edit");
                findings.push(if field.kind == "boolean" { with_way(found, rights, name) } else { found });
            }
            Some(_) => {}
        }
    }
    findings
}

/// One mapped field.
fn mapped(field: &Field, seen: &DescribeField, rights: &Rights) -> Vec<Finding> {
    let mut findings = Vec::new();
    let by_org = field_type(&seen.kind);
    if by_org.is_none() {
        let text = format!("is of type {}, for which no column can stand", seen.kind);
        let advice = "map the fields it is made of, such as MailingStreet and MailingCity";
        findings.push(Finding::new(&code::TYPE, STOP, &seen.name, text).advise(advice));
    }
    if let (Some(given), Some(org)) = (field.kind, by_org)
        && given != org
    {
        let text = format!("is mapped as {given:?} and is {org:?} in the org");
        findings.push(Finding::new(&code::TYPE, Weight::Warning, &seen.name, text));
    }
    if field.direction != Direction::Pull && !(seen.updateable && seen.createable) {
        let why = if seen.calculated { "is a formula" } else { "may not be created or updated by our user" };
        let found = Finding::new(&code::NOT_WRITABLE, STOP, &seen.name, why);
        findings.push(if seen.calculated { found } else { with_way(found, rights, &seen.name) });
    }
    findings.extend(room(field, field.kind.or(by_org), seen));
    findings.extend(choices(field, seen));
    findings
}

/// A map that promises more characters than the field takes.
fn room(field: &Field, kind: Option<FieldType>, seen: &DescribeField) -> Option<Finding> {
    let length = usize::try_from(seen.length).unwrap_or(usize::MAX);
    if length == 0 || !kind.is_some_and(has_length) {
        return None;
    }
    let promised = [("max_length", field.max_length), ("column_length", field.column_length)];
    let (key, longest) = promised
        .into_iter()
        .filter_map(|(key, given)| Some((key, given.map(Whole::count)?)))
        .find(|(_, given)| *given > length)?;
    let text = format!("takes {length} characters, and {key} says {longest}");
    Some(Finding::new(&code::TOO_SHORT, Weight::Warning, &seen.name, text))
}

/// Decoded values that a restricted picklist would refuse.
fn choices(field: &Field, seen: &DescribeField) -> Option<Finding> {
    if !seen.restricted_picklist || field.direction == Direction::Pull {
        return None;
    }
    let known =
        |value: &str| seen.picklist_values.iter().any(|choice| choice.active && choice.value == value);
    let unknown: Vec<&str> =
        field.decode.values().map(String::as_str).filter(|value| !known(value)).collect();
    (!unknown.is_empty()).then(|| {
        let text = format!("has no choice {}", unknown.join(", "));
        Finding::new(&code::CHOICES, Weight::Warning, &seen.name, text)
    })
}

/// What every new Contact needs and the map does not fill.
fn required(config: &Config, describe: &Describe) -> Vec<Finding> {
    if !config.sync.push || !config.sync.create_contacts {
        return Vec::new();
    }
    let filled = |name: &str| {
        let pushed = |field: &&Field| field.direction != Direction::Pull;
        config.fields.iter().filter(pushed).any(|field| field.contact.eq_ignore_ascii_case(name))
            || config.contact_fields.supporter_id.eq_ignore_ascii_case(name)
            // Made of a person's first and last name (Object reference, Account: `Name`).
            || config.sync.object == PersonObject::PersonAccount && name == "Name"
            || config.contact_fields.account_id.as_ref().is_some_and(|field| field.eq_ignore_ascii_case(name))
    };
    let unfilled =
        describe.fields().iter().filter(|field| field.required_on_create() && !filled(&field.name));
    unfilled
        .map(|field| {
            let text = "every new record needs it, and the map does not fill it";
            Finding::new(&code::REQUIRED_FIELD, STOP, &field.name, text)
        })
        .collect()
}
