//! From an event to the writes it asks for. Pure: no org is asked, nothing is remembered.

use std::fmt;

use model::SalesforceId;
use salesforce::DescribeField;
use serde_json::Value;

use crate::action::{
    ExternalId, FieldRule, Lookup, Matcher, Matchers, NamePart, Nulls, OneOrMany, Only, Operation, Otherwise,
    TooLong, Unfit,
};
use crate::check::{Prepared, writeable};
use crate::fit::{Fit, fit, is_empty};
use crate::incoming::{ExternalRef, Incoming, Said, external_refs, is_mapped};
use crate::outcome::{Answer, Note, Outcome};
use crate::path::first;
use crate::rest::rest;
use crate::scalar::{name_parts, text_of};

/// Which record a write is for.
#[derive(Clone, PartialEq)]
pub enum Wish {
    /// A new one.
    New,
    /// This one.
    Record(SalesforceId),
    /// The one with all of these values.
    All(Vec<Key>),
    /// The one with any of these values.
    Any(Vec<Key>),
}

/// A field and the value a record is looked for by.
#[derive(Clone, PartialEq)]
pub struct Key {
    /// API name, as the org spells it.
    pub field: String,
    /// The value, as the field takes it.
    pub value: Value,
}

/// A field and what goes into it.
#[derive(Clone, PartialEq)]
pub struct Filled {
    /// API name, as the org spells it.
    pub field: String,
    /// The value; `Null` clears.
    pub value: Value,
    /// When it is written.
    pub only: Only,
    /// A constant for new records: whatever any event says goes over it, an older one too.
    pub placeholder: bool,
}

/// A field that is to point at a record still to be looked up.
#[derive(Clone, PartialEq)]
pub struct Reference {
    /// API name, as the org spells it.
    pub field: String,
    /// Where to look.
    pub lookup: Lookup,
    /// What for.
    pub value: Value,
    /// When it is written.
    pub only: Only,
}

/// One write that one action asks for.
#[derive(Clone, PartialEq)]
pub struct Wanted {
    /// Which record.
    pub wish: Wish,
    /// The values.
    pub values: Vec<Filled>,
    /// Values still to be looked up.
    pub references: Vec<Reference>,
    /// What happened to single fields.
    pub notes: Vec<Note>,
}

/// Shows fields, no values.
impl fmt::Debug for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let fields: Vec<&str> = self.values.iter().map(|one| one.field.as_str()).collect();
        write!(f, "Wanted({fields:?}, {} references)", self.references.len())
    }
}

/// Why an action is not for an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotFor {
    /// By its type, its name or a condition.
    Trigger,
    /// By `integrations`, which does not say what the action asks for.
    Flag,
    /// By `context.externalId`: it names another object, or none, or one where none may be named.
    Reference,
}

/// What one action makes of one event.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It is not for this event.
    NotFor(NotFor),
    /// It is, and cannot be carried out.
    Refused(Box<Outcome>),
    /// These writes, usually one.
    Wanted(Vec<Wanted>),
}

/// What one action makes of one event.
#[must_use]
pub fn evaluate(prepared: &Prepared, incoming: &Incoming) -> Verdict {
    let action = &prepared.action;
    let body = &incoming.body;
    if !action.on.fits(body) {
        return Verdict::NotFor(NotFor::Trigger);
    }
    if !action.flag.wants(body.get("integrations")) {
        return Verdict::NotFor(NotFor::Flag);
    }
    let refs: Vec<ExternalRef<'_>> = match action.external_id {
        ExternalId::Ignored => Vec::new(),
        ExternalId::Absent if is_mapped(body) || external_refs(body).next().is_some() => {
            return Verdict::NotFor(NotFor::Reference);
        }
        ExternalId::Absent => Vec::new(),
        ExternalId::Names => {
            let mine =
                external_refs(body).filter(|one| one.object.eq_ignore_ascii_case(&prepared.object.name));
            let mine: Vec<_> = mine.collect();
            if mine.is_empty() {
                return Verdict::NotFor(NotFor::Reference);
            }
            mine
        }
    };
    let known = incoming.record.filter(|_| action.operation.changes());
    let wishes: Result<Vec<Wish>, Box<Outcome>> = if let Some(id) = known {
        Ok(vec![Wish::Record(id)])
    } else if refs.is_empty() {
        wish_of(prepared, body).map(|wish| vec![wish])
    } else {
        refs.iter().map(|one| wish_of_ref(prepared, one, is_mapped(body))).collect()
    };
    let made = wishes.and_then(|wishes| {
        let mut filled = fill(prepared, body)?;
        filled.values.retain(|one| one.only == Only::Create || !incoming.leave.contains(&one.field));
        filled.references.retain(|one| one.only == Only::Create || !incoming.leave.contains(&one.field));
        let wanted = wishes.into_iter().map(|wish| Wanted { wish, ..filled.clone() });
        Ok(wanted.map(|wanted| found_again(prepared, wanted)).collect())
    });
    made.map_or_else(Verdict::Refused, Verdict::Wanted)
}

