//! Kept once, handed out until it is settled, in order.

use std::time::Duration;

use events::queue::Look;
use events::{Accepted, Ending, Queue, QueueError};
use model::Stamp;
use segments::CutDisk;

use crate::support::{NOW, clock, event, ids, on, options, settlement};

#[tokio::test]
async fn an_event_is_kept_once_by_its_id_also_after_a_restart() {
    let (disk, clock) = (CutDisk::new(), clock());
    let queue = on(&disk, &clock).unwrap();
    let first = queue.accept(vec![event("a"), event("b"), event("a")]).await.unwrap();
    assert!(matches!(first[..], [Accepted::Kept(_), Accepted::Kept(_), Accepted::Repeated]));
    drop(queue);
    let queue = on(&disk, &clock).unwrap();
    let again = queue.accept(vec![event("b"), event("c")]).await.unwrap();
    assert!(matches!(again[..], [Accepted::Repeated, Accepted::Kept(_)]));
    assert_eq!(ids(&queue), ["a", "b", "c"]);
    // The window is over: an id may come again.
    clock.advance(Duration::from_secs(30 * 3_600));
    drop(queue);
    let queue = on(&disk, &clock).unwrap();
    assert!(matches!(queue.accept(vec![event("a")]).await.unwrap()[..], [Accepted::Kept(_)]));
}

#[tokio::test]
async fn one_id_offered_by_many_at_once_is_kept_once_and_everybody_learns_it_is() {
    let (disk, clock) = (CutDisk::new(), clock());
    let queue = on(&disk, &clock).unwrap();
    let offers: Vec<_> = (0..50)
        .map(|nth| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.accept(vec![event("same"), event(&format!("own {nth}"))]).await })
        })
        .collect();
    let mut kept = 0;
    for offer in offers {
        let accepted = offer.await.expect("an offer ends").unwrap();
        kept += accepted.iter().filter(|one| matches!(one, Accepted::Kept(_))).count();
    }
    assert_eq!(kept, 51);
    assert_eq!(ids(&queue).len(), 51);
}

#[tokio::test]
async fn when_keeping_fails_whoever_waited_for_it_keeps_it_instead() {
    let (disk, clock) = (CutDisk::new(), clock());
    let queue = on(&disk, &clock).unwrap();
    disk.set_room(Some(10));
    let offers: Vec<_> = (0..8)
        .map(|_| {
            let queue = queue.clone();
            tokio::spawn(async move { queue.accept(vec![event("same")]).await })
        })
        .collect();
    for offer in offers {
        assert_eq!(offer.await.expect("an offer ends"), Err(QueueError::Log(segments::Error::Full)));
    }
    disk.set_room(None);
    assert!(matches!(queue.accept(vec![event("same")]).await.unwrap()[..], [Accepted::Kept(_)]));
    assert_eq!(ids(&queue), ["same"]);
}

#[tokio::test]
async fn more_than_the_log_takes_at_once_is_kept_in_parts_and_a_part_that_was_kept_is_recognised() {
    let (disk, clock) = (CutDisk::new(), clock());
    let mut options = options(&clock);
    options.log.append_bytes = 1_000;
    let queue = Queue::open_on(std::sync::Arc::new(disk.clone()), options).unwrap();
    let names: Vec<String> = (0..40).map(|nth| format!("{nth:02}")).collect();
    let offered = || names.iter().map(|name| event(name)).collect::<Vec<_>>();
    // There is room for some parts of it.
    disk.set_room(Some(3_000));
    assert_eq!(queue.accept(offered()).await, Err(QueueError::Log(segments::Error::Full)));
    let kept = queue.counts().unread;
    assert!((1..40).contains(&kept), "{kept} kept");
    disk.set_room(None);
    let again = queue.accept(offered()).await.unwrap();
    assert_eq!(again.iter().filter(|one| **one == Accepted::Repeated).count() as u64, kept);
    assert_eq!(ids(&queue), names);
}

#[tokio::test]
async fn what_is_not_settled_is_handed_out_again_after_a_restart_and_nothing_else() {
    let (disk, clock) = (CutDisk::new(), clock());
    let queue = on(&disk, &clock).unwrap();
    let offered: Vec<_> = (0..20).map(|nth| event(&format!("{nth:02}"))).collect();
    queue.accept(offered).await.unwrap();
    let queued = queue.next(10).unwrap();
    assert_eq!(queued.len(), 10);
    assert_eq!(queue.next(3).unwrap().len(), 3, "others than the first ten");
    // Settled out of order: the third stays open.
    let done = queued.iter().enumerate().filter(|(nth, _)| *nth != 2);
    let done = done.map(|(_, queued)| settlement(queued.at, Ending::Done)).collect();
    queue.settle(done).await.unwrap();
    assert_eq!((queue.counts().unread, queue.counts().in_flight), (7, 4));
    drop(queue);
    let queue = on(&disk, &clock).unwrap();
    assert_eq!(queue.counts().unread, 11);
    let open = ids(&queue);
    let expected: Vec<String> = std::iter::once(2).chain(10..20).map(|nth| format!("{nth:02}")).collect();
    assert_eq!(open, expected);
    assert_eq!(ids(&queue), Vec::<String>::new());
}

