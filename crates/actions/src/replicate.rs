//! Supporters as records of any object, one way: Leads above all. The same actions carry them as carry events; what is added
//! is who is eligible, who was replicated already, and who is set aside until something about them changes.

use model::{Cell, SalesforceId, Stamp, Subject, SupporterId};
use serde_json::{Map, Value};
use state::{Changes, NoteKind, State};

use crate::action::{Action, Matchers, OneOrMany};
use crate::changed::{Field, digest, digest_of_action, fields_of, left_alone, taken_over, written};
use crate::check::Prepared;
use crate::deliver::{Delivery, deliver};
use crate::fatal::Fatal;
use crate::incoming::Incoming;
use crate::outcome::{Answer, Outcome};
use crate::owner::{self, SEVERAL, THEIRS};
use crate::path::Path;
use crate::replica::{Replica, Standing};
use crate::template::Template;

/// The type that an action for supporters is triggered by.
pub const SUPPORTER: &str = "supporter";

/// How supporters are replicated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// A replicated supporter that changes is written again. Else each is replicated once.
    pub keep_updated: bool,
}

/// A supporter as the database holds them: the columns the action reads.
#[derive(Clone, PartialEq)]
pub struct Row {
    /// Who.
    pub id: SupporterId,
    /// Columns and values; what is empty is null.
    pub columns: Map<String, Value>,
}

/// What a run came to: supporters, each counted once.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// A record was made.
    pub created: u64,
    /// A record was changed.
    pub updated: u64,
    /// Nothing that is written changed since the last time, or each is replicated once only.
    pub unchanged: u64,
    /// Set aside now.
    pub blocked: u64,
    /// Set aside before, and unchanged since.
    pub still_blocked: u64,
    /// Not yet: tried again in the next run.
    pub waiting: u64,
    /// The conditions do not hold.
    pub not_eligible: u64,
}

impl Report {
    /// Adds another report.
    pub fn add(&mut self, other: &Self) {
        self.created += other.created;
        self.updated += other.updated;
        self.unchanged += other.unchanged;
        self.blocked += other.blocked;
        self.still_blocked += other.still_blocked;
        self.waiting += other.waiting;
        self.not_eligible += other.not_eligible;
    }
}

impl Row {
    /// A row from columns and their cells.
    #[must_use]
    pub fn new<'c>(id: &SupporterId, columns: impl IntoIterator<Item = (&'c String, &'c Cell)>) -> Self {
        let value = |cell: &Cell| match cell {
            Cell::Absent => None,
            Cell::Empty => Some(Value::Null),
            Cell::Value(text) => Some(Value::from(&**text)),
        };
        let pairs = columns.into_iter();
        let columns = pairs.filter_map(|(name, cell)| Some((name.clone(), value(cell)?))).collect();
        Self { id: id.clone(), columns }
    }
}

/// The action for supporters, where there is exactly one.
#[must_use]
pub fn action_for_supporters(actions: &[Prepared]) -> Option<&Prepared> {
    let mut mine = actions.iter().filter(|prepared| is_for_supporters(&prepared.action));
    mine.next().filter(|_| mine.next().is_none())
}

/// Whether an action is triggered by supporters, and by nothing else.
#[must_use]
pub fn is_for_supporters(action: &Action) -> bool {
    action.on.types == [SUPPORTER]
}

/// Every column an action reads, each once: what stands behind `supporter.` in its paths. `id` is no column.
#[must_use]
pub fn columns_of(action: &Action) -> Vec<String> {
    let Ok(root) = Path::parse(SUPPORTER) else { return Vec::new() };
    let rules = action.fields.iter().flat_map(|rule| {
        let holes = rule.template.iter().flat_map(Template::paths);
        rule.path.iter().flat_map(OneOrMany::each).chain(holes)
    });
    let matchers = action.matchers.iter().flat_map(Matchers::each);
    let matchers = matchers.flat_map(|matcher| matcher.path.iter().flat_map(OneOrMany::each));
    let conditions = action.on.when.iter().map(|condition| &condition.path);
    let mut columns: Vec<String> = Vec::new();
    for path in rules.chain(matchers).chain(conditions) {
        let column = path.member_of(&root).filter(|column| *column != "id");
        if let Some(column) = column.filter(|column| !columns.iter().any(|known| known == column)) {
            columns.push(column.to_owned());
        }
    }
    columns
}

/// How supporters stand, in their order, with what is remembered of them.
///
/// # Errors
/// [`Fatal::State`].
pub fn standings(
    state: &State,
    action: &Action,
    rows: &[Row],
) -> Result<Vec<(Standing, Option<Replica>)>, Fatal> {
    let keys: Vec<Vec<u8>> = rows.iter().map(|row| row.id.as_str().as_bytes().to_vec()).collect();
    let notes = state.notes_of(NoteKind::Replica, &keys)?;
    let pairs = rows.iter().zip(notes).map(|(row, note)| {
        let replica = note.and_then(|bytes| Replica::read(&bytes));
        let eligible = may_be_replicated(state, action, row)?;
        Ok((Standing::of(replica.as_ref(), eligible), replica))
    });
    pairs.collect()
}

