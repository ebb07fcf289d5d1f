//! A batch of events to the org: one function holds the branches, `question` asks, `collapse` joins, `send` writes.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use model::SupporterId;
use salesforce::Org;
use serde_json::Value;
use state::{Changes, NoteKind, State};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use crate::action::Operation;
use crate::check::{Prepared, Schema};
use crate::collapse::{Target, Task, group, lacking, merge};
use crate::evaluate::{Filled, Key, NotFor, Verdict, Wanted, Wish, evaluate};
use crate::fatal::Fatal;
use crate::incoming::Incoming;
use crate::job::{self, Jobs};
use crate::nobody::of_nobody;
use crate::outcome::{Answer, Note, Outcome};
use crate::owner::apart;
use crate::question::{Answers, Asked, Question};
use crate::refer::{Referred, references};
use crate::send::{self, Lane};
use crate::stamps::Stamps;
use crate::whose::{Coming, target};

/// How often a batch is gone through: once more for each deletion in between, each joint refusal, and each record that another
/// is to point at.
const MAX_ROUNDS: usize = 8;

/// What a delivery works with.
#[derive(Clone)]
pub struct Delivery {
    /// The org.
    pub org: Org,
    /// What must not be forgotten.
    pub state: State,
    /// The actions, checked.
    pub actions: Arc<[Prepared]>,
    /// The objects they use.
    pub schema: Arc<Schema>,
    /// How much of the day's API allowance may be used before events wait, from 0 to 1.
    pub api_share: f64,
    /// When and where Bulk API 2.0 jobs are used.
    pub jobs: Jobs,
    /// One delivery at a time, events and supporters alike: two would look for the same record, and both make it.
    pub turn: Arc<Mutex<()>>,
    /// Cancelled when nothing new may begin.
    pub stop: CancellationToken,
}

/// What became of a batch: per event its outcomes, in the order of the actions.
#[derive(Debug, Clone, PartialEq)]
pub struct Delivered {
    /// One list per event.
    pub outcomes: Vec<Vec<Outcome>>,
}

/// The batch as it stands in between.
pub(crate) struct Batch<'b> {
    pub(crate) events: &'b [Incoming],
    pub(crate) tasks: Vec<Task>,
    pub(crate) outcomes: Vec<Vec<Outcome>>,
    pub(crate) notes: Vec<Vec<Note>>,
    /// Whose task makes the record that would answer this; only of supporters.
    pub(crate) makers: HashMap<Question, usize>,
}

impl Batch<'_> {
    /// Ends a task.
    pub(crate) fn end(&mut self, task: usize, outcome: Outcome) {
        let (event, label) = (self.tasks[task].event, self.tasks[task].label.clone());
        let notes = self.tasks[task].wanted.notes.iter().chain(&self.notes[task]);
        let outcome = Outcome { action: label.clone(), ..outcome }.noting(notes);
        let outcomes = &mut self.outcomes[event];
        outcomes.retain(|other| other.action != label);
        outcomes.push(outcome);
    }

    /// An outcome of a task.
    pub(crate) fn outcome(&self, task: usize, object: &str, answer: Answer) -> Outcome {
        Outcome::new(&self.tasks[task].label, object, answer)
    }

    /// Whose record a task is to write.
    pub(crate) fn owner(&self, task: usize) -> Option<&SupporterId> {
        self.events[self.tasks[task].event].owner.as_ref()
    }

    /// Whether a task was tried, and came to nothing yet.
    pub(crate) fn is_waiting(&self, task: usize) -> bool {
        let Task { event, label, .. } = &self.tasks[task];
        self.outcomes[*event].iter().any(|one| one.action == *label && one.answer == Answer::Waiting)
    }

    /// The settled outcomes of an event, as they are kept until they are where the event came from.
    pub(crate) fn settled(&self, event: usize) -> Option<Vec<u8>> {
        let settled = self.outcomes[event].iter().filter(|one| one.answer != Answer::Waiting);
        serde_json::to_vec(&settled.collect::<Vec<_>>()).ok()
    }
}

