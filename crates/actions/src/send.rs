//! Parcels to the org, two hundred a call or as a job, and one result for every record.

use std::collections::BTreeMap;
use std::time::Duration;

use model::{SalesforceId, Stamp};
use salesforce::record_error::ErrorCode;
use salesforce::{COLLECTION, Class, DuplicateRuleHeader, Fields, RowErrors, SaveResult, Saved};
use serde_json::Value;
use state::{Changes, NoteKind};

use crate::action::Duplicates;
use crate::collapse::Parcel;
use crate::deliver::{Batch, Delivery, comparable_values};
use crate::evaluate::{Key, Wish};
use crate::fatal::{Fatal, passes};
use crate::job::{self, Went};
use crate::outcome::{Answer, Outcome};
use crate::owner;
use crate::stamps::Stamps;

/// By how much the org's clock and what we know of it may differ.
const CLOCK_SLACK: Duration = Duration::from_secs(120);

/// Which way a parcel goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Update,
    Create,
    Delete,
}

/// Parcels that may travel together.
pub(crate) struct Lane {
    object: String,
    way: Way,
    allow_duplicates: bool,
    parcels: Vec<Parcel>,
}

impl Lane {
    /// Lanes by object and way.
    pub(crate) fn of(parcels: Vec<Parcel>) -> Vec<Self> {
        let mut lanes: BTreeMap<(String, Way), Vec<Parcel>> = BTreeMap::new();
        for parcel in parcels {
            let way = match (parcel.delete, parcel.record) {
                (true, _) => Way::Delete,
                (false, Some(_)) => Way::Update,
                (false, None) => Way::Create,
            };
            lanes.entry((parcel.object.clone(), way)).or_default().push(parcel);
        }
        let lane = |((object, way), parcels)| Self { object, way, allow_duplicates: false, parcels };
        lanes.into_iter().map(lane).collect()
    }

    /// Cut into what one call takes.
    fn calls(mut self) -> Vec<Self> {
        let mut calls = Vec::new();
        while !self.parcels.is_empty() {
            let rest = self.parcels.split_off(self.parcels.len().min(COLLECTION));
            let parcels = std::mem::replace(&mut self.parcels, rest);
            calls.push(Self { object: self.object.clone(), parcels, ..self });
        }
        calls
    }

    fn tasks(&self) -> impl Iterator<Item = usize> + '_ {
        self.parcels.iter().flat_map(|parcel| &parcel.tasks).copied()
    }
}

/// Sends a lane by the road that takes fewer calls, and settles every record of it. Returns tasks to be tried again in the next
/// round.
///
/// # Errors
/// [`Fatal`] when the org, the disk or the state fails; records whose outcome is not known stay open.
pub(crate) async fn send(cx: &Delivery, batch: &mut Batch<'_>, lane: Lane) -> Result<Vec<usize>, Fatal> {
    // A job has no header that lets duplicates in (Bulk guide v66, "Headers").
    let creates = lane.way == Way::Create;
    let all = |task: usize| cx.actions[batch.tasks[task].action].action.duplicates == Duplicates::Allow;
    let may_be_a_job = lane.way != Way::Delete && !lane.tasks().any(all);
    let object = cx.schema.object(&lane.object).filter(|_| may_be_a_job && !cx.stop.is_cancelled());
    let Some(upload) = object.and_then(|object| job::upload(&cx.jobs, object, creates, &lane.parcels)) else {
        return by_calls(cx, batch, lane).await;
    };
    announce(cx, batch, &lane).await?;
    match job::run(cx, &upload).await {
        Ok(Went::Ended(results)) => settle_job(cx, batch, lane, results).await,
        Ok(Went::NotTaken) => by_calls(cx, batch, lane).await,
        Ok(Went::Stopped) => Ok(lane.tasks().collect()),
        Err(fatal) if fatal.passes() => {
            wait(batch, &lane, &fatal.to_string());
            Ok(Vec::new())
        }
        Err(fatal) => Err(fatal),
    }
}