/// A record that an upsert makes has the values it was looked for by, or the next event would not find it.
fn found_again(prepared: &Prepared, mut wanted: Wanted) -> Wanted {
    let keys = match &wanted.wish {
        Wish::All(keys) | Wish::Any(keys) if prepared.action.operation == Operation::Upsert => keys.clone(),
        Wish::All(_) | Wish::Any(_) | Wish::New | Wish::Record(_) => Vec::new(),
    };
    for Key { field, value } in keys {
        let Some(known) = prepared.object.field(&field).filter(|known| known.createable) else { continue };
        if !taken(&wanted, known, Only::Create) {
            wanted.values.push(Filled { field, value, only: Only::Create, placeholder: false });
        }
    }
    wanted
}

/// What is said of an event that reverse ETL mapped to an object, and that does not say which record.
pub(crate) const MAPPED_WITHOUT_RECORD: &str =
    "mapped to an object, and context.externalId lacks type Salesforce-…, id or identifierType";

/// The most records one event may name by external id.
const MAX_REFS: usize = 25;

pub(crate) fn invalid(prepared: &Prepared, reason: impl Into<String>) -> Box<Outcome> {
    let outcome = Outcome::new(&prepared.action.name, &prepared.object.name, Answer::Invalid);
    Box::new(outcome.because(reason))
}

fn wish_of(prepared: &Prepared, body: &Value) -> Result<Wish, Box<Outcome>> {
    let Some(matchers) = &prepared.action.matchers else { return Ok(Wish::New) };
    let mut keys = Vec::new();
    for matcher in matchers.each() {
        match (key_of(prepared, matcher, body)?, matchers) {
            (Some(key), Matchers::All(_) | Matchers::Any(_)) => keys.push(key),
            (None, Matchers::Any(_)) => {}
            (None, Matchers::All(_)) => {
                return Err(invalid(prepared, format!("no value for matcher {}", matcher.field)));
            }
        }
    }
    // A record's own Id needs no look-up and no company.
    if let Some(id) = keys.iter().find(|key| key.field == "Id").and_then(|key| key.value.as_str()) {
        return record(prepared, id);
    }
    match (keys.is_empty(), matchers) {
        (true, _) => Err(invalid(prepared, "no value for any matcher")),
        (false, Matchers::All(_)) => Ok(Wish::All(keys)),
        (false, Matchers::Any(_)) => Ok(Wish::Any(keys)),
    }
}

fn wish_of_ref(prepared: &Prepared, one: &ExternalRef<'_>, mapped: bool) -> Result<Wish, Box<Outcome>> {
    let creates = prepared.action.operation == Operation::Upsert;
    match (&one.id, &one.by) {
        (Said::Other, _) => {
            Err(invalid(prepared, "the id of the external id is neither a text nor a number"))
        }
        (_, Said::Other) => Err(invalid(prepared, "identifierType is no text")),
        // Somebody meant one record: a new one for each event is not it.
        (Said::Nothing, Said::Text(_)) => {
            Err(invalid(prepared, "the external id has an identifierType and no id"))
        }
        (_, Said::Nothing) if mapped => Err(invalid(prepared, MAPPED_WITHOUT_RECORD)),
        (Said::Nothing, Said::Nothing) if creates => Ok(Wish::New),
        (Said::Nothing, Said::Nothing) => Err(invalid(prepared, "the external id has no id")),
        (Said::Text(id), Said::Nothing) => record(prepared, id),
        (Said::Text(id), Said::Text(field)) if field.eq_ignore_ascii_case("Id") => record(prepared, id),
        (Said::Text(value), Said::Text(field)) => {
            let known = prepared.object.field(field).filter(|field| field.filterable);
            let known = known.ok_or_else(|| invalid(prepared, "identifierType is no field to match by"))?;
            match matchable(&Value::from(value.as_str()), known) {
                Some(value) => Ok(Wish::All(vec![Key { field: known.name.clone(), value }])),
                None => Err(invalid(prepared, format!("the value does not fit {}", known.name))),
            }
        }
    }
}

