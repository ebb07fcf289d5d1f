//! A value that lost a conflict is taken back: written to the supporter's row as an administrator's edit, under the same compare as
//! everything else, and carried over by the next cycle like any edit.

use model::{Cell, DirtyReason, FieldRule, FieldType, InvalidValue, Policy, Side, Subject};
use plan::{Fatal, Gathered, Sides};
use serde::Serialize;
use state::{AlreadyRunning, Changes, Conflict};
use supporters::{Applied, SupporterWrite};

/// A value that was taken back.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct TakenBack {
    /// Whose.
    pub supporter: model::SupporterId,
    /// The Contact field's API name.
    pub field: String,
    /// Whose value it is.
    pub side: Side,
}

/// Why a value was not taken back. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotTaken {
    /// The log holds no such entry; its time may be over.
    #[error("there is no conflict {0} in the log")]
    NoSuch(u64),
    /// Nobody has lost yet.
    #[error("the field is held: `highwater cases` decides it")]
    Held,
    /// The field is not mapped any more, does not travel both ways, or the value was cut for the log.
    #[error("the value cannot be written any more: {0}")]
    Unwritable(&'static str),
    /// A yes that the person did not say.
    #[error(
        "a consent is not given on somebody's behalf: the no stays until the person says otherwise on a record of theirs"
    )]
    Consent,
    /// The field was edited after the conflict.
    #[error("the field was changed since: neither side holds what was kept then")]
    Changed,
    /// The supporter database refused.
    #[error("the supporter database refuses the value ({0})")]
    Refused(String),
}

/// Takes the losing value of an entry of the conflict log back.
///
/// # Errors
/// [`Fatal`] when either side or the state fails.
pub async fn take_back(
    sides: &Sides,
    number: u64,
    by: &str,
) -> Result<Result<Result<TakenBack, NotTaken>, AlreadyRunning>, Fatal> {
    // Nobody else decides about this person meanwhile.
    let _guard = match sides.state.begin_cycle().await? {
        Ok(guard) => guard,
        Err(running) => return Ok(Err(running)),
    };
    let identity = sides.org.identity().await?;
    sides.state.adopt_org(identity.org_id)?;
    let page = sides.state.conflicts_page(number.checked_sub(1), 1)?;
    let Some((_, conflict)) = page.into_iter().find(|(at, _)| *at == number) else {
        return Ok(Ok(Err(NotTaken::NoSuch(number))));
    };
    Ok(Ok(one(sides, number, &conflict, by).await?))
}

async fn one(
    sides: &Sides,
    number: u64,
    conflict: &Conflict,
    by: &str,
) -> Result<Result<TakenBack, NotTaken>, Fatal> {
    let (lost, kept, side) = match conflict.kept {
        Some(Side::Salesforce) => (&conflict.supporter_value, &conflict.contact_value, Side::Supporter),
        Some(Side::Supporter) => (&conflict.contact_value, &conflict.supporter_value, Side::Salesforce),
        None => return Ok(Err(NotTaken::Held)),
    };
    let Some(at) = sides.map.rule_of(&conflict.field) else {
        return Ok(Err(NotTaken::Unwritable("the field is not mapped any more")));
    };
    let rule = &sides.map.rules()[at];
    let cell = match writable(rule, lost) {
        Ok(cell) => cell,
        Err(why) => return Ok(Err(why)),
    };
    let ids = std::slice::from_ref(&conflict.supporter);
    let gathered = plan::gather::gather(sides, None, ids, &|_| false).await?.into_iter().next();
    let Some(Gathered::Pair(pair)) = gathered else { return Ok(Err(NotTaken::Changed)) };
    let (Some(supporter), Some(seen)) = (pair.supporter, pair.contact) else {
        return Ok(Err(NotTaken::Changed));
    };
    let ours = sides.map.supporter_value(at, &supporter.cells);
    let theirs = sides.map.contact_values(&seen.contact.cells).swap_remove(at);
    if !is(&ours, kept) || !is(&theirs, kept) {
        return Ok(Err(NotTaken::Changed));
    }
    let places = sides.map.columns_of(at);
    let set: Vec<(usize, Cell)> = places.iter().copied().zip(rule.to_columns(&cell)).collect();
    let expect = places.iter().filter_map(|at| Some((*at, supporter.cells.get(*at)?.clone()))).collect();
    let write = SupporterWrite::Update { id: supporter.id.clone(), set, expect, contact_id: None };
    match sides.supporters.apply(&[write]).await?.into_iter().next() {
        Some(Applied::Done { .. }) => {}
        Some(Applied::Refused { code, .. }) => return Ok(Err(NotTaken::Refused(code.as_str().to_owned()))),
        Some(Applied::ChangedMeanwhile | Applied::Gone | Applied::AlreadyThere(_)) | None => {
            return Ok(Err(NotTaken::Changed));
        }
    }
    let mut changes = Changes::new();
    changes.mark_dirty(Subject::Supporter(supporter.id.clone()), DirtyReason::Resync, None);
    changes.audit(by, &format!("took back the {side}'s value of {} (conflict {number})", conflict.field));
    let _receipt = sides.state.commit(changes).await?;
    Ok(Ok(TakenBack { supporter: supporter.id, field: conflict.field.clone(), side }))
}

/// The losing value as it would stand in the supporter's columns.
fn writable(rule: &FieldRule, lost: &str) -> Result<Cell, NotTaken> {
    if !(rule.pushes() && rule.pulls()) {
        return Err(NotTaken::Unwritable("the field does not travel both ways any more"));
    }
    let consent = rule.policy == Policy::MostRestrictive || rule.first_link == Policy::MostRestrictive;
    if rule.kind == FieldType::Boolean && (consent || rule.confirmation) && lost != no(rule) {
        return Err(NotTaken::Consent);
    }
    if lost.is_empty() {
        return if rule.is_identity() { Err(NotTaken::Unwritable("it is empty")) } else { Ok(Cell::Empty) };
    }
    let cell = rule.kind.normalize(&Cell::Value(lost.into()), rule.max_length);
    match cell {
        // What does not come back as itself was cut.
        Ok(Cell::Value(text)) if &*text == lost => Ok(Cell::Value(text)),
        Ok(_) | Err(_) => Err(NotTaken::Unwritable("it was too long to be kept whole")),
    }
}

/// How a checkbox says no.
fn no(rule: &FieldRule) -> &'static str {
    if rule.is_opt_out() { "true" } else { "false" }
}

fn is(value: &Result<Cell, InvalidValue>, text: &str) -> bool {
    value.as_ref().is_ok_and(|cell| cell.text().unwrap_or_default() == text)
}