/// Delivers a batch. Whatever an event comes to is durable in the state when this returns, also when it returns an error; an
/// event delivered again goes on where it was.
///
/// # Errors
/// [`Fatal`] when the org, or the state, fails in a way that does not pass. What passes leaves events waiting.
pub async fn deliver(cx: &Delivery, events: &[Incoming]) -> Result<Delivered, Fatal> {
    let _turn = cx.turn.lock().await;
    let mut batch = begin(cx, events)?;
    let mut open: Vec<usize> = (0..batch.tasks.len()).collect();
    open.sort_by_key(|task| (batch.tasks[*task].at, batch.tasks[*task].event, batch.tasks[*task].action));
    let (mut fatal, mut reason) = (None, String::new());
    let ready = if open.is_empty() { Ok(false) } else { job::settle_left_behind(cx).await };
    let rounds = match ready {
        Ok(ready) => {
            if ready {
                MAX_ROUNDS
            } else {
                0
            }
        }
        Err(error) => {
            fatal = Some(error).filter(|error| !error.passes());
            0
        }
    };
    let mut may_wait = true;
    for number in 1..=rounds {
        if open.is_empty() || cx.stop.is_cancelled() || over_budget(cx) {
            break;
        }
        let before = open.clone();
        match round(cx, &mut batch, open, may_wait && number < rounds).await {
            Ok(later) => {
                // Where nothing came of waiting, nothing will.
                may_wait = later.len() < before.len();
                open = later;
            }
            Err(error) => {
                open = before.into_iter().filter(|task| !is_settled(&batch, *task)).collect();
                // What the org understood and refused is a try; what never reached it is none.
                if error.is_an_answer() {
                    reason = error.to_string();
                }
                fatal = Some(error).filter(|error| !error.passes());
                break;
            }
        }
    }
    for task in open {
        let object = cx.actions[batch.tasks[task].action].object.name.clone();
        let outcome = batch.outcome(task, &object, Answer::Waiting);
        batch.end(task, outcome.because(reason.clone()));
    }
    fatal.map_or(Ok(Delivered { outcomes: batch.outcomes }), Err)
}

fn is_settled(batch: &Batch<'_>, task: usize) -> bool {
    let Task { event, label, .. } = &batch.tasks[task];
    batch.outcomes[*event].iter().any(|one| one.action == *label && one.answer != Answer::Waiting)
}

/// Whether the org's daily allowance is used as far as it may be (REST guide, `Sforce-Limit-Info`).
fn over_budget(cx: &Delivery) -> bool {
    let usage = cx.org.usage();
    let (Some(used), Some(max)) = (usage.api_used, usage.api_max) else { return false };
    #[allow(clippy::cast_precision_loss, reason = "allowances are far below 2^52")]
    let share = (used + usage.since_header) as f64 / max.max(1) as f64;
    share >= cx.api_share
}

/// What the actions make of the events; what was settled in an earlier attempt is taken over.
fn begin<'b>(cx: &Delivery, events: &'b [Incoming]) -> Result<Batch<'b>, Fatal> {
    let keys: Vec<Vec<u8>> = events.iter().map(|event| event.id.clone().into_bytes()).collect();
    let earlier = cx.state.notes_of(NoteKind::Settled, &keys)?;
    let mut batch = Batch {
        events,
        tasks: Vec::new(),
        outcomes: Vec::with_capacity(events.len()),
        notes: Vec::new(),
        makers: HashMap::new(),
    };
    for (index, (event, earlier)) in events.iter().zip(earlier).enumerate() {
        let earlier: Vec<Outcome> =
            earlier.and_then(|bytes| serde_json::from_slice(&bytes).ok()).unwrap_or_default();
        batch.outcomes.push(earlier);
        let mut verdicts = Vec::with_capacity(cx.actions.len());
        for (action, prepared) in cx.actions.iter().enumerate() {
            verdicts.push(begin_one(&mut batch, index, event, action, prepared));
        }
        let outcomes = &mut batch.outcomes[index];
        if let Some(outcome) = of_nobody(&cx.actions, &verdicts, event) {
            let said = outcomes.iter().any(|one| one.action == outcome.action);
            if outcomes.is_empty() || (outcome.answer.needs_a_person() && !said) {
                outcomes.push(outcome);
            }
        }
    }
    batch.notes = vec![Vec::new(); batch.tasks.len()];
    Ok(batch)
}

