//! `[[actions]]`: one entry of the configuration, and the actions it comes to.

use events::FlagRule;
use serde::Deserialize;

use crate::action::{
    Action, AllowDelete, Converted, Duplicates, ExternalId, FieldRule, Matchers, Nulls, Operation, Rest,
    TooLong, Trigger, Unfit,
};
use crate::path::Path;
use crate::preset::{Address, Preset};
use crate::replicate::SUPPORTER;

/// One entry. With a preset, what it says goes over the preset's; fields of one name replace the preset's.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Entry {
    /// What outcomes call it; else the preset and the object.
    pub name: Option<String>,
    /// Whose behaviour to begin with.
    pub preset: Option<Preset>,
    /// API name of the object. With a preset: only its action for this object.
    pub object: Option<String>,
    /// What is done with the record.
    pub operation: Option<Operation>,
    /// Which events it is for.
    pub on: Option<Trigger>,
    /// What `integrations.Salesforce` means to it.
    pub flag: Option<FlagRule>,
    /// Which records are meant.
    #[serde(rename = "match")]
    pub matchers: Option<Matchers>,
    /// Whether entries of `context.externalId` say which record is meant.
    pub external_id: Option<ExternalId>,
    /// The fields.
    pub field: Vec<FieldRule>,
    /// What becomes of members no field uses.
    pub rest: Option<Rest>,
    /// Where those members are; `traits` unless said otherwise.
    pub rest_of: Option<Path>,
    /// Values that are too long; left out unless said otherwise, and refused where the action is for supporters.
    pub too_long: Option<TooLong>,
    /// Values that do not fit; the same.
    pub unfit: Option<Unfit>,
    /// Nulls and empty texts; left alone unless said otherwise, and cleared where the action is for supporters.
    pub nulls: Option<Nulls>,
    /// Converted Leads.
    pub converted: Option<Converted>,
    /// Duplicate rules.
    pub duplicates: Option<Duplicates>,
    /// Which address of an Account a preset fills.
    pub address: Option<Address>,
    /// The permission that `operation = "delete"` needs.
    pub allow_delete: Option<AllowDelete>,
}

/// An entry that cannot be meant.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum InvalidEntry {
    /// Neither a preset nor this key.
    #[error("action {action} needs {key}, or a preset")]
    Missing {
        /// Which.
        action: String,
        /// What it lacks.
        key: &'static str,
    },
    /// The preset has no action for the object.
    #[error("preset {preset} has no action for {object}")]
    NotInPreset {
        /// Which preset.
        preset: &'static str,
        /// Which object.
        object: String,
    },
    /// Deleting without permission.
    #[error("action {0} deletes records: it needs allow_delete = \"yes_delete_records\"")]
    DeleteNotAllowed(String),
    /// A key that says nothing here.
    #[error("action {action}: {key} has no meaning {place}")]
    Meaningless {
        /// Which.
        action: String,
        /// The key.
        key: &'static str,
        /// Why not.
        place: &'static str,
    },
    /// Not exactly one source.
    #[error("action {action}, field {field}: give exactly one of path, value and template")]
    Source {
        /// Which.
        action: String,
        /// The field.
        field: String,
    },
    /// Two actions of one name.
    #[error("two actions are called {0}; give each a name of its own")]
    SameName(String),
    /// No matchers where they are needed.
    #[error("action {action}: operation {operation} needs match, or external_id = \"names\"")]
    NoMatchers {
        /// Which.
        action: String,
        /// What it does.
        operation: &'static str,
    },
}

/// All actions of a configuration.
///
/// # Errors
/// [`InvalidEntry`] for the first that cannot be meant.
pub fn actions_of(entries: &[Entry]) -> Result<Vec<Action>, InvalidEntry> {
    let mut actions: Vec<Action> = Vec::new();
    for entry in entries {
        actions.extend(entry.actions()?);
    }
    for (at, action) in actions.iter().enumerate() {
        if actions[..at].iter().any(|other| other.name == action.name) {
            return Err(InvalidEntry::SameName(action.name.clone()));
        }
    }
    Ok(actions)
}

impl Entry {
    /// The actions this entry comes to: one, or with a preset one per object of the preset.
    ///
    /// # Errors
    /// [`InvalidEntry`] says what cannot be meant.
    pub fn actions(&self) -> Result<Vec<Action>, InvalidEntry> {
        let Some(preset) = self.preset else {
            return Ok(vec![self.complete()?]);
        };
        let wanted = |entry: &Self| match (&self.object, &entry.object) {
            (Some(mine), Some(theirs)) => mine.eq_ignore_ascii_case(theirs),
            (None, _) => entry.on.is_some(),
            (Some(_), None) => false,
        };
        let mut chosen: Vec<Self> = preset.entries(self.address.unwrap_or_default());
        chosen.retain(wanted);
        if chosen.is_empty() {
            let object = self.object.clone().unwrap_or_default();
            return Err(InvalidEntry::NotInPreset { preset: preset.name(), object });
        }
        let several = chosen.len() > 1;
        let named = |entry: &Self| match (&self.name, several) {
            (Some(name), false) => Some(name.clone()),
            (Some(name), true) => entry.name.as_ref().map(|own| format!("{name}-{own}")),
            (None, _) => entry.name.as_ref().map(|own| format!("{}-{own}", preset.name())),
        };
        chosen.iter().map(|entry| Self { name: named(entry), ..self.over(entry) }.complete()).collect()
    }

