//! A person tries an event again or gives it up.

use std::sync::Arc;

use events::queue::{Decision, Found, Look, Tally};
use events::{Ending, Queue};
use model::Stamp;
use segments::CutDisk;

use crate::support::{NOW, clock, event, ids, on, settlement};

fn found(disk: &CutDisk, wanted: &str) -> Found {
    let look = Look::open_on(Arc::new(disk.clone())).expect("it opens");
    look.find(|seen| wanted.contains(&seen.event.id)).expect("it reads")
}

fn ending(disk: &CutDisk, id: &str) -> Option<Ending> {
    found(disk, id).events.first().expect("it is kept").settlement.as_ref().map(|last| last.ending)
}

async fn settle(queue: &Queue, endings: &[Ending]) {
    let queued = queue.next(100).expect("readable");
    assert_eq!(queued.len(), endings.len());
    let all = queued.iter().zip(endings).map(|(queued, ending)| settlement(queued.at, *ending));
    queue.settle(all.collect()).await.expect("settled");
}

#[tokio::test]
async fn a_dead_letter_is_tried_again_and_what_is_done_is_not() {
    let (disk, clock) = (CutDisk::new(), clock());
    let queue = on(&disk, &clock).unwrap();
    queue.accept(["a", "b", "c", "d"].map(event).to_vec()).await.unwrap();
    settle(&queue, &[Ending::NeedsPerson, Ending::Done, Ending::Ignored, Ending::Dropped]).await;
    assert_eq!(ids(&queue), [""; 0]);
    let decided = queue.decide(&found(&disk, "a b c d"), Decision::Retry).await.unwrap();
    assert_eq!((decided.decided.len(), decided.left_alone), (2, 2));
    drop(queue);
    let queue = on(&disk, &clock).unwrap();
    let again = queue.next(100).unwrap();
    let shown: Vec<_> = again.iter().map(|one| (one.event.id.as_str(), one.attempts)).collect();
    assert_eq!(shown, [("a", 0), ("d", 0)], "a restart later, as often as a new event");
}

#[tokio::test]
async fn what_is_given_up_is_not_handed_out_any_more() {
    let (disk, clock) = (CutDisk::new(), clock());
    let queue = on(&disk, &clock).unwrap();
    queue.accept(["a", "b", "c"].map(event).to_vec()).await.unwrap();
    let later = Ending::Waiting { until: Stamp::from_seconds(NOW) };
    settle(&queue, &[later, Ending::NeedsPerson, Ending::Done]).await;
    let decided = queue.decide(&found(&disk, "a b c"), Decision::Drop).await.unwrap();
    assert_eq!((decided.decided.len(), decided.left_alone), (2, 1));
    assert_eq!(ids(&queue), [""; 0]);
    assert_eq!((ending(&disk, "a"), ending(&disk, "c")), (Some(Ending::Dropped), Some(Ending::Done)));
    let again = queue.decide(&found(&disk, "a b"), Decision::Drop).await.unwrap();
    assert_eq!((again.decided.len(), again.left_alone), (0, 2), "nothing is decided twice");
}

#[tokio::test]
async fn whoever_delivers_an_event_meanwhile_has_the_last_word() {
    let (disk, clock) = (CutDisk::new(), clock());
    let queue = on(&disk, &clock).unwrap();
    queue.accept(["a", "b"].map(event).to_vec()).await.unwrap();
    let later = Ending::Waiting { until: Stamp::from_seconds(NOW) };
    settle(&queue, &[later, later]).await;
    let before = found(&disk, "a b");
    // One is settled since it was looked at, the other is on its way.
    let queued = queue.next(100).unwrap();
    queue.settle(vec![settlement(queued[0].at, Ending::Done)]).await.unwrap();
    for decision in [Decision::Drop, Decision::Retry] {
        let decided = queue.decide(&before, decision).await.unwrap();
        assert_eq!((decided.decided.len(), decided.left_alone), (0, 2), "{decision:?}");
    }
    assert_eq!(ending(&disk, "a"), Some(Ending::Done));
}

#[tokio::test]
async fn whoever_waits_for_events_learns_of_a_retry() {
    let (disk, clock) = (CutDisk::new(), clock());
    let queue = on(&disk, &clock).unwrap();
    queue.accept(vec![event("a")]).await.unwrap();
    settle(&queue, &[Ending::NeedsPerson]).await;
    let mut arrivals = queue.arrivals();
    arrivals.mark_unchanged();
    queue.decide(&found(&disk, "a"), Decision::Retry).await.unwrap();
    assert!(arrivals.has_changed().unwrap());
}

#[tokio::test]
async fn events_are_counted_by_how_they_stand_and_every_word_about_one_is_kept() {
    let (disk, clock) = (CutDisk::new(), clock());
    let queue = on(&disk, &clock).unwrap();
    queue.accept(["a", "b", "c", "d", "e"].map(event).to_vec()).await.unwrap();
    let waiting = Ending::Waiting { until: Stamp::from_seconds(NOW + 60) };
    settle(&queue, &[Ending::NeedsPerson, Ending::Done, Ending::Ignored, Ending::NeedsPerson, waiting]).await;
    queue.decide(&found(&disk, "d"), Decision::Drop).await.unwrap();
    queue.accept(vec![event("f")]).await.unwrap();
    let look = Look::open_on(Arc::new(disk.clone())).unwrap();
    let oldest = Some(Stamp::from_seconds(NOW));
    let wanted = Tally {
        open: 1,
        waiting: 1,
        done: 1,
        ignored: 1,
        needs_person: 1,
        dropped: 1,
        oldest_under_way: oldest,
        oldest_dead_letter: oldest,
    };
    assert_eq!(look.tally().unwrap(), wanted);
    let at = found(&disk, "d").events[0].at;
    let words: Vec<Ending> = look.history(at).unwrap().into_iter().map(|word| word.ending).collect();
    assert_eq!(words, [Ending::NeedsPerson, Ending::Dropped]);
}
