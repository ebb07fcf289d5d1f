//! Looks at the org and at the queue, and knows nothing of how events are delivered.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use events::Ending;
use events::queue::Look;
use serde_json::{Value, json};
use state::NoteKind;

use crate::story::{FIELDS, PEOPLE, Sums, email};
use crate::world::{Process, World};

/// What the events said.
#[derive(Debug, Default)]
pub struct Told {
    /// Per person and field the newest value.
    pub newest: BTreeMap<(usize, &'static str), String>,
    /// People some event was about.
    pub named: BTreeSet<usize>,
    /// Gifts, each of which is a Case.
    pub gifts: BTreeSet<String>,
    /// By event, the gift it takes back.
    pub taken_back: BTreeMap<String, String>,
}

pub fn check(world: &World, process: &Process, told: &Told, sums: &mut Sums, seed: u64) {
    people(world, told, sums, seed);
    let answers = queue(world, told, seed);
    gifts(world, told, &answers, sums, seed);
    for kind in [NoteKind::Sending, NoteKind::Settled] {
        let left = process.delivery.state.notes(kind, None, 10).expect("the state reads");
        assert!(left.is_empty(), "seed {seed}: {} notes are left of work that is done", left.len());
    }
}

/// One Lead for each person; in each field the newest value that was said, or what was there.
fn people(world: &World, told: &Told, sums: &mut Sums, seed: u64) {
    let leads = world.org.records("Lead");
    sums.leads += leads.len() as u64;
    let mut seen: BTreeMap<String, &Value> = BTreeMap::new();
    for lead in &leads {
        let address = lead["Email"].as_str().expect("an address").to_lowercase();
        assert!(seen.insert(address.clone(), lead).is_none(), "seed {seed}: two Leads of {address}");
    }
    for person in 0..PEOPLE {
        let was_there = person == 0;
        let lead = seen.remove(&email(person));
        assert_eq!(lead.is_some(), was_there || told.named.contains(&person), "seed {seed}: person {person}");
        let Some(lead) = lead else { continue };
        assert_eq!(lead["Company"], if was_there { "Kept" } else { "n/a" }, "seed {seed}, person {person}");
        for (_, field) in FIELDS {
            let before = if was_there && field == "Title" { json!("before") } else { Value::Null };
            let newest = told.newest.get(&(person, field)).map_or(before, |value| value.as_str().into());
            assert_eq!(lead[field], newest, "seed {seed}, person {person}, {field}");
        }
    }
    assert!(seen.is_empty(), "seed {seed}: somebody is invented");
}

/// One Case for each gift, ever, although no field of it is unique. It is gone exactly where an event that took it back says that
/// it deleted it (two that travel together both do); one that came too early says that there was nothing.
fn gifts(world: &World, told: &Told, answers: &BTreeMap<String, String>, sums: &mut Sums, seed: u64) {
    let ever = world.org.all_records("Case");
    sums.cases += ever.len() as u64;
    let subjects: Vec<&str> = ever.iter().filter_map(|case| case["Subject"].as_str()).collect();
    let once: BTreeSet<String> = subjects.iter().map(|subject| (*subject).to_owned()).collect();
    assert_eq!(once.len(), subjects.len(), "seed {seed}: a gift counts twice");
    assert_eq!(once, told.gifts, "seed {seed}: a gift is lost or invented");
    let living = world.org.records("Case");
    let living: BTreeSet<&str> = living.iter().filter_map(|case| case["Subject"].as_str()).collect();
    for gift in &told.gifts {
        let by = told.taken_back.iter().filter(|(_, taken)| *taken == gift).map(|(id, _)| &answers[id]);
        let (deleted, nothing): (Vec<_>, Vec<_>) = by.partition(|answer| *answer == "deleted");
        assert!(nothing.iter().all(|answer| *answer == "not_found"), "seed {seed}: {gift}: {nothing:?}");
        assert_eq!(deleted.is_empty(), living.contains(gift.as_str()), "seed {seed}: {gift}");
        sums.deleted += u64::from(!deleted.is_empty());
        sums.too_early += nothing.len() as u64;
    }
}

/// Every event is in the queue once, and at its end. What the last word on each is.
fn queue(world: &World, told: &Told, seed: u64) -> BTreeMap<String, String> {
    let look = Look::open_on(Arc::new(world.disk.clone())).expect("the queue opens");
    let mut answers = BTreeMap::new();
    look.for_each(|one| {
        let last = one.settlement.expect("settled");
        let outcomes = last.detail["outcomes"].as_array().expect("outcomes");
        assert_eq!(outcomes.len(), 1, "seed {seed}: {}", one.event.id);
        let answer = outcomes[0]["answer"].as_str().expect("an answer").to_owned();
        let wanted = if answer == "not_found" && told.taken_back.contains_key(&one.event.id) {
            Ending::NeedsPerson
        } else {
            Ending::Done
        };
        assert_eq!(last.ending, wanted, "seed {seed}: {}", one.event.id);
        let twice = answers.insert(one.event.id.clone(), answer);
        assert!(twice.is_none(), "seed {seed}: {} is kept twice", one.event.id);
        true
    })
    .expect("the queue reads");
    assert_eq!(answers.len(), 24, "seed {seed}: events");
    answers
}
