//! Putting the guesses together.

use model::field_map::plain_rule;
use model::{Direction, FieldRule, FieldType};

use super::optin::{Consent, consent};
use super::{Looked, Proposal, Remark, Seen, column, rule};
use crate::{ColumnKind, NewId, Relation};

/// How many columns look like a person's, the address counting for three.
pub(super) fn likeness(looked: &Looked) -> usize {
    let columns: Vec<&Seen> = looked.columns.iter().collect();
    let parts = [column::id(looked), column::modified(looked), column::contact_id(looked)];
    rule::standards(&columns).len()
        + parts.into_iter().flatten().count()
        + if column::email(looked).is_some() { 3 } else { 0 }
}

/// The whole proposal for a table.
pub(super) fn propose(url: &str, looked: &Looked) -> Proposal {
    let id = column::id(looked);
    let modified = column::modified(looked);
    let contact_id = column::contact_id(looked);
    let email = column::email(looked);
    let parts = [id, modified, contact_id, email];
    let is_part = |seen: &Seen| parts.iter().flatten().any(|part| part.column.name == seen.column.name);
    let open: Vec<&Seen> = looked.columns.iter().filter(|seen| !is_part(seen)).collect();

    let mut remarks = part_remarks(looked, id, modified, contact_id, email);
    let mut rules: Vec<FieldRule> = email.map(rule::email).into_iter().collect();
    rules.extend(rule::standards(&open));
    for seen in &open {
        rules.extend(consent_rule(seen, &rules, &mut remarks));
    }
    if !rules.iter().any(|rule| rule.contact_field == "LastName") {
        remarks.push(Remark::NoLastName);
    }
    for rule in &mut rules {
        let generated = |seen: &&Seen| seen.column.generated && rule.columns.contains(&seen.column.name);
        if !looked.writable || looked.columns.iter().any(|seen| generated(&seen)) {
            rule.direction = Direction::Push;
        }
    }
    let mapped = |seen: &Seen| rules.iter().any(|rule| rule.columns.contains(&seen.column.name));
    let name = |part: Option<&Seen>| part.map(|seen| seen.column.name.clone());
    Proposal {
        url: url.to_owned(),
        table: looked.name.clone(),
        relation: looked.relation,
        id: name(id),
        new_id: new_id(id),
        modified: name(modified),
        contact_id: name(contact_id),
        email: name(email),
        unmapped: open.iter().filter(|seen| !mapped(seen)).map(|seen| seen.column.name.clone()).collect(),
        rules,
        remarks,
    }
}

/// Whole numbers are counted up by the database; a text or UUID without a default is given by us.
fn new_id(id: Option<&Seen>) -> NewId {
    match id.filter(|seen| !seen.has_default).map(|seen| seen.column.kind) {
        Some(ColumnKind::Text | ColumnKind::Other) => NewId::Uuid,
        Some(ColumnKind::Integer | ColumnKind::Real | ColumnKind::Numeric | ColumnKind::Any) | None => {
            NewId::Database
        }
    }
}

fn part_remarks(
    looked: &Looked,
    id: Option<&Seen>,
    modified: Option<&Seen>,
    contact_id: Option<&Seen>,
    email: Option<&Seen>,
) -> Vec<Remark> {
    let mut remarks = Vec::new();
    match id {
        None => remarks.push(Remark::NoId),
        Some(seen) if looked.relation == Relation::Table && !seen.unique => {
            remarks.push(Remark::IdNotUnique(seen.column.name.clone()));
        }
        Some(_) => {}
    }
    match modified {
        None => remarks.push(Remark::NoModified),
        Some(seen) => {
            if looked.relation == Relation::Table && !seen.indexed {
                remarks.push(Remark::ModifiedNotIndexed(seen.column.name.clone()));
            }
            if seen.stamped == Some(false) {
                remarks.push(Remark::ModifiedNotStamped(seen.column.name.clone()));
            }
            if seen.no_offset {
                remarks.push(Remark::StampsWithoutOffset(seen.column.name.clone()));
            }
        }
    }
    if contact_id.is_none() {
        remarks.push(Remark::NoContactId);
    }
    if email.is_none() {
        remarks.push(Remark::NoEmail);
    }
    remarks
}

/// The rule for an opt-in; for what is not clear, a remark.
fn consent_rule(seen: &Seen, rules: &[FieldRule], remarks: &mut Vec<Remark>) -> Option<FieldRule> {
    let name = &seen.column.name;
    match consent(seen)? {
        Consent::OptOut => remarks.push(Remark::OptOut(name.clone())),
        Consent::Unclear => remarks.push(Remark::UnclearConsent(name.clone())),
        Consent::OptIn { field, yes_no } => {
            let taken = |rule: &FieldRule| {
                rule.contact_field.eq_ignore_ascii_case(&field) || rule.columns.contains(name)
            };
            if !rules.iter().any(taken) {
                return Some(FieldRule { yes_no, ..plain_rule(&field, name, FieldType::Boolean) });
            }
        }
    }
    None
}