    /// What this entry says, and where it is silent what `base` says.
    fn over(&self, base: &Self) -> Self {
        let mut field = base.field.clone();
        for rule in &self.field {
            field.retain(|other| !other.name.eq_ignore_ascii_case(&rule.name));
        }
        field.extend(self.field.iter().cloned());
        let (mine, base) = (self.clone(), base.clone());
        Self {
            name: mine.name.or(base.name),
            preset: None,
            object: base.object,
            operation: mine.operation.or(base.operation),
            on: mine.on.or(base.on),
            flag: mine.flag.or(base.flag),
            matchers: mine.matchers.or(base.matchers),
            external_id: mine.external_id.or(base.external_id),
            field,
            rest: mine.rest.or(base.rest),
            rest_of: mine.rest_of.or(base.rest_of),
            too_long: mine.too_long.or(base.too_long),
            unfit: mine.unfit.or(base.unfit),
            nulls: mine.nulls.or(base.nulls),
            converted: mine.converted.or(base.converted),
            duplicates: mine.duplicates.or(base.duplicates),
            address: None,
            allow_delete: mine.allow_delete,
        }
    }

    fn complete(&self) -> Result<Action, InvalidEntry> {
        let called = self.name.clone().or_else(|| self.object.clone()).unwrap_or_default();
        let missing = |key| InvalidEntry::Missing { action: called.clone(), key };
        let object = self.object.clone().ok_or_else(|| missing("object"))?;
        let operation = self.operation.ok_or_else(|| missing("operation"))?;
        let on = self.on.clone().ok_or_else(|| missing("on"))?;
        // An event says what it carries, and is written as far as it goes. A supporter is written whole, what is empty too, or set
        // aside with the reason.
        let (too_long, unfit, nulls) = if on.types == [SUPPORTER] {
            (TooLong::Refuse, Unfit::Refuse, Nulls::Clear)
        } else {
            (TooLong::LeaveOut, Unfit::LeaveOut, Nulls::Leave)
        };
        let action = Action {
            name: called.clone(),
            object,
            operation,
            on,
            flag: self.flag.unwrap_or(FlagRule::Ignored),
            matchers: self.matchers.clone(),
            external_id: self.external_id.unwrap_or_default(),
            fields: self.field.clone(),
            rest: self.rest.unwrap_or_default(),
            rest_of: match &self.rest_of {
                Some(path) => path.clone(),
                None => Path::parse("traits").map_err(|_| missing("rest_of"))?,
            },
            too_long: self.too_long.unwrap_or(too_long),
            unfit: self.unfit.unwrap_or(unfit),
            nulls: self.nulls.unwrap_or(nulls),
            converted: self.converted.unwrap_or_default(),
            duplicates: self.duplicates.unwrap_or_default(),
        };
        self.sensible(&action)?;
        Ok(action)
    }

    /// What can be said without knowing the org.
    fn sensible(&self, action: &Action) -> Result<(), InvalidEntry> {
        let name = || action.name.clone();
        let meaningless = |key, place| InvalidEntry::Meaningless { action: name(), key, place };
        if self.address.is_some() {
            return Err(meaningless("address", "without a preset"));
        }
        if self.flag.is_some() && action.on.types.iter().any(|kind| kind == SUPPORTER) {
            return Err(meaningless("flag", "for supporters, who carry none"));
        }
        match (action.operation, self.allow_delete) {
            (Operation::Delete, None) => return Err(InvalidEntry::DeleteNotAllowed(name())),
            (Operation::Create | Operation::Update | Operation::Upsert, Some(_)) => {
                return Err(meaningless("allow_delete", "for this operation"));
            }
            (Operation::Delete, Some(_))
            | (Operation::Create | Operation::Update | Operation::Upsert, None) => {}
        }
        let matched = action.matchers.as_ref().is_some_and(|matchers| !matchers.each().is_empty())
            || action.external_id == ExternalId::Names;
        match (action.operation, matched) {
            (Operation::Create, true) => return Err(meaningless("match", "for operation create")),
            (Operation::Update | Operation::Upsert | Operation::Delete, false) => {
                let operation = action.operation.code();
                return Err(InvalidEntry::NoMatchers { action: name(), operation });
            }
            (Operation::Create, false)
            | (Operation::Update | Operation::Upsert | Operation::Delete, true) => {}
        }
        fields_are_sensible(action)
    }
}

