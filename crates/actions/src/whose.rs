//! Which record is meant, once the org has answered: the branches of every operation.

use std::collections::BTreeSet;

use model::SalesforceId;

use crate::action::{Converted, Operation};
use crate::check::Prepared;
use crate::collapse::{Target, for_contact};
use crate::deliver::{Batch, Delivery, Questions, Replies};
use crate::evaluate::Wish;
use crate::fatal::Fatal;
use crate::outcome::{Answer, Outcome};
use crate::question::{Hit, Question};
use crate::send::{deleted_before, sending_since};
use crate::stamps::Stamps;

/// Which record a task is for.
pub(crate) fn target(
    cx: &Delivery,
    batch: &mut Batch<'_>,
    task: usize,
    questions: &Questions,
    answers: &Replies,
    coming: &mut Coming,
) -> Result<Result<Target, Box<Outcome>>, Fatal> {
    let prepared = &cx.actions[batch.tasks[task].action];
    let object = prepared.object.name.clone();
    if prepared.action.operation == Operation::Delete
        && let Some(id) = deleted_before(cx, batch, task)?
    {
        return Ok(Ok(Target::Record(object, id)));
    }
    let asked = questions.get(&task).map_or(&[][..], Vec::as_slice);
    if asked.iter().any(Option::is_none) {
        let outcome = batch.outcome(task, &object, Answer::Invalid);
        return Ok(Err(Box::new(outcome.because("no query can tell which record is meant"))));
    }
    let asked: Vec<&Question> = asked.iter().flatten().collect();
    let is_new = matches!(batch.tasks[task].wanted.wish, Wish::New);
    let answers = if is_new { &answers.sent } else { &answers.found };
    let mut hits: Vec<Hit> = asked.iter().filter_map(|one| answers.get(*one)).flatten().cloned().collect();
    hits.sort_by_key(|hit| hit.id);
    hits.dedup_by_key(|hit| hit.id);
    match &batch.tasks[task].wanted.wish {
        Wish::New => {
            if asked.is_empty() {
                return Ok(Ok(Target::New(object, Vec::new())));
            }
            let since = sending_since(cx, batch, task)?;
            hits.retain(|hit| hit.created.is_none_or(|created| created >= since));
            let Some(hit) = made_before(cx, &hits, coming)? else {
                return Ok(Ok(Target::New(object, Vec::new())));
            };
            batch.tasks[task].made_before = true;
            if hit.deleted {
                let made = batch.outcome(task, &object, Answer::Created).on(hit.id);
                return Ok(Err(Box::new(made.because("it was deleted since"))));
            }
            return Ok(Ok(Target::Record(object, hit.id)));
        }
        Wish::Record(id) if prepared.contact.is_none() => return Ok(Ok(Target::Record(object, *id))),
        Wish::Record(_) | Wish::All(_) | Wish::Any(_) => {}
    }
    let named = matches!(batch.tasks[task].wanted.wish, Wish::Record(_));
    let creates = prepared.action.operation == Operation::Upsert && !named;
    let living: Vec<&Hit> = hits.iter().filter(|hit| hit.converted.is_none()).collect();
    Ok(match (living.as_slice(), hits.as_slice()) {
        ([hit], _) => Ok(Target::Record(object, hit.id)),
        ([], []) if creates => Ok(Target::New(object, asked.into_iter().cloned().collect())),
        // An earlier event of this batch is about to make it.
        ([], []) if asked.iter().any(|one| coming.asked.contains(*one)) => {
            Ok(Target::New(object, asked.into_iter().cloned().collect()))
        }
        ([], []) => {
            Err(Box::new(batch.outcome(task, &object, Answer::NotFound).because("no record matches")))
        }
        ([], converted) => of_converted(prepared, batch, task, converted),
        (several, _) => {
            let reason = format!("{} records match", several.len());
            Err(Box::new(batch.outcome(task, &object, Answer::Several).because(reason)))
        }
    })
}

/// What a batch is about to make, and what it found that an earlier attempt had made.
#[derive(Default)]
pub(crate) struct Coming {
    pub(crate) asked: BTreeSet<Question>,
    taken: BTreeSet<SalesforceId>,
}

/// The record that an earlier attempt made, of which no answer came back: it was made since, has the values that were sent, and
/// no event is known to have written it.
fn made_before<'h>(cx: &Delivery, hits: &'h [Hit], coming: &mut Coming) -> Result<Option<&'h Hit>, Fatal> {
    let ids: Vec<SalesforceId> = hits.iter().map(|hit| hit.id).collect();
    let stamps = Stamps::load(&cx.state, &ids)?;
    let free = hits.iter().zip(stamps).filter(|(_, stamps)| *stamps == Stamps::default());
    let free = free.map(|(hit, _)| hit).find(|hit| !coming.taken.contains(&hit.id));
    coming.taken.extend(free.map(|hit| hit.id));
    Ok(free)
}

/// Only converted Leads match: their one Contact, where that is wanted.
fn of_converted(
    prepared: &Prepared,
    batch: &mut Batch<'_>,
    task: usize,
    hits: &[Hit],
) -> Result<Target, Box<Outcome>> {
    let refused = |batch: &Batch<'_>, answer, reason: &str| {
        Err(Box::new(batch.outcome(task, "Lead", answer).because(reason)))
    };
    let Some(contact) = prepared.contact.as_ref().filter(|_| prepared.action.converted == Converted::Contact)
    else {
        return refused(batch, Answer::Refused, "the Lead was converted");
    };
    if prepared.action.operation == Operation::Delete {
        return refused(batch, Answer::Refused, "the Lead was converted; its Contact is not deleted");
    }
    let contacts: BTreeSet<_> = hits.iter().filter_map(|hit| hit.converted.flatten()).collect();
    let mut contacts = contacts.into_iter();
    match (contacts.next(), contacts.next()) {
        (Some(only), None) => {
            batch.tasks[task].wanted = for_contact(&batch.tasks[task].wanted, contact);
            Ok(Target::Record(contact.name.clone(), only.into()))
        }
        (Some(_), Some(_)) => refused(batch, Answer::Several, "Leads converted to several Contacts match"),
        (None, _) => refused(batch, Answer::Refused, "the Lead was converted, and its Contact is not shown"),
    }
}
