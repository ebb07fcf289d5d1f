//! Supporters that are merged in the supporter database are followed: their Contact goes with whoever remains, nobody is made a
//! second time, and what only a person can merge becomes a case.

use std::time::Duration;

use e2e::{Harness, Person, World};
use model::{Happened, Subject, SupporterId};
use service::agreed::{Agreed, LAST_LINE, end_line, plan_line};
use service::request::{Mode, Request, Seen};

fn merging() -> World {
    World { merges: true, ..World::default() }
}

fn later(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(120));
}

/// Two supporters of one name at two addresses, each with a Contact.
async fn both_linked() -> (Harness, String, String) {
    let h = Harness::start_in(merging()).await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann.lee@example.org")).await;
    h.sync().await;
    let (first, second) = (h.link(1).expect("linked"), h.link(2).expect("linked"));
    (h, first, second)
}

#[tokio::test]
async fn the_contact_goes_with_the_supporter_that_remains() {
    let h = Harness::start_in(merging()).await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.sync().await;
    let ann = h.link(1).unwrap();
    // WHEN a new row takes her over, under another address, before it ever had a Contact
    h.supporter(&Person::new(2, "Ann", "Lee-Miller", "ann.miller@example.org")).await;
    h.edit_supporter(1, "merged_into", Some("2")).await;
    let report = h.sync().await;
    assert_eq!((h.link(1), h.link(2)), (None, Some(ann.clone())), "{report:?}");
    assert_eq!(report.outcome("skipped:merged_away"), 1, "{report:?}");
    assert_eq!(h.contacts().len(), 1, "no second Contact: {report:?}");
    assert_eq!(h.contact_field(&ann, "EN_Supporter_Id__c"), "2");
    assert_eq!(h.supporter_cell(2, "sf_contact_id").await, Some(ann));
    assert_eq!(h.cases(), Vec::<&str>::new());
    // AND it stays so, whoever is touched
    later(&h);
    h.edit_supporter(1, "city", Some("Perth")).await;
    let report = h.sync().await;
    assert!(report.wrote_nothing(), "{report:?}");
    assert_eq!(h.contacts().len(), 1);
    let story = h.sides.state.story(&[Subject::Supporter(SupporterId::parse("2").unwrap())]).unwrap();
    let linked = |told: &state::Told| matches!(&told.what, Happened::Linked { evidence, .. } if evidence.code() == "supporter_merged");
    assert!(story.iter().any(linked), "{story:?}");
}

#[tokio::test]
async fn two_contacts_of_one_supporter_are_a_case_until_they_are_merged_whichever_remains() {
    for first_remains in [true, false] {
        let (h, first, second) = both_linked().await;
        h.edit_supporter(1, "merged_into", Some("2")).await;
        let report = h.sync().await;
        assert_eq!((h.link(1), h.link(2)), (None, Some(second.clone())), "{report:?}");
        assert_eq!(h.cases(), ["contact_merge_needed"], "{report:?}");
        assert!(h.sync().await.wrote_nothing());
        assert_eq!(h.cases(), ["contact_merge_needed"], "it waits");
        let (master, loser) = if first_remains { (&first, &second) } else { (&second, &first) };
        let admin = h.org.admin();
        admin.merge_as(&admin.person(), "Contact", master, &[loser.as_str()]).unwrap();
        later(&h);
        h.sync().await;
        later(&h);
        let report = h.sync().await;
        assert_eq!(h.link(2).as_deref(), Some(master.as_str()), "{first_remains}: {report:?}");
        assert_eq!(h.contact_field(master, "EN_Supporter_Id__c"), "2", "{first_remains}");
        assert_eq!(h.cases(), Vec::<&str>::new(), "{first_remains}: {report:?}");
        assert_eq!((h.contacts().len(), h.link(1)), (1, None));
        later(&h);
        assert!(h.sync().await.wrote_nothing());
    }
}