/// Rows that the job did not get to, or said nothing of, are delivered again.
async fn settle_job(
    cx: &Delivery,
    batch: &mut Batch<'_>,
    lane: Lane,
    results: job::Results,
) -> Result<Vec<usize>, Fatal> {
    let Lane { object, way, allow_duplicates, parcels } = lane;
    let (mut known, mut told, mut open) = (Vec::new(), Vec::new(), Vec::new());
    for (parcel, result) in parcels.into_iter().zip(results) {
        match result {
            Some(result) => {
                known.push(parcel);
                told.push(result);
            }
            None => open.push(parcel),
        }
    }
    let lane = |parcels| Lane { object: object.clone(), way, allow_duplicates, parcels };
    wait(batch, &lane(open), "the job did not get to it");
    settle(cx, batch, lane(known), told).await
}

async fn by_calls(cx: &Delivery, batch: &mut Batch<'_>, lane: Lane) -> Result<Vec<usize>, Fatal> {
    let mut later = Vec::new();
    for call in lane.calls() {
        later.extend(send_call(cx, batch, call).await?);
    }
    Ok(later)
}

/// Every record of the lane waits, and has been tried.
fn wait(batch: &mut Batch<'_>, lane: &Lane, why: &str) {
    if lane.parcels.is_empty() {
        return;
    }
    let count = lane.parcels.len();
    tracing::warn!(delivery.records = count, "{count} records of {} wait: {why}", lane.object);
    for task in lane.tasks() {
        let outcome = batch.outcome(task, &lane.object, Answer::Waiting);
        batch.end(task, outcome.because(why));
    }
}

/// Sends one call's worth.
async fn send_call(cx: &Delivery, batch: &mut Batch<'_>, mut lane: Lane) -> Result<Vec<usize>, Fatal> {
    let allows = |task: usize| cx.actions[batch.tasks[task].action].action.duplicates == Duplicates::Allow;
    let allow_duplicates = lane.tasks().all(allows);
    lane.allow_duplicates = allow_duplicates;
    if cx.stop.is_cancelled() {
        return Ok(lane.tasks().collect());
    }
    announce(cx, batch, &lane).await?;
    match call(cx, &lane).await {
        Ok(results) => settle(cx, batch, lane, results).await,
        Err(error) if passes(&error) => {
            wait(batch, &lane, &error.to_string());
            Ok(Vec::new())
        }
        Err(error) => Err(error.into()),
    }
}

/// What no later look-up by its matchers would find is announced before it is done: a record that is made without any, a record
/// that is deleted, and whose a record is that is made for one supporter.
async fn announce(cx: &Delivery, batch: &Batch<'_>, lane: &Lane) -> Result<(), Fatal> {
    let mut changes = Changes::new();
    let now = cx.org.server_time().unwrap_or(Stamp::EPOCH).micros().to_le_bytes();
    for parcel in &lane.parcels {
        for task in &parcel.tasks {
            if lane.way == Way::Create {
                owner::claim(&mut changes, batch, *task);
            }
            let made = lane.way == Way::Create && matches!(batch.tasks[*task].wanted.wish, Wish::New);
            let note = match (lane.way, parcel.record) {
                (Way::Delete, Some(id)) => id.as_str().as_bytes().to_vec(),
                (Way::Create, _) if made => now.to_vec(),
                (Way::Create | Way::Update | Way::Delete, _) => continue,
            };
            changes.put_note(NoteKind::Sending, &announced(batch, *task), note);
        }
    }
    if !changes.is_empty() {
        let _receipt = cx.state.commit(changes).await?;
    }
    Ok(())
}

fn announced(batch: &Batch<'_>, task: usize) -> Vec<u8> {
    let task_of = &batch.tasks[task];
    let id = &batch.events[task_of.event].id;
    [id.as_bytes(), &[0], task_of.label.as_bytes()].concat()
}

