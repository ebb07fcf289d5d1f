//! Counting what is kept costs what came since it was last counted, and comes to what reading everything comes to.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use events::queue::{Decision, Look, Tally};
use events::{Ending, Queue};
use model::{Clock, Stamp};
use segments::{CutDisk, Disk, DiskFile};

use crate::support::{NOW, clock, event, on, settlement};

/// What reading every event and every word about it comes to.
fn read_all(disk: &CutDisk) -> (Tally, Vec<String>) {
    let (mut tally, mut dead) = (Tally::default(), Vec::new());
    let look = Look::open_on(Arc::new(disk.clone())).expect("a disk without faults");
    look.for_each(|seen| {
        let came = seen.event.received_at;
        let older = |known: Option<Stamp>| Some(known.map_or(came, |known| known.min(came)));
        match seen.settlement.map(|last| last.ending) {
            None => {
                tally.open += 1;
                tally.oldest_under_way = older(tally.oldest_under_way);
            }
            Some(Ending::Waiting { .. }) => {
                tally.waiting += 1;
                tally.oldest_under_way = older(tally.oldest_under_way);
            }
            Some(Ending::NeedsPerson) => {
                tally.needs_person += 1;
                tally.oldest_dead_letter = older(tally.oldest_dead_letter);
                dead.push(seen.event.id);
            }
            Some(Ending::Done) => tally.done += 1,
            Some(Ending::Ignored) => tally.ignored += 1,
            Some(Ending::Dropped) => tally.dropped += 1,
        }
        true
    })
    .expect("a disk without faults");
    (tally, dead)
}

/// What counting comes to.
fn counted(disk: &CutDisk) -> (Tally, Vec<String>) {
    let look = Look::open_on(Arc::new(disk.clone())).expect("a disk without faults");
    let mut dead = Vec::new();
    look.dead_letters(|seen| {
        assert_eq!(seen.settlement.map(|last| last.ending), Some(Ending::NeedsPerson));
        dead.push(seen.event.id);
        true
    })
    .expect("a disk without faults");
    (look.tally().expect("a disk without faults"), dead)
}

/// One of many, all from one seed.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

async fn something_happens(
    queue: Queue,
    disk: &mut CutDisk,
    clock: &Clock,
    chance: &mut Chance,
    ids: &mut u64,
) -> Queue {
    match chance.below(9) {
        0..=2 => {
            let some = 1 + chance.below(12);
            let first = *ids;
            let events = (0..some).map(|nth| event(&format!("{}", first + nth))).map(|mut event| {
                event.received_at = clock.now();
                event
            });
            queue.accept(events.collect()).await.expect("a disk without faults");
            *ids += some;
        }
        3..=4 => {
            let most = 1 + usize::try_from(chance.below(10)).expect("a disk without faults");
            let mut items = Vec::new();
            for queued in queue.next(most).expect("a disk without faults") {
                let ending = match chance.below(6) {
                    0..=1 => Ending::Done,
                    2 => Ending::Ignored,
                    3 => Ending::Waiting { until: clock.now() },
                    _ => Ending::NeedsPerson,
                };
                items.push(settlement(queued.at, ending));
            }
            queue.settle(items).await.expect("a disk without faults");
        }
        5 => {
            let look = Look::open_on(Arc::new(disk.clone())).expect("a disk without faults");
            let one_in = 1 + chance.below(4);
            let found = look.find(|_| chance.below(one_in) == 0).expect("a disk without faults");
            let decision = if chance.below(2) == 0 { Decision::Retry } else { Decision::Drop };
            queue.decide(&found, decision).await.expect("a disk without faults");
        }
        6 => queue.summarize().expect("a disk without faults"),
        7 => {
            clock.advance(Duration::from_secs(chance.below(40) * 3_600));
            queue.forget().expect("a disk without faults");
        }
        _ => {
            let cut = chance.below(3) == 0;
            drop(queue);
            if cut {
                *disk = disk.after_cut(chance.below(u64::MAX));
            }
            return on(disk, clock).expect("a disk without faults");
        }
    }
    queue
}

#[tokio::test]
async fn counting_comes_to_what_reading_everything_comes_to_whatever_happens() {
    let mut given_up = false;
    for seed in 1..=12 {
        let (mut disk, clock, mut ids) = (CutDisk::new(), clock(), 0);
        let mut chance = Chance(0x9e37_79b9 * seed);
        let mut queue = on(&disk, &clock).expect("a disk without faults");
        for step in 0..100 {
            queue = something_happens(queue, &mut disk, &clock, &mut chance, &mut ids).await;
            assert_eq!(counted(&disk), read_all(&disk), "seed {seed}, step {step}");
        }
        given_up |= !disk
            .names()
            .expect("a disk without faults")
            .iter()
            .any(|name| name.starts_with("00000000000000000001"));
    }
    assert!(given_up, "no story gave a segment up");
}