#[tokio::test]
async fn what_waits_comes_again_when_it_is_due_and_keeps_its_number_of_attempts() {
    let (disk, clock) = (CutDisk::new(), clock());
    let queue = on(&disk, &clock).unwrap();
    queue.accept(vec![event("a"), event("b")]).await.unwrap();
    let queued = queue.next(10).unwrap();
    let until = Stamp::from_seconds(NOW + 60);
    let mut waits = settlement(queued[0].at, Ending::Waiting { until });
    waits.attempts = 3;
    queue.settle(vec![waits, settlement(queued[1].at, Ending::Done)]).await.unwrap();
    assert_eq!(queue.next(10).unwrap(), []);
    drop(queue);
    let queue = on(&disk, &clock).unwrap();
    assert_eq!((queue.counts().unread, queue.counts().waiting), (0, 1));
    assert_eq!(queue.next(10).unwrap(), []);
    clock.advance(Duration::from_secs(60));
    let due = queue.next(10).unwrap();
    assert_eq!((due.len(), due[0].event.id.as_str(), due[0].attempts), (1, "a", 3));
    assert_eq!(queue.next(10).unwrap(), [], "it is in flight");
    queue.settle(vec![settlement(due[0].at, Ending::NeedsPerson)]).await.unwrap();
    assert_eq!(queue.counts().waiting, 0);
    // A person tries it again.
    queue.settle(vec![settlement(due[0].at, Ending::Waiting { until })]).await.unwrap();
    assert_eq!(ids(&queue), ["a"]);
}

#[tokio::test]
async fn a_full_waiting_room_takes_nobody_new() {
    let (disk, clock) = (CutDisk::new(), clock());
    let options = events::QueueOptions { waiting: 2, ..options(&clock) };
    let queue = Queue::open_on(std::sync::Arc::new(disk), options).unwrap();
    queue.accept(vec![event("p")]).await.unwrap();
    let asked = queue.next(10).unwrap().remove(0).at;
    queue.settle(vec![settlement(asked, Ending::NeedsPerson)]).await.unwrap();
    queue.accept(vec![event("a"), event("b"), event("c")]).await.unwrap();
    let queued = queue.next(10).unwrap();
    let until = Stamp::from_seconds(NOW + 60);
    let waits = |nth: usize| settlement(queued[nth].at, Ending::Waiting { until });
    // Nobody is handed out who could not come back, and nobody else takes the place of one who is.
    assert_eq!(queued.iter().map(|one| one.event.id.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let again = || settlement(asked, Ending::Waiting { until });
    assert_eq!(queue.settle(vec![again()]).await, Err(QueueError::TooManyWaiting(0)));
    queue.settle(vec![waits(0), waits(1)]).await.unwrap();
    assert_eq!((ids(&queue), queue.counts().unread), (Vec::new(), 1));
    assert_eq!(queue.settle(vec![again()]).await, Err(QueueError::TooManyWaiting(2)));
    queue.settle(vec![waits(0)]).await.unwrap();
    clock.advance(Duration::from_secs(60));
    assert_eq!(ids(&queue), ["a", "b"], "what waits has its place");
    queue.settle(vec![settlement(queued[0].at, Ending::Done)]).await.unwrap();
    assert_eq!(ids(&queue), ["c"]);
}

#[tokio::test]
async fn old_settled_events_go_and_open_ones_stay() {
    let (disk, clock) = (CutDisk::new(), clock());
    let queue = on(&disk, &clock).unwrap();
    let mut places = Vec::new();
    for nth in 0..100 {
        let accepted = queue.accept(vec![event(&format!("{nth:02}"))]).await.unwrap();
        if let [Accepted::Kept(at)] = accepted[..] {
            places.push(at);
        }
    }
    clock.advance(Duration::from_secs(48 * 3_600));
    assert_eq!(queue.forget().unwrap(), 0, "nothing is settled");
    let queued = queue.next(1_000).unwrap();
    let done = queued.iter().enumerate().filter(|(nth, _)| *nth != 50);
    queue.settle(done.map(|(_, queued)| settlement(queued.at, Ending::Done)).collect()).await.unwrap();
    assert_eq!(queue.forget().unwrap(), places[50].segment - 1);
    assert!(matches!(queue.event_at(places[0]), Err(QueueError::NoEvent(_))));
    assert_eq!(queue.event_at(places[50]).unwrap().id, "50");
    drop(queue);
    let queue = on(&disk, &clock).unwrap();
    assert_eq!(ids(&queue), ["50"]);
    queue.settle(vec![settlement(places[50], Ending::Done)]).await.unwrap();
    assert!(queue.forget().unwrap() > 0);
    drop(queue);
    assert_eq!(on(&disk, &clock).unwrap().counts(), events::queue::Counts::default());
}

#[tokio::test]
async fn whoever_looks_sees_every_event_with_the_last_word_about_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("events");
    let clock = clock();
    let queue = Queue::open(&path, options(&clock)).unwrap();
    queue.accept(vec![event("a"), event("b"), event("c")]).await.unwrap();
    let queued = queue.next(2).unwrap();
    queue.settle(vec![settlement(queued[0].at, Ending::NeedsPerson)]).await.unwrap();
    queue.settle(vec![settlement(queued[0].at, Ending::Dropped)]).await.unwrap();
    let mut seen = Vec::new();
    let look = Look::open(&path).unwrap();
    look.for_each(|one| {
        seen.push((one.event.id, one.settlement.map(|settlement| settlement.ending.word())));
        true
    })
    .unwrap();
    assert_eq!(seen, [("a".to_owned(), Some("dropped")), ("b".to_owned(), None), ("c".to_owned(), None)]);
}
