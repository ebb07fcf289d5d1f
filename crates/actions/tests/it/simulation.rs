//! Events in any order, some twice, some whose answer is lost, some behind a restart; and a checker that knows nothing of how they
//! are delivered: per person and field the newest event's value stays, nothing is invented, nothing is cleared that was only absent.

use std::collections::BTreeMap;

use actions::deliver::deliver;
use actions::incoming::Incoming;
use actions::outcome::Answer;
use serde_json::{Value, json};
use simorg::{Fault, Op};

use crate::support::{World, preset};

/// Trait and field.
const FIELDS: [(&str, &str); 4] =
    [("phone", "Phone"), ("title", "Title"), ("city", "City"), ("testProp", "testProp__c")];
const PEOPLE: u64 = 12;
const EVENTS: u32 = 120;
/// How often whatever waits may be delivered again before it counts as stuck.
const PATIENCE: usize = 60;

/// A small generator: the whole run comes from its seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

/// What must be there in the end: per person and field the newest time and value.
type Wanted = BTreeMap<(u64, &'static str), (u32, Value)>;

fn email(person: u64) -> String {
    format!("p{person}@x.example")
}

/// An event about somebody that carries some of the fields, at a second nobody else has.
fn event(world: &mut World, chance: &mut Chance, second: u32, wanted: &mut Wanted) -> Incoming {
    let person = chance.below(PEOPLE);
    let address = if chance.below(3) == 0 { email(person).to_uppercase() } else { email(person) };
    let mut traits = json!({"email": address, "lastName": format!("Person{person}")});
    for (name, field) in FIELDS {
        match chance.below(4) {
            0 => {
                let value = Value::from(format!("v{second}"));
                traits[name] = value.clone();
                let newest = wanted.entry((person, field)).or_insert((second, value.clone()));
                if newest.0 < second {
                    *newest = (second, value);
                }
            }
            1 => traits[name] = Value::Null,
            _ => {}
        }
    }
    world.event(second, json!({"type": "identify", "traits": traits}))
}

async fn run(seed: u64) {
    let mut world = World::new().await;
    let mut chance = Chance(seed);
    let mut wanted = Wanted::new();
    // GIVEN some people who are there already, with values of their own
    for person in 0..PEOPLE / 3 {
        world.seed(
            "Lead",
            &[json!({"LastName": "Before", "Company": "Kept", "Email": email(person), "Title": "before"})],
        );
    }
    let mut cx = world.delivery(&preset("segment-classic")).await;
    let mut open: Vec<Incoming> = Vec::new();
    for second in 0..EVENTS {
        let made = event(&mut world, &mut chance, second, &mut wanted);
        // Late, early, and now and then twice.
        let at = usize::try_from(chance.below(open.len() as u64 + 1)).unwrap();
        open.insert(at, made.clone());
        if chance.below(8) == 0 {
            open.push(made);
        }
    }
    // WHEN they are delivered in batches of any size, with trouble in between
    let mut rounds = 0;
    while !open.is_empty() {
        rounds += 1;
        assert!(rounds < PATIENCE, "seed {seed}: {} events are stuck", open.len());
        let trouble = [Op::CollectionCreate, Op::CollectionUpdate, Op::Query];
        if chance.below(3) == 0 && rounds < PATIENCE / 2 {
            let op = trouble[usize::try_from(chance.below(3)).unwrap()];
            world.org.fault(op, Fault::DoThenDropReply);
        }
        if chance.below(4) == 0 {
            world.restart(&mut cx);
        }
        let rest = open.split_off(open.len().min(1 + usize::try_from(chance.below(40)).unwrap()));
        let batch = std::mem::replace(&mut open, rest);
        let outcomes = deliver(&cx, &batch).await.unwrap().outcomes;
        for (event, outcomes) in batch.into_iter().zip(outcomes) {
            match outcomes[0].answer {
                Answer::Waiting => open.push(event),
                Answer::Created | Answer::Updated | Answer::Superseded => {}
                other @ (Answer::Deleted
                | Answer::Ignored
                | Answer::Several
                | Answer::Refused
                | Answer::NotFound
                | Answer::Duplicate
                | Answer::Invalid
                | Answer::GivenUp) => panic!("seed {seed}: {} ended as {}", event.id, other.code()),
            }
        }
    }
    world.org.clear_faults();
    check(&world, &wanted, seed);
}

/// Looks at the org alone.
fn check(world: &World, wanted: &Wanted, seed: u64) {
    let leads = world.records("Lead");
    let mut seen = BTreeMap::new();
    for lead in &leads {
        let address = lead["Email"].as_str().unwrap().to_lowercase();
        assert!(seen.insert(address.clone(), lead).is_none(), "seed {seed}: two Leads of {address}");
    }
    for person in 0..PEOPLE {
        let Some(lead) = seen.get(&email(person)) else {
            let named = wanted.keys().any(|(who, _)| *who == person);
            assert!(!named, "seed {seed}: person {person} is missing");
            continue;
        };
        let was_there = person < PEOPLE / 3;
        assert_eq!(lead["Company"], if was_there { "Kept" } else { "n/a" }, "seed {seed}, person {person}");
        for (_, field) in FIELDS {
            let before = if was_there && field == "Title" { json!("before") } else { Value::Null };
            let newest = wanted.get(&(person, field)).map_or(before, |(_, value)| value.clone());
            assert_eq!(lead[field], newest, "seed {seed}, person {person}, {field}");
        }
    }
}

#[tokio::test]
async fn in_whatever_order_events_come_the_newest_value_of_each_field_stays() {
    let seeds = std::env::var("ACTIONS_SEEDS").ok().and_then(|text| text.parse().ok()).unwrap_or(6);
    for seed in 1..=seeds {
        run(seed).await;
    }
}