fn record(prepared: &Prepared, raw: &str) -> Result<Wish, Box<Outcome>> {
    let id = SalesforceId::parse(raw).ok();
    let prefix = prepared.object.key_prefix.as_deref();
    let fits = |id: &SalesforceId| prefix.is_none_or(|prefix| id.prefix() == prefix);
    id.filter(fits)
        .map(Wish::Record)
        .ok_or_else(|| invalid(prepared, format!("the id given is no id of {}", prepared.object.name)))
}

fn key_of(prepared: &Prepared, matcher: &Matcher, body: &Value) -> Result<Option<Key>, Box<Outcome>> {
    let value = matcher.of(body).filter(|value| !blank(value));
    let (Some(value), Some(field)) = (value, prepared.object.field(&matcher.field)) else { return Ok(None) };
    let value = matchable(value, field)
        .ok_or_else(|| invalid(prepared, format!("the value does not fit matcher {}", field.name)))?;
    Ok(Some(Key { field: field.name.clone(), value }))
}

fn blank(value: &Value) -> bool {
    text_of(value).is_some_and(|text| text.is_empty())
}

/// A value as its field takes it; nothing is cut for a comparison.
fn matchable(value: &Value, field: &DescribeField) -> Option<Value> {
    match fit(value, field, TooLong::Refuse, Nulls::Leave) {
        Fit::Takes(value, None) => Some(value),
        Fit::Takes(_, Some(_)) | Fit::Silent | Fit::Unfit(_) | Fit::TooLong(_) => None,
    }
}

/// Values for every field, in the order of the rules: of several rules for one field the first with a value counts.
fn fill(prepared: &Prepared, body: &Value) -> Result<Wanted, Box<Outcome>> {
    let mut wanted =
        Wanted { wish: Wish::New, values: Vec::new(), references: Vec::new(), notes: Vec::new() };
    if prepared.action.operation == Operation::Delete {
        return Ok(wanted);
    }
    if prepared.action.external_id == ExternalId::Names && external_refs(body).count() > MAX_REFS {
        return Err(invalid(prepared, "more than 25 external ids"));
    }
    for rule in &prepared.action.fields {
        let Some(field) = prepared.object.field(&rule.name) else {
            // The check let nothing pass that is not optional.
            not_there(rule, body, &mut wanted);
            continue;
        };
        if rule.optional && !writeable(&prepared.action, &prepared.object, rule) {
            not_there(rule, body, &mut wanted);
        } else if !taken(&wanted, field, rule.only) {
            put(prepared, body, rule, field, &mut wanted)?;
        }
    }
    rest(prepared, body, &mut wanted)?;
    Ok(wanted)
}

/// A value for an optional field that the org does not have, or that our user may not write.
fn not_there(rule: &FieldRule, body: &Value, wanted: &mut Wanted) {
    let note = Note::NoField(rule.name.clone());
    if source(rule, body).is_some_and(|value| !is_empty(&value)) && !wanted.notes.contains(&note) {
        wanted.notes.push(note);
    }
}

/// Whether the field has a value already at every time this rule would be used. That it is to be cleared is none: a further rule may
/// know better, and of two values for one time the later counts.
pub(crate) fn taken(wanted: &Wanted, field: &DescribeField, only: Only) -> bool {
    let covers = |other: Only| other == Only::Always || other == only;
    wanted.values.iter().any(|one| one.field == field.name && covers(one.only) && !one.value.is_null())
        || wanted.references.iter().any(|one| one.field == field.name && covers(one.only))
}

