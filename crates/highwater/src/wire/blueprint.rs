//! From the configuration to what the org needs, without asking the org.

use model::{FieldMap, FieldType, PersonObject};
use setup::{Blueprint, InvalidBlueprint, MappedField, SignIn, Technical, Work};

use super::field_map;
use crate::code;
use crate::config::{Config, Field, GrantName, Whole};
use crate::failure::Failure;

/// What the configured map needs of an org.
///
/// # Errors
/// When the map cannot stand, whatever the org looks like.
pub fn blueprint(config: &Config) -> Result<Blueprint, Failure> {
    let refused = |problem: String| Failure::Setup {
        code: &code::configuration::FIELD_MAP,
        problem,
        advice: code::configuration::FIELD_MAP.remedy.to_owned(),
    };
    if config.sync.object != PersonObject::Contact {
        return Err(Failure::Setup {
            code: &code::configuration::FIELD_MAP,
            problem: format!("sync.object is {:?}, and `setup` knows Contacts only", config.sync.object.word()),
            advice: "make the external id field and the permission set by hand; `highwater check` names what lacks"
                .to_owned(),
        });
    }
    let assumed = config
        .fields
        .iter()
        .map(|field| field_map::rule_of(&config.sync, field, kind(field).unwrap_or(FieldType::Text), None));
    FieldMap::new(assumed.collect(), field_map::technical(config))
        .map_err(|problem| refused(problem.to_string()))?;
    let sync = &config.sync;
    let work = Work { push: sync.push, create: sync.create_contacts };
    let sign_in = if config.salesforce.grant == GrantName::ClientCredentials {
        SignIn::ClientCredentials
    } else {
        SignIn::OtherGrant
    };
    let fields = config.fields.iter().map(mapped).collect();
    Blueprint::new(fields, technical(config), &config.salesforce.api_version, work, sign_in)
        .map_err(|problem: InvalidBlueprint| refused(problem.to_string()))
}

fn mapped(field: &Field) -> MappedField {
    MappedField {
        name: field.contact.clone(),
        direction: field.direction,
        kind: kind(field),
        length: field.max_length.map(Whole::count),
    }
}

/// The type, as far as the map says it: who spells yes and no means a checkbox.
fn kind(field: &Field) -> Option<FieldType> {
    field.kind.or_else(|| field.yes.as_ref().map(|_| FieldType::Boolean))
}

/// The technical fields with the names the configuration gives them; what it leaves out has the connector's usual name, in
/// the package that the others belong to.
#[must_use]
pub fn technical(config: &Config) -> Technical {
    let fields = &config.contact_fields;
    let marker = fields.push_marker.clone().unwrap_or_else(|| beside(&fields.supporter_id, "EN_Push"));
    let stamp = fields.last_modified.clone().unwrap_or_else(|| beside(&marker, "EN_Last_Modified_Date"));
    Technical {
        supporter_id: fields.supporter_id.clone(),
        account_id: fields.account_id.clone(),
        push_marker: marker,
        last_modified: stamp,
        supporter_deleted: fields.supporter_deleted.clone(),
        read: read_only(config),
    }
}

/// What decides who is left out, and where further addresses stand, each once.
fn read_only(config: &Config) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    let excluding = config.sync.exclude.iter().map(|exclude| &exclude.field);
    for name in excluding.chain(&config.matching.email_fields) {
        if !names.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            names.push(name.clone());
        }
    }
    names
}

/// A field in the same package as another, or in none.
fn beside(other: &str, stem: &str) -> String {
    let package = other.strip_suffix("__c").and_then(|name| name.split_once("__"));
    package.map_or_else(|| format!("{stem}__c"), |(package, _)| format!("{package}__{stem}__c"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{COMMENTED_DEFAULTS, parse};

    #[test]
    fn the_default_map_has_the_usual_names_and_a_packages_map_the_packages() {
        let config = parse("highwater.toml", COMMENTED_DEFAULTS).unwrap();
        let wish = blueprint(&config).unwrap();
        assert_eq!(wish.technical().push_marker, "EN_Push__c");
        assert_eq!(wish.technical().last_modified, "EN_Last_Modified_Date__c");
        let text = COMMENTED_DEFAULTS.replace("\"EN_Supporter_Id__c\"", "\"engaging__EN_Supporter_Id__c\"");
        let config = parse("highwater.toml", &text).unwrap();
        let wish = blueprint(&config).unwrap();
        assert_eq!(wish.technical().push_marker, "engaging__EN_Push__c");
        assert_eq!(wish.technical().last_modified, "engaging__EN_Last_Modified_Date__c");
    }

    #[test]
    fn fields_that_other_settings_name_are_part_of_what_the_org_needs() {
        let text = COMMENTED_DEFAULTS
            .replace("# supporter_deleted = \"EN", "supporter_deleted = \"EN")
            .replace("exclude = []", "exclude = [{ field = \"Do_Not_Sync__c\", values = [\"true\"] }]")
            .replace("email_fields = []", "email_fields = [\"Work_Email__c\", \"do_not_sync__c\"]");
        let technical = technical(&parse("highwater.toml", &text).unwrap());
        assert_eq!(technical.supporter_deleted.as_deref(), Some("EN_Supporter_Deleted__c"));
        assert_eq!(technical.read, ["Do_Not_Sync__c", "Work_Email__c"]);
    }

    #[test]
    fn a_map_that_cannot_stand_is_refused() {
        let text = COMMENTED_DEFAULTS.replace("contact = \"Email\"", "contact = \"Phone\"");
        let config = parse("highwater.toml", &text).unwrap();
        let refused = blueprint(&config).unwrap_err();
        assert_eq!(refused.code(), &code::configuration::FIELD_MAP);
        assert!(refused.to_string().contains("Email"), "{refused}");
    }
}
