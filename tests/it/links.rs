//! Links follow merges, survive stale ids, and are never made twice.

use std::time::Duration;

use e2e::{Contact, Harness, Person};
use model::Phase;
use serde_json::json;
use service::request::Mode;

async fn linked(h: &Harness, id: i64, first: &str, last: &str, email: &str) -> String {
    h.supporter(&Person::new(id, first, last, email)).await;
    h.sync().await;
    h.link(id).expect("linked")
}

fn later(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(120));
}

#[tokio::test]
async fn a_merged_contact_is_followed_to_the_survivor_and_never_created_again() {
    let h = Harness::start().await;
    let old = linked(&h, 1, "Jo", "Doe", "jo@example.org").await;
    let survivor = h.contact(&Contact::new("Joanna", "Doe", "joanna@example.org"));
    let admin = h.org.admin();
    admin.merge_as(&admin.person(), "Contact", &survivor, &[old.as_str()]).unwrap();
    later(&h);
    let report = h.sync().await;
    assert_eq!(h.link(1).as_deref(), Some(survivor.as_str()), "{report:?}");
    assert_eq!(h.supporter_cell(1, "sf_contact_id").await.as_deref(), Some(survivor.as_str()));
    assert_eq!(h.contact_field(&survivor, "EN_Supporter_Id__c"), "1");
    assert_eq!(h.contacts().len(), 1);
    later(&h);
    h.edit_supporter(1, "city", Some("Perth")).await;
    h.sync().await;
    assert_eq!(h.contacts().len(), 1);
    assert_eq!(h.contact_field(&survivor, "MailingCity"), "Perth");
}

#[tokio::test]
async fn a_merge_into_somebody_elses_contact_is_a_case() {
    let h = Harness::start().await;
    let first = linked(&h, 1, "Jo", "Doe", "jo@example.org").await;
    let second = linked(&h, 2, "Joanna", "Doe", "joanna@example.org").await;
    let admin = h.org.admin();
    admin.merge_as(&admin.person(), "Contact", &second, &[first.as_str()]).unwrap();
    later(&h);
    let report = h.sync().await;
    assert!(h.cases().contains(&"merged_into_linked"), "{report:?}");
    assert_eq!(h.link(2).as_deref(), Some(second.as_str()));
    assert_eq!(h.contacts().len(), 1);
}

#[tokio::test]
async fn a_deleted_contact_is_a_case_and_is_created_again_only_on_request() {
    let h = Harness::start().await;
    let id = linked(&h, 1, "Jo", "Doe", "jo@example.org").await;
    let admin = h.org.admin();
    admin.delete_as(&admin.person(), "Contact", &id).unwrap();
    later(&h);
    let report = h.sync().await;
    assert_eq!(h.cases(), ["contact_deleted"], "{report:?}");
    later(&h);
    h.edit_supporter(1, "city", Some("Perth")).await;
    h.sync().await;
    assert!(h.contacts().is_empty());
    let resynced = h.resync(1).await;
    assert_eq!(h.contacts().len(), 1, "{resynced:?}");
    assert_ne!(h.link(1).as_deref(), Some(id.as_str()));
    assert_eq!(h.cases(), Vec::<&str>::new());
}