fn fields_are_sensible(action: &Action) -> Result<(), InvalidEntry> {
    let named = |field: &str| (action.name.clone(), field.to_owned());
    for rule in &action.fields {
        let sources = [rule.path.is_some(), rule.value.is_some(), rule.template.is_some()];
        if sources.into_iter().filter(|given| *given).count() != 1 {
            let (action, field) = named(&rule.name);
            return Err(InvalidEntry::Source { action, field });
        }
    }
    for matcher in action.matchers.iter().flat_map(Matchers::each) {
        if matcher.path.is_some() == matcher.value.is_some() {
            let (action, field) = named(&matcher.field);
            return Err(InvalidEntry::Source { action, field });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::action::Only;

    #[derive(Deserialize)]
    struct File {
        actions: Vec<Entry>,
    }

    fn read(text: &str) -> Result<Vec<Action>, InvalidEntry> {
        actions_of(&toml::from_str::<File>(text).unwrap().actions)
    }

    const LEAD: &str = r#"
        [[actions]]
        object = "Lead"
        operation = "upsert"
        on = { types = ["identify"], when = [{ path = "traits.plan", is = ["pro"] }] }
        match = { any = [{ field = "Email", path = ["traits.email", "context.traits.email"] }] }
        [[actions.field]]
        name = "LastName"
        path = "traits.lastName"
        [[actions.field]]
        name = "Company"
        value = "unknown"
        only = "create"
    "#;

    #[test]
    fn an_entry_becomes_an_action_with_careful_defaults() {
        let action = read(LEAD).unwrap().remove(0);
        assert_eq!((action.name.as_str(), action.operation), ("Lead", Operation::Upsert));
        assert_eq!(action.fields[1].only, Only::Create);
        assert_eq!((action.nulls, action.too_long), (Nulls::Leave, TooLong::LeaveOut));
        assert_eq!(action.objects().collect::<Vec<_>>(), ["Lead", "Contact"]);
    }

    #[test]
    fn a_supporter_is_written_whole_unless_the_entry_says_otherwise() {
        let supporter = LEAD.replace("identify", "supporter");
        let action = read(&supporter).unwrap().remove(0);
        let chosen = |action: Action| (action.too_long, action.unfit, action.nulls);
        assert_eq!(chosen(action), (TooLong::Refuse, Unfit::Refuse, Nulls::Clear));
        let keys = "too_long = \"trim\"\nunfit = \"leave_out\"\nnulls = \"leave\"\noperation";
        let action = read(&supporter.replace("operation", keys)).unwrap().remove(0);
        assert_eq!(chosen(action), (TooLong::Trim, Unfit::LeaveOut, Nulls::Leave));
        // Events of several types stay events.
        let both =
            read(&supporter.replace("[\"supporter\"]", "[\"supporter\", \"group\"]")).unwrap().remove(0);
        assert_eq!(chosen(both), (TooLong::LeaveOut, Unfit::LeaveOut, Nulls::Leave));
    }

    #[test]
    fn deleting_needs_its_permission_and_others_have_no_use_for_it() {
        let delete = LEAD.replace("upsert", "delete");
        assert_eq!(read(&delete), Err(InvalidEntry::DeleteNotAllowed("Lead".into())));
        let allowed = delete.replace("operation", "allow_delete = \"yes_delete_records\"\noperation");
        assert_eq!(read(&allowed).unwrap()[0].operation, Operation::Delete);
        let useless = LEAD.replace("operation", "allow_delete = \"yes_delete_records\"\noperation");
        assert!(matches!(read(&useless), Err(InvalidEntry::Meaningless { key: "allow_delete", .. })));
    }

    #[test]
    fn a_flag_is_the_entrys_or_the_presets_and_nothing_for_supporters() {
        let flags =
            |text: &str| -> Vec<FlagRule> { read(text).unwrap().iter().map(|action| action.flag).collect() };
        assert_eq!(flags(LEAD), [FlagRule::Ignored]);
        let preset = "[[actions]]\npreset = \"segment-classic\"\n";
        assert_eq!(flags(preset), [FlagRule::Required; 2]);
        assert_eq!(flags(&format!("{preset}flag = \"optional\"")), [FlagRule::Optional; 2]);
        for (name, required) in [("rudderstack", true), ("segment-actions", false), ("customerio", false)] {
            let found = flags(&preset.replace("segment-classic", name));
            assert!(found.iter().all(|flag| (*flag == FlagRule::Required) == required), "{name}: {found:?}");
        }
        let supporters = LEAD
            .replace("\"identify\"", "\"supporter\"")
            .replace("operation", "flag = \"required\"\noperation");
        assert!(matches!(read(&supporters), Err(InvalidEntry::Meaningless { key: "flag", .. })));
    }

    #[test]
    fn what_cannot_be_meant_is_refused() {
        let two = LEAD.replace("value = \"unknown\"", "value = \"unknown\"\npath = \"traits.company\"");
        assert!(matches!(read(&two), Err(InvalidEntry::Source { .. })));
        let create = LEAD.replace("upsert", "create");
        assert!(matches!(read(&create), Err(InvalidEntry::Meaningless { key: "match", .. })));
        assert_eq!(read(&format!("{LEAD}{LEAD}")), Err(InvalidEntry::SameName("Lead".into())));
        let blind = LEAD.replace("match = ", "# match = ");
        assert!(matches!(read(&blind), Err(InvalidEntry::NoMatchers { .. })));
    }
}
