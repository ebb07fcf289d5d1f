//! State and country picklists: the code fields beside the text fields of an address, and what they may hold.

use super::countries::{COUNTRIES, STATES};
use super::field::{Field, FieldType, PicklistValue};
use super::spec::field;
use super::{ObjectSchema, Source};

/// Longest code (captured describes: picklist(10)).
const CODE: usize = 10;

/// Adds `StateCode` and `CountryCode` to every address of the object.
pub(super) fn add_codes(schema: &mut ObjectSchema) {
    for prefix in prefixes(schema) {
        for (part, values) in [("State", state_values()), ("Country", country_values())] {
            let Some(text) = schema.any_field(&format!("{prefix}{part}")) else { continue };
            let label = format!("{} Code", text.label);
            let code = field(&format!("{prefix}{part}Code"), &label, FieldType::Picklist, CODE, "CUNFR");
            schema.add(Field { picklist: values, ..code });
        }
    }
}

/// What stands before `Address` in the compound addresses of an object.
pub(crate) fn prefixes(schema: &ObjectSchema) -> Vec<String> {
    let compound = schema.fields.iter().filter(|f| f.source == Source::Compound);
    compound.filter_map(|f| f.name.strip_suffix("Address").map(str::to_owned)).collect()
}

fn entry(code: &str, name: &str) -> PicklistValue {
    PicklistValue { value: code.into(), label: name.into(), default: false }
}

fn country_values() -> Vec<PicklistValue> {
    COUNTRIES.iter().map(|(code, name)| entry(code, name)).collect()
}

/// Codes that several countries use stand once; which state belongs where is checked on save.
fn state_values() -> Vec<PicklistValue> {
    let mut values: Vec<PicklistValue> = Vec::new();
    for (_, code, name) in STATES {
        if !values.iter().any(|known| known.value == *code) {
            values.push(entry(code, name));
        }
    }
    values
}

/// Code and name of the country with this name or code, in any case.
pub(crate) fn country(text: &str, by_code: bool) -> Option<(&'static str, &'static str)> {
    let same = |(code, name): &&(&str, &str)| (if by_code { code } else { name }).eq_ignore_ascii_case(text);
    COUNTRIES.iter().find(same).copied()
}

/// Code and name of the state of a country with this name or code, in any case.
pub(crate) fn state(country: &str, text: &str, by_code: bool) -> Option<(&'static str, &'static str)> {
    let same = |(of, code, name): &&(&str, &str, &str)| {
        *of == country && (if by_code { code } else { name }).eq_ignore_ascii_case(text)
    };
    STATES.iter().find(same).map(|(_, code, name)| (*code, *name))
}
