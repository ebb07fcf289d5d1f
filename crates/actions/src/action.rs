//! One destination action as the configuration says it: which events, which record of which object, which values.

use std::collections::BTreeMap;

use events::FlagRule;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::path::{Path, first};
use crate::scalar::text_of;
use crate::template::Template;

/// What is done with the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Operation {
    /// A new record for every event.
    Create,
    /// An existing record; none is an outcome.
    Update,
    /// An existing record, or a new one.
    Upsert,
    /// An existing record goes to the recycle bin.
    Delete,
}

impl Operation {
    /// A stable word for reports.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Upsert => "upsert",
            Self::Delete => "delete",
        }
    }

    /// Whether it may make a record.
    #[must_use]
    pub const fn creates(self) -> bool {
        matches!(self, Self::Create | Self::Upsert)
    }

    /// Whether it may change a record that is there.
    #[must_use]
    pub const fn changes(self) -> bool {
        matches!(self, Self::Update | Self::Upsert)
    }
}

/// The one text that allows deleting.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AllowDelete {
    /// Records that match are deleted.
    YesDeleteRecords,
}

/// What is done about a value that is longer than its field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TooLong {
    /// It is cut to the field's length.
    Trim,
    /// The field is left as it is; the rest of the event is written.
    #[default]
    LeaveOut,
    /// Nothing of the event is written by this action.
    Refuse,
}

/// What is done about a value that its field cannot take: no number, no date, none of a restricted picklist.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Unfit {
    /// The field is left as it is; the rest of the event is written.
    #[default]
    LeaveOut,
    /// Nothing of the event is written by this action.
    Refuse,
}

/// What a `null` or an empty text in an event means. What is absent is never touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Nulls {
    /// As if it were absent.
    #[default]
    Leave,
    /// The field is cleared.
    Clear,
}

/// What becomes of a Lead that was converted meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Converted {
    /// Its Contact is written instead, as far as it has the fields.
    #[default]
    Contact,
    /// Nothing is written.
    Refuse,
}

/// What a duplicate rule's alert means for this action.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Duplicates {
    /// The record is refused; the outcome names the rule.
    #[default]
    Refuse,
    /// It is saved all the same, where the rule allows that.
    Allow,
}

/// What becomes of the members that no field uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Rest {
    /// Nothing.
    #[default]
    Ignore,
    /// `plan` goes into `plan__c`, where the object has it.
    Custom,
    /// Each goes into the field of its own name, where the object has it.
    AsNamed,
    /// Each goes into the field of exactly its name, where the object has it, else `plan` into `plan__c`.
    AsNamedOrCustom,
}

/// Whether an entry `Salesforce-<Object>` of `context.externalId` says which record is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ExternalId {
    /// Not looked at.
    #[default]
    Ignored,
    /// Only events with an entry for this action's object; its `id` is the record, or the value of its `identifierType`.
    Names,
    /// Only events without any such entry.
    Absent,
}

/// Which events an action is for. All that is given must hold.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Trigger {
    /// Types of events: `identify`, `group`, `track`, `page`, `screen`, `alias`.
    pub types: Vec<String>,
    /// Names of track events, exactly.
    pub events: Vec<String>,
    /// Conditions on values.
    pub when: Vec<Condition>,
}

/// A condition on one value. All that is given must hold; nothing holds for a value that is absent, except `present = false`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    /// Where the value stands.
    pub path: Path,
    /// It is one of these, as text and without regard to case.
    #[serde(default)]
    pub is: Option<Vec<Value>>,
    /// It is none of these.
    #[serde(default)]
    pub is_not: Option<Vec<Value>>,
    /// It is there and neither null nor empty, or is not.
    #[serde(default)]
    pub present: Option<bool>,
    /// It is a number of at least this.
    #[serde(default)]
    pub at_least: Option<f64>,
    /// It is a number below this.
    #[serde(default)]
    pub below: Option<f64>,
    /// It contains this text, without regard to case.
    #[serde(default)]
    pub contains: Option<String>,
}

/// Which records are meant: those with all, or with any, of these values.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Matchers {
    /// All must hold; an event without one of the values is refused.
    All(Vec<Matcher>),
    /// One is enough; matchers without a value are passed over.
    Any(Vec<Matcher>),
}

impl Matchers {
    /// The single matchers.
    #[must_use]
    pub fn each(&self) -> &[Matcher] {
        match self {
            Self::All(each) | Self::Any(each) => each,
        }
    }
}

/// One field that tells which record is meant.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Matcher {
    /// API name of a filterable field, `Id` among them.
    pub field: String,
    /// Where its value stands; the first that says something counts.
    #[serde(default)]
    pub path: Option<OneOrMany<Path>>,
    /// Or always this value.
    #[serde(default)]
    pub value: Option<Value>,
    /// Values without this text are passed over: a `userId` that is no address, say. Without regard to case.
    #[serde(default)]
    pub contains: Option<String>,
}

