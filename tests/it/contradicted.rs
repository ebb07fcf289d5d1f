//! A row that names another Contact than its link: somebody wrote it there. It is asked about, and never put back unseen.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use model::{CaseKind, Choice, ContactId, Ruling, Stamp, Standing, Subject, SupporterId};
use serde_json::json;
use service::request::{Mode, Request};
use simorg::{Fault, Op, Progress};
use state::Changes;

const KIND: CaseKind = CaseKind::IdAndEmailDisagree;

fn supporter() -> SupporterId {
    SupporterId::parse("1").expect("a number is an id")
}

fn later(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(120));
}

async fn stored(h: &Harness) -> Option<String> {
    h.supporter_cell(1, "sf_contact_id").await
}

/// Jo Doe, linked to Jo's Contact, and the Contact of another Jo Doe, whose Id somebody writes into Jo's row together with a new city.
async fn contradicted(h: &Harness) -> (String, String) {
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("York")).await;
    h.sync().await;
    let linked = h.link(1).expect("linked");
    let other = h.contact(&Contact::new("Jo", "Doe", "jo.doe@example.org"));
    later(h);
    h.edit_supporter(1, "city", Some("Perth")).await;
    h.edit_supporter(1, "sf_contact_id", Some(&other)).await;
    (linked, other)
}

async fn decide(h: &Harness, choice: Choice) {
    let ruling = Ruling { choice, by: "administrator".to_owned(), why: None, at: Stamp::from_seconds(0) };
    let standing = Standing { ruling: Some(ruling), ..Standing::default() };
    let mut changes = Changes::new();
    changes.rule_case(KIND, &Subject::Supporter(supporter()), standing);
    let _ = h.sides.state.commit(changes).await.expect("durable");
}

fn link_to(contact: &str) -> Choice {
    let contact = ContactId::parse(contact).expect("the org's ids are ids");
    Choice::Link { supporter: supporter(), contact }
}

#[tokio::test]
async fn an_id_written_over_a_link_is_asked_about_and_nobody_is_written_to() {
    let h = Harness::start().await;
    let (linked, other) = contradicted(&h).await;
    let report = h.sync().await;
    assert_eq!(h.cases(), ["id_and_email_disagree"], "{report:?}");
    let case = h.sides.state.case_of(KIND, &Subject::Supporter(supporter())).unwrap().unwrap();
    let named: Vec<&str> = case.contacts.iter().map(ContactId::as_str).collect();
    assert_eq!(named, [linked.as_str(), other.as_str()]);
    assert_eq!(stored(&h).await.as_deref(), Some(other.as_str()));
    assert_eq!(h.link(1).as_deref(), Some(linked.as_str()));
    assert_eq!(h.contact_field(&linked, "MailingCity"), "York");
    assert_ne!(h.contact_field(&other, "MailingCity"), "Perth");
    // THEN it stays one question when either Contact is touched
    for contact in [&other, &linked] {
        later(&h);
        h.edit_contact(contact, &json!({"HomePhone": "0401 555 010"}));
        let report = h.sync().await;
        assert_eq!(h.cases(), ["id_and_email_disagree"], "{report:?}");
        assert_eq!(stored(&h).await.as_deref(), Some(other.as_str()));
    }
}

#[tokio::test]
async fn looked_at_together_the_row_and_the_contact_it_names_are_one_question() {
    let h = Harness::start().await;
    let (_, other) = contradicted(&h).await;
    let other = ContactId::parse(&other).expect("the org's ids are ids");
    let both = vec![Subject::Supporter(supporter()), Subject::Contact(other)];
    let only = Request { only: Some(both), ..Request::whole(Mode::Sync) };
    service::cycle::run(&h.sides, &only, &mut |_| {}).await.expect("runs").expect("alone");
    assert_eq!(h.cases(), ["id_and_email_disagree"]);
}

