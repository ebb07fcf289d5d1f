//! Small lots go without a job, in calls of 200 records. What becomes of a row does not depend on the road.

use std::collections::BTreeMap;

use e2e::{Contact, Harness, Person, World};
use service::request::Mode;
use simorg::{Fault, Op};

fn direct() -> World {
    World { direct: true, ..World::default() }
}

fn jobs(h: &Harness) -> usize {
    h.org.admin().jobs().iter().filter(|job| job.kind == "V2Ingest").count()
}

async fn people(h: &Harness, range: std::ops::RangeInclusive<i64>) {
    for id in range {
        h.supporter(&Person::new(id, "Jo", &format!("Doe{id}"), &format!("jo{id}@example.org"))).await;
    }
}

#[tokio::test]
async fn a_few_rows_go_without_a_job_and_more_go_as_one() {
    let mut world = direct();
    world.settings.direct_calls = 1;
    let h = Harness::start_in(world).await;
    people(&h, 1..=200).await;
    let report = h.sync().await;
    assert_eq!((jobs(&h), report.rows.sent, report.rows.succeeded), (0, 200, 200), "{report:?}");
    assert_eq!(report.outcome("contact_created"), 200);
    assert!(h.sync().await.wrote_nothing());
    people(&h, 201..=401).await;
    let report = h.sync().await;
    assert_eq!((jobs(&h), report.rows.sent), (1, 201), "{report:?}");
    assert_eq!(h.contacts().len(), 401);
}

/// A duplicate by rule that is found, one that nobody can decide, a refused value, a deleted Contact, plain ones: by one road.
async fn story(by_jobs: bool) -> (BTreeMap<String, u64>, Vec<&'static str>, Vec<Option<String>>, usize) {
    let mut world = World::with_duplicate_rule();
    world.direct = !by_jobs;
    world.settings.match_before_create = false;
    world.push_marker = true;
    let h = Harness::start_in(world).await;
    h.contact(&Contact::new("Robert", "Stillman", "bob@example.org"));
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.supporter(&Person::new(1, "Bob", "Stillman", "bob@example.org").in_city("Perth")).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    h.supporter(&Person::new(3, "Jo", "Doe", "jo..doe@example.org")).await;
    h.supporter(&Person::new(4, "Kim", "Roe", "kim@example.org").in_city("Hobart")).await;
    let first = h.sync().await;
    h.edit_supporter(4, "city", None).await;
    h.edit_supporter(1, "opt_in", Some("Y")).await;
    let second = h.sync().await;
    assert_eq!(jobs(&h) > 0, by_jobs);
    let mut outcomes = first.outcomes;
    for (code, count) in second.outcomes {
        *outcomes.entry(code).or_default() += count;
    }
    let kim = h.link(4).expect("linked");
    assert_eq!(h.contact_field(&kim, "MailingCity"), "", "an emptied field is cleared on either road");
    let bob = h.link(1).expect("linked");
    assert_eq!(h.contact_field(&bob, "Email_Opt_In__c"), "true");
    assert!(h.sync().await.wrote_nothing());
    (outcomes, h.cases(), vec![h.block(2), h.block(3)], h.contacts().len())
}

#[tokio::test]
async fn duplicates_blocks_cases_and_outcomes_are_the_same_on_both_roads() {
    assert_eq!(story(true).await, story(false).await);
}

/// One cycle meets the fault; the next two run undisturbed.
async fn survives(fault: Fault) {
    let mut h = Harness::start_in(direct()).await;
    people(&h, 1..=3).await;
    h.org.admin().fault(Op::CollectionUpsert, fault.clone());
    let _ = h.try_run(Mode::Sync).await;
    h.org.admin().clear_faults();
    h.restart().await;
    h.sync().await;
    h.org.admin().clock().advance(std::time::Duration::from_secs(120));
    let quiet = h.sync().await;
    assert_eq!(h.contacts().len(), 3, "after {fault:?}");
    assert!((1..=3).all(|id| h.link(id).is_some()), "after {fault:?}");
    assert!(quiet.wrote_nothing(), "after {fault:?}: {quiet:?}");
    assert!(h.sides.state.journal().expect("readable").is_empty(), "after {fault:?}");
    assert_eq!(h.sides.state.dirty_count().expect("readable"), 0, "after {fault:?}");
}

