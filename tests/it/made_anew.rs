//! Whose Contact was deleted is made anew by an administrator's word alone, and that word holds until it is done.

use std::sync::Arc;
use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use model::{CaseKind, Choice, Happened, Ruling, Stamp, Standing, Subject, SupporterId, Way};
use plan::{Progress, Stretch};
use service::request::Mode;
use simorg::{Fault, Op};
use state::Changes;
use tokio_util::sync::CancellationToken;

fn jo() -> Subject {
    Subject::Supporter(SupporterId::parse("1").expect("a number is an id"))
}

fn later(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(120));
}

async fn decide(h: &Harness, kind: CaseKind, choice: Choice) {
    assert!(h.sides.state.case_of(kind, &jo()).expect("readable").is_some(), "{:?}", h.cases());
    let ruling = Ruling { choice, by: "administrator".to_owned(), why: None, at: Stamp::from_seconds(0) };
    let mut changes = Changes::new();
    changes.rule_case(kind, &jo(), Standing { ruling: Some(ruling), ..Standing::default() });
    let _ = h.sides.state.commit(changes).await.expect("durable");
}

/// Jo Doe is linked, and the Contact is deleted; not yet noticed.
async fn deleted_in(world: World) -> Harness {
    let h = Harness::start_in(world).await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    h.sync().await;
    delete(&h);
    h
}

fn delete(h: &Harness) {
    let admin = h.org.admin();
    admin.delete_as(&admin.person(), "Contact", &h.link(1).expect("linked")).expect("a person may delete");
    later(h);
}

/// The same, noticed, and decided to be made anew.
async fn decided() -> Harness {
    let h = deleted_in(World::default()).await;
    h.sync().await;
    decide(&h, CaseKind::ContactDeleted, Choice::CreateAnew).await;
    h
}

/// The decision is still there, and nothing came of it.
fn waits(h: &Harness) {
    let case = h.sides.state.case_of(CaseKind::ContactDeleted, &jo()).expect("readable");
    assert!(case.is_some_and(|case| case.standing.ruling.is_some()), "{:?}", h.cases());
    assert!(h.contacts().is_empty());
}

/// Jo has a Contact again, nothing is asked, and the story says once that it was decided so.
fn is_done(h: &Harness) {
    assert_eq!((h.contacts().len(), h.cases()), (1, Vec::<&str>::new()));
    assert_eq!(
        h.link(1),
        h.contacts().first().map(|contact| contact["Id"].as_str().unwrap_or_default().to_owned())
    );
    let carried = |told: &&state::Told| {
        matches!(&told.what, Happened::CarriedOut { way: Way::CreateAnew, done: true, .. })
    };
    let story = h.sides.state.story(&[jo()]).expect("readable");
    assert_eq!(story.iter().filter(carried).count(), 1, "{story:?}");
    assert_eq!(h.sides.state.ruling_count().expect("readable"), 0);
}

#[tokio::test]
async fn to_try_a_blocked_record_again_does_not_bring_a_deleted_contact_back() {
    // GIVEN a linked person who is blocked
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    h.sync().await;
    h.edit_supporter(1, "last_name", Some(&"D".repeat(100))).await;
    h.sync().await;
    assert_eq!(h.cases(), ["blocked"]);
    // WHEN the Contact is deleted, and a colleague has the record tried again, before anything was noticed
    delete(&h);
    h.edit_supporter(1, "last_name", Some("Doe")).await;
    decide(&h, CaseKind::Blocked, Choice::Retry).await;
    let report = h.sync().await;
    // THEN the deletion is told, and nobody is made anew
    assert_eq!(h.cases(), ["contact_deleted"], "{report:?}");
    assert!(h.contacts().is_empty());
}

#[tokio::test]
async fn a_run_that_may_not_push_leaves_the_decision_to_one_that_may() {
    let h = decided().await;
    for _ in 0..2 {
        let report = h.run(Mode::Pull).await;
        waits(&h);
        assert!(h.link(1).is_some(), "what is known of the deletion stays: {report:?}");
    }
    h.run(Mode::Push).await;
    is_done(&h);
}

