//! `highwater intake` is killed again and again while clients send: what was acknowledged is there, once.
//!
//! HIGHWATER_INTAKE_EVENTS says how many events; 3,000 where it is not given, 100,000 and more in a deep run.

mod client;
mod program;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use events::queue::Look;
use events::{Ending, Queue, QueueOptions, Settlement};
use model::Clock;
use serde_json::{Value, json};

use client::send;
use program::Program;

/// Events in a batch.
const BATCH: usize = 25;
/// Clients at a time.
const CLIENTS: usize = 6;

fn wanted() -> usize {
    let said = std::env::var("HIGHWATER_INTAKE_EVENTS").ok();
    said.and_then(|text| text.parse().ok()).unwrap_or(3_000)
}

fn batch(nth: usize) -> String {
    let events: Vec<Value> = (0..BATCH)
        .map(|place| json!({ "type": "track", "userId": "u1", "event": "Gave", "messageId": format!("{nth}.{place}") }))
        .collect();
    json!({ "batch": events }).to_string()
}

/// Batches that nobody acknowledged yet, and those that somebody did.
struct Work {
    open: Mutex<Vec<usize>>,
    acknowledged: AtomicUsize,
    cut: AtomicBool,
}

impl Work {
    fn take(&self) -> Option<usize> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).pop()
    }

    fn give_back(&self, nth: usize) {
        self.open.lock().unwrap_or_else(PoisonError::into_inner).push(nth);
    }
}

/// Sends until there is nothing left or the program is gone. As an SDK does, what got no answer is sent again later.
fn client(work: &Work, address: &str) {
    while !work.cut.load(Ordering::SeqCst) {
        let Some(nth) = work.take() else { return };
        if send(address, &batch(nth)).is_some_and(|status| status == 200) {
            work.acknowledged.fetch_add(1, Ordering::SeqCst);
        } else {
            work.give_back(nth);
            return;
        }
    }
}

#[test]
fn killed_at_any_moment_nothing_acknowledged_is_lost_and_nothing_is_there_twice() {
    let batches = wanted().div_ceil(BATCH);
    let folder = tempfile::tempdir().unwrap();
    let work = Work {
        open: Mutex::new((0..batches).rev().collect()),
        acknowledged: AtomicUsize::new(0),
        cut: AtomicBool::new(false),
    };
    let mut kills = 0;
    // Each life ends after so many more acknowledgements; whoever sends at that moment learns nothing.
    let lives = [1, 7, 2, 13, 0, 21, 5, 34];
    while work.acknowledged.load(Ordering::SeqCst) < batches {
        let program = Program::start(folder.path());
        let share = (batches / 40).max(1);
        let until = work.acknowledged.load(Ordering::SeqCst) + lives[kills % lives.len()] * share / 4;
        work.cut.store(false, Ordering::SeqCst);
        std::thread::scope(|scope| {
            let clients: Vec<_> =
                (0..CLIENTS).map(|_| scope.spawn(|| client(&work, &program.address))).collect();
            while work.acknowledged.load(Ordering::SeqCst) <= until
                && !clients.iter().all(|one| one.is_finished())
            {
                std::thread::yield_now();
            }
            program.kill();
            work.cut.store(true, Ordering::SeqCst);
        });
        kills += 1;
        assert!(kills < 1_000, "it never gets done");
    }
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let look = Look::open(&folder.path().join("highwater-events")).unwrap();
    look.for_each(|one| {
        *seen.entry(one.event.id).or_default() += 1;
        true
    })
    .unwrap();
    let expected: BTreeSet<String> =
        (0..batches).flat_map(|nth| (0..BATCH).map(move |place| format!("{nth}.{place}"))).collect();
    let lost = expected.iter().filter(|id| !seen.contains_key(*id)).count();
    let twice = seen.values().filter(|count| **count > 1).count();
    assert_eq!((lost, twice, seen.len()), (0, 0, expected.len()), "lost, twice, all; after {kills} kills");
    assert!(kills >= 5, "only {kills} kills");
    applied_once(folder.path(), expected.len());
}

/// Whoever works on the queue and is stopped between any two batches gets every event once.
fn applied_once(folder: &std::path::Path, all: usize) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let mut applied: BTreeMap<String, usize> = BTreeMap::new();
    let step = (all / 30).max(1);
    loop {
        // A new opening each time is what a restart is.
        let queue = Queue::open(&folder.join("highwater-events"), QueueOptions::default()).expect("it opens");
        let queued = queue.next(step).expect("it reads");
        if queued.is_empty() {
            break;
        }
        let settled = queued.iter().map(|queued| Settlement {
            at: queued.at,
            ending: Ending::Done,
            attempts: 1,
            stamp: Clock::system().now(),
            detail: Value::Null,
        });
        runtime.block_on(queue.settle(settled.collect())).expect("it is settled");
        for one in queued {
            *applied.entry(one.event.id).or_default() += 1;
        }
    }
    assert_eq!(applied.len(), all);
    assert!(applied.values().all(|count| *count == 1));
}

#[test]
fn told_to_stop_it_answers_what_runs_and_ends_with_zero() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path());
    assert_eq!(send(&program.address, &batch(0)), Some(200));
    assert_eq!(send(&program.address, "{}"), Some(400));
    assert_eq!(program.stop(), Some(0));
    let mut kept = 0;
    let look = Look::open(&folder.path().join("highwater-events")).unwrap();
    look.for_each(|_| {
        kept += 1;
        true
    })
    .unwrap();
    assert_eq!(kept, BATCH);
}

#[test]
fn a_second_one_on_the_same_events_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let program = Program::start(folder.path());
    let (code, said) = program::refused(folder.path());
    assert_eq!(code, Some(4));
    assert!(said.contains("HW0703"), "{said}");
    drop(program);
}
