//! The process dies at each step of a job and of a supporter write. The state lies on disk and is opened again: nobody is
//! lost, nobody is doubled, and then there is silence. The numbers are those of the recovery table of `push::recover`.

use std::time::Duration;

use e2e::{Contact, Harness, Hold, Person, World};
use model::Phase;
use serde_json::json;
use service::request::Mode;
use simorg::{Fault, Op, Progress};

/// An answer that never comes.
const NEVER: Fault = Fault::Slow { millis_per_kib: 3_600_000 };

async fn two_new_people() -> Harness {
    let h = Harness::start_in(World { on_disk: true, patient: true, ..World::default() }).await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    h
}

fn phase(h: &Harness) -> Option<Phase> {
    h.sides.state.journal().expect("readable").first().map(|entry| entry.phase.clone())
}

fn ingest_jobs(h: &Harness) -> Vec<String> {
    let jobs = h.org.admin().jobs().into_iter().filter(|job| job.kind == "V2Ingest");
    jobs.map(|job| format!("{:?}", job.state)).collect()
}

fn spool(h: &Harness) -> Vec<String> {
    let files = std::fs::read_dir(h.sides.state.spool_dir()).expect("a spool");
    files.flatten().map(|file| file.file_name().to_string_lossy().into_owned()).collect()
}

/// The next process: everything arrives once, and the cycle after it has nothing to do.
async fn converges(h: &mut Harness) {
    let admin = h.org.admin();
    admin.clear_faults();
    admin.progress(Progress::Auto);
    while admin.step_jobs() > 0 {}
    h.restart().await;
    h.sync().await;
    admin.clock().advance(Duration::from_secs(120));
    let quiet = h.sync().await;
    assert!(quiet.wrote_nothing(), "{quiet:?}");
    assert_eq!(h.contacts().len(), 2);
    for id in [1, 2] {
        let link = h.link(id).expect("linked");
        assert_eq!(h.contact_field(&link, "EN_Supporter_Id__c"), id.to_string());
        assert_eq!(h.supporter_cell(id, "sf_contact_id").await, Some(link));
    }
    assert_eq!(h.sides.state.dirty_count().expect("readable"), 0);
    assert!(h.sides.state.journal().expect("readable").is_empty());
    assert_eq!(spool(h), Vec::<String>::new());
    assert!(!ingest_jobs(h).contains(&"Open".to_owned()), "{:?}", ingest_jobs(h));
}

#[tokio::test]
async fn k03_killed_when_the_job_was_created_and_its_id_not_yet_known() {
    let mut h = two_new_people().await;
    h.org.admin().fault(Op::IngestCreate, NEVER);
    h.kill_when(Mode::Sync, |h| ingest_jobs(h).len() == 1).await;
    assert_eq!(phase(&h), Some(Phase::Planned));
    converges(&mut h).await;
    assert_eq!(ingest_jobs(&h), ["Aborted", "JobComplete", "JobComplete"][..ingest_jobs(&h).len()]);
}

#[tokio::test]
async fn k07_killed_when_the_job_was_closed_and_the_answer_not_yet_there() {
    let mut h = two_new_people().await;
    h.org.admin().fault(Op::IngestState, NEVER);
    h.kill_when(Mode::Sync, |h| ingest_jobs(h).iter().any(|state| state != "Open")).await;
    assert_eq!(phase(&h), Some(Phase::Uploaded));
    converges(&mut h).await;
    // THEN that very job was settled: nobody was sent again.
    assert_eq!(ingest_jobs(&h).len(), 1);
}

#[tokio::test]
async fn k09_killed_while_the_job_runs() {
    let mut h = two_new_people().await;
    h.org.admin().progress(Progress::Stepped);
    h.kill_when(Mode::Push, |h| phase(h) == Some(Phase::Closed)).await;
    converges(&mut h).await;
    assert_eq!(ingest_jobs(&h).len(), 1);
}

#[tokio::test]
async fn k12_killed_with_one_result_file_of_three() {
    let mut h = two_new_people().await;
    // Refused: without such a row nobody asks for a second file.
    h.supporter(&Person::new(3, "Kim", "Roe", "kim..roe@example.org")).await;
    h.org.admin().fault(Op::IngestFailed, NEVER);
    h.kill_when(Mode::Sync, |h| spool(h).iter().any(|file| file.ends_with("successful.csv"))).await;
    assert_eq!(phase(&h), Some(Phase::Terminal));
    // That the job has ended is durable: it is not looked at again, and its result sets are fetched anew.
    h.org.admin().reset_calls();
    converges(&mut h).await;
    assert_eq!(ingest_jobs(&h).len(), 1);
    let calls = h.org.admin().calls();
    assert_eq!((calls.of(Op::IngestInfo), calls.of(Op::IngestSuccessful)), (0, 1));
}

#[tokio::test]
async fn k14_killed_before_and_after_the_contact_ids_were_written_back_and_before_the_settlement_was_durable()
{
    for hold in [Hold::BeforeWrite, Hold::AfterWrite] {
        let mut h = two_new_people().await;
        h.holding.hold(hold);
        h.kill_when(Mode::Sync, |h| h.holding.is_holding()).await;
        assert_eq!(phase(&h), Some(Phase::Stored));
        assert_eq!(h.supporter_cell(1, "sf_contact_id").await.is_some(), hold == Hold::AfterWrite);
        assert_eq!(h.link(1), None, "the link is durable only with the row's outcome");
        converges(&mut h).await;
        assert_eq!(ingest_jobs(&h).len(), 1, "settled from the files");
    }
}