#[tokio::test]
async fn a_contact_that_carries_the_id_of_somebody_whose_row_names_another_is_asked_about() {
    let h = Harness::start().await;
    let carrier = h.contact(&Contact::new("Jo", "Doe", "jo@example.org").with("EN_Supporter_Id__c", "1"));
    let named = h.contact(&Contact::new("Jo", "Doe", "jo@example.org"));
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").linked_to(&named)).await;
    let carrier = ContactId::parse(&carrier).expect("the org's ids are ids");
    let only = Request { only: Some(vec![Subject::Contact(carrier)]), ..Request::whole(Mode::Sync) };
    service::cycle::run(&h.sides, &only, &mut |_| {}).await.expect("runs").expect("alone");
    assert_eq!((h.cases(), h.link(1)), (vec!["id_and_email_disagree"], None));
    assert_eq!(stored(&h).await, Some(named));
}

#[tokio::test]
async fn an_id_written_while_the_job_was_under_way_stays_and_is_asked_about() {
    for leads_somewhere in [true, false] {
        let mut h = Harness::start_in(World { on_disk: true, patient: true, ..World::default() }).await;
        let other = h.contact(&Contact::new("Eva", "Moe", "eva@example.org"));
        h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
        // GIVEN a process that dies with its job under way
        let admin = h.org.admin();
        admin.fault(Op::IngestState, Fault::Slow { millis_per_kib: 3_600_000 });
        let sent = |h: &Harness| {
            h.org
                .admin()
                .jobs()
                .iter()
                .any(|job| job.kind == "V2Ingest" && format!("{:?}", job.state) != "Open")
        };
        h.kill_when(Mode::Sync, sent).await;
        // WHEN somebody writes an Id into the row meanwhile
        let written = if leads_somewhere { other } else { "003000000000001".to_owned() };
        h.edit_supporter(1, "sf_contact_id", Some(&written)).await;
        admin.clear_faults();
        admin.progress(Progress::Auto);
        while admin.step_jobs() > 0 {}
        h.restart().await;
        // THEN whoever settles the job finds it, although nobody looks for changed supporters
        h.run(Mode::Pull).await;
        let made = h.link(1).expect("linked");
        let (cases, row) =
            if leads_somewhere { (vec!["id_and_email_disagree"], written) } else { (vec![], made) };
        assert_eq!((h.cases(), stored(&h).await), (cases.clone(), Some(row.clone())));
        later(&h);
        h.sync().await;
        assert_eq!((h.cases(), stored(&h).await), (cases, Some(row)));
    }
}

#[tokio::test]
async fn linked_to_the_contact_of_the_row_that_one_is_theirs_and_carries_their_id() {
    let h = Harness::start().await;
    let (linked, other) = contradicted(&h).await;
    h.sync().await;
    decide(&h, link_to(&other)).await;
    let report = h.sync().await;
    assert_eq!(h.link(1).as_deref(), Some(other.as_str()), "{report:?}");
    assert_eq!(h.cases(), Vec::<&str>::new());
    assert_eq!(h.contact_field(&other, "EN_Supporter_Id__c"), "1");
    assert_eq!(h.contact_field(&other, "MailingCity"), "Perth");
    assert_ne!(h.contact_field(&linked, "EN_Supporter_Id__c"), "1");
    later(&h);
    assert!(h.sync().await.wrote_nothing());
}

#[tokio::test]
async fn the_link_confirmed_or_the_other_told_apart_the_row_is_put_right_for_good() {
    for confirm in [true, false] {
        let h = Harness::start().await;
        let (linked, other) = contradicted(&h).await;
        h.sync().await;
        decide(&h, if confirm { link_to(&linked) } else { Choice::Separate }).await;
        let report = h.sync().await;
        assert_eq!(stored(&h).await.as_deref(), Some(linked.as_str()), "{report:?}");
        assert_eq!(h.link(1).as_deref(), Some(linked.as_str()));
        assert_eq!(h.contact_field(&linked, "MailingCity"), "Perth");
        assert_eq!(h.cases(), Vec::<&str>::new());
        // THEN the same Id once more is not asked about again
        later(&h);
        h.edit_supporter(1, "sf_contact_id", Some(&other)).await;
        h.sync().await;
        assert_eq!((stored(&h).await, h.cases()), (Some(linked), vec![]));
    }
}