/// A disk that counts what is read from it.
#[derive(Clone)]
struct Counting(CutDisk, Arc<AtomicU64>);

struct CountingFile(Box<dyn DiskFile>, Arc<AtomicU64>);

impl Disk for Counting {
    fn names(&self) -> io::Result<Vec<String>> {
        self.0.names()
    }
    fn create(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        self.0.create(name)
    }
    fn open(&self, name: &str) -> io::Result<Box<dyn DiskFile>> {
        Ok(Box::new(CountingFile(self.0.open(name)?, Arc::clone(&self.1))))
    }
    fn rename(&self, from: &str, to: &str) -> io::Result<()> {
        self.0.rename(from, to)
    }
    fn remove(&self, name: &str) -> io::Result<()> {
        self.0.remove(name)
    }
    fn sync_names(&self) -> io::Result<()> {
        self.0.sync_names()
    }
}

impl DiskFile for CountingFile {
    fn size(&self) -> io::Result<u64> {
        self.0.size()
    }
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let read = self.0.read_at(into, offset)?;
        self.1.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
    fn write_all_at(&self, bytes: &[u8], offset: u64) -> io::Result<()> {
        self.0.write_all_at(bytes, offset)
    }
    fn cut(&self, bytes: u64) -> io::Result<()> {
        self.0.cut(bytes)
    }
    fn sync(&self) -> io::Result<()> {
        self.0.sync()
    }
}

/// Bytes read for the counts, where so many events are kept, three of which wait for a person.
async fn cost(events: u64) -> u64 {
    let (disk, clock) = (CutDisk::new(), clock());
    let queue = on(&disk, &clock).expect("a disk without faults");
    for some in 0..events / 500 {
        let ids = (0..500).map(|nth| event(&format!("{}", some * 500 + nth)));
        queue.accept(ids.collect()).await.expect("a disk without faults");
        let queued = queue.next(500).expect("a disk without faults");
        let dead = |nth: usize| some == 0 && nth < 3;
        let ending = |nth| if dead(nth) { Ending::NeedsPerson } else { Ending::Done };
        let items = queued.iter().enumerate().map(|(nth, queued)| settlement(queued.at, ending(nth)));
        queue.settle(items.collect()).await.expect("a disk without faults");
    }
    queue.summarize().expect("a disk without faults");
    let counting = Counting(disk, Arc::default());
    let look = Look::open_on(Arc::new(counting.clone())).expect("a disk without faults");
    let tally = look.tally().expect("a disk without faults");
    assert_eq!((tally.done, tally.needs_person), (events - 3, 3));
    let mut dead = 0;
    look.dead_letters(|_| {
        dead += 1;
        true
    })
    .expect("a disk without faults");
    assert_eq!(dead, 3);
    counting.1.load(Ordering::Relaxed)
}

#[tokio::test]
async fn counting_costs_the_same_however_many_events_are_kept() {
    let (few, many) = (cost(1_000).await, cost(40_000).await);

    assert!(many < few + 400 * 1_024, "{few} bytes, then {many}");
}

#[tokio::test]
async fn a_summary_that_does_not_read_back_is_worked_out_anew() {
    let (disk, clock) = (CutDisk::new(), clock());
    let queue = on(&disk, &clock).expect("a disk without faults");
    queue.accept((0..20).map(|id| event(&id.to_string())).collect()).await.expect("a disk without faults");
    let queued = queue.next(7).expect("a disk without faults");
    queue
        .settle(queued.iter().map(|one| settlement(one.at, Ending::NeedsPerson)).collect())
        .await
        .expect("a disk without faults");
    queue.summarize().expect("a disk without faults");
    let whole = read_all(&disk);
    assert_eq!((whole.0.open, whole.0.oldest_dead_letter), (13, Some(Stamp::from_seconds(NOW))));
    let name = disk
        .names()
        .expect("a disk without faults")
        .into_iter()
        .find(|name| name.ends_with(".aside"))
        .expect("a disk without faults");
    for at in 0..12 {
        let file = disk.open(&name).expect("a disk without faults");
        file.write_all_at(b"#", at * 9).expect("a disk without faults");
        assert_eq!(counted(&disk), whole, "{at}");
    }
    disk.remove(&name).expect("a disk without faults");
    assert_eq!(counted(&disk), whole);
}
