//! Actions against what the org says of itself, before anything runs.

use std::collections::BTreeMap;
use std::sync::Arc;

use salesforce::{Describe, DescribeField, ErrorKind, Org};

use crate::action::{Action, ExternalId, FieldRule, Matchers, Only, Operation, Rest};

/// The objects of an org that actions use.
#[derive(Debug, Clone, Default)]
pub struct Schema(BTreeMap<String, Arc<Describe>>);

impl Schema {
    /// Describes every object the actions use; an object the org does not show is left out, for [`check`] to say so.
    ///
    /// # Errors
    /// Any kind of a call that reads.
    pub async fn of(org: &Org, actions: &[Action]) -> Result<Self, salesforce::Error> {
        let mut schema = Self::default();
        for object in actions.iter().flat_map(Action::objects) {
            if schema.object(object).is_none() {
                match org.describe(object).await {
                    Ok(describe) => schema.add(describe),
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(schema)
    }

    /// Adds a description.
    pub fn add(&mut self, describe: Arc<Describe>) {
        self.0.insert(describe.name.to_ascii_lowercase(), describe);
    }

    /// An object by its API name, without regard to case.
    #[must_use]
    pub fn object(&self, name: &str) -> Option<&Arc<Describe>> {
        self.0.get(&name.to_ascii_lowercase())
    }
}

/// What does not fit between an action and the org.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// No such object.
    #[error("the org shows our user no object {0}")]
    NoObject(String),
    /// Our user may not do that.
    #[error("our user may not {operation} records of {object}")]
    NotAllowed {
        /// What.
        operation: &'static str,
        /// On what.
        object: String,
    },
    /// No such field.
    #[error("{object} has no field {field} that our user sees")]
    NoField {
        /// The object.
        object: String,
        /// The field.
        field: String,
    },
    /// The field cannot be written in the way the action writes it.
    #[error("{object}.{field} cannot be written {when}; {advice}")]
    NotWriteable {
        /// The object.
        object: String,
        /// The field.
        field: String,
        /// When not.
        when: &'static str,
        /// What helps.
        advice: &'static str,
    },
    /// A matcher on a field that no query can filter by.
    #[error("{object}.{field} cannot be a matcher: Salesforce does not filter by it")]
    NotFilterable {
        /// The object.
        object: String,
        /// The field.
        field: String,
    },
    /// A create without it always fails.
    #[error("{object}.{field} is required in a new record, and no field rule fills it")]
    Required {
        /// The object.
        object: String,
        /// The field.
        field: String,
    },
    /// A constant or a decoded value is none of the picklist's.
    #[error("{object}.{field} does not take the value {value:?}")]
    NotAValue {
        /// The object.
        object: String,
        /// The field.
        field: String,
        /// The value: configuration, not somebody's data.
        value: String,
    },
    /// A look-up for a field that does not point there.
    #[error("{object}.{field} does not point at {target}")]
    NotAReference {
        /// The object.
        object: String,
        /// The field.
        field: String,
        /// Where it should point.
        target: String,
    },
}

/// An action that fits the org.
#[derive(Debug, Clone)]
pub struct Prepared {
    /// The action.
    pub action: Action,
    /// Its object.
    pub object: Arc<Describe>,
    /// The Contact, where converted Leads are followed.
    pub contact: Option<Arc<Describe>>,
}

/// Checks one action.
///
/// # Errors
/// Everything that does not fit, at once.
pub fn check(action: &Action, schema: &Schema) -> Result<Prepared, Vec<Mismatch>> {
    let Some(object) = schema.object(&action.object) else {
        return Err(vec![Mismatch::NoObject(action.object.clone())]);
    };
    let mut found = Vec::new();
    operation(action, object, &mut found);
    for matcher in action.matchers.iter().flat_map(Matchers::each) {
        filterable(object, &matcher.field, &mut found);
    }
    for rule in &action.fields {
        field_rule(action, object, rule, schema, &mut found);
    }
    // What every member is for by its name may fill it.
    let by_name = matches!(action.rest, Rest::AsNamed | Rest::AsNamedOrCustom);
    if action.operation.creates() && !by_name {
        required(action, object, &mut found);
    }
    if found.is_empty() {
        let follows = action.objects().nth(1).filter(|name| name.eq_ignore_ascii_case("Contact"));
        let contact = follows.and_then(|name| schema.object(name)).map(Arc::clone);
        Ok(Prepared { action: action.clone(), object: Arc::clone(object), contact })
    } else {
        Err(found)
    }
}

fn operation(action: &Action, object: &Describe, found: &mut Vec<Mismatch>) {
    let wanted = [
        (action.operation.creates(), object.createable, "create"),
        (action.operation.changes(), object.updateable, "update"),
        (action.operation == Operation::Delete, object.deletable, "delete"),
        (action.operation != Operation::Create, object.queryable, "query"),
    ];
    for (wanted, allowed, operation) in wanted {
        if wanted && !allowed {
            found.push(Mismatch::NotAllowed { operation, object: object.name.clone() });
        }
    }
}

fn filterable(object: &Describe, field: &str, found: &mut Vec<Mismatch>) {
    let (object_name, name) = (object.name.clone(), field.to_owned());
    match object.field(field) {
        None => found.push(Mismatch::NoField { object: object_name, field: name }),
        Some(known) if !known.filterable => {
            found.push(Mismatch::NotFilterable { object: object_name, field: name });
        }
        Some(_) => {}
    }
}

fn field_rule(
    action: &Action,
    object: &Describe,
    rule: &FieldRule,
    schema: &Schema,
    found: &mut Vec<Mismatch>,
) {
    let (object_name, field) = (object.name.clone(), rule.name.clone());
    if rule.optional && !writeable(action, object, rule) {
        return;
    }
    let Some(known) = object.field(&rule.name) else {
        found.push(Mismatch::NoField { object: object_name, field });
        return;
    };
    if let Some((when, advice)) = not_writeable(action, rule, known) {
        found.push(Mismatch::NotWriteable {
            object: object_name.clone(),
            field: field.clone(),
            when,
            advice,
        });
    }
    let listed = |value: &serde_json::Value| {
        let text = crate::scalar::text_of(value).unwrap_or_default();
        let known = known.picklist_values.iter();
        known.filter(|one| one.active).any(|one| one.value.eq_ignore_ascii_case(&text))
    };
    if known.restricted_picklist {
        for value in rule.value.iter().chain(rule.decode.values()).filter(|value| !listed(value)) {
            let value = value.to_string();
            found.push(Mismatch::NotAValue { object: object_name.clone(), field: field.clone(), value });
        }
    }
    if let Some(lookup) = &rule.lookup {
        let target = lookup.object.clone();
        let points = known.reference_to.iter().any(|object| object.eq_ignore_ascii_case(&target));
        if !points {
            found.push(Mismatch::NotAReference { object: object_name, field, target });
        }
        match schema.object(&lookup.object) {
            Some(object) => filterable(object, &lookup.field, found),
            None => found.push(Mismatch::NoObject(lookup.object.clone())),
        }
    }
}

/// Whether the object has the field of a rule, and our user may write it as the rule wants it.
pub(crate) fn writeable(action: &Action, object: &Describe, rule: &FieldRule) -> bool {
    object.field(&rule.name).is_some_and(|known| not_writeable(action, rule, known).is_none())
}

fn not_writeable(
    action: &Action,
    rule: &FieldRule,
    known: &DescribeField,
) -> Option<(&'static str, &'static str)> {
    let at_create = action.operation.creates() && rule.only != Only::Update;
    let at_update = action.operation.changes() && rule.only != Only::Create;
    match (at_create && !known.createable, at_update && !known.updateable) {
        (false, false) => None,
        (true, false) => Some(("when a record is made", "add only = \"update\", or give our user the right")),
        (false, true) => Some(("later", "add only = \"create\", or give our user the right")),
        (true, true) => Some(("at all", "leave it out, or give our user the right")),
    }
}

fn required(action: &Action, object: &Describe, found: &mut Vec<Mismatch>) {
    let filled = |name: &str| {
        action.fields.iter().any(|rule| rule.name.eq_ignore_ascii_case(name) && rule.only != Only::Update)
    };
    // A person account is named by its last name (object reference, Account: Name is read-only for person accounts).
    let person = object.field("IsPersonAccount").is_some() && filled("LastName");
    for field in object.fields().iter().filter(|field| field.required_on_create()) {
        if !(filled(&field.name) || person && field.name == "Name") {
            found.push(Mismatch::Required { object: object.name.clone(), field: field.name.clone() });
        }
    }
}

/// Checks all actions.
///
/// # Errors
/// Action by action, everything that does not fit.
pub fn check_all(actions: &[Action], schema: &Schema) -> Result<Vec<Prepared>, Vec<(String, Vec<Mismatch>)>> {
    let (mut prepared, mut wrong) = (Vec::new(), Vec::new());
    for action in actions {
        match check(action, schema) {
            Ok(one) => prepared.push(one),
            Err(found) => wrong.push((action.name.clone(), found)),
        }
    }
    if wrong.is_empty() { Ok(prepared) } else { Err(wrong) }
}

impl Prepared {
    /// Whether an event's external id can name any of this action's records.
    #[must_use]
    pub fn takes_external_ids(&self) -> bool {
        self.action.external_id == ExternalId::Names
    }
}