#[tokio::test]
async fn a_contact_that_is_not_the_remaining_supporter_stays_nobody_s_and_is_a_case() {
    // GIVEN two supporters of whom an administrator said that the Contact of the first is not the second
    let h = Harness::start_in(merging()).await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.sync().await;
    let first = h.link(1).unwrap();
    let mut changes = state::Changes::new();
    changes.set_apart(&SupporterId::parse("2").unwrap(), model::ContactId::parse(&first).unwrap());
    let _ = h.sides.state.commit(changes).await.unwrap();
    // WHEN the first is merged into the second
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    h.edit_supporter(1, "merged_into", Some("2")).await;
    let report = h.sync().await;
    // THEN what was said holds: the Contacts are two, and a person is asked
    assert!(h.link(2).is_some_and(|linked| linked != first), "{report:?}");
    assert_eq!((h.contacts().len(), h.cases()), (2, vec!["contact_merge_needed"]), "{report:?}");
    later(&h);
    h.sync().await;
    assert_eq!(h.cases(), ["contact_merge_needed"], "it waits");
}

#[tokio::test]
async fn a_chain_of_merges_ends_at_whoever_stands_for_themselves() {
    let h = Harness::start_in(merging()).await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.sync().await;
    let ann = h.link(1).unwrap();
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    h.supporter(&Person::new(3, "Ann", "Lee", "ann@example.org")).await;
    h.edit_supporter(1, "merged_into", Some("2")).await;
    h.edit_supporter(2, "merged_into", Some("3")).await;
    let report = h.sync().await;
    assert_eq!((h.link(1), h.link(2), h.link(3)), (None, None, Some(ann)), "{report:?}");
    assert_eq!(report.outcome("skipped:merged_away"), 2, "{report:?}");
    assert_eq!((h.contacts().len(), h.cases().len()), (1, 0), "{:?}", h.cases());
}

#[tokio::test]
async fn who_was_merged_away_before_is_never_made_a_contact() {
    let h = Harness::start_in(merging()).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.edit_supporter(1, "merged_into", Some("2")).await;
    for mode in [service::request::Mode::Backfill, service::request::Mode::Sync] {
        let report = h.run(mode).await;
        assert_eq!(h.contacts().len(), 1, "{report:?}");
        assert!(h.link(2).is_some() && h.link(1).is_none(), "{report:?}");
        assert_eq!(h.cases(), Vec::<&str>::new(), "a row that was merged away rivals nobody");
    }
}

#[tokio::test]
async fn rows_that_point_at_each_other_or_at_nobody_stand_for_themselves() {
    let (h, first, second) = both_linked().await;
    h.edit_supporter(1, "merged_into", Some("2")).await;
    h.edit_supporter(2, "merged_into", Some("1")).await;
    h.sync().await;
    assert_eq!((h.link(1), h.link(2)), (Some(first.clone()), Some(second)));
    h.edit_supporter(2, "merged_into", None).await;
    h.edit_supporter(1, "merged_into", Some("99")).await;
    h.sync().await;
    assert_eq!(h.link(1), Some(first));
}

#[tokio::test]
async fn without_such_a_column_a_merge_is_noticed_when_the_contact_id_moves() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.sync().await;
    let ann = h.link(1).unwrap();
    h.supporter(&Person::new(2, "Ann", "Lee", "ann.lee@example.org").linked_to(&ann)).await;
    h.delete_supporter(1).await;
    let report = h.sync().await;
    assert_eq!(h.link(2).as_deref(), Some(ann.as_str()), "{report:?}");
    assert_eq!(h.contact_field(&ann, "EN_Supporter_Id__c"), "2");
    assert_eq!((h.contacts().len(), h.cases()), (1, Vec::<&str>::new()));
    later(&h);
    assert!(h.sync().await.wrote_nothing());
}

