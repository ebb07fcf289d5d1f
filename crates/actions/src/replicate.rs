//! Supporters as records of any object, one way: Leads above all. The same actions carry them as carry events; what is added
//! is who is eligible, who was replicated already, and who is set aside until something about them changes.

use std::collections::BTreeMap;

use model::{Cell, Digest, RuleKey, SalesforceId, Stamp, Subject, SupporterId};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use state::{Changes, NoteKind, State};

use crate::action::{Action, Matchers, OneOrMany};
use crate::check::Prepared;
use crate::deliver::{Delivery, deliver};
use crate::fatal::Fatal;
use crate::incoming::Incoming;
use crate::outcome::{Answer, Outcome};
use crate::path::Path;
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

/// What is remembered of one supporter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Replica {
    /// The record they were replicated to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<String>,
    /// Digest of the columns when they were last tried.
    values: u64,
    /// Digest of the action when they were last tried.
    mapping: u64,
    /// Why they are set aside. Codes and field names only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocked: Option<String>,
    /// When they were last tried, microseconds.
    at: i64,
}

impl Replica {
    /// When the supporter was last tried.
    #[must_use]
    pub const fn at(&self) -> Stamp {
        Stamp::from_micros(self.at)
    }
}

/// How a supporter stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Standing {
    /// There is a record of theirs.
    Replicated,
    /// Eligible, and not yet replicated.
    NotReplicated,
    /// Set aside after an error, until a column or the action changes.
    Blocked,
    /// The action's conditions do not hold.
    NotEligible,
}

impl Standing {
    /// A stable word for lists.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Replicated => "replicated",
            Self::NotReplicated => "not_replicated",
            Self::Blocked => "blocked",
            Self::NotEligible => "not_eligible",
        }
    }
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
    let known = |note: Option<Vec<u8>>| note.and_then(|bytes| serde_json::from_slice::<Replica>(&bytes).ok());
    let pairs = rows.iter().zip(notes).map(|(row, note)| {
        let replica = known(note);
        let eligible = may_be_replicated(state, action, row)?;
        let standing = match &replica {
            Some(replica) if replica.blocked.is_some() => Standing::Blocked,
            Some(replica) if replica.record.is_some() => Standing::Replicated,
            Some(_) | None if eligible => Standing::NotReplicated,
            Some(_) | None => Standing::NotEligible,
        };
        Ok((standing, replica))
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
    let mapping = digest(&cx.state, &format!("{action:?}"));
    let mut sent: Vec<(&Row, Option<Replica>, u64)> = Vec::new();
    let mut incoming = Vec::new();
    for (row, (_, replica)) in rows.iter().zip(standings(&cx.state, action, rows)?) {
        if !may_be_replicated(&cx.state, action, row)? {
            report.not_eligible += 1;
            continue;
        }
        let values = digest(&cx.state, &Value::Object(row.columns.clone()).to_string());
        let same = replica.as_ref().is_some_and(|one| one.values == values.0 && one.mapping == mapping.0);
        match &replica {
            Some(known) if known.blocked.is_some() && same => {
                report.still_blocked += 1;
                continue;
            }
            Some(known) if known.blocked.is_none() && (same || !options.keep_updated) => {
                report.unchanged += 1;
                continue;
            }
            Some(_) | None => {}
        }
        let record = replica.as_ref().and_then(|one| SalesforceId::parse(one.record.as_deref()?).ok());
        let id = format!("{SUPPORTER}/{}/{:016x}{:016x}", row.id, values.0, mapping.0);
        let whole = Incoming::of_columns(row.id.as_str(), now, row.columns.clone());
        incoming.push(Incoming { id, record, ..whole });
        sent.push((row, replica, values.0));
    }
    let outcomes = deliver(cx, &incoming).await?.outcomes;
    let mut changes = Changes::new();
    for (((row, before, values), incoming), outcomes) in sent.into_iter().zip(&incoming).zip(outcomes) {
        changes.remove_note(NoteKind::Settled, incoming.id.as_bytes());
        let Some(outcome) = outcomes.first() else { continue };
        if let Some(after) = settle(&mut report, action, before, outcome) {
            let replica = Replica { values, mapping: mapping.0, at: now.micros(), ..after };
            let bytes = serde_json::to_vec(&replica).unwrap_or_default();
            changes.put_note(NoteKind::Replica, row.id.as_str().as_bytes(), bytes);
        }
    }
    if !changes.is_empty() {
        let _receipt = cx.state.commit(changes).await?;
    }
    Ok(report)
}

/// What is remembered after an outcome; `None`: nothing new, the next run tries again.
fn settle(
    report: &mut Report,
    action: &Action,
    before: Option<Replica>,
    outcome: &Outcome,
) -> Option<Replica> {
    let known = before.and_then(|one| one.record);
    let empty = Replica { record: None, values: 0, mapping: 0, blocked: None, at: 0 };
    match outcome.answer {
        Answer::Created | Answer::Updated | Answer::Superseded => {
            if outcome.answer == Answer::Created {
                report.created += 1;
            } else {
                report.updated += 1;
            }
            // Of a converted Lead the Lead stays known: it leads to its Contact.
            let followed = !outcome.object.eq_ignore_ascii_case(&action.object);
            let record = if followed { known } else { outcome.record.clone() };
            Some(Replica { record, ..empty })
        }
        Answer::Several
        | Answer::Refused
        | Answer::NotFound
        | Answer::Duplicate
        | Answer::Invalid
        | Answer::GivenUp => {
            report.blocked += 1;
            // A record that is gone is looked for by the matchers the next time.
            let record = known.filter(|_| outcome.answer != Answer::NotFound);
            let reason = match outcome.reason.as_str() {
                "" => outcome.answer.code().to_owned(),
                reason => reason.to_owned(),
            };
            Some(Replica { record, blocked: Some(reason), ..empty })
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

/// How many supporters are replicated and set aside, from what is remembered.
///
/// # Errors
/// [`Fatal::State`].
pub fn counts(state: &State) -> Result<BTreeMap<Standing, u64>, Fatal> {
    let mut counts = BTreeMap::new();
    let mut after: Option<Vec<u8>> = None;
    loop {
        let page = state.notes(NoteKind::Replica, after.as_deref(), 1_000)?;
        for (_, bytes) in &page {
            if let Ok(replica) = serde_json::from_slice::<Replica>(bytes) {
                let standing =
                    if replica.blocked.is_some() { Standing::Blocked } else { Standing::Replicated };
                *counts.entry(standing).or_default() += 1;
            }
        }
        match page.into_iter().last() {
            Some((key, _)) => after = Some(key),
            None => return Ok(counts),
        }
    }
}