/// Why the action is not for the event; `None` where it is.
fn begin_one(
    batch: &mut Batch<'_>,
    index: usize,
    event: &Incoming,
    action: usize,
    prepared: &Prepared,
) -> Option<NotFor> {
    let settled =
        |batch: &Batch<'_>, label: &str| batch.outcomes[index].iter().any(|one| one.action == label);
    match evaluate(prepared, event) {
        Verdict::NotFor(why) => return Some(why),
        Verdict::Refused(outcome) => {
            if !settled(batch, &outcome.action) {
                batch.outcomes[index].push(*outcome);
            }
        }
        Verdict::Wanted(all) => {
            for (number, wanted) in all.into_iter().enumerate() {
                let name = &prepared.action.name;
                let label = if number == 0 { name.clone() } else { format!("{name}#{}", number + 1) };
                if !settled(batch, &label) {
                    batch.tasks.push(Task {
                        event: index,
                        action,
                        label,
                        at: event.at,
                        wanted,
                        alone: false,
                        looked_again: false,
                        made_before: false,
                        claims: Vec::new(),
                    });
                }
            }
        }
    }
    None
}

/// One round over the open tasks. Returns those of the next.
async fn round(
    cx: &Delivery,
    batch: &mut Batch<'_>,
    open: Vec<usize>,
    may_wait: bool,
) -> Result<Vec<usize>, Fatal> {
    let Referred { open, wait } = references(cx, batch, open, may_wait).await?;
    let (asked, sent, questions) = ask(cx, batch, &open);
    let object = |name: &str| cx.schema.object(name).map(Arc::clone);
    let answers =
        Replies { found: asked.ask(&cx.org, object).await?, sent: sent.ask(&cx.org, object).await? };
    let mut targets: Vec<(usize, Target)> = Vec::new();
    let mut batch_knows = Coming::default();
    for task in open {
        // A converted Lead's values are translated once, together with its references.
        let as_it_was = wait.contains(&task).then(|| batch.tasks[task].wanted.clone());
        let found = target(cx, batch, task, &questions, &answers, &mut batch_knows)?;
        if let Some(wanted) = as_it_was {
            batch.tasks[task].wanted = wanted;
        }
        match found {
            Ok(target) => {
                if let Target::New(_, mine) = &target {
                    batch_knows.asked.extend(mine.iter().cloned());
                }
                targets.push((task, target));
            }
            Err(outcome) => batch.end(task, *outcome),
        }
    }
    let apart = apart(cx, batch, targets, &questions, &answers.found)?;
    let deletes = |task: usize| cx.actions[batch.tasks[task].action].action.operation == Operation::Delete;
    let grouped = group(apart.targets, deletes, |task| batch.tasks[task].alone, |task| wait.contains(&task));
    let mut later = grouped.later;
    later.extend(apart.later);
    let parcels = pack(cx, batch, grouped.groups)?;
    for lane in Lane::of(parcels) {
        later.extend(send::send(cx, batch, lane).await?);
    }
    keep(cx, batch).await?;
    later.sort_by_key(|task| (batch.tasks[*task].at, batch.tasks[*task].event, batch.tasks[*task].action));
    Ok(later)
}

/// Settled outcomes that no write carried, made durable together.
async fn keep(cx: &Delivery, batch: &Batch<'_>) -> Result<(), Fatal> {
    let mut changes = Changes::new();
    for (index, event) in batch.events.iter().enumerate() {
        if let Some(settled) = batch.settled(index).filter(|settled| settled != b"[]") {
            changes.put_note(NoteKind::Settled, event.id.as_bytes(), settled);
        }
    }
    for (index, task) in batch.tasks.iter().enumerate() {
        if task.made_before && is_settled(batch, index) {
            send::no_longer_sending(&mut changes, batch, index);
        }
    }
    if !changes.is_empty() {
        let _receipt = cx.state.commit(changes).await?;
    }
    Ok(())
}

pub(crate) type Questions = BTreeMap<usize, Vec<Option<Question>>>;

/// What the org answered.
pub(crate) struct Replies {
    /// Which record is meant.
    pub(crate) found: Answers,
    /// What an earlier attempt may have made, and who deleted it may have been anybody.
    pub(crate) sent: Answers,
}