#[tokio::test]
async fn a_lost_or_spoilt_answer_creates_nobody_twice() {
    survives(Fault::DoThenDropReply).await;
    survives(Fault::DropBeforeDoing).await;
    survives(Fault::Html { status: 200 }).await;
    survives(Fault::Truncate { bytes: 30 }).await;
}

#[tokio::test]
async fn a_process_that_dies_before_the_answer_finds_its_people_again() {
    let mut h = Harness::start_in(World { on_disk: true, patient: true, ..direct() }).await;
    people(&h, 1..=2).await;
    h.org.admin().fault(Op::CollectionUpsert, Fault::Slow { millis_per_kib: 3_600_000 });
    h.kill_when(Mode::Push, |h| h.contacts().len() == 2).await;
    assert_eq!(h.sides.state.journal().expect("readable").len(), 1);
    h.org.admin().clear_faults();
    h.restart().await;
    h.sync().await;
    assert_eq!(h.contacts().len(), 2);
    assert!(h.link(1).is_some() && h.link(2).is_some());
    assert!(h.sides.state.journal().expect("readable").is_empty());
}

#[tokio::test]
async fn a_call_that_is_refused_as_a_whole_leaves_its_rows_to_a_job() {
    let h = Harness::start_in(direct()).await;
    people(&h, 1..=3).await;
    let body = r#"[{"errorCode":"JSON_PARSER_ERROR","message":"unexpected"}]"#.to_owned();
    let refusal = Fault::Refuse { status: 400, body, times: 1 };
    h.org.admin().fault(Op::CollectionUpsert, refusal);
    let report = h.sync().await;
    assert_eq!((jobs(&h), report.rows.sent, report.rows.succeeded), (1, 3, 3), "{report:?}");
    assert_eq!(h.contacts().len(), 3);
}

#[tokio::test]
async fn one_person_takes_a_sign_in_and_three_calls() {
    let mut h = Harness::start_in(direct()).await;
    people(&h, 1..=1).await;
    h.sync().await;
    h.edit_supporter(1, "city", Some("Perth")).await;
    h.restart().await;
    let report = h.resync(1).await;
    assert_eq!(report.outcome, "contact_updated");
    assert_eq!(h.sides.org.usage().total(), 4, "{:?}", h.sides.org.usage().by_call);
    // AND one who is in step is read once.
    h.restart().await;
    h.resync(1).await;
    assert_eq!(h.sides.org.usage().total(), 2, "{:?}", h.sides.org.usage().by_call);
}

#[tokio::test]
async fn an_hour_in_which_nothing_happens_takes_a_sign_in_and_two_calls() {
    let mut world = direct();
    // The supporter was added a moment ago: her stamp counts as settled all the same.
    world.settings.settle = std::time::Duration::ZERO;
    let mut h = Harness::start_in(world).await;
    people(&h, 1..=1).await;
    h.sync().await;
    h.org.admin().clock().advance(std::time::Duration::from_secs(3_600));
    h.sync().await;
    h.restart().await;
    h.sync().await;
    assert_eq!(h.sides.org.usage().total(), 3, "{:?}", h.sides.org.usage().by_call);
}

#[tokio::test]
async fn a_job_that_saved_every_row_is_asked_for_one_result_set() {
    let h = Harness::start().await;
    people(&h, 1..=2).await;
    h.sync().await;
    let of = |call| h.sides.org.usage().of(call);
    assert_eq!(of(salesforce::Call::Results), 1);
    h.supporter(&Person::new(9, "Jo", "Doe", "jo..doe@example.org")).await;
    h.sync().await;
    assert_eq!(of(salesforce::Call::Results), 3, "and two where the first does not hold them all");
}
