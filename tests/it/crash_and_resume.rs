//! Lost answers, cut files and dead processes: nothing is lost, nothing is doubled.

use e2e::{Harness, Person, World};
use model::Phase;
use service::request::Mode;
use simorg::{Fault, Op};

async fn two_people() -> Harness {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    h
}

/// One cycle meets the fault, whatever becomes of it; the next two run undisturbed.
async fn survives(op: Op, fault: Fault) -> Harness {
    let mut h = two_people().await;
    h.org.admin().fault(op, fault);
    let _ = h.try_run(Mode::Sync).await;
    h.org.admin().clear_faults();
    h.restart().await;
    h.sync().await;
    let quiet = h.sync().await;
    assert_eq!(h.contacts().len(), 2, "after a fault on {op:?}");
    assert!(h.link(1).is_some() && h.link(2).is_some(), "after a fault on {op:?}");
    assert!(quiet.wrote_nothing(), "after a fault on {op:?}: {quiet:?}");
    assert!(h.sides.state.journal().expect("readable").is_empty(), "after a fault on {op:?}");
    h
}

#[tokio::test]
async fn a_lost_create_answer_leaves_an_orphan_that_is_aborted() {
    let h = survives(Op::IngestCreate, Fault::DoThenDropReply).await;
    let open = h.org.admin().jobs().iter().filter(|job| format!("{:?}", job.state) == "Open").count();
    assert_eq!(open, 0, "an orphan stays open");
}

#[tokio::test]
async fn a_lost_upload_answer_pushes_nobody_twice() {
    survives(Op::IngestUpload, Fault::DoThenDropReply).await;
    survives(Op::IngestUpload, Fault::DropBeforeDoing).await;
}

#[tokio::test]
async fn a_lost_close_answer_pushes_nobody_twice() {
    survives(Op::IngestState, Fault::DoThenDropReply).await;
    survives(Op::IngestState, Fault::DropBeforeDoing).await;
}

#[tokio::test]
async fn html_and_cut_answers_are_never_taken_for_results() {
    survives(Op::IngestCreate, Fault::Html { status: 200 }).await;
    survives(Op::IngestInfo, Fault::Html { status: 200 }).await;
    survives(Op::IngestInfo, Fault::Truncate { bytes: 20 }).await;
    survives(Op::QueryAll, Fault::Html { status: 200 }).await;
    survives(Op::CollectionRead, Fault::Truncate { bytes: 10 }).await;
}

#[tokio::test]
async fn a_result_file_that_ends_early_is_fetched_again_and_never_settled_in_part() {
    for op in [Op::IngestSuccessful, Op::IngestFailed, Op::IngestUnprocessed] {
        survives(op, Fault::Truncate { bytes: 30 }).await;
        survives(op, Fault::TruncateCleanly { bytes: 30 }).await;
        survives(op, Fault::Html { status: 200 }).await;
    }
}

#[tokio::test]
async fn an_unavailable_org_costs_time_and_nothing_else() {
    for op in [Op::Token, Op::UserInfo, Op::GetUpdated, Op::QueryAll, Op::IngestInfo] {
        survives(op, Fault::Refuse { status: 503, body: String::new(), times: 200 }).await;
    }
}

#[tokio::test]
async fn a_process_that_dies_while_the_job_runs_resumes_it() {
    // GIVEN a job that does not move, and a cycle that is cut off while it waits
    let mut h = Harness::start().await;
    h.sync().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    let admin = h.org.admin();
    admin.progress(simorg::Progress::Stepped);
    {
        let cycle = h.try_run(Mode::Sync);
        tokio::pin!(cycle);
        loop {
            tokio::select! {
                _ = &mut cycle => panic!("the job cannot end by itself"),
                () = tokio::time::sleep(std::time::Duration::from_millis(5)) => {}
            }
            let journal = h.sides.state.journal().unwrap();
            if journal.first().is_some_and(|entry| entry.phase == Phase::Closed) {
                break;
            }
        }
    }
    // WHEN the job ends meanwhile and a new process starts
    admin.progress(simorg::Progress::Auto);
    while admin.step_jobs() > 0 {}
    h.restart().await;
    let report = h.sync().await;
    // THEN that very job was settled, and no second one was made for these people
    assert_eq!(report.rows.sent, 2, "{report:?}");
    assert_eq!(h.contacts().len(), 2);
    assert_eq!(
        admin.jobs().iter().filter(|job| format!("{:?}", job.operation).contains("upsert")).count(),
        1
    );
    assert!(h.sync().await.wrote_nothing());
}

#[tokio::test]
async fn an_expired_session_is_renewed_and_the_cycle_goes_on() {
    let h = two_people().await;
    h.sync().await;
    h.org.admin().end_sessions();
    h.supporter(&Person::new(3, "Sam", "Poe", "sam@example.org")).await;
    h.sync().await;
    assert!(h.link(3).is_some());
}

#[tokio::test]
async fn two_cycles_never_run_at_once() {
    let h = two_people().await;
    let guard = h.sides.state.begin_cycle().await.unwrap().unwrap();
    let second =
        service::cycle::run(&h.sides, &service::request::Request::whole(Mode::Sync), &mut |_| {}).await;
    assert!(second.unwrap().is_err());
    drop(guard);
    h.sync().await;
}

#[tokio::test]
async fn another_org_is_refused_before_anything_is_written() {
    let h = two_people().await;
    h.sync().await;
    let mut other = World::default();
    other.org.org_id = "00D5f000000ABCD".into();
    let elsewhere = Harness::start_in(other).await;
    let mixed = plan::Sides { org: elsewhere.sides.org.clone(), ..h.sides.clone() };
    let result =
        service::cycle::run(&mixed, &service::request::Request::whole(Mode::Sync), &mut |_| {}).await;
    assert!(result.is_err());
    assert!(elsewhere.contacts().is_empty());
}
