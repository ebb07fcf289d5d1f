//! From the queue to records, and what the queue is told.

use std::time::Duration;

use actions::outcome::Answer;
use actions::run::{RunReport, RunSettings, drain};
use events::queue::{Look, Queue, QueueOptions};
use events::{Event, Kind, SourceName};
use model::{Clock, Stamp};
use serde_json::{Value, json};
use simorg::{Fault, Op};

use crate::support::{World, preset};

struct Line {
    dir: tempfile::TempDir,
    queue: Option<Queue>,
    clock: Clock,
    number: u32,
    /// Events that may wait; `None`: as many as usual.
    room: Option<usize>,
}

impl Line {
    fn new() -> Self {
        let clock = Clock::held(Stamp::parse("2026-10-05T13:00:00Z").unwrap());
        let mut line = Self { dir: tempfile::tempdir().unwrap(), queue: None, clock, number: 0, room: None };
        line.reopen();
        line
    }

    /// As a new process finds it.
    fn reopen(&mut self) {
        self.queue = None;
        let mut options = QueueOptions::default();
        options.log.clock = self.clock.clone();
        options.waiting = self.room.unwrap_or(options.waiting);
        self.queue = Some(Queue::open(&self.dir.path().join("events"), options).unwrap());
    }

    fn queue(&self) -> &Queue {
        self.queue.as_ref().unwrap()
    }

    async fn accept(&mut self, wanted: bool, traits: Value) {
        self.number += 1;
        let at =
            self.clock.now().minus(Duration::from_secs(60)).plus(Duration::from_secs(self.number.into()));
        let event = Event {
            source: SourceName::parse("web").unwrap(),
            kind: Kind::of_word("identify").unwrap(),
            id: format!("m{}", self.number),
            at,
            received_at: self.clock.now(),
            wanted,
            body: json!({"type": "identify", "messageId": format!("m{}", self.number), "userId": "u", "traits": traits,
                "integrations": {"Salesforce": true}}),
        };
        self.queue().accept(vec![event]).await.unwrap();
    }

    /// Why the last event came to what it came to.
    fn last_reason(&self) -> String {
        let (mut last, look) = (String::new(), Look::open(&self.dir.path().join("events")).unwrap());
        look.for_each(|seen| {
            let detail = seen.settlement.unwrap().detail;
            last = detail["outcomes"][0]["reason"].as_str().unwrap_or_default().to_owned();
            true
        })
        .unwrap();
        last
    }

    /// How each event stands, in order, with the first outcome's word.
    fn endings(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let look = Look::open(&self.dir.path().join("events")).unwrap();
        look.for_each(|seen| {
            let settlement = seen.settlement.unwrap();
            let word = settlement.detail["outcomes"][0]["answer"].as_str().unwrap_or_default().to_owned();
            found.push((settlement.ending.word().to_owned(), word));
            true
        })
        .unwrap();
        found
    }
}

async fn run(world: &World, line: &Line) -> RunReport {
    let cx = world.delivery(&preset("segment-classic")).await;
    let settings = RunSettings { tries: 3, ..RunSettings::default() };
    drain(&cx, line.queue(), &settings, &line.clock).await.unwrap()
}

fn pairs(of: &[(&str, &str)]) -> Vec<(String, String)> {
    of.iter().map(|(ending, word)| ((*ending).to_owned(), (*word).to_owned())).collect()
}

