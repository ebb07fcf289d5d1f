//! Which records reference fields point at, also where the record is about to be made in the same batch.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use salesforce::Describe;
use serde_json::Value;

use crate::action::{Nulls, Operation, TooLong, Unfit};
use crate::deliver::{Batch, Delivery};
use crate::evaluate::{Filled, Key};
use crate::fatal::Fatal;
use crate::fit::{Fit, fit};
use crate::outcome::{Answer, Note};
use crate::question::{Answers, Asked, Hit, Question};

/// What each reference of each task asks for; `None` where no query can tell.
type References = BTreeMap<(usize, usize), Option<Question>>;

/// The open tasks, without those whose references refuse them.
#[derive(Default)]
pub(crate) struct Referred {
    pub(crate) open: Vec<usize>,
    /// Those of them that are not sent yet: what they point at is about to be there.
    pub(crate) wait: BTreeSet<usize>,
}

/// Finds the records that reference fields point at. With `may_wait` whoever points at what another open task is about to make
/// is left as it is.
pub(crate) async fn references(
    cx: &Delivery,
    batch: &mut Batch<'_>,
    open: Vec<usize>,
    may_wait: bool,
) -> Result<Referred, Fatal> {
    let mut asked = Asked::default();
    let mut wanted: References = BTreeMap::new();
    for task in &open {
        for (place, reference) in batch.tasks[*task].wanted.references.iter().enumerate() {
            let object = cx.schema.object(&reference.lookup.object);
            let question = object.and_then(|object| {
                let key = reference_key(object, &reference.lookup.field, &reference.value)?;
                asked.add(object, &[key])
            });
            wanted.insert((*task, place), question);
        }
    }
    if wanted.is_empty() {
        return Ok(Referred { open, ..Referred::default() });
    }
    let answers = asked.ask(&cx.org, |name| cx.schema.object(name).map(Arc::clone)).await?;
    let wait = if may_wait { waiting(cx, batch, &open, &wanted, &answers) } else { BTreeSet::new() };
    let mut left = Vec::new();
    for task in open {
        if wait.contains(&task) {
            left.push(task);
            continue;
        }
        let references = std::mem::take(&mut batch.tasks[task].wanted.references);
        let mut refused = None;
        for (place, reference) in references.into_iter().enumerate() {
            let hits = wanted.get(&(task, place)).and_then(Option::as_ref).and_then(|q| answers.get(q));
            match hits.map_or(&[][..], Vec::as_slice) {
                [Hit { id, .. }] => batch.tasks[task].wanted.values.push(Filled {
                    field: reference.field,
                    value: Value::from(id.to_string()),
                    only: reference.only,
                    placeholder: false,
                }),
                others => {
                    let note = Note::NoReference { field: reference.field, found: others.len() };
                    if reference.lookup.none == Unfit::Refuse {
                        refused = Some((note.to_string(), others.len()));
                    }
                    batch.tasks[task].wanted.notes.push(note);
                }
            }
        }
        match refused {
            None => left.push(task),
            Some((reason, found)) => {
                let answer = if found > 1 { Answer::Several } else { Answer::NotFound };
                let object = cx.actions[batch.tasks[task].action].object.name.clone();
                let outcome = batch.outcome(task, &object, answer).because(reason);
                batch.end(task, outcome);
            }
        }
    }
    Ok(Referred { open: left, wait })
}

/// Whose reference points at nothing, and at what another open task writes.
fn waiting(
    cx: &Delivery,
    batch: &Batch<'_>,
    open: &[usize],
    wanted: &References,
    answers: &Answers,
) -> BTreeSet<usize> {
    let nothing = |question: &Question| answers.get(question).is_none_or(Vec::is_empty);
    let missing = wanted.iter().filter_map(|((task, _), question)| Some((*task, question.as_ref()?)));
    let missing: Vec<(usize, &Question)> = missing.filter(|(_, question)| nothing(question)).collect();
    let asked: BTreeSet<(&str, &str)> = missing.iter().filter_map(|(_, question)| place(question)).collect();
    if asked.is_empty() {
        return BTreeSet::new();
    }
    let mut writers: BTreeMap<Question, BTreeSet<usize>> = BTreeMap::new();
    for task in open {
        let prepared = &cx.actions[batch.tasks[*task].action];
        if prepared.action.operation == Operation::Delete {
            continue;
        }
        for filled in &batch.tasks[*task].wanted.values {
            if asked.contains(&(prepared.object.name.as_str(), filled.field.as_str())) {
                let key = Key { field: filled.field.clone(), value: filled.value.clone() };
                let question = Asked::default().add(&prepared.object, &[key]);
                if let Some(question) = question {
                    writers.entry(question).or_default().insert(*task);
                }
            }
        }
    }
    let by_another = |(task, question): &(usize, &Question)| {
        writers.get(*question).is_some_and(|writers| writers.iter().any(|writer| writer != task))
    };
    missing.into_iter().filter(by_another).map(|(task, _)| task).collect()
}

fn place(question: &Question) -> Option<(&str, &str)> {
    let (field, _) = question.values.first()?;
    Some((&question.object, field))
}

fn reference_key(object: &Describe, field: &str, value: &Value) -> Option<Key> {
    let field = object.field(field)?;
    match fit(value, field, TooLong::Refuse, Nulls::Leave) {
        Fit::Takes(value, None) => Some(Key { field: field.name.clone(), value }),
        Fit::Takes(_, Some(_)) | Fit::Silent | Fit::Unfit(_) | Fit::TooLong(_) => None,
    }
}