/// What was announced has an outcome.
pub(crate) fn no_longer_sending(changes: &mut Changes, batch: &Batch<'_>, task: usize) {
    changes.remove_note(NoteKind::Sending, &announced(batch, task));
}

/// Since when, by the org's clock, an earlier attempt may have made the record.
pub(crate) fn sending_since(cx: &Delivery, batch: &Batch<'_>, task: usize) -> Result<Stamp, Fatal> {
    let note = cx.state.note(NoteKind::Sending, &announced(batch, task))?;
    let micros = note.and_then(|note| Some(i64::from_le_bytes(note.get(..8)?.try_into().ok()?)));
    Ok(micros.map_or(Stamp::EPOCH, Stamp::from_micros).minus(CLOCK_SLACK))
}

/// What to look for when an earlier attempt may have made the record; `None` when there was none.
pub(crate) fn sent_before(cx: &Delivery, batch: &Batch<'_>, task: usize) -> Option<Vec<Key>> {
    let note = cx.state.note(NoteKind::Sending, &announced(batch, task)).ok().flatten()?;
    let keys = comparable_values(&cx.actions[batch.tasks[task].action], &batch.tasks[task].wanted);
    (!note.is_empty()).then_some(keys)
}

/// The record that an earlier attempt was about to delete. It is deleted again: no matcher finds it any more.
pub(crate) fn deleted_before(
    cx: &Delivery,
    batch: &Batch<'_>,
    task: usize,
) -> Result<Option<SalesforceId>, Fatal> {
    let note = cx.state.note(NoteKind::Sending, &announced(batch, task))?;
    Ok(note.and_then(|note| SalesforceId::parse(std::str::from_utf8(&note).ok()?).ok()))
}

async fn call(cx: &Delivery, lane: &Lane) -> Result<Vec<SaveResult>, salesforce::Error> {
    let header = lane
        .allow_duplicates
        .then(|| DuplicateRuleHeader { allow_save: true, ..DuplicateRuleHeader::default() });
    let records: Vec<Fields> = lane.parcels.iter().map(fields).collect();
    match lane.way {
        Way::Create => cx.org.collections_create(&lane.object, &records, header).await,
        Way::Update => cx.org.collections_update(&lane.object, &records, header).await,
        Way::Delete => {
            let ids: Vec<SalesforceId> = lane.parcels.iter().filter_map(|parcel| parcel.record).collect();
            let mut results = cx.org.collections_delete(&ids).await?;
            for (id, result) in ids.into_iter().zip(&mut results) {
                // Gone already is as good as deleted.
                let code = result.as_ref().err().map(|errors| errors.error.code());
                if code == Some(&ErrorCode::EntityIsDeleted) {
                    *result = Ok(Saved { id, created: false });
                }
            }
            Ok(results)
        }
    }
}

fn fields(parcel: &Parcel) -> Fields {
    let mut fields: Fields =
        parcel.values.iter().map(|(name, (value, _))| (name.clone(), value.clone())).collect();
    if let Some(id) = parcel.record {
        fields.insert("id".to_owned(), Value::from(id.to_string()));
    }
    fields
}

