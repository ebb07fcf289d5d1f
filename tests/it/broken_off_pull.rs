//! A first pull that is broken off goes on with the query job it had begun, and misses nobody.

use std::time::Duration;

use e2e::{Contact, Harness, World};
use service::request::Mode;
use simorg::{Fault, JobState, Op, Progress};

/// So many Contacts, on pages of ten; fifty are marked at a time.
const CONTACTS: usize = 120;

async fn town() -> Harness {
    let mut world = World { on_disk: true, patient: true, ..World::default() };
    world.settings.page_rows = 10;
    world.settings.batch = 1;
    world.settings.create_supporters = true;
    world.settings.push = false;
    let h = Harness::start_in(world).await;
    for nth in 0..CONTACTS {
        h.contact(&Contact::new("Jo", &format!("Doe{nth}"), &format!("jo{nth}@example.org")));
    }
    h.org.admin().clock().advance(Duration::from_secs(600));
    h
}

fn query_jobs(h: &Harness) -> usize {
    let calls = h.org.admin().calls();
    usize::try_from(calls.of(Op::QueryJobCreate)).expect("a few")
}

fn calls(h: &Harness, op: Op) -> u64 {
    h.org.admin().calls().of(op)
}

#[tokio::test]
async fn killed_in_the_middle_of_the_download_it_goes_on_from_the_page_it_had_come_to() {
    let mut h = town().await;
    let admin = h.org.admin();
    admin.reset_calls();
    // GIVEN a pull that dies with its eighth page: fifty people are marked by then
    for _ in 0..7 {
        admin.fault(Op::QueryJobResults, Fault::Bloat { bytes: 0 });
    }
    admin.fault(Op::QueryJobResults, Fault::Slow { millis_per_kib: 3_600_000 });
    h.kill_when(Mode::Pull, |h| calls(h, Op::QueryJobResults) >= 8).await;
    assert_eq!((query_jobs(&h), h.watermarks().1), (1, None));
    let marked = h.sides.state.dirty_count().unwrap();
    assert!((50..CONTACTS as u64).contains(&marked), "{marked} are marked");
    // WHEN it is started again
    admin.clear_faults();
    h.restart().await;
    admin.reset_calls();
    let before = h.org.admin().clock().now();
    h.run(Mode::Pull).await;
    // THEN no job is begun, the pages before are not fetched again, and nobody is missing.
    assert_eq!(query_jobs(&h), 0);
    let pages = calls(&h, Op::QueryJobResults);
    assert!((7..=9).contains(&pages), "{pages} pages of 12 were fetched");
    assert_eq!(usize::try_from(h.supporters().await).unwrap(), CONTACTS);
    let watermark = h.watermarks().1.expect("it moved");
    assert!(watermark.micros() <= before.0 * 1_000, "it is that of the window the job was for");
    assert_eq!(h.sides.state.bookmark("pull_query").unwrap(), None);
    // AND the job with its results is gone.
    assert!(admin.jobs().iter().all(|job| job.kind != "V2Query"), "{:?}", admin.jobs());
    assert_eq!(h.run(Mode::Pull).await.outcome("supporter_created"), 0);
}

#[tokio::test]
async fn what_the_job_could_not_know_comes_with_the_next_window() {
    let mut h = town().await;
    let admin = h.org.admin();
    admin.progress(Progress::Stepped);
    h.kill_when(Mode::Pull, |h| calls(h, Op::QueryJobInfo) > 0).await;
    // GIVEN somebody who comes after the job was done, while nobody runs
    while admin.step_jobs() > 0 {}
    admin.progress(Progress::Auto);
    h.contact(&Contact::new("Late", "Comer", "late@example.org"));
    admin.clock().advance(Duration::from_secs(3_600));
    h.restart().await;
    admin.reset_calls();
    h.run(Mode::Pull).await;
    assert_eq!(query_jobs(&h), 0, "the job that was done is read");
    h.run(Mode::Pull).await;
    assert_eq!(usize::try_from(h.supporters().await).unwrap(), CONTACTS + 1);
}

#[tokio::test]
async fn a_page_that_lost_the_way_to_the_next_one_is_no_end() {
    let h = town().await;
    let admin = h.org.admin();
    // GIVEN a proxy on whose way the locator of the fourth page is lost
    for _ in 0..3 {
        admin.fault(Op::QueryJobResults, Fault::Bloat { bytes: 0 });
    }
    admin.fault(Op::QueryJobResults, Fault::Strip { lines: 11 });
    assert!(h.try_run(Mode::Pull).await.is_err(), "forty of a hundred and twenty are not all");
    assert_eq!((h.watermarks().1, h.sides.state.bookmark("pull_query").unwrap()), (None, None));
    // THEN the next pull begins anew, and finds all of them
    h.run(Mode::Pull).await;
    assert_eq!(usize::try_from(h.supporters().await).unwrap(), CONTACTS);
}

#[tokio::test]
async fn a_job_that_does_not_fit_any_more_is_discarded_and_another_is_begun() {
    // It is gone, it was aborted, or it is too old.
    for spoiled in 0..3 {
        let mut h = town().await;
        let admin = h.org.admin();
        admin.progress(Progress::Stepped);
        h.kill_when(Mode::Pull, |h| calls(h, Op::QueryJobInfo) > 0).await;
        let job = h.sides.state.bookmark("pull_query").unwrap().expect("it is written down")["job"].clone();
        let job = model::JobId::parse(job.as_str().unwrap()).unwrap();
        match spoiled {
            0 => {
                while admin.step_jobs() > 0 {}
                assert!(h.sides.org.delete_query_job(&job).await.unwrap());
            }
            1 => drop(h.sides.org.abort_query_job(&job).await.unwrap()),
            _ => admin.clock().advance(Duration::from_secs(6 * 86_400 + 60)),
        }
        admin.progress(Progress::Auto);
        h.restart().await;
        admin.reset_calls();
        h.run(Mode::Pull).await;
        assert_eq!(query_jobs(&h), 1, "{spoiled}");
        assert_eq!(usize::try_from(h.supporters().await).unwrap(), CONTACTS);
        let left = admin.jobs();
        let running = |job: &&simorg::JobInfo| job.kind == "V2Query" && job.state != JobState::Aborted;
        assert_eq!(left.iter().filter(running).count(), 0, "{left:?}");
    }
}