fn put(
    prepared: &Prepared,
    body: &Value,
    rule: &FieldRule,
    field: &DescribeField,
    wanted: &mut Wanted,
) -> Result<(), Box<Outcome>> {
    let Some(value) = source(rule, body) else { return Ok(()) };
    let Some(value) = decoded(rule, value) else {
        return match rule.otherwise {
            Otherwise::Refuse => Err(refused(prepared, field, &Note::NotDecoded(field.name.clone()))),
            Otherwise::AsIs | Otherwise::LeaveOut => {
                wanted.notes.push(Note::NotDecoded(field.name.clone()));
                Ok(())
            }
        };
    };
    if let Some(lookup) = rule.lookup.clone().filter(|_| !blank(&value)) {
        let field = field.name.clone();
        wanted.references.push(Reference { field, lookup, value, only: rule.only });
        return Ok(());
    }
    let too_long = rule.too_long.unwrap_or(prepared.action.too_long);
    let unfit = rule.unfit.unwrap_or(prepared.action.unfit);
    let before = wanted.values.len();
    keep(prepared, &value, field, rule.only, (too_long, unfit), wanted)
        .map_err(|note| refused(prepared, field, &note))?;
    if rule.value.is_some() && rule.only == Only::Create {
        wanted.values.iter_mut().skip(before).for_each(|kept| kept.placeholder = true);
    }
    Ok(())
}

pub(crate) fn refused(prepared: &Prepared, field: &DescribeField, note: &Note) -> Box<Outcome> {
    invalid(prepared, format!("the value for {} does not fit: {}", field.name, note.why()))
}

pub(crate) fn keep(
    prepared: &Prepared,
    value: &Value,
    field: &DescribeField,
    only: Only,
    (too_long, unfit): (TooLong, Unfit),
    wanted: &mut Wanted,
) -> Result<(), Note> {
    match fit(value, field, too_long, prepared.action.nulls) {
        Fit::Silent => {}
        // Only what is there can be cleared; and whatever another rule has for the field goes over it.
        Fit::Takes(Value::Null, _) => {
            let cleared = Filled {
                field: field.name.clone(),
                value: Value::Null,
                only: Only::Update,
                placeholder: false,
            };
            wanted.values.splice(0..0, (only != Only::Create).then_some(cleared));
        }
        Fit::Takes(value, note) => {
            wanted.notes.extend(note);
            wanted.values.push(Filled { field: field.name.clone(), value, only, placeholder: false });
        }
        Fit::TooLong(note) if too_long == TooLong::Refuse => return Err(note),
        // Nothing at all is no value that does not fit: a check box has no third state, and stays as it is.
        Fit::Unfit(note) if unfit == Unfit::Refuse && !is_empty(value) => return Err(note),
        Fit::TooLong(note) | Fit::Unfit(note) => wanted.notes.push(note),
    }
    Ok(())
}

fn source(rule: &FieldRule, body: &Value) -> Option<Value> {
    if let Some(constant) = &rule.value {
        return Some(constant.clone());
    }
    if let Some(template) = &rule.template {
        let emptied = || template.paths().any(|path| path.of(body).is_some()).then_some(Value::Null);
        return template.of(body).map(Value::from).or_else(emptied);
    }
    let found = first(rule.path.iter().flat_map(OneOrMany::each).filter_map(|path| path.of(body)))?;
    let Some(part) = rule.part.filter(|_| !is_empty(found)) else { return Some(found.clone()) };
    let (given, family) = name_parts(&text_of(found)?);
    let part = match part {
        NamePart::Given => given,
        NamePart::Family => family,
    };
    part.map(Value::from)
}

/// The value in place of this one; `None` where the table has none and must.
fn decoded(rule: &FieldRule, value: Value) -> Option<Value> {
    if rule.decode.is_empty() || blank(&value) {
        return Some(value);
    }
    let text = text_of(&value)?.to_lowercase();
    let instead = rule.decode.iter().find(|(key, _)| key.to_lowercase() == text);
    match (instead, rule.otherwise) {
        (Some((_, instead)), _) => Some(instead.clone()),
        (None, Otherwise::AsIs) => Some(value),
        (None, Otherwise::LeaveOut | Otherwise::Refuse) => None,
    }
}