/// One outcome for every task, durable together with what is remembered of the records.
async fn settle(
    cx: &Delivery,
    batch: &mut Batch<'_>,
    lane: Lane,
    results: Vec<SaveResult>,
) -> Result<Vec<usize>, Fatal> {
    let mut changes = Changes::new();
    let mut again = Vec::new();
    let saved: Vec<_> = results.iter().filter_map(|result| result.as_ref().ok()).map(|one| one.id).collect();
    let mut stamps = Stamps::load(&cx.state, &saved)?.into_iter();
    let mut touched = Vec::new();
    for (parcel, result) in lane.parcels.iter().zip(results) {
        touched.extend(parcel.tasks.iter().copied());
        match result {
            Ok(saved) => {
                let mut stamps = stamps.next().unwrap_or_default();
                for (field, (_, at)) in &parcel.values {
                    if let Some(at) = at {
                        stamps.raise(field, *at);
                    }
                }
                if parcel.delete {
                    changes.remove_note(NoteKind::Stamps, saved.id.as_str().as_bytes());
                } else {
                    stamps.keep(saved.id, &mut changes);
                    if let Some(owner) = parcel.tasks.first().and_then(|task| batch.owner(*task)) {
                        owner::own(&mut changes, saved.id, owner);
                    }
                }
                succeed(batch, parcel, saved);
            }
            Err(errors) => again.extend(fail(batch, parcel, &errors)),
        }
    }
    touched.retain(|task| !again.contains(task));
    for task in &touched {
        let event = batch.tasks[*task].event;
        if let Some(settled) = batch.settled(event) {
            changes.put_note(NoteKind::Settled, batch.events[event].id.as_bytes(), settled);
        }
        if lane.way == Way::Delete || matches!(batch.tasks[*task].wanted.wish, Wish::New) {
            no_longer_sending(&mut changes, batch, *task);
        }
        owner::no_longer_claimed(&mut changes, batch, *task);
    }
    let _receipt = cx.state.commit(changes).await?;
    Ok(again)
}

fn succeed(batch: &mut Batch<'_>, parcel: &Parcel, saved: Saved) {
    for (place, task) in parcel.tasks.iter().enumerate() {
        let made = saved.created || batch.tasks[*task].made_before;
        let answer = match (parcel.delete, made && place == 0) {
            (true, _) => Answer::Deleted,
            (false, true) => Answer::Created,
            (false, false) => Answer::Updated,
        };
        let outcome = batch.outcome(*task, &parcel.object, answer).on(saved.id);
        batch.end(*task, outcome);
    }
}

/// A refused record. What passes waits; events that were refused together are tried alone; the rest is for a person.
fn fail(batch: &mut Batch<'_>, parcel: &Parcel, errors: &RowErrors) -> Vec<usize> {
    let answer = match errors.error.class() {
        Class::Transient | Class::TransientSmallerJob | Class::OrgFull | Class::RepeatedKey => {
            Answer::Waiting
        }
        Class::StaleId => Answer::NotFound,
        Class::Duplicate(_) | Class::HeldBy(_) | Class::HeldByMany(_) => Answer::Duplicate,
        Class::Permanent => Answer::Refused,
    };
    let together = parcel.tasks.len() > 1 && answer.needs_a_person();
    if together {
        for task in &parcel.tasks {
            batch.tasks[*task].alone = true;
            batch.notes[*task].clear();
        }
        return parcel.tasks.clone();
    }
    // A record that was found may have gone since. It is looked up once more: found again, it is something else that is gone.
    let first = parcel.tasks.first().copied();
    let found = first.filter(|task| !matches!(batch.tasks[*task].wanted.wish, Wish::Record(_)));
    let answer = match (answer, found) {
        (Answer::NotFound, Some(task)) if !batch.tasks[task].looked_again => {
            batch.tasks[task].looked_again = true;
            return vec![task];
        }
        (Answer::NotFound, Some(_)) => Answer::Refused,
        (other, _) => other,
    };
    for task in &parcel.tasks {
        let outcome = batch.outcome(*task, &parcel.object, answer).because(reason(errors));
        let outcome = parcel.record.map_or(outcome.clone(), |id| Outcome::on(outcome, id));
        batch.end(*task, outcome);
    }
    Vec::new()
}

/// Salesforce's code and the fields it names; never its message, which quotes values.
fn reason(errors: &RowErrors) -> String {
    let rule = errors.duplicate.as_ref().and_then(|duplicate| duplicate.rule.clone());
    rule.map_or_else(|| errors.error.to_string(), |rule| format!("{}, rule {rule}", errors.error))
}
