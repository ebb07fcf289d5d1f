//! A small lot without a job: up to 200 rows in each call, each answered at once.
//!
//! What a job's rows have, these have: an entry in the journal and an intent each before the first call, one outcome each, the
//! same classes of refusal, the same settlement. What a call saves it saves by itself (`allOrNone` false), as a job does.
//!
//! After a crash nobody knows which calls were answered. The entry goes, the intents stay and so do the marks: the next cycle
//! reads the Contacts, finds by key whoever was created, and knows its own values.

use drill::KillPoint::{K01, K02, K03};
use drill::reached;
use model::{FieldMap, JournalEntry, Lane, Phase};
use plan::{CycleReport, Fatal, Moment, Sides, Stretch};
use salesforce::csv::Cell;
use salesforce::{COLLECTION, ErrorKind, Fields, SaveResult, Saved};
use serde_json::Value;

use crate::encode::columns;
use crate::json_value::typed;
use crate::results::Joined;
use crate::settle::{self, Settled};
use crate::waiting::{OutRow, Waiting};

/// What sending came to.
pub(crate) struct Sent {
    /// What the rows that were answered leave to be done.
    pub(crate) settled: Settled,
    /// Rows that no call took: a job may take them.
    pub(crate) refused: Vec<OutRow>,
}

/// Sends rows in calls of their own and settles every one that was answered.
///
/// # Errors
/// [`Fatal`] when the org or the state fails. Rows whose call was not answered stay marked, and so do their intents.
pub(crate) async fn send(
    sides: &Sides,
    report: &mut CycleReport,
    lane: Lane,
    mut rows: Vec<OutRow>,
    at: Moment,
) -> Result<Sent, Fatal> {
    reached(K01);
    let entry = journal(sides, lane, &rows, at).await?;
    reached(K02);
    sides.progress.begin(Stretch::Job, Some(entry.rows));
    let mut answered: Vec<Joined> = Vec::with_capacity(rows.len());
    let mut trouble = None;
    let mut lost = 0;
    while !rows.is_empty() && !sides.stopping() {
        let rest = rows.split_off(rows.len().min(COLLECTION));
        let chunk = std::mem::replace(&mut rows, rest);
        let records = records(&sides.map, lane, &chunk)?;
        match call(sides, lane, &records).await {
            Ok(results) => {
                // What a job has at its creation: it was done, and nothing here says so yet.
                reached(K03);
                sides.progress.advance(chunk.len() as u64);
                for (row, result) in chunk.iter().zip(results) {
                    answered.push(join(&entry, row.open()?.into_owned(), result));
                }
            }
            // The call as a whole is not taken, and nothing of it was saved: one row must not stand in the way of the others.
            Err(error) if is_refused(error.kind()) => {
                rows.splice(0..0, chunk);
                break;
            }
            Err(error) => {
                lost = chunk.len() as u64;
                trouble = Some(error);
                break;
            }
        }
    }
    let untried = rows.iter().map(|row| Ok(row.open()?.supporter.clone()));
    let untried = untried.collect::<Result<Vec<_>, Fatal>>()?;
    let sent = JournalEntry { rows: answered.len() as u64 + lost, ..entry };
    let mut settled = settle::settle_answers(sides, report, &sent, &answered, &untried, at).await?;
    sides.progress.end();
    if let Some(error) = trouble {
        return Err(error.into());
    }
    if sides.stopping() {
        settled.leave(untried);
        return Ok(Sent { settled, refused: Vec::new() });
    }
    Ok(Sent { settled, refused: rows })
}

/// Whether a call was turned away as a whole.
const fn is_refused(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::Rejected | ErrorKind::Forbidden | ErrorKind::NotFound)
}

/// Intents and entry in one commit: what is planned is durable before anything happens.
async fn journal(sides: &Sides, lane: Lane, rows: &[OutRow], at: Moment) -> Result<JournalEntry, Fatal> {
    let plan = sides.state.next_plan_id();
    let entry = JournalEntry {
        plan,
        cycle: at.cycle,
        lane,
        api_version: sides.org.api_version().to_string(),
        planned_at: sides.org.server_time().unwrap_or(at.now),
        rows: rows.len() as u64,
        sha256: String::new(),
        phase: Phase::Sending,
        job: None,
        closed_at: None,
        ended: None,
    };
    let mut changes = state::Changes::new();
    for row in rows {
        let row = row.open()?;
        changes.put_intent(&row.supporter, row.intent(plan));
    }
    changes.put_journal(entry.clone());
    let _receipt = sides.state.commit(changes).await?;
    Ok(entry)
}

fn records(map: &FieldMap, lane: Lane, rows: &[OutRow]) -> Result<Vec<Fields>, Fatal> {
    let head = columns(map, lane);
    rows.iter().map(|row| Ok(record(map, lane, &head, &*row.open()?))).collect()
}

async fn call(sides: &Sides, lane: Lane, records: &[Fields]) -> Result<Vec<SaveResult>, salesforce::Error> {
    let object = sides.map.object().name();
    match lane {
        Lane::Update => sides.org.collections_update(object, records, None).await,
        Lane::Upsert => {
            let key = &sides.map.technical().supporter_id;
            sides.org.collections_upsert(object, key, records, None).await
        }
    }
}

/// The row as a record: what a job's file leaves empty is left out, what it clears is null.
fn record(map: &FieldMap, lane: Lane, head: &[String], row: &Waiting) -> Fields {
    let technical = map.technical();
    let mut fields = Fields::new();
    if let (Lane::Update, Some(contact)) = (lane, row.contact) {
        fields.insert("id".to_owned(), contact.as_str().into());
    }
    fields.insert(technical.supporter_id.clone(), row.supporter.as_str().into());
    if let Some((field, own)) = &technical.account_id {
        fields.insert(field.clone(), own.as_str().into());
    }
    if let Some(marker) = &technical.push_marker {
        fields.insert(marker.clone(), true.into());
    }
    let rules: Vec<_> = map.rules().iter().filter(|rule| rule.pushes()).collect();
    let names = &head[head.len() - rules.len()..];
    for ((name, rule), cell) in names.iter().zip(rules).zip(row.packed.cells()) {
        match cell {
            Cell::Keep => {}
            Cell::Clear => {
                fields.insert(name.clone(), Value::Null);
            }
            Cell::Text(text) => {
                fields.insert(name.clone(), typed(rule.kind, text));
            }
        }
    }
    fields
}

fn join(entry: &JournalEntry, row: Waiting, result: SaveResult) -> Joined {
    let intent = row.intent(entry.plan);
    let supporter = row.supporter;
    match result {
        Ok(Saved { id, created }) => Joined { supporter, intent, id: Some(id), created, error: None },
        Err(refused) => {
            Joined { supporter, intent, id: None, created: false, error: Some(Box::new(refused.error)) }
        }
    }
}
