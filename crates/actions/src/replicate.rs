//! Supporters as records of any object, one way: Leads above all. The same actions carry them as carry events; what is added
//! is who is eligible, who was replicated already, and who is set aside until something about them changes.

use model::{Cell, Digest, RuleKey, SalesforceId, Stamp, Subject, SupporterId};
use serde_json::{Map, Value};
use state::{Changes, NoteKind, State};

use crate::action::{Action, Matchers, OneOrMany};
use crate::check::Prepared;
use crate::deliver::{Delivery, deliver};
use crate::fatal::Fatal;
use crate::incoming::Incoming;
use crate::outcome::{Answer, Outcome};
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
    /// Nothing changed since the last time, or each is replicated once only.
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
    let mut report = Report::default();
    let mapping = digest(&cx.state, &format!("{action:?}")).0;
    let mut trials = Vec::new();
    for (row, (_, before)) in rows.iter().zip(standings(&cx.state, action, rows)?) {
        if !may_be_replicated(&cx.state, action, row)? {
            report.not_eligible += 1;
            continue;
        }
        let values = digest(&cx.state, &Value::Object(row.columns.clone()).to_string()).0;
        match due(before.as_ref(), (values, mapping), options) {
            Due::Now => {
                let incoming = incoming(cx, action, row, before.as_ref(), (values, mapping), now);
                trials.push(Trial { row, before, values, incoming });
            }
            Due::Unchanged => report.unchanged += 1,
            Due::StillBlocked => report.still_blocked += 1,
        }
    }
    let mut changes = Changes::new();
    let outcomes = outcomes(cx, action, &mut trials, &mut changes).await?;
    for (trial, outcome) in trials.into_iter().zip(outcomes) {
        let Some(outcome) = outcome else { continue };
        if let Some(after) = settle(&mut report, action, trial.before, &outcome) {
            let replica = Replica { values: Some(trial.values), mapping, at: now.micros(), ..after };
            replica.keep(trial.row.id.as_str().as_bytes(), &mut changes);
        }
    }
    if !changes.is_empty() {
        let _receipt = cx.state.commit(changes).await?;
    }
    Ok(report)
}

/// Whether a supporter is tried.
enum Due {
    Now,
    Unchanged,
    StillBlocked,
}

fn due(before: Option<&Replica>, (values, mapping): (u64, u64), options: Options) -> Due {
    let Some(known) = before else { return Due::Now };
    let same = known.values == Some(values) && known.mapping == mapping;
    let lifted = known.values.is_none();
    match (&known.blocked, same) {
        (Some(_), true) => Due::StillBlocked,
        (None, true) => Due::Unchanged,
        (None, false) if !options.keep_updated && !lifted => Due::Unchanged,
        (Some(_) | None, false) => Due::Now,
    }
}

fn incoming(
    cx: &Delivery,
    action: &Action,
    row: &Row,
    before: Option<&Replica>,
    (values, mapping): (u64, u64),
    now: Stamp,
) -> Incoming {
    let prepared = cx.actions.iter().find(|one| one.action.name == action.name);
    let prefix = prepared.and_then(|one| one.object.key_prefix.as_deref());
    let record = before.and_then(|one| SalesforceId::parse(one.record.as_deref()?).ok());
    // The action may be for another object by now.
    let record = record.filter(|id| prefix.is_none_or(|prefix| id.prefix() == prefix));
    let id = format!("{SUPPORTER}/{}/{values:016x}{mapping:016x}", row.id);
    Incoming { id, record, ..Incoming::of_columns(row.id.as_str(), now, row.columns.clone()) }
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
        let incoming = trials[*at].incoming.clone();
        Incoming { id: format!("{}/anew", incoming.id), record: None, ..incoming }
    };
    let again: Vec<Incoming> = gone.iter().map(again).collect();
    let anew = if again.is_empty() { Vec::new() } else { deliver(cx, &again).await?.outcomes };
    for (at, outcomes) in gone.into_iter().zip(anew) {
        found[at] = mine(outcomes);
        if let Some(before) = &mut trials[at].before {
            before.record = None;
        }
    }
    for settled in first.iter().chain(&again) {
        changes.remove_note(NoteKind::Settled, settled.id.as_bytes());
    }
    Ok(found)
}

/// Whether the record that was remembered is not there any more. That a reference points at nothing is something else.
fn is_gone(outcome: &Outcome, incoming: &Incoming) -> bool {
    let by_reference = outcome.notes.contains(&outcome.reason);
    outcome.answer == Answer::NotFound && incoming.record.is_some() && !by_reference
}

/// What is remembered after an outcome; `None`: nothing new, the next run tries again.
fn settle(
    report: &mut Report,
    action: &Action,
    before: Option<Replica>,
    outcome: &Outcome,
) -> Option<Replica> {
    let known = before.and_then(|one| one.record);
    let notes = outcome.notes.clone();
    match outcome.answer {
        Answer::Created | Answer::Updated | Answer::Superseded => {
            if outcome.answer == Answer::Created {
                report.created += 1;
            } else {
                report.updated += 1;
            }
            // Of a converted Lead the Lead stays known: it leads to its Contact.
            let followed = !outcome.object.eq_ignore_ascii_case(&action.object);
            let record = known.filter(|_| followed).or_else(|| outcome.record.clone());
            Some(Replica { record, notes, ..Replica::default() })
        }
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
            Some(Replica { record: known, blocked: Some(reason), notes, ..Replica::default() })
        }
        Answer::Waiting | Answer::Ignored | Answer::Deleted => {
            report.waiting += 1;
            None
        }
    }
}

fn digest(state: &State, text: &str) -> Digest {
    state.digest_key().digest(RuleKey(0), &Cell::Value(text.into()))
}