#[tokio::test]
async fn a_plan_on_file_makes_no_second_contact_for_whoever_remains_of_a_merge() {
    // GIVEN a supporter with a Contact who was merged into one who never had any
    let h = Harness::start_in(merging()).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    h.sync().await;
    let ann = h.link(2).unwrap();
    h.supporter(&Person::new(1, "Ann", "Lee-Miller", "ann.miller@example.org")).await;
    h.edit_supporter(2, "merged_into", Some("1")).await;
    later(&h);
    // WHEN a plan is put on file and carried out
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("plan.jsonl");
    let mut lines = Vec::new();
    let mut keep = |seen: Seen<'_>| match seen {
        Seen::Heading(heading) => lines.push(heading.line()),
        Seen::Plan(plan, fingerprint) => lines.push(plan_line(plan, fingerprint)),
        Seen::Ended(subject, outcome) => lines.push(end_line(subject, outcome)),
    };
    let whole = Request::whole(Mode::Backfill);
    let dry = Request { dry_run: true, ..whole.clone() };
    service::cycle::run(&h.sides, &dry, &mut keep).await.unwrap().unwrap();
    lines.push(LAST_LINE.to_owned());
    std::fs::write(&file, lines.join("\n") + "\n").unwrap();
    let agreed = Agreed::open(&file).unwrap();
    let request = Request { agreed: Some(agreed), ..whole };
    let report = service::cycle::run(&h.sides, &request, &mut |_| {}).await.unwrap().unwrap();
    // THEN the Contact goes with whoever remains, at the latest with the next cycle, and there is one
    later(&h);
    h.sync().await;
    assert_eq!((h.link(1), h.link(2)), (Some(ann), None), "{report:?}");
    assert_eq!(h.contacts().len(), 1, "{report:?}");
}

#[tokio::test]
async fn an_edited_contact_of_a_row_that_was_merged_away_makes_nobody_and_waits_for_nothing() {
    let mut world = merging();
    world.settings.create_supporters = true;
    let h = Harness::start_in(world).await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.supporter(&Person::new(2, "Annie", "Lee", "annie@example.org")).await;
    h.sync().await;
    let second = h.link(2).expect("linked");
    h.edit_supporter(2, "merged_into", Some("1")).await;
    later(&h);
    h.sync().await;
    assert_eq!(h.cases(), ["contact_merge_needed"]);
    for first in ["Anna", "Ann M."] {
        h.edit_contact(&second, &serde_json::json!({"FirstName": first}));
        later(&h);
        let report = h.sync().await;
        assert!(report.outcome("skipped:merged_away") >= 1, "{report:?}");
        assert_eq!(report.outcome("deferred:changed_meanwhile"), 0, "{report:?}");
        assert_eq!((h.supporters().await, h.cases()), (2, vec!["contact_merge_needed"]), "{report:?}");
        assert_eq!(h.sync().await.still_dirty, 0);
    }
    // AND somebody new on the address that the row still holds is made nobody either, and does not wait for ever
    h.contact(&e2e::Contact::new("Zoe", "Moe", "annie@example.org"));
    later(&h);
    let report = h.sync().await;
    assert_eq!((h.supporters().await, report.still_dirty), (2, 0), "{report:?}");
}

#[tokio::test]
async fn a_contact_that_only_a_merged_row_names_is_whoever_remains() {
    let mut world = merging();
    world.settings.create_supporters = true;
    let h = Harness::start_in(world).await;
    let contact = h.contact(&e2e::Contact::new("Ann", "Lee", "ann.lee@example.org"));
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann.lee@example.org").linked_to(&contact)).await;
    h.edit_supporter(2, "merged_into", Some("1")).await;
    later(&h);
    let report = h.run(Mode::Pull).await;
    assert_eq!((h.link(1), h.link(2)), (Some(contact.clone()), None), "{report:?}");
    later(&h);
    h.sync().await;
    assert_eq!(h.supporter_cell(1, "sf_contact_id").await, Some(contact));
    assert_eq!((h.supporters().await, h.contacts().len()), (2, 1));
}