/// The questions of all open tasks, those about what an earlier attempt may have made apart; `None` for a value that cannot stand
/// in a query.
fn ask(cx: &Delivery, batch: &Batch<'_>, open: &[usize]) -> (Asked, Asked, Questions) {
    let (mut asked, mut sent) = (Asked::default(), Asked::with_deleted());
    let mut questions = Questions::new();
    for index in open {
        let task = &batch.tasks[*index];
        let prepared = &cx.actions[task.action];
        let of = match &task.wanted.wish {
            Wish::New => match send::sent_before(cx, batch, *index) {
                // What was sent cannot be asked for: whether it was made is for a person to see.
                Some(keys) if keys.is_empty() => vec![None],
                Some(keys) => vec![sent.add(&prepared.object, &keys)],
                None => Vec::new(),
            },
            // Whether a Lead was converted meanwhile shows only when it is read.
            Wish::Record(id) if prepared.contact.is_some() => {
                let key = Key { field: "Id".to_owned(), value: Value::from(id.to_string()) };
                vec![asked.add(&prepared.object, &[key])]
            }
            Wish::Record(_) => Vec::new(),
            Wish::All(keys) => vec![asked.add(&prepared.object, keys)],
            Wish::Any(keys) => {
                keys.iter().map(|key| asked.add(&prepared.object, std::slice::from_ref(key))).collect()
            }
        };
        questions.insert(*index, of);
    }
    (asked, sent, questions)
}

/// Groups become parcels; those with nothing to write, or that cannot be made, end here.
fn pack(
    cx: &Delivery,
    batch: &mut Batch<'_>,
    groups: Vec<(Target, Vec<usize>)>,
) -> Result<Vec<crate::collapse::Parcel>, Fatal> {
    let records: Vec<_> = groups
        .iter()
        .filter_map(|(target, _)| match target {
            Target::Record(_, id) => Some(*id),
            Target::New(..) => None,
        })
        .collect();
    let mut known = Stamps::load(&cx.state, &records)?.into_iter();
    let mut parcels = Vec::new();
    for (target, tasks) in groups {
        let stamps = match &target {
            Target::Record(..) => known.next().unwrap_or_default(),
            Target::New(..) => Stamps::default(),
        };
        let first = tasks.first().copied();
        let operation = first.map(|task| cx.actions[batch.tasks[task].action].action.operation);
        let (mut parcel, notes) = merge(&target, tasks, &batch.tasks, &stamps);
        for (task, note) in notes {
            batch.notes[task].push(note);
        }
        parcel.delete = operation == Some(Operation::Delete);
        if let Some(outcome) = nothing_to_send(cx, &parcel) {
            for task in &parcel.tasks {
                batch.end(*task, outcome.clone());
            }
        } else {
            parcels.push(parcel);
        }
    }
    Ok(parcels)
}

fn nothing_to_send(cx: &Delivery, parcel: &crate::collapse::Parcel) -> Option<Outcome> {
    let object = parcel.object.as_str();
    match parcel.record {
        _ if parcel.delete => None,
        Some(id) if parcel.values.is_empty() => {
            Some(Outcome::new("", object, Answer::Superseded).on(id).because("nothing to write"))
        }
        Some(_) => None,
        None => {
            let missing = cx.schema.object(object).and_then(|describe| lacking(parcel, describe))?;
            let reason = format!("{missing} is needed for a new {object}");
            Some(Outcome::new("", object, Answer::Invalid).because(reason))
        }
    }
}

/// The values of a wanted write that a query can compare, for finding a record that an earlier attempt may have made.
pub(crate) fn comparable_values(prepared: &Prepared, wanted: &Wanted) -> Vec<Key> {
    let usable = |filled: &&Filled| {
        let field = prepared.object.field(&filled.field);
        field.is_some_and(|field| field.filterable && field.kind != "date") && !filled.value.is_null()
    };
    let values: Vec<&Filled> = wanted.values.iter().filter(usable).collect();
    // A unique external id says it all.
    let unique = values.iter().find(|filled| {
        prepared.object.field(&filled.field).is_some_and(|field| field.external_id && field.unique)
    });
    let key = |filled: &&Filled| Key { field: filled.field.clone(), value: filled.value.clone() };
    unique.map_or_else(|| values.iter().map(key).collect(), |one| vec![key(one)])
}
