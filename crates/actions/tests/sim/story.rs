//! One story: what happens, from its seed.

use std::collections::VecDeque;
use std::time::Duration;

use actions::run::{RunSettings, drain};
use events::{Envelope, Event, FlagRule, Limits, SourceName, read_event};
use model::Stamp;
use serde_json::{Value, json};

use crate::checker::{Told, check};
use crate::random::Random;
use crate::world::{Process, World};

/// Trait and field.
pub const FIELDS: [(&str, &str); 3] = [("phone", "Phone"), ("title", "Title"), ("city", "City")];
pub const PEOPLE: usize = 4;
const EVENTS: u32 = 24;
/// How often whatever waits may be delivered again before it counts as stuck.
const PATIENCE: usize = 80;
/// Rounds in which things go wrong.
const TROUBLE: usize = 14;

/// What happened in all stories.
#[derive(Debug, Default)]
pub struct Sums {
    pub deaths: u64,
    pub power_cuts: u64,
    pub faults: u64,
    pub jobs: u64,
    pub leads: u64,
    pub cases: u64,
    pub deleted: u64,
    pub too_early: u64,
}

impl Sums {
    pub fn add(&mut self, other: &Self) {
        self.deaths += other.deaths;
        self.power_cuts += other.power_cuts;
        self.faults += other.faults;
        self.jobs += other.jobs;
        self.leads += other.leads;
        self.cases += other.cases;
        self.deleted += other.deleted;
        self.too_early += other.too_early;
    }
}

pub fn email(person: usize) -> String {
    format!("p{person}@x.example")
}

/// An event at a second nobody else has.
fn event(random: &mut Random, second: u32, told: &mut Told) -> Value {
    let time = format!("2026-10-05T12:00:{second:02}Z");
    let id = format!("m{second}");
    if random.percent(12) && !told.gifts.is_empty() {
        let gift = told.gifts.iter().nth(random.below(told.gifts.len())).expect("one of them").clone();
        told.taken_back.insert(id.clone(), gift.clone());
        let body = json!({"gift": gift});
        return json!({"type": "track", "event": "Took back", "userId": "u", "messageId": id, "timestamp": time, "properties": body});
    }
    if random.percent(25) {
        told.gifts.insert(format!("gift {id}"));
        let gift = json!({"gift": format!("gift {id}")});
        return json!({"type": "track", "event": "Gave", "userId": "u", "messageId": id, "timestamp": time, "properties": gift});
    }
    let person = random.below(PEOPLE);
    told.named.insert(person);
    let address = if random.percent(30) { email(person).to_uppercase() } else { email(person) };
    let mut traits = json!({"email": address, "lastName": format!("Person{person}")});
    for (name, field) in FIELDS {
        match random.below(4) {
            0 => {
                let value = format!("v{second}");
                traits[name] = Value::from(value.clone());
                // Seconds rise as events are made up; only their arrival is out of order.
                told.newest.insert((person, field), value);
            }
            1 => traits[name] = Value::Null,
            _ => {}
        }
    }
    json!({"type": "identify", "userId": "u", "messageId": id, "timestamp": time, "traits": traits, "integrations": {"Salesforce": true}})
}

fn read(body: &Value, received_at: Stamp) -> Event {
    let source = SourceName::parse("web").expect("a name");
    let envelope = Envelope {
        source: &source,
        kind: None,
        context: None,
        integrations: None,
        sent_at: None,
        received_at,
        flag: FlagRule::Optional,
    };
    read_event(body.to_string().as_bytes(), &envelope, &Limits::default()).expect("an event")
}

pub async fn run(seed: u64) -> Sums {
    let mut random = Random::new(seed);
    let direct_calls = if random.percent(40) { 0 } else { 5 };
    let mut world = World::new(seed, direct_calls);
    let (mut told, mut sums) = (Told::default(), Sums::default());
    // GIVEN somebody who is there already, with a value of their own
    let before = json!({"LastName": "Before", "Company": "Kept", "Email": email(0), "Title": "before"});
    world.org.seed("Lead", vec![before.as_object().expect("an object").clone()]).expect("seeded");
    let mut made: Vec<Value> = (1..=EVENTS).map(|second| event(&mut random, second, &mut told)).collect();
    let mut outside: VecDeque<Value> = VecDeque::new();
    while !made.is_empty() {
        // Late and early, and now and then twice.
        let next = made.swap_remove(random.below(made.len()));
        if random.percent(12) {
            outside.push_back(next.clone());
        }
        outside.push_back(next);
    }
    let mut process = world.start().await;
    let mut rounds = 0;
    loop {
        rounds += 1;
        assert!(rounds < PATIENCE, "seed {seed}: something is stuck");
        let trouble = rounds <= TROUBLE;
        process = arrive(&mut world, process, &mut random, &mut outside, trouble, &mut sums).await;
        let worked = deliver(&world, process, &mut random, trouble, &mut sums).await;
        process = worked.0;
        world.clock.advance(Duration::from_secs(3_601));
        if outside.is_empty() && worked.1 && !trouble {
            break;
        }
    }
    sums.faults = world.net.wrong();
    sums.jobs = world.org.jobs().len() as u64;
    check(&world, &process, &told, &mut sums, seed);
    sums
}

/// Some events come in; the power may go meanwhile, and whoever heard nothing sends again.
async fn arrive(
    world: &mut World,
    process: Process,
    random: &mut Random,
    outside: &mut VecDeque<Value>,
    trouble: bool,
    sums: &mut Sums,
) -> Process {
    let some: Vec<Value> = outside.drain(..outside.len().min(random.below(8))).collect();
    if some.is_empty() {
        return process;
    }
    let events = some.iter().map(|body| read(body, world.clock.now())).collect();
    if trouble && random.percent(15) {
        world.disk.cut_after(random.next() % 4);
        if process.queue.accept(events).await.is_err() {
            for body in some.into_iter().rev() {
                outside.push_front(body);
            }
        }
        sums.power_cuts += 1;
        drop(process);
        world.disk = world.disk.after_cut(random.next());
        return world.start().await;
    }
    process.queue.accept(events).await.expect("kept");
    process
}

/// One delivery. Whether nothing is left to do.
async fn deliver(
    world: &World,
    process: Process,
    random: &mut Random,
    trouble: bool,
    sums: &mut Sums,
) -> (Process, bool) {
    world.net.faults(if trouble { [0, 5, 25][random.below(3)] } else { 0 });
    let dies = trouble && random.percent(35);
    world.net.dies_in(dies.then(|| (1 + u32::try_from(random.below(12)).expect("few"), random.percent(50))));
    let settings = RunSettings { batch: 1 + random.below(30), tries: 1_000, wait: Duration::from_secs(30) };
    let died = {
        let work = drain(&process.delivery, &process.queue, &settings, &world.clock);
        tokio::select! {
            biased;
            () = world.net.death.notified() => true,
            drained = work => {
                // What passes is tried again; anything else ends the service, and shows here as something stuck.
                let _ = drained;
                false
            }
        }
    };
    world.net.faults(0);
    world.net.dies_in(None);
    let counts = process.queue.counts();
    let idle = !died && counts.unread + counts.waiting + counts.in_flight == 0;
    if died || trouble && random.percent(10) {
        sums.deaths += u64::from(died);
        drop(process);
        return (world.start().await, idle);
    }
    (process, idle)
}
