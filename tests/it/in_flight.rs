//! What is listed as in flight is what the next cycle does with it.

use e2e::{Harness, Person, World};
use model::Phase;
use service::in_flight::{Kind, Next, in_flight};
use service::request::Mode;
use simorg::Progress;

fn listed(h: &Harness) -> Vec<service::in_flight::InFlight> {
    in_flight(&h.sides.state).expect("readable")
}

#[tokio::test]
async fn a_job_of_a_process_that_died_is_listed_until_the_next_cycle_has_done_what_it_said() {
    let mut h = Harness::start_in(World { patient: true, ..World::default() }).await;
    h.sync().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    assert_eq!(listed(&h), []);
    // WHEN the process dies once Salesforce works on its job
    let closed = |h: &Harness| listed(h).iter().any(|one| one.phase == Phase::Closed);
    h.org.admin().progress(Progress::Stepped);
    h.kill_when(Mode::Sync, closed).await;
    h.restart().await;
    // THEN the job stands there by our number and Salesforce's, with its rows
    let left = listed(&h).remove(0);
    assert_eq!((left.kind.word(), left.rows, left.next.word()), ("upsert_job", 1, "collect"));
    let ingest = |h: &Harness| -> Vec<String> {
        h.org.admin().jobs().into_iter().filter(|job| job.kind == "V2Ingest").map(|job| job.id).collect()
    };
    assert_eq!(left.job.map(|id| id.to_string()), ingest(&h).first().cloned());
    assert!(left.plan.is_some() && left.cycle.is_some());
    // AND the next cycle collects it and creates nobody twice
    h.org.admin().progress(Progress::Auto);
    h.org.admin().step_jobs();
    let report = h.sync().await;
    assert_eq!((listed(&h), h.contacts().len()), (Vec::new(), 1), "{report:?}");
    assert_eq!(ingest(&h).len(), 1, "no second job");
}

#[tokio::test]
async fn a_query_that_was_broken_off_is_listed_too() {
    let mut h = Harness::start_in(World { patient: true, ..World::default() }).await;
    h.org.admin().progress(Progress::Stepped);
    h.kill_when(Mode::Sync, |h| !listed(h).is_empty()).await;
    h.restart().await;
    let left = listed(&h).remove(0);
    assert_eq!((left.kind, left.next), (Kind::Query, Next::GoOn));
    assert!(left.job.is_some() && left.plan.is_none());
    h.org.admin().progress(Progress::Auto);
    h.org.admin().step_jobs();
    h.sync().await;
    assert_eq!(listed(&h), []);
}
