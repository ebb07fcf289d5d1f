//! What rows of ours overwrote without having seen it. A row is planned from a Contact as it was read, and is saved some time later; what
//! a person typed in between is gone, and only the org's field history tells of it. It names the value that stood there: if that is not the
//! one the row was planned from, an edit was overwritten blindly.

use std::collections::HashMap;

use drill::{Branch, met};
use model::{
    Cell, ContactId, FieldMap, FieldRule, FieldType, IntentField, RuleKey, Side, Stamp, SupporterId,
};
use salesforce::soql::{Direction, Field, FieldPath, Literal, Soql};
use salesforce::{ErrorKind, Row};
use state::Conflict;

use crate::{Fatal, Moment, Sides};

/// The longest text whose old and new value a history keeps (Salesforce help, "Field History Tracking").
const LONGEST: usize = 255;

/// A row that was saved.
#[derive(Debug, Clone, Copy)]
pub struct SavedRow<'a> {
    /// Whose.
    pub supporter: &'a SupporterId,
    /// As which Contact.
    pub contact: ContactId,
    /// What it carried, and what had been seen.
    pub fields: &'a [IntentField],
}

/// One change that the history tells of.
struct Change {
    field: String,
    old: Cell,
    new: Cell,
}

/// The edits that these rows overwrote blindly, as entries for the conflict log. `since`: when they were planned, by the org's clock.
/// `certain`: they were saved; otherwise a row counts only where the history names its very value. Asks nothing where the org keeps no
/// history of any field that was sent. `None`: our user may not read it.
///
/// # Errors
/// [`Fatal`] when the org cannot be asked.
pub async fn overwritten(
    sides: &Sides,
    rows: &[SavedRow<'_>],
    since: Stamp,
    certain: bool,
    at: Moment,
) -> Result<Option<Vec<Conflict>>, Fatal> {
    let rules = tracked(sides);
    let told = |row: &&SavedRow<'_>| row.fields.iter().any(|field| rules.contains_key(&field.rule));
    let asked: Vec<&SavedRow<'_>> = rows.iter().filter(told).collect();
    if asked.is_empty() {
        return Ok(Some(Vec::new()));
    }
    met(Branch::HistoryRead);
    let history = match history(sides, &asked, since).await {
        Ok(history) => history,
        Err(Fatal::Salesforce(error)) if is_closed(error.kind()) => return Ok(None),
        Err(error) => return Err(error),
    };
    let key = sides.state.digest_key();
    let mut lost = Vec::new();
    for row in asked {
        let Some(changes) = history.get(&row.contact) else { continue };
        for field in row.fields {
            let Some(rule) = rules.get(&field.rule) else { continue };
            let digest = |cell: &Cell| key.digest(field.rule, &comparable(rule, cell));
            let Some(change) = ours(changes, rule, certain, |change| digest(&change.new) == field.sent)
            else {
                continue;
            };
            if digest(&change.old) == field.seen {
                continue;
            }
            met(Branch::BlindOverwrite);
            let text = |cell: &Cell| comparable(rule, cell).text().unwrap_or_default().to_owned();
            lost.push(Conflict {
                cycle: at.cycle,
                at: at.now,
                supporter: row.supporter.clone(),
                contact: row.contact,
                field: rule.contact_field.clone(),
                kept: Some(Side::Supporter),
                policy: rule.policy,
                supporter_value: text(&change.new),
                contact_value: text(&change.old),
                blind: true,
            });
        }
    }
    Ok(Some(lost))
}

/// The pushed rules of whose fields the org keeps values, by their keys. Of a multi-select picklist and of a long text a history tells
/// that they changed, and not from what.
fn tracked(sides: &Sides) -> HashMap<RuleKey, &FieldRule> {
    let map: &FieldMap = &sides.map;
    let kept = |rule: &FieldRule| {
        let named = sides.settings.tracked.iter().any(|name| name.eq_ignore_ascii_case(&rule.contact_field));
        let long = rule.kind == FieldType::TextArea && rule.max_length.is_some_and(|length| length > LONGEST);
        named && rule.pushes() && !long && rule.kind != FieldType::MultiPicklist
    };
    let keyed = map.rules().iter().zip(map.keys());
    keyed.filter(|(rule, _)| kept(rule)).map(|(rule, key)| (*key, rule)).collect()
}

/// Whether our user may not read the history, or there is none. It has no part in whether a row was saved.
const fn is_closed(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Rejected | ErrorKind::Forbidden | ErrorKind::NotFound)
}

/// Our own changes of these Contacts, oldest first.
async fn history(
    sides: &Sides,
    rows: &[&SavedRow<'_>],
    since: Stamp,
) -> Result<HashMap<ContactId, Vec<Change>>, Fatal> {
    let us = sides.org.whose_session().await?.user_id;
    let base = Soql::select("ContactHistory", ["ContactId", "Field", "OldValue", "NewValue"])?
        .filter(Field::parse("CreatedById")?.eq(us.to_string()))
        .filter(Field::parse("CreatedDate")?.ge(since))
        .order_by(FieldPath::parse("CreatedDate")?, Direction::Ascending)
        .order_by(FieldPath::parse("Id")?, Direction::Ascending);
    let contacts = rows.iter().map(|row| Literal::from(row.contact.as_str()));
    let mut history: HashMap<ContactId, Vec<Change>> = HashMap::new();
    for soql in base.in_chunks(&Field::parse("ContactId")?, contacts) {
        let mut pages = sides.org.query(&soql)?;
        while let Some(page) = pages.next_page().await? {
            for row in page {
                let Some(contact) = row.get("ContactId").and_then(|id| ContactId::parse(id).ok()) else {
                    continue;
                };
                history.entry(contact).or_default().push(change(&row));
            }
        }
    }
    Ok(history)
}

fn change(row: &Row) -> Change {
    let cell = |name| Cell::from_nullable(row.get(name).filter(|text| !text.is_empty()));
    Change {
        field: row.get("Field").unwrap_or_default().to_owned(),
        old: cell("OldValue"),
        new: cell("NewValue"),
    }
}

/// Our row's change of a field: the one that left our value, or, where automation of the org made another of it, the first since.
fn ours<'a>(
    changes: &'a [Change],
    rule: &FieldRule,
    certain: bool,
    left_ours: impl Fn(&Change) -> bool,
) -> Option<&'a Change> {
    let mut of_field = changes.iter().filter(|change| change.field.eq_ignore_ascii_case(&rule.contact_field));
    let first = of_field.clone().next().filter(|_| certain);
    of_field.find(|change| left_ours(change)).or(first)
}

/// As both sides are compared. What has no comparable form equals nothing.
fn comparable(rule: &FieldRule, cell: &Cell) -> Cell {
    rule.from_contact(cell).unwrap_or_else(|_| cell.clone())
}