/// Whoever the action is for, unless they were forgotten on purpose.
fn may_be_replicated(state: &State, action: &Action, row: &Row) -> Result<bool, Fatal> {
    Ok(action.on.fits(&body_of(row)) && !state.is_forgotten(&Subject::Supporter(row.id.clone()))?)
}

fn body_of(row: &Row) -> Value {
    Incoming::of_columns(row.id.as_str(), Stamp::EPOCH, row.columns.clone()).body
}

/// A supporter who is tried in this batch.
struct Trial<'r> {
    row: &'r Row,
    before: Option<Replica>,
    values: u64,
    /// What the columns make of each field; `None`: the action refuses them.
    fields: Option<Vec<Field>>,
    incoming: Incoming,
}

/// Replicates one batch of supporters. What each came to is durable when this returns.
///
/// # Errors
/// [`Fatal`] as [`deliver()`]; whoever was settled before stays settled.
pub async fn replicate(
    cx: &Delivery,
    action: &Action,
    rows: &[Row],
    options: Options,
    now: Stamp,
) -> Result<Report, Fatal> {
    let Some(prepared) = cx.actions.iter().find(|one| one.action.name == action.name) else {
        return Ok(Report::default());
    };
    owner::catch_up(&cx.state).await?;
    let mut report = Report::default();
    let mut changes = Changes::new();
    let mapping = digest_of_action(&cx.state, action);
    let mut trials = Vec::new();
    for (row, (_, before)) in rows.iter().zip(standings(&cx.state, action, rows)?) {
        if !may_be_replicated(&cx.state, action, row)? {
            report.not_eligible += 1;
            continue;
        }
        let values = digest(&cx.state, &Value::Object(row.columns.clone()).to_string());
        let due = due(before.as_ref(), (values, mapping), options);
        match due {
            Due::StillBlocked => report.still_blocked += 1,
            Due::Unchanged => report.unchanged += 1,
            Due::TakenOver | Due::Now => {
                let trial = trial(cx, prepared, row, before, (values, mapping), now);
                if matches!(due, Due::TakenOver) && take_over(&trial, mapping, &mut changes) {
                    report.unchanged += 1;
                } else {
                    trials.push(trial);
                }
            }
        }
    }
    let outcomes = outcomes(cx, action, &mut trials, &mut changes).await?;
    for (trial, outcome) in trials.into_iter().zip(outcomes) {
        let Some(outcome) = outcome else { continue };
        let key = trial.row.id.as_str().as_bytes();
        let values = Some(trial.values);
        let (whose, record) = (trial.row.id.clone(), outcome.record.as_deref());
        let record = record.and_then(|id| SalesforceId::parse(id).ok());
        if let Some(after) = settle(&mut report, action, trial, mapping, &outcome) {
            if let Some(record) = record.filter(|_| after.blocked.is_none()) {
                owner::own(&mut changes, record, &whose);
            }
            Replica { values, mapping, at: now.micros(), ..after }.keep(key, &mut changes);
        }
    }
    if !changes.is_empty() {
        let _receipt = cx.state.commit(changes).await?;
    }
    Ok(report)
}

/// Whether a supporter is tried.
#[derive(Clone, Copy)]
enum Due {
    Now,
    Unchanged,
    StillBlocked,
    /// Written by a version that did not remember what, and unchanged since: what the columns hold now counts as written.
    TakenOver,
}

fn due(before: Option<&Replica>, (values, mapping): (u64, u64), options: Options) -> Due {
    let Some(known) = before else { return Due::Now };
    let same_values = known.values == Some(values);
    let same = same_values && known.mapping == mapping;
    if known.blocked.is_some() {
        return if same { Due::StillBlocked } else { Due::Now };
    }
    let lifted = known.values.is_none();
    let of_old = known.written.is_none() && known.record.is_some();
    match (options.keep_updated || lifted, same) {
        (false, _) => Due::Unchanged,
        (true, _) if same_values && of_old => Due::TakenOver,
        (true, true) => Due::Unchanged,
        (true, false) => Due::Now,
    }
}

/// Whether what the columns hold now could be remembered as written.
fn take_over(trial: &Trial<'_>, mapping: u64, changes: &mut Changes) -> bool {
    let (Some(known), Some(fields)) = (&trial.before, &trial.fields) else { return false };
    let after = Replica { written: Some(taken_over(fields, mapping)), mapping, ..known.clone() };
    after.keep(trial.row.id.as_str().as_bytes(), changes);
    true
}