impl Matcher {
    /// Its value in a body.
    #[must_use]
    pub fn of<'v>(&'v self, body: &'v Value) -> Option<&'v Value> {
        let part = self.contains.as_ref().map(|part| part.to_lowercase());
        let fits = |value: &&Value| {
            let holds = |part: &String| text_of(value).is_some_and(|text| text.to_lowercase().contains(part));
            part.as_ref().is_none_or(holds)
        };
        let paths = self.path.iter().flat_map(OneOrMany::each);
        self.value.as_ref().or_else(|| first(paths.filter_map(|path| path.of(body)).filter(fits)))
    }
}

/// One thing, or a list of them.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// One.
    One(T),
    /// Several, in order.
    Many(Vec<T>),
}

impl<T> OneOrMany<T> {
    /// All of them.
    #[must_use]
    pub fn each(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::Many(many) => many,
        }
    }
}

/// A part of a full name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamePart {
    /// The given name.
    Given,
    /// The family name: everything else.
    Family,
}

/// When a field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    /// Always.
    #[default]
    Always,
    /// Only when the record is made: a placeholder that never overwrites anything.
    Create,
    /// Only on a record that was there.
    Update,
}

/// What a value outside a decode table becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Otherwise {
    /// It stays as it is.
    #[default]
    AsIs,
    /// The field is left out, and the outcome says so.
    LeaveOut,
    /// Nothing of the event is written by this action.
    Refuse,
}

/// The record a reference field points at, found by a field of its own.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Lookup {
    /// The object it points at.
    pub object: String,
    /// The field the value is looked for in, such as `AccountNumber`.
    pub field: String,
    /// What is done when there is no such record.
    #[serde(default)]
    pub none: Unfit,
}

/// One field and where its value comes from: exactly one of `path`, `value` and `template`. Of several rules for one field the
/// first that has a value counts.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FieldRule {
    /// API name, as Salesforce spells it; custom fields with their `__c`.
    pub name: String,
    /// Where the value stands; the first that says something counts, else the first that is there.
    #[serde(default)]
    pub path: Option<OneOrMany<Path>>,
    /// A constant.
    #[serde(default)]
    pub value: Option<Value>,
    /// A text with holes.
    #[serde(default)]
    pub template: Option<Template>,
    /// This part of the full name found there.
    #[serde(default)]
    pub part: Option<NamePart>,
    /// Values in place of others, compared without regard to case.
    #[serde(default)]
    pub decode: BTreeMap<String, Value>,
    /// What a value outside `decode` becomes.
    #[serde(default)]
    pub otherwise: Otherwise,
    /// The value tells which record the field points at.
    #[serde(default)]
    pub lookup: Option<Lookup>,
    /// When it is written.
    #[serde(default)]
    pub only: Only,
    /// In place of the action's.
    #[serde(default)]
    pub too_long: Option<TooLong>,
    /// In place of the action's.
    #[serde(default)]
    pub unfit: Option<Unfit>,
    /// Only where the object has the field and our user may write it; an outcome says where it has not.
    #[serde(default)]
    pub optional: bool,
}

/// One action, complete.
#[derive(Debug, Clone, PartialEq)]
pub struct Action {
    /// What outcomes call it.
    pub name: String,
    /// API name of the object.
    pub object: String,
    /// What is done.
    pub operation: Operation,
    /// Which events.
    pub on: Trigger,
    /// What `integrations.Salesforce` of an event must say beside what `intake.salesforce_flag` asked when it came: the stricter of
    /// the two counts. `Ignored` asks nothing more.
    pub flag: FlagRule,
    /// Which records.
    pub matchers: Option<Matchers>,
    /// Whether `context.externalId` names the record.
    pub external_id: ExternalId,
    /// The fields.
    pub fields: Vec<FieldRule>,
    /// Members that no field uses.
    pub rest: Rest,
    /// Where those members are.
    pub rest_of: Path,
    /// Values that are too long.
    pub too_long: TooLong,
    /// Values that do not fit.
    pub unfit: Unfit,
    /// Nulls and empty texts.
    pub nulls: Nulls,
    /// Converted Leads.
    pub converted: Converted,
    /// Duplicate rules.
    pub duplicates: Duplicates,
}

impl Action {
    /// Every object it must know: its own, the Contact behind a Lead, and those its references point at.
    pub fn objects(&self) -> impl Iterator<Item = &str> {
        let contact = (self.object.eq_ignore_ascii_case("Lead") && self.converted == Converted::Contact)
            .then_some("Contact");
        let lookups = self.fields.iter().filter_map(|rule| rule.lookup.as_ref());
        std::iter::once(self.object.as_str())
            .chain(contact)
            .chain(lookups.map(|lookup| lookup.object.as_str()))
    }
}
