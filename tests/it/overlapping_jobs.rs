//! Jobs of a large load overlap: Salesforce works on one while the next people are decided on.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use plan::CycleReport;
use service::request::Mode;
use simorg::settings::ThrowingTrigger;
use simorg::{JobInfo, JobState, Op, Progress};

/// So many supporters, ten a job.
const PEOPLE: i64 = 45;
const JOBS: usize = 5;

/// A town of strangers, and a Contact who belongs to nobody of them.
async fn town(jobs_in_flight: usize) -> Harness {
    let mut world = World { on_disk: true, patient: true, ..World::default() };
    world.settings.job_rows = 10;
    world.settings.batch = 10;
    world.settings.directory_from = 1;
    world.settings.jobs_in_flight = jobs_in_flight;
    let h = Harness::start_in(world).await;
    for n in 1..=PEOPLE {
        h.supporter(&Person::new(n, "Ann", &format!("Lee{n}"), &format!("ann{n}@example.org"))).await;
    }
    h.contact(&Contact::new("Jo", "Doe", "jo@example.org"));
    h.org.admin().clock().advance(Duration::from_secs(600));
    h.org.admin().progress(Progress::Stepped);
    h
}

fn ingest_jobs(h: &Harness) -> Vec<JobInfo> {
    h.org.admin().jobs().into_iter().filter(|job| job.kind == "V2Ingest").collect()
}

/// How many jobs Salesforce has to work on.
fn at_work(h: &Harness) -> usize {
    let at_work = |job: &JobInfo| matches!(job.state, JobState::UploadComplete | JobState::InProgress);
    ingest_jobs(h).into_iter().filter(at_work).count()
}

/// Runs a cycle beside an org that finishes the first job and then none until it has so many. Gives the most it had at a time.
async fn beside(h: &Harness, wanted: usize) -> (usize, CycleReport) {
    let cycle = h.run(Mode::Sync);
    tokio::pin!(cycle);
    let mut most = 0;
    loop {
        tokio::select! {
            report = &mut cycle => return (most, report),
            () = tokio::time::sleep(Duration::from_millis(5)) => {
                most = at_work(h).max(most);
                if most >= wanted || ingest_jobs(h).len() <= 1 {
                    h.org.admin().step_jobs();
                }
            }
        }
    }
}

fn everybody_is_there_once(h: &Harness) {
    let keys = |contact: &serde_json::Value| contact["EN_Supporter_Id__c"].as_str().map(str::to_owned);
    let mut made: Vec<String> = h.contacts().iter().filter_map(keys).collect();
    made.sort();
    let mut everybody: Vec<String> = (1..=PEOPLE).map(|n| n.to_string()).collect();
    everybody.sort();
    assert_eq!(made, everybody);
    assert!((1..=PEOPLE).all(|n| h.link(n).is_some()));
}

#[tokio::test]
async fn salesforce_has_as_many_jobs_as_it_may_have_and_no_more() {
    for (allowed, most) in [(1, 1), (2, 2), (3, 3)] {
        let h = town(allowed).await;
        let (seen, report) = beside(&h, most).await;
        assert_eq!(seen, most, "{allowed} at a time");
        assert_eq!(report.outcome("contact_created"), u64::try_from(PEOPLE).unwrap(), "{report:?}");
        assert_eq!(ingest_jobs(&h).len(), JOBS);
        everybody_is_there_once(&h);
        assert_eq!(h.sync().await.outcome("contact_created"), 0);
    }
}

#[tokio::test]
async fn killed_with_two_jobs_at_work_both_are_settled_and_nobody_is_made_twice() {
    let mut h = town(2).await;
    h.kill_when(Mode::Sync, |h| {
        let two = at_work(h) == 2;
        if ingest_jobs(h).len() <= 1 {
            h.org.admin().step_jobs();
        }
        two
    })
    .await;
    // GIVEN a process that died, and an org that finished meanwhile
    while h.org.admin().step_jobs() > 0 {}
    h.org.admin().progress(Progress::Auto);
    h.restart().await;
    // WHEN it is started again
    let report = h.sync().await;
    // THEN both jobs are settled from the journal
    let settled = report.notes.iter().filter(|note| note.starts_with("settling job plan")).count();
    assert_eq!(settled, 2, "{:?}", report.notes);
    everybody_is_there_once(&h);
}

#[tokio::test]
async fn nothing_is_left_to_salesforce_until_rows_came_through() {
    // GIVEN an org in which a trigger refuses whoever is saved
    let h = town(2).await;
    h.org.admin().configure(|settings| {
        settings.throwing_triggers = vec![ThrowingTrigger {
            object: "Contact".to_owned(),
            field: "MailingCity".to_owned(),
            holds: String::new(),
        }];
    });
    h.org.admin().progress(Progress::Auto);
    let report = h.sync().await;
    // THEN no job is begun while another is at work, so that the first one's answer counts
    assert_eq!(report.outcome("contact_created"), 0, "{report:?}");
    let calls = h.org.admin().calls();
    assert!(calls.of(Op::IngestFailed) >= calls.of(Op::IngestCreate), "{calls:?}");
}