#[tokio::test]
async fn every_event_is_settled_once_and_a_person_is_asked_only_where_one_is_needed() {
    let (world, mut line) = (World::new().await, Line::new());
    let twin = json!({"LastName": "A", "Company": "C", "Email": "two@x.example"});
    world.seed("Lead", &[twin.clone(), twin]);
    line.accept(true, json!({"email": "a@x.example", "lastName": "Ash"})).await;
    line.accept(true, json!({"email": "two@x.example", "phone": "1"})).await;
    line.accept(true, json!({"lastName": "Nobody"})).await;
    line.accept(false, json!({"email": "b@x.example", "lastName": "Birch"})).await;
    let report = run(&world, &line).await;
    assert_eq!((report.events, report.for_a_person, report.waiting), (4, 2, 0));
    assert_eq!(report.answers.get(&Answer::Several), Some(&1));
    let wanted = [
        ("done", "created"),
        ("needs_person", "several"),
        ("needs_person", "invalid"),
        ("ignored", "ignored"),
    ];
    assert_eq!(line.endings(), pairs(&wanted));
    assert_eq!(line.last_reason(), "integrations does not ask for Salesforce");
    // Nothing is due any more, nor after a restart.
    line.reopen();
    assert_eq!(run(&world, &line).await.events, 0);
    assert_eq!(world.records("Lead").len(), 3);
}

#[tokio::test]
async fn what_fails_in_passing_is_tried_again_and_given_up_in_the_end() {
    let (world, mut line) = (World::new().await, Line::new());
    let id =
        world.seed("Lead", &[json!({"LastName": "A", "Company": "C", "Email": "a@x.example"})]).remove(0);
    world.org.lock(&id, Duration::from_secs(100_000)).unwrap();
    line.accept(true, json!({"email": "a@x.example", "phone": "1"})).await;
    for tries in 1..=3 {
        assert_eq!(run(&world, &line).await.events, 1, "try {tries}");
        assert_eq!(run(&world, &line).await.events, 0, "not due yet");
        line.clock.advance(Duration::from_secs(3_601));
        line.reopen();
    }
    assert_eq!(line.endings(), pairs(&[("needs_person", "given_up")]));
    assert_eq!(run(&world, &line).await.events, 0);
}

#[tokio::test]
async fn when_nothing_may_be_asked_a_run_ends_with_its_first_batch_and_nothing_is_lost() {
    let (mut world, mut line) = (World::of(scarce()).await, Line::new());
    line.room = Some(4);
    line.reopen();
    for nth in 0..9 {
        line.accept(true, json!({"email": format!("p{nth}@x.example"), "lastName": "Ash"})).await;
    }
    let mut cx = world.delivery(&preset("segment-classic")).await;
    cx.api_share = 0.01;
    let settings = RunSettings { batch: 2, ..RunSettings::default() };
    // GIVEN an allowance that is used up
    for round in 1..=4 {
        let report = drain(&cx, line.queue(), &settings, &line.clock).await.unwrap();
        // Two rounds fill the places there are for waiting.
        let wanted = if round > 2 { (0, 0) } else { (2, 2) };
        assert_eq!((report.events, report.waiting), wanted, "round {round}");
    }
    assert_eq!((line.queue().counts().waiting, line.queue().counts().unread), (4, 5));
    assert_eq!(world.records("Lead").len(), 0);
    // WHEN there is one again
    cx.api_share = 0.9;
    world.restart(&mut cx);
    line.reopen();
    line.clock.advance(Duration::from_secs(3_601));
    let report = drain(&cx, line.queue(), &settings, &line.clock).await.unwrap();
    // THEN every event becomes a record
    assert_eq!((report.events, report.waiting, world.records("Lead").len()), (9, 0, 9));
}

/// An org with few calls a day.
fn scarce() -> simorg::Settings {
    let mut settings = crate::support::settings();
    settings.limits.daily_api = 100;
    settings
}

#[tokio::test]
async fn an_answer_that_never_came_is_made_up_for_after_a_restart_without_a_second_record() {
    let (mut world, mut line) = (World::new().await, Line::new());
    line.accept(true, json!({"email": "a@x.example", "lastName": "Ash"})).await;
    world.org.fault(Op::CollectionCreate, Fault::DoThenDropReply);
    assert_eq!(run(&world, &line).await.waiting, 1);
    let mut cx = world.delivery(&preset("segment-classic")).await;
    world.restart(&mut cx);
    line.clock.advance(Duration::from_secs(3_601));
    line.reopen();
    assert_eq!(run(&world, &line).await.events, 1);
    assert_eq!((line.endings()[0].0.as_str(), world.records("Lead").len()), ("done", 1));
}
