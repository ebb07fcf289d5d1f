//! From `[[field]]` to the field map, with the org asked for what was left out.

use model::{Decode, FieldMap, FieldRule, FieldType, Policy, TechnicalFields};
use salesforce::{Describe, DescribeField};

use super::field_type::{field_type, has_length};
use crate::code;
use crate::config::{Config, Field, Sync, Whole};
use crate::failure::Failure;

/// The field map of a configuration, for an org that looks like `describe`.
///
/// # Errors
/// When a field is not there, is of a type no column can stand for, or the rules contradict each other.
pub fn field_map(config: &Config, describe: &Describe) -> Result<FieldMap, Failure> {
    let missing = missing(config, describe);
    if !missing.is_empty() {
        return Err(Failure::Setup {
            code: &code::contact_fields::FIELD_MISSING,
            problem: format!("the org does not show these fields to our user: {}", missing.join(", ")),
            advice: "check the names, and give the integration user read and edit access; `highwater check` says more"
                .to_owned(),
        });
    }
    let rules = config.fields.iter().enumerate().map(|(at, field)| rule(config, at, field, describe));
    let rules = rules.collect::<Result<Vec<_>, _>>()?;
    let map = FieldMap::of(config.sync.object, rules, technical_of(config, describe)).map_err(|problem| {
        Failure::Setup {
            code: &code::configuration::FIELD_MAP,
            problem: problem.to_string(),
            advice: code::configuration::FIELD_MAP.remedy.to_owned(),
        }
    })?;
    Ok(match &config.supporters.merged_into_column {
        Some(column) => map.with_merged_into(column),
        None => map,
    })
}

/// The fields that highwater itself fills.
#[must_use]
pub fn technical(config: &Config) -> TechnicalFields {
    let fields = &config.contact_fields;
    TechnicalFields {
        supporter_id: fields.supporter_id.clone(),
        account_id: fields.account_id.clone().zip(config.supporters.account_id.clone()),
        push_marker: fields.push_marker.clone(),
    }
}

/// The same in the org's own spelling, whatever the configuration's capitals: a column of a Bulk job whose name is not the field's API
/// name may be missing from the results, and with it the key that tells the rows apart (Bulk guide v66: "Each field-name header must
/// be the same as the field's Field Name/API Name. Results only include columns that are a match").
fn technical_of(config: &Config, describe: &Describe) -> TechnicalFields {
    let spelled = |name: String| describe.field(&name).map_or(name, |seen| seen.name.clone());
    let TechnicalFields { supporter_id, account_id, push_marker } = technical(config);
    TechnicalFields {
        supporter_id: spelled(supporter_id),
        account_id: account_id.map(|(field, value)| (spelled(field), value)),
        push_marker: push_marker.map(spelled),
    }
}

/// Configured Contact fields that the org does not show.
fn missing(config: &Config, describe: &Describe) -> Vec<String> {
    let technical = [
        Some(&config.contact_fields.supporter_id),
        config.contact_fields.account_id.as_ref(),
        config.contact_fields.push_marker.as_ref(),
        config.contact_fields.supporter_deleted.as_ref(),
    ];
    let mapped = config.fields.iter().map(|field| &field.contact);
    let all = mapped.chain(technical.into_iter().flatten());
    all.filter(|name| describe.field(name).is_none()).cloned().collect()
}

fn rule(config: &Config, at: usize, field: &Field, describe: &Describe) -> Result<FieldRule, Failure> {
    let seen = describe.field(&field.contact);
    let by_org = seen.and_then(|seen| field_type(&seen.kind));
    let kind = field.kind.or(by_org).ok_or_else(|| Failure::Setup {
        code: &code::contact_fields::TYPE,
        problem: format!(
            "{}: {} is of a type that no column can stand for",
            config.places.of_key(&format!("field[{at}].contact")),
            field.contact
        ),
        advice: "map the fields it is made of instead, such as MailingStreet and MailingCity".to_owned(),
    })?;
    Ok(rule_of(&config.sync, field, kind, seen))
}

/// The rule for a field whose type is known.
#[must_use]
pub fn rule_of(sync: &Sync, field: &Field, kind: FieldType, seen: Option<&DescribeField>) -> FieldRule {
    let by_type = if kind == FieldType::Boolean { Policy::MostRestrictive } else { Policy::Salesforce };
    FieldRule {
        contact_field: seen.map_or_else(|| field.contact.clone(), |seen| seen.name.clone()),
        columns: field.column_names(),
        direction: field.direction,
        kind,
        max_length: field.max_length.map(Whole::count).or_else(|| length(kind, seen)),
        column_length: field.column_length.map(Whole::count),
        blank_to_contact: field.blank_to_contact.unwrap_or(sync.blank_to_contact),
        blank_to_supporter: field.blank_to_supporter.unwrap_or(sync.blank_to_supporter),
        policy: field.policy.unwrap_or(by_type),
        first_link: field.first_link.unwrap_or(by_type),
        decode: field
            .decode
            .iter()
            .map(|(supporter, salesforce)| Decode {
                supporter: supporter.clone(),
                salesforce: salesforce.clone(),
            })
            .collect(),
        yes_no: field.yes.clone().zip(field.no.clone()),
        constant: field.constant.clone(),
        confirmation: field.confirmation,
        dated_by: field.dated_by.clone(),
        consent: field.consent,
    }
}

/// The org's own length, where it enforces one.
fn length(kind: FieldType, seen: Option<&DescribeField>) -> Option<usize> {
    let length = seen.map(|seen| seen.length).filter(|length| *length > 0 && has_length(kind))?;
    usize::try_from(length).ok()
}