#[tokio::test]
async fn k31_to_k33_killed_around_the_write_to_a_supporter() {
    for hold in [Hold::BeforeWrite, Hold::AfterWrite] {
        let mut h = two_new_people().await;
        h.sync().await;
        let id = h.link(1).unwrap();
        h.edit_contact(&id, &json!({"MailingCity": "Hobart"}));
        h.org.admin().clock().advance(Duration::from_secs(120));
        h.holding.hold(hold);
        h.kill_when(Mode::Sync, |h| h.holding.is_holding()).await;
        // WHEN the Contact changes once more before the next process starts
        h.edit_contact(&id, &json!({"MailingCity": "Darwin"}));
        h.org.admin().clock().advance(Duration::from_secs(120));
        converges(&mut h).await;
        // THEN our own unfinished write was not taken for an edit of the supporter's
        assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Darwin"));
        assert_eq!(h.sides.state.conflicts_page(None, 10).unwrap().len(), 0);
    }
}

#[tokio::test]
async fn k35_killed_when_a_supporter_was_created_makes_no_second_one() {
    let mut world = World { on_disk: true, ..World::default() };
    world.settings.create_supporters = true;
    let mut h = Harness::start_in(world).await;
    let id = h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.org.admin().clock().advance(Duration::from_secs(120));
    h.holding.hold(Hold::AfterWrite);
    h.kill_when(Mode::Sync, |h| h.holding.is_holding()).await;
    assert_eq!(h.supporters().await, 1);
    h.restart().await;
    h.sync().await;
    assert_eq!(h.supporters().await, 1);
    assert_eq!(h.link(1), Some(id.clone()));
    assert_eq!(h.contact_field(&id, "EN_Supporter_Id__c"), "1");
    assert!(h.sync().await.wrote_nothing());
}

#[tokio::test]
async fn k16_a_job_whose_results_are_gone_is_looked_up_and_nobody_is_created_twice() {
    let mut h = two_new_people().await;
    h.org.admin().progress(Progress::Stepped);
    h.kill_when(Mode::Push, |h| phase(h) == Some(Phase::Closed)).await;
    let admin = h.org.admin();
    while admin.step_jobs() > 0 {}
    // Eight days later the org has forgotten the job.
    admin.clock().advance(Duration::from_secs(8 * 24 * 3600));
    admin.progress(Progress::Auto);
    h.restart().await;
    let report = h.sync().await;
    assert_eq!(report.rows.unknown, 2, "{report:?}");
    assert_eq!(report.outcome("deferred:unknown"), 2, "{report:?}");
    converges(&mut h).await;
    assert_eq!(h.sides.state.conflicts_page(None, 10).unwrap().len(), 0);
}

#[tokio::test]
async fn people_of_an_earlier_job_and_of_this_cycle_are_counted_once_each() {
    // GIVEN a job that ends before it reached everybody, and a process that dies while it runs
    let mut world = World { on_disk: true, ..World::default() };
    world.org.bulk.fail_after_rows = Some(5);
    let mut h = Harness::start_in(world).await;
    for n in 1..=12 {
        h.supporter(&Person::new(n, "Ann", &format!("Lee{n}"), &format!("ann{n}@example.org"))).await;
    }
    h.org.admin().progress(Progress::Stepped);
    h.kill_when(Mode::Push, |h| phase(h) == Some(Phase::Closed)).await;
    while h.org.admin().step_jobs() > 0 {}
    h.org.admin().progress(Progress::Auto);
    h.restart().await;
    // WHEN the next cycle settles it and sends the rest
    let report = h.run(Mode::Push).await;
    // THEN each of them was created once, and only the five whose rows received an Id meanwhile were met again
    assert_eq!((report.outcome("contact_created"), report.outcome("in_step")), (12, 5), "{report:?}");
    assert_eq!(report.selected, 17, "{report:?}");
    assert_eq!(h.contacts().len(), 12);
}

#[tokio::test]
async fn a_crash_at_any_commit_of_a_cycle_loses_nothing_and_doubles_nothing() {
    for nth in 1.. {
        // GIVEN a linked person edited on both sides, and a new one
        let mut h = Harness::start().await;
        let store = state::MemoryStore::new(nth.into());
        h.sides.state = state::State::over_memory(store.clone(), 1, model::Clock::system()).unwrap();
        h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
        h.sync().await;
        let id = h.link(1).unwrap();
        h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
        h.edit_contact(&id, &json!({"MailingCity": "Hobart"}));
        h.edit_supporter(1, "phone", Some("0401 555 010")).await;
        h.org.admin().clock().advance(Duration::from_secs(120));
        // WHEN the nth commit from here is the last
        store.crash_at_commit(nth);
        let ended = h.try_run(Mode::Sync).await;
        let survivor = store.crash();
        h.sides.state = state::State::over_memory(survivor, 1, model::Clock::system()).unwrap();
        // THEN the next process brings everything across, once
        converges(&mut h).await;
        assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Hobart"), "commit {nth}");
        assert_eq!(h.contact_field(&id, "HomePhone"), "0401 555 010", "commit {nth}");
        assert_eq!(h.sides.state.conflicts_page(None, 10).unwrap().len(), 0, "commit {nth}");
        if ended.is_ok() {
            assert!(nth > 10, "a cycle has more commits than {nth}");
            break;
        }
    }
}