#[tokio::test]
async fn an_undeleted_contact_lives_again() {
    let h = Harness::start().await;
    let id = linked(&h, 1, "Jo", "Doe", "jo@example.org").await;
    let admin = h.org.admin();
    admin.delete_as(&admin.person(), "Contact", &id).unwrap();
    later(&h);
    h.sync().await;
    admin.undelete_as(&admin.person(), "Contact", &id).unwrap();
    later(&h);
    h.edit_supporter(1, "city", Some("Perth")).await;
    h.sync().await;
    assert_eq!(h.contact_field(&id, "MailingCity"), "Perth");
    assert_eq!(h.cases(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_stale_id_in_the_row_leads_to_the_survivor_or_to_a_fresh_match() {
    let h = Harness::start().await;
    let admin = h.org.admin();
    // GIVEN an id that was merged away, and one that never existed here
    let gone = h.contact(&Contact::new("Jo", "Doe", "old@example.org"));
    let survivor = h.contact(&Contact::new("Jo", "Doe", "jo@example.org"));
    admin.merge_as(&admin.person(), "Contact", &survivor, &[gone.as_str()]).unwrap();
    let ann = h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.supporter(&Person::new(1, "Jo", "Doe", "other@example.org").linked_to(&gone)).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org").linked_to("003000000000001")).await;
    let report = h.sync().await;
    assert_eq!(h.link(1).as_deref(), Some(survivor.as_str()), "{report:?}");
    assert_eq!(h.link(2).as_deref(), Some(ann.as_str()), "{report:?}");
    assert_eq!(h.supporter_cell(2, "sf_contact_id").await.as_deref(), Some(ann.as_str()));
    assert_eq!(h.contacts().len(), 2);
}

#[tokio::test]
async fn an_id_typed_onto_the_wrong_person_is_a_case() {
    let h = Harness::start().await;
    let walter = h.contact(&Contact::new("Walter", "Other", "walter@example.org"));
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org").linked_to(&walter)).await;
    let report = h.sync().await;
    assert_eq!(h.link(1), None, "{report:?}");
    assert!(h.cases().contains(&"id_and_email_disagree"), "{:?}", h.cases());
    assert_eq!(h.contact_field(&walter, "FirstName"), "Walter");
}

#[tokio::test]
async fn our_id_on_a_contact_is_enough_to_rebuild_a_lost_link() {
    let h = Harness::start().await;
    let id = h.contact(&Contact::new("Jo", "Doe", "new@example.org").with("EN_Supporter_Id__c", "1"));
    h.supporter(&Person::new(1, "Jo", "Doe", "old@example.org")).await;
    let report = h.sync().await;
    assert_eq!(h.link(1).as_deref(), Some(id.as_str()), "{report:?}");
    assert_eq!(h.contacts().len(), 1);
}

#[tokio::test]
async fn a_supporter_that_is_gone_leaves_the_contact_alone_and_a_case() {
    let h = Harness::start().await;
    let id = linked(&h, 1, "Jo", "Doe", "jo@example.org").await;
    h.delete_supporter(1).await;
    h.edit_contact(&id, &json!({"FirstName": "Joanna"}));
    later(&h);
    let report = h.sync().await;
    assert_eq!(h.cases(), ["supporter_deleted"], "{report:?}");
    assert_eq!(h.contacts().len(), 1);
    assert_eq!(h.supporters().await, 0);
}

#[tokio::test]
async fn linked_people_are_never_upserted_by_external_id() {
    // GIVEN a linked person whose Contact lost our id on the way (somebody cleared it)
    let h = Harness::start().await;
    let id = linked(&h, 1, "Jo", "Doe", "jo@example.org").await;
    h.edit_contact(&id, &json!({"EN_Supporter_Id__c": null}));
    later(&h);
    h.edit_supporter(1, "city", Some("Perth")).await;
    let report = h.sync().await;
    // THEN the row went by Id: the same Contact is updated and has our id again
    assert_eq!(h.contacts().len(), 1, "{report:?}");
    assert_eq!(h.contact_field(&id, "EN_Supporter_Id__c"), "1");
    let operations: Vec<String> =
        h.org.admin().jobs().iter().map(|job| format!("{:?}", job.operation)).collect();
    let operations: Vec<&String> =
        operations.iter().filter(|operation| !operation.contains("query")).collect();
    assert_eq!(operations.len(), 2, "{operations:?}");
    assert!(operations[1].to_lowercase().contains("update"), "{operations:?}");
}

#[tokio::test]
async fn an_id_typed_onto_the_wrong_person_stays_a_case_whoever_asks() {
    let h = Harness::start().await;
    let hour = std::time::Duration::from_secs(3_600);
    let walter = h.contact(&Contact::new("Walter", "Other", "walter@example.org"));
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org").linked_to(&walter)).await;
    h.sync().await;
    // The Contact is met now, and leads to the same row.
    h.org.admin().clock().advance(hour);
    let report = h.sync().await;
    assert_eq!(h.link(1), None, "{report:?}");
    assert_eq!(h.cases(), ["id_and_email_disagree"]);
    assert_eq!(h.contact_field(&walter, "FirstName"), "Walter");
    assert_eq!(h.supporter_cell(1, "email").await.as_deref(), Some("ann@example.org"));
    // AND a Contact that would fit is named beside the other
    let ann = h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.org.admin().clock().advance(hour);
    let report = h.sync().await;
    assert_eq!(h.link(1), None, "{report:?}");
    let cases = h.sides.state.cases_page(None, 9).unwrap();
    let named: Vec<String> = cases.iter().flat_map(|case| &case.contacts).map(ToString::to_string).collect();
    assert_eq!(named, [walter, ann], "{report:?}");
}

#[tokio::test]
async fn an_id_retyped_while_the_job_waits_is_a_case_and_gives_no_contact_a_second_owner() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.sync().await;
    let ann = h.link(1).unwrap();
    h.supporter(&Person::new(2, "Bob", "Stone", "bob@example.org")).await;
    let admin = h.org.admin();
    admin.progress(simorg::Progress::Stepped);
    {
        let cycle = h.try_run(Mode::Sync);
        tokio::pin!(cycle);
        let closed =
            || h.sides.state.journal().unwrap().first().is_some_and(|job| job.phase == Phase::Closed);
        while !closed() {
            tokio::select! {
                _ = &mut cycle => panic!("the job cannot end by itself"),
                () = tokio::time::sleep(std::time::Duration::from_millis(5)) => {}
            }
        }
        // WHEN somebody types the new supporter's id over the other's while his row waits
        h.edit_contact(&ann, &json!({"EN_Supporter_Id__c": "2"}));
        admin.progress(simorg::Progress::Auto);
        cycle.await.expect("the cycle comes to its end");
    }
    assert_eq!((h.link(1), h.link(2)), (Some(ann), None));
    assert_eq!(h.cases(), ["two_supporters_one_contact"]);
    assert_eq!(h.supporter_cell(2, "sf_contact_id").await, None);
}
