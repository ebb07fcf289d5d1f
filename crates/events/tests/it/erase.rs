//! What was sent about one person is erased, whatever stands about it in the queue.

use std::time::Duration;

use events::queue::{Look, Person, Request};
use events::{Accepted, Ending, Event, Queue};
use segments::{CutDisk, Disk};
use serde_json::{Value, json};
use std::sync::Arc;

use crate::support::{clock, event, ids, on, settlement};

fn with(id: &str, members: Value) -> Event {
    let mut event = event(id);
    if let (Value::Object(body), Value::Object(members)) = (&mut event.body, members) {
        body.extend(members);
    }
    event.body["messageId"] = id.into();
    event.kind = events::Kind::ALL
        .into_iter()
        .find(|kind| Some(kind.word()) == event.body["type"].as_str())
        .expect("a kind");
    event
}

fn kims() -> Vec<Event> {
    vec![
        with("by user", json!({"userId": "10042", "anonymousId": "device-k"})),
        with("by device", json!({"userId": null, "anonymousId": "device-k"})),
        with("by address", json!({"userId": "web-7", "properties": {"who": [" Kim@Example.org "]}})),
        with(
            "says who",
            json!({"type": "identify", "userId": "web-8", "traits": {"email": "kim@example.org"}}),
        ),
        with("by what that said", json!({"userId": "web-8"})),
        with(
            "by Contact",
            json!({"userId": null, "anonymousId": "x", "properties": {"id": "0035F0000000001AAA"}}),
        ),
    ]
}

fn others() -> Vec<Event> {
    vec![
        with("another user", json!({"userId": "10043", "anonymousId": "device-k"})),
        with("a number", json!({"userId": "9", "properties": {"amount": "10042", "n": 10042}})),
        with("a text about them", json!({"userId": "9", "properties": {"note": "ask kim@example.org"}})),
        with("who once named them", json!({"userId": "web-7"})),
    ]
}

fn kim() -> Person {
    Person::default().with_user("10042").with_text("kim@example.org").with_text("0035f0000000001AAA")
}

fn all() -> Vec<Event> {
    kims()
        .into_iter()
        .zip(others())
        .flat_map(|(one, other)| [one, other])
        .chain(kims().split_off(4))
        .collect()
}

/// Every byte that lies on the disk.
fn bytes(disk: &CutDisk) -> Vec<u8> {
    let mut all = Vec::new();
    for name in disk.names().expect("it reads") {
        let file = disk.open(&name).expect("it reads");
        let mut content = vec![0; usize::try_from(file.size().expect("it reads")).expect("it reads")];
        let _ = file.read_at(&mut content, 0).expect("it reads");
        all.extend(content);
    }
    all
}

fn lies_there(disk: &CutDisk, text: &str) -> bool {
    bytes(disk).windows(text.len()).any(|window| window == text.as_bytes())
}

async fn erase(queue: &Queue, disk: &CutDisk) -> (usize, u64) {
    let found = Look::open_on(Arc::new(disk.clone())).expect("it reads").of_person(&kim()).expect("it reads");
    let erased = queue.erase(&found).await.expect("it reads");
    (erased.erased.len(), erased.on_their_way)
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_named_goes_and_nobody_else() {
    let (disk, clock) = (CutDisk::new(), clock());
    let queue = on(&disk, &clock).unwrap();
    queue.accept(all()).await.unwrap();
    assert!(lies_there(&disk, "device-k") && lies_there(&disk, "Kim@Example.org"));
    assert_eq!(erase(&queue, &disk).await, (6, 0));
    for gone in ["Kim@Example.org", "\"web-8\"", "0035F0000000001AAA", "by address"] {
        assert!(!lies_there(&disk, gone), "{gone} still lies there");
    }
    // THEN the others are handed out, now and after a restart, and nothing is left to erase.
    assert_eq!(queue.counts().unread, 4);
    let left = ["another user", "a number", "a text about them", "who once named them"];
    drop(queue);
    let queue = on(&disk, &clock).unwrap();
    assert_eq!(queue.counts().unread, 4);
    assert_eq!(ids(&queue), left);
    assert_eq!(erase(&queue, &disk).await, (0, 0));
    // AND what is sent once more is known.
    let again = queue.accept(kims()).await.unwrap();
    assert!(again.iter().all(|one| *one == Accepted::Repeated), "{again:?}");
    let look = Look::open_on(Arc::new(disk.clone())).unwrap();
    let tally = look.tally().unwrap();
    assert_eq!((tally.open, tally.dropped), (4, 6));
}

#[tokio::test(flavor = "multi_thread")]
async fn however_it_stands_and_what_is_on_its_way_is_left() {
    let (disk, clock) = (CutDisk::new(), clock());
    let queue = on(&disk, &clock).unwrap();
    let events: Vec<Event> = (0..6).map(|nth| with(&format!("k{nth}"), json!({"userId": "10042"}))).collect();
    queue.accept(events).await.unwrap();
    let handed = queue.next(5).unwrap();
    let until = clock.now().plus(Duration::from_secs(1));
    let endings = [Ending::Done, Ending::Ignored, Ending::NeedsPerson, Ending::Waiting { until }];
    let settled = handed.iter().zip(endings).map(|(one, ending)| settlement(one.at, ending)).collect();
    queue.settle(settled).await.unwrap();
    // WHEN one is done, one was for nobody, one is a dead letter, one waits, one is being delivered, and one was never handed out.
    assert_eq!(erase(&queue, &disk).await, (5, 1));
    assert!(lies_there(&disk, "10042"), "the one that is on its way");
    clock.advance(Duration::from_secs(60));
    assert!(queue.next(10).unwrap().is_empty(), "nobody is handed what is erased");
    queue.settle(vec![settlement(handed[4].at, Ending::Done)]).await.unwrap();
    assert_eq!(erase(&queue, &disk).await, (1, 0));
    assert!(!lies_there(&disk, "10042"));
    let tally = Look::open_on(Arc::new(disk.clone())).unwrap().tally().unwrap();
    assert_eq!((tally.done, tally.ignored, tally.dropped), (2, 1, 3));
    assert_eq!((tally.needs_person, tally.waiting, tally.open), (0, 0, 0));
    // AND it goes on: taken in, handed out, settled, after a restart as well.
    drop(queue);
    let queue = on(&disk, &clock).unwrap();
    queue.accept(vec![event("new")]).await.unwrap();
    assert_eq!(ids(&queue), ["new"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_holds_the_queue_erases_what_another_process_asks_for() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events");
    let queue = Queue::open(&path, events::QueueOptions::default()).unwrap();
    queue.accept(all()).await.unwrap();
    let found = Look::open(&path).unwrap().of_person(&kim()).unwrap();
    let request = Request::leave_erasure(&path, &found).unwrap();
    assert_eq!(request.answer().unwrap(), None);
    assert_eq!(Request::take_up_all(&queue, &path).await.unwrap(), 1);
    let done = request.answer().unwrap().expect("it was carried out");
    assert_eq!((done.decided.len(), done.left_alone), (6, 0));
    assert!(Look::open(&path).unwrap().of_person(&kim()).unwrap().events.is_empty());
    assert_eq!(queue.counts().unread, 4);
}