#[tokio::test]
async fn a_linked_contact_that_is_brought_back_does_not_take_the_row_back_unasked() {
    let h = Harness::start().await;
    let (linked, other) = contradicted(&h).await;
    let admin = h.org.admin();
    admin.delete_as(&admin.person(), "Contact", &linked).unwrap();
    h.sync().await;
    assert!(h.cases().contains(&"contact_deleted"), "{:?}", h.cases());
    later(&h);
    admin.undelete_as(&admin.person(), "Contact", &linked).unwrap();
    let report = h.sync().await;
    assert!(h.cases().contains(&"id_and_email_disagree"), "{:?}: {report:?}", h.cases());
    assert_eq!(stored(&h).await, Some(other));
}

#[tokio::test]
async fn corrected_by_hand_the_question_is_over() {
    let h = Harness::start().await;
    let (linked, _) = contradicted(&h).await;
    h.sync().await;
    later(&h);
    h.edit_supporter(1, "sf_contact_id", Some(&linked)).await;
    h.sync().await;
    assert_eq!(h.cases(), Vec::<&str>::new());
    assert_eq!(h.contact_field(&linked, "MailingCity"), "Perth");
}

#[tokio::test]
async fn an_id_that_leads_nowhere_or_to_a_deleted_contact_is_put_right_at_once() {
    let h = Harness::start().await;
    let (linked, other) = contradicted(&h).await;
    let admin = h.org.admin();
    admin.delete_as(&admin.person(), "Contact", &other).unwrap();
    for leftover in [other.as_str(), "003000000000001"] {
        later(&h);
        h.edit_supporter(1, "sf_contact_id", Some(leftover)).await;
        let report = h.sync().await;
        assert_eq!(stored(&h).await.as_deref(), Some(linked.as_str()), "{report:?}");
        assert_eq!(h.cases(), Vec::<&str>::new());
    }
}

#[tokio::test]
async fn a_new_contact_takes_the_place_of_an_id_that_leads_nowhere_at_once() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").linked_to("003000000000001")).await;
    let report = h.sync().await;
    let made = h.link(1).expect("linked");
    assert_eq!(stored(&h).await, Some(made), "{report:?}");
    assert_eq!(report.still_dirty, 0);
}

#[tokio::test]
async fn the_short_spelling_of_the_linked_id_is_no_other_contact() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    h.sync().await;
    let linked = h.link(1).expect("linked");
    later(&h);
    h.edit_supporter(1, "sf_contact_id", Some(&linked[..15])).await;
    h.edit_supporter(1, "city", Some("Perth")).await;
    h.sync().await;
    assert_eq!(h.cases(), Vec::<&str>::new());
    assert_eq!(h.contact_field(&linked, "MailingCity"), "Perth");
}

/// What `highwater link set` leaves in the state, and its run.
async fn link_set(h: &Harness, from: &str, to: &str) {
    let contacts = [from, to].map(|id| ContactId::parse(id).expect("the org's ids are ids"));
    let now = Stamp::from_seconds(0);
    let case = model::Case {
        kind: KIND,
        subject: Subject::Supporter(supporter()),
        supporters: vec![supporter()],
        contacts: contacts.to_vec(),
        reasons: vec!["administrator".to_owned()],
        records: Vec::new(),
        opened_at: now,
        seen_at: now,
        standing: Standing::default(),
    };
    let mut changes = Changes::new();
    changes.open_case(case);
    let _ = h.sides.state.commit(changes).await.expect("durable");
    decide(h, link_to(to)).await;
    let only = contacts.map(Subject::Contact).into_iter().chain([Subject::Supporter(supporter())]);
    let only = Request { only: Some(only.collect()), ..Request::whole(Mode::Sync) };
    service::cycle::run(&h.sides, &only, &mut |_| {}).await.expect("runs").expect("alone");
}

