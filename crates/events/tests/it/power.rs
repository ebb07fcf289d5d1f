//! The power goes while events are kept and settled.

use std::collections::BTreeSet;

use events::{Accepted, Ending, Queue};
use segments::CutDisk;

use crate::support::{clock, event, on, settlement};

/// What was promised before the power went.
#[derive(Default)]
struct Promised {
    kept: BTreeSet<String>,
    settled: BTreeSet<String>,
    /// Settled, as far as we asked for it.
    maybe: BTreeSet<String>,
}

/// Keeps and settles until the power goes.
async fn work(queue: &Queue, promised: &mut Promised) {
    for nth in 0..40 {
        let names = [format!("{nth}.0"), format!("{nth}.1"), format!("{}.0", nth / 2)];
        let Ok(accepted) = queue.accept(names.iter().map(|name| event(name)).collect()).await else { return };
        for (name, one) in names.iter().zip(accepted) {
            assert!(promised.kept.contains(name) == (one == Accepted::Repeated) || nth == 0);
            promised.kept.insert(name.clone());
        }
        if nth % 3 == 0 {
            let Ok(queued) = queue.next(5) else { return };
            let items: Vec<_> = queued.iter().map(|queued| settlement(queued.at, Ending::Done)).collect();
            let names: Vec<String> = queued.into_iter().map(|queued| queued.event.id).collect();
            promised.maybe.extend(names.clone());
            if queue.settle(items).await.is_err() {
                return;
            }
            promised.settled.extend(names);
        }
    }
}

#[tokio::test]
async fn nothing_that_was_acknowledged_is_lost_and_nothing_settled_comes_again() {
    let clock = clock();
    let mut cuts = 0;
    for changes in (0..150).step_by(3) {
        let disk = CutDisk::new();
        disk.cut_after(changes);
        let mut promised = Promised::default();
        if let Ok(queue) = on(&disk, &clock) {
            work(&queue, &mut promised).await;
        }
        for seed in 0..6 {
            let disk = disk.after_cut(changes * 100 + seed);
            let queue = on(&disk, &clock).expect("a power cut is no damage");
            let open: Vec<String> =
                queue.next(1_000).expect("reads back").into_iter().map(|queued| queued.event.id).collect();
            let names: BTreeSet<String> = open.iter().cloned().collect();
            assert_eq!(names.len(), open.len(), "cut {changes}, seed {seed}: something is there twice");
            assert!(names.is_disjoint(&promised.settled), "cut {changes}, seed {seed}: settled, and again");
            let accounted: BTreeSet<String> = names.union(&promised.maybe).cloned().collect();
            assert!(accounted.is_superset(&promised.kept), "cut {changes}, seed {seed}: lost");
            // The client that heard nothing sends again, and it is kept once.
            let again = queue.accept(promised.kept.iter().map(|name| event(name)).collect()).await.unwrap();
            assert!(again.iter().all(|one| *one == Accepted::Repeated), "cut {changes}, seed {seed}");
            cuts += 1;
        }
    }
    assert_eq!(cuts, 300);
}
