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
}

pub fn check(world: &World, process: &Process, told: &Told, sums: &mut Sums, seed: u64) {
    people(world, told, sums, seed);
    gifts(world, told, sums, seed);
    queue(world, seed);
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

/// One Case for each gift, although no field of it is unique.
fn gifts(world: &World, told: &Told, sums: &mut Sums, seed: u64) {
    let cases = world.org.records("Case");
    sums.cases += cases.len() as u64;
    let subjects: Vec<&str> = cases.iter().filter_map(|case| case["Subject"].as_str()).collect();
    let once: BTreeSet<String> = subjects.iter().map(|subject| (*subject).to_owned()).collect();
    assert_eq!(once.len(), subjects.len(), "seed {seed}: a gift counts twice");
    assert_eq!(once, told.gifts, "seed {seed}: a gift is lost or invented");
}

/// Every event is in the queue once, and done.
fn queue(world: &World, seed: u64) {
    let look = Look::open_on(Arc::new(world.disk.clone())).expect("the queue opens");
    let mut seen = BTreeSet::new();
    look.for_each(|one| {
        assert!(seen.insert(one.event.id.clone()), "seed {seed}: {} is kept twice", one.event.id);
        let ending = one.settlement.map(|last| last.ending);
        assert_eq!(ending, Some(Ending::Done), "seed {seed}: {}", one.event.id);
        true
    })
    .expect("the queue reads");
    assert_eq!(seen.len(), 24, "seed {seed}: events");
}