#[tokio::test]
async fn a_row_refused_in_passing_is_tried_again_in_the_same_run() {
    let h = decided().await;
    h.org.admin().configure(|settings| settings.bulk.lock_rate = 1.0);
    let report = h.sync().await;
    assert_eq!(report.rows.failed, 1, "{report:?}");
    is_done(&h);
}

#[tokio::test]
async fn an_outage_does_not_spend_the_decision() {
    let h = decided().await;
    let down = Fault::Refuse { status: 503, body: String::new(), times: 1_000 };
    h.org.admin().fault(Op::IngestCreate, down);
    assert!(h.try_run(Mode::Sync).await.is_err());
    h.org.admin().clear_faults();
    waits(&h);
    h.run(Mode::Pull).await;
    waits(&h);
    h.sync().await;
    is_done(&h);
}

/// Tells the cycle to stop when it begins to send.
struct Stop(CancellationToken);

impl Progress for Stop {
    fn begin(&self, stretch: Stretch, _: Option<u64>) {
        if stretch == Stretch::Job {
            self.0.cancel();
        }
    }
    fn advance(&self, _: u64) {}
    fn end(&self) {}
}

#[tokio::test]
async fn a_run_that_is_told_to_stop_does_not_spend_the_decision() {
    let mut h = decided().await;
    h.sides.progress = Arc::new(Stop(h.sides.stop.clone()));
    h.sync().await;
    h.sides.stop = CancellationToken::new();
    h.sides.progress = Arc::new(plan::Quiet);
    h.sync().await;
    h.sync().await;
    assert_eq!((h.contacts().len(), h.cases()), (1, Vec::<&str>::new()));
}

#[tokio::test]
async fn whoever_cannot_be_made_anew_yet_is_as_soon_as_they_can() {
    // GIVEN a row without a last name, or with one that the org refuses
    for bad in [None, Some("D".repeat(100))] {
        let h = decided().await;
        h.edit_supporter(1, "last_name", bad.as_deref()).await;
        for _ in 0..2 {
            let report = h.sync().await;
            waits(&h);
            let told = |note: &String| note.contains("waits for the next run");
            assert!(report.notes.iter().any(told), "{report:?}");
            assert_eq!(report.rows.sent, 0, "{report:?}");
        }
        h.edit_supporter(1, "last_name", Some("Doe")).await;
        h.sync().await;
        is_done(&h);
    }
}

#[tokio::test]
async fn what_the_org_refuses_for_good_is_not_sent_in_every_run() {
    let h = decided().await;
    h.edit_supporter(1, "email", Some("jo..doe@example.org")).await;
    let sent = [h.sync().await.rows.sent, h.sync().await.rows.sent];
    assert_eq!((sent, h.cases()), ([1, 0], vec!["blocked", "contact_deleted"]));
    waits(&h);
    h.edit_supporter(1, "email", Some("jo@example.org")).await;
    h.sync().await;
    is_done(&h);
}

#[tokio::test]
async fn of_a_supporter_who_was_removed_meanwhile_nobody_is_made() {
    let h = decided().await;
    h.delete_supporter(1).await;
    h.sync().await;
    assert!(h.contacts().is_empty());
    assert_eq!(h.sides.state.ruling_count().expect("readable"), 0, "{:?}", h.cases());
    assert!(!h.cases().contains(&"contact_deleted"), "{:?}", h.cases());
}

#[tokio::test]
async fn where_nobody_is_ever_created_one_who_fits_by_now_is_linked() {
    let mut world = World::default();
    world.settings.push = false;
    let h = Harness::start_in(world).await;
    let first = h.contact(&Contact::new("Jo", "Doe", "jo@example.org"));
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    later(&h);
    h.run(Mode::Pull).await;
    assert_eq!(h.link(1), Some(first));
    delete(&h);
    h.run(Mode::Pull).await;
    decide(&h, CaseKind::ContactDeleted, Choice::CreateAnew).await;
    h.contact(&Contact::new("Jo", "Doe", "jo@example.org"));
    h.run(Mode::Pull).await;
    is_done(&h);
}