/// Ann Lee is linked, and so her row says; the Contacts of Bea and Cas Lee are nobody's.
async fn ann_and_two_others(h: &Harness) -> [String; 3] {
    let lee = |first: &str| h.contact(&Contact::new(first, "Lee", &format!("{first}@example.org")));
    let contacts = ["Ann", "Bea", "Cas"].map(lee);
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    later(h);
    h.sync().await;
    assert_eq!(stored(h).await.as_ref(), Some(&contacts[0]));
    contacts
}

#[tokio::test]
async fn a_link_that_is_corrected_leaves_no_question_about_the_contact_that_is_left() {
    let h = Harness::start().await;
    let [ann, bea, _] = ann_and_two_others(&h).await;
    link_set(&h, &ann, &bea).await;
    assert_eq!((h.link(1), h.cases()), (Some(bea.clone()), vec![]));
    assert_eq!(stored(&h).await.as_ref(), Some(&bea));
    // THEN nor does one come up when either is touched
    h.edit_contact(&ann, &json!({"MailingCity": "Rome"}));
    h.edit_supporter(1, "city", Some("Oslo")).await;
    later(&h);
    h.sync().await;
    assert_eq!(h.cases(), Vec::<&str>::new());
    assert_eq!(h.contact_field(&bea, "MailingCity"), "Oslo");
    assert_eq!(h.contact_field(&ann, "MailingCity"), "Rome");
}

#[tokio::test]
async fn an_id_written_after_the_link_was_corrected_is_asked_about_whatever_the_clocks_say() {
    // GIVEN a database whose clock is hours behind the org's, and one whose clock is ahead
    for ahead in [false, true] {
        let h = Harness::start().await;
        if !ahead {
            h.org.admin().clock().advance(Duration::from_secs(4 * 3_600));
        }
        let [ann, bea, cas] = ann_and_two_others(&h).await;
        link_set(&h, &ann, &bea).await;
        // WHEN somebody writes a third Contact's Id into the row
        h.edit_supporter(1, "sf_contact_id", Some(&cas)).await;
        let report = h.sync().await;
        assert_eq!(h.cases(), ["id_and_email_disagree"], "{report:?}");
        assert_eq!((stored(&h).await, h.link(1)), (Some(cas), Some(bea)));
    }
}

#[tokio::test]
async fn an_id_that_was_not_in_question_when_the_link_was_corrected_is_asked_about() {
    let h = Harness::start().await;
    let [ann, bea, cas] = ann_and_two_others(&h).await;
    h.edit_supporter(1, "sf_contact_id", Some(&cas)).await;
    link_set(&h, &ann, &bea).await;
    assert_eq!(h.cases(), ["id_and_email_disagree"]);
    assert_eq!((stored(&h).await, h.link(1)), (Some(cas), Some(bea)));
}

#[tokio::test]
async fn contacts_that_are_merged_after_one_of_them_was_linked_by_hand_are_one_person_again() {
    let h = Harness::start().await;
    let [ann, bea, _] = ann_and_two_others(&h).await;
    link_set(&h, &ann, &bea).await;
    let admin = h.org.admin();
    admin.merge_as(&admin.person(), "Contact", &ann, &[bea.as_str()]).expect("merged");
    later(&h);
    h.sync().await;
    assert_eq!((h.link(1), h.cases()), (Some(ann.clone()), vec![]));
    assert_eq!(stored(&h).await, Some(ann));
    assert!(h.sides.state.apart_of([&supporter()]).expect("readable").is_empty());
}
