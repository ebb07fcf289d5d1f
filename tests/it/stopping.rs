//! Told to stop, a cycle begins no new effect and ends; whatever it had begun is settled by the next one.

use std::sync::Arc;

use e2e::{Harness, Person};
use model::Phase;
use plan::{Progress, Stretch};
use service::request::Mode;
use tokio_util::sync::CancellationToken;

/// Tells the cycle to stop when a stretch of it begins.
struct StopAt(Stretch, CancellationToken);

impl Progress for StopAt {
    fn begin(&self, stretch: Stretch, _: Option<u64>) {
        if stretch == self.0 {
            self.1.cancel();
        }
    }
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

fn stop_at(h: &mut Harness, stretch: Stretch) {
    h.sides.stop = CancellationToken::new();
    h.sides.progress = Arc::new(StopAt(stretch, h.sides.stop.clone()));
}

fn go_on(h: &mut Harness) {
    h.sides.stop = CancellationToken::new();
    h.sides.progress = Arc::new(plan::Quiet);
}

fn ingest_jobs(h: &Harness) -> usize {
    h.org.admin().jobs().iter().filter(|job| job.kind == "V2Ingest").count()
}

#[tokio::test]
async fn wherever_it_is_told_to_stop_it_ends_in_order_and_the_next_cycle_goes_on() {
    for stretch in [
        Stretch::DiscoverContacts,
        Stretch::DiscoverSupporters,
        Stretch::Decide,
        Stretch::Directory,
        Stretch::Job,
        Stretch::Settle,
    ] {
        let mut h = Harness::start().await;
        let mut settings = (*h.sides.settings).clone();
        settings.directory_from = 1;
        h.sides.settings = Arc::new(settings);
        h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
        h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
        stop_at(&mut h, stretch);
        let report = h.sync().await;
        assert!(report.stopped, "{stretch:?}");
        let begun = stretch == Stretch::Settle;
        assert_eq!(h.contacts().len(), if begun { 2 } else { 0 }, "{stretch:?}: {report:?}");
        assert!(h.sides.state.journal().unwrap().is_empty(), "{stretch:?}");
        go_on(&mut h);
        h.sync().await;
        assert_eq!(h.contacts().len(), 2, "{stretch:?}");
        assert!(h.link(1).is_some() && h.link(2).is_some(), "{stretch:?}");
        assert!(h.sync().await.wrote_nothing(), "{stretch:?}");
        assert_eq!(ingest_jobs(&h), 1, "{stretch:?}");
    }
}

#[tokio::test]
async fn a_restarted_service_knows_when_the_last_cycle_began_that_ended_well() {
    let mut h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    let last = |h: &Harness| h.sides.state.progress().expect("the state").cycle;
    // One that was told to stop did not see everybody, and a slot it began in is made up for.
    stop_at(&mut h, Stretch::DiscoverSupporters);
    h.sync().await;
    assert_eq!(last(&h), None);
    go_on(&mut h);
    let before = h.sides.clock.now();
    let report = h.sync().await;
    let known = last(&h).unwrap();
    assert_eq!(known.cycle, report.cycle);
    assert!((before..=h.sides.clock.now()).contains(&known.at));
    // One direction alone, and one person alone, are no cycle of the schedule.
    let push = h.run(Mode::Push).await;
    h.resync(1).await;
    assert_eq!(last(&h), Some(known));
    let progress = h.sides.state.progress().unwrap();
    assert_eq!(progress.pull, Some(known));
    assert_eq!(progress.push.unwrap().cycle, push.cycle);
}

#[tokio::test]
async fn a_job_that_runs_is_left_running_and_settled_by_the_next_cycle() {
    let mut h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    let admin = h.org.admin();
    admin.progress(simorg::Progress::Stepped);
    // WHEN it is told to stop while the org has the job
    let (stop, state) = (h.sides.stop.clone(), h.sides.state.clone());
    let teller = async {
        while state.journal().unwrap().first().is_none_or(|entry| entry.phase != Phase::Closed) {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
        stop.cancel();
    };
    let (report, ()) = tokio::join!(h.run(Mode::Push), teller);
    // THEN it ends without the job's end, and says what waits
    assert!(report.stopped);
    assert_eq!(report.outcome("deferred:stopped"), 1, "{report:?}");
    assert_eq!(h.sides.state.journal().unwrap().len(), 1);
    admin.progress(simorg::Progress::Auto);
    while admin.step_jobs() > 0 {}
    go_on(&mut h);
    let report = h.sync().await;
    assert_eq!(report.outcome("contact_created"), 1, "{report:?}");
    assert_eq!(ingest_jobs(&h), 1);
}

#[tokio::test]
async fn a_service_told_to_stop_before_it_began_writes_nothing() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    h.sides.stop.cancel();
    for mode in [Mode::Sync, Mode::Backfill] {
        let report = h.run(mode).await;
        assert!(report.stopped && report.wrote_nothing(), "{report:?}");
    }
    assert_eq!(h.watermarks().1, None, "a window that was not read moves nothing");
    assert!(h.contacts().is_empty());
}