fn trial<'r>(
    cx: &Delivery,
    prepared: &Prepared,
    row: &'r Row,
    before: Option<Replica>,
    (values, mapping): (u64, u64),
    now: Stamp,
) -> Trial<'r> {
    let record = before.as_ref().and_then(|one| SalesforceId::parse(one.record.as_deref()?).ok());
    // The action may be for another object by now, or make a record each time.
    let prefix = prepared.object.key_prefix.as_deref();
    let record = record.filter(|id| prefix.is_none_or(|prefix| id.prefix() == prefix));
    let record = record.filter(|_| prepared.action.operation.changes());
    let id = format!("{SUPPORTER}/{}/{values:016x}{mapping:016x}", row.id);
    let whole = Incoming::of_columns(row.id.as_str(), now, row.columns.clone());
    let owner = Some(row.id.clone());
    let fields = fields_of(&cx.state, prepared, &whole);
    let written = before.as_ref().and_then(|one| one.written.as_ref()).filter(|_| record.is_some());
    let leave = fields.as_ref().map(|fields| left_alone(fields, written, mapping)).unwrap_or_default();
    Trial { row, before, values, fields, incoming: Incoming { id, record, owner, leave, ..whole } }
}

/// What each came to. Whoever's record is gone is delivered again at once, by the matchers: it was deleted, or merged into another.
async fn outcomes(
    cx: &Delivery,
    action: &Action,
    trials: &mut [Trial<'_>],
    changes: &mut Changes,
) -> Result<Vec<Option<Outcome>>, Fatal> {
    let mine = |all: Vec<Outcome>| all.into_iter().find(|one| one.action == action.name);
    let mut found: Vec<Option<Outcome>> = Vec::with_capacity(trials.len());
    let first: Vec<Incoming> = trials.iter().map(|one| one.incoming.clone()).collect();
    found.extend(deliver(cx, &first).await?.outcomes.into_iter().map(mine));
    let gone: Vec<usize> = (0..trials.len())
        .filter(|at| found[*at].as_ref().is_some_and(|outcome| is_gone(outcome, &trials[*at].incoming)))
        .collect();
    let again = |at: &usize| {
        let Trial { fields, incoming, .. } = &trials[*at];
        let leave = fields.as_ref().map(|fields| left_alone(fields, None, 0)).unwrap_or_default();
        Incoming { id: format!("{}/anew", incoming.id), record: None, leave, ..incoming.clone() }
    };
    let again: Vec<Incoming> = gone.iter().map(again).collect();
    let anew = if again.is_empty() { Vec::new() } else { deliver(cx, &again).await?.outcomes };
    for (at, outcomes) in gone.into_iter().zip(anew) {
        found[at] = mine(outcomes);
        if let Some(before) = &mut trials[at].before {
            (before.record, before.written) = (None, None);
        }
    }
    for settled in first.iter().chain(&again) {
        changes.remove_note(NoteKind::Settled, settled.id.as_bytes());
    }
    Ok(found)
}

/// Whether the record that was remembered is not there any more, or is somebody else's. That a reference points at nothing is
/// something else.
fn is_gone(outcome: &Outcome, incoming: &Incoming) -> bool {
    let by_reference = outcome.notes.contains(&outcome.reason);
    let gone = outcome.answer == Answer::NotFound && !by_reference;
    incoming.record.is_some() && (gone || outcome.reason == THEIRS)
}

/// What is remembered after an outcome; `None`: nothing new, the next run tries again.
fn settle(
    report: &mut Report,
    action: &Action,
    trial: Trial<'_>,
    mapping: u64,
    outcome: &Outcome,
) -> Option<Replica> {
    let before = trial.before.unwrap_or_default();
    let notes = outcome.notes.clone();
    let count = match outcome.answer {
        Answer::Created => &mut report.created,
        Answer::Updated => &mut report.updated,
        Answer::Superseded => &mut report.unchanged,
        Answer::Several
        | Answer::Refused
        | Answer::NotFound
        | Answer::Duplicate
        | Answer::Invalid
        | Answer::GivenUp => {
            report.blocked += 1;
            let reason = match outcome.reason.as_str() {
                "" => outcome.answer.code().to_owned(),
                reason => reason.to_owned(),
            };
            let shared = reason == THEIRS || reason == SEVERAL;
            let met = outcome.record.clone().filter(|_| shared);
            return Some(Replica { blocked: Some(reason), met, notes, ..before });
        }
        Answer::Waiting | Answer::Ignored | Answer::Deleted => {
            report.waiting += 1;
            return None;
        }
    };
    *count += 1;
    // Of a converted Lead the Lead stays known: it leads to its Contact.
    let followed = !outcome.object.eq_ignore_ascii_case(&action.object);
    let record = before.record.filter(|_| followed).or_else(|| outcome.record.clone());
    let written = trial.fields.map(|fields| written(&fields, mapping, outcome));
    Some(Replica { record, written, notes, ..Replica::default() })
}
