//! Every row ends in exactly one outcome, and one bad row harms only itself.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use serde_json::json;

#[tokio::test]
async fn a_name_too_long_blocks_that_person_alone_until_it_is_corrected() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", &"x".repeat(81), "jo@example.org")).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    let report = h.sync().await;
    assert_eq!(report.outcome("contact_created"), 1, "{report:?}");
    assert_eq!(h.block(1).as_deref(), Some("STRING_TOO_LONG"));
    assert_eq!(h.cases(), ["blocked"]);
    // Untouched, it is not tried again; corrected, it goes through and the case is gone.
    assert!(h.sync().await.wrote_nothing());
    h.edit_supporter(1, "last_name", Some("Short")).await;
    h.sync().await;
    assert_eq!(h.block(1), None);
    assert_eq!(h.cases(), Vec::<&str>::new());
    assert_eq!(h.contacts().len(), 2);
}

#[tokio::test]
async fn bytes_that_are_no_text_are_named_and_nothing_is_written_over_them() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.sync().await;
    let id = h.link(1).unwrap();
    // GIVEN a column that some program filled with bytes, and a person who edits the same field of the Contact
    h.spoil_supporter(1, "city", &[0xff, 0x00, 0xfe]).await;
    h.edit_contact(&id, &json!({"MailingCity": "Albany"}));
    let report = h.sync().await;
    assert_eq!(report.outcome("blocked:NOT_STORABLE"), 1, "{report:?}");
    assert_eq!(h.cases(), ["blocked"]);
    assert!(h.sync().await.wrote_nothing());
    // Corrected, it goes on where it stood.
    h.edit_supporter(1, "city", Some("Perth")).await;
    h.sync().await;
    assert_eq!(h.block(1), None);
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Albany"));
}

#[tokio::test]
async fn what_the_org_refuses_for_good_is_blocked_and_tried_again_when_it_changes() {
    // GIVEN an address that our parser takes and the org does not
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo..doe@example.org")).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    let report = h.sync().await;
    let sent = report.rows;
    assert_eq!((sent.sent, sent.succeeded, sent.failed), (2, 1, 1), "{report:?}");
    assert_eq!(h.block(1).as_deref(), Some("INVALID_EMAIL_ADDRESS"), "{report:?}");
    let again = h.sync().await;
    assert!(again.wrote_nothing(), "{again:?}");
    h.edit_supporter(1, "email", Some("jo.doe@example.org")).await;
    let fixed = h.sync().await;
    assert_eq!(fixed.outcome("contact_created"), 1, "{fixed:?}");
    assert_eq!(h.block(1), None);
}

#[tokio::test]
async fn nobody_without_a_last_name_is_sent_and_everybody_is_told() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "", "jo@example.org")).await;
    let report = h.sync().await;
    assert_eq!(report.outcome("skipped:no_last_name"), 1, "{report:?}");
    assert!(h.contacts().is_empty());
    h.edit_supporter(1, "last_name", Some("Doe")).await;
    assert_eq!(h.sync().await.outcome("contact_created"), 1);
}

#[tokio::test]
async fn an_emptied_field_is_cleared_and_an_untouched_one_left_alone() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.sync().await;
    let id = h.link(1).unwrap();
    // GIVEN a value highwater does not map, and a mapped one that the supporter empties
    h.edit_contact(&id, &json!({"Title": "Volunteer"}));
    h.edit_supporter(1, "city", None).await;
    h.sync().await;
    assert_eq!(h.contact_field(&id, "MailingCity"), "");
    assert_eq!(h.contact_field(&id, "Title"), "Volunteer");
    assert_eq!(h.contact_field(&id, "FirstName"), "Jo");
}

#[tokio::test]
async fn rows_a_failed_job_did_not_reach_are_sent_again_in_a_smaller_one() {
    let mut world = World::default();
    world.org.bulk.fail_after_rows = Some(5);
    let h = Harness::start_in(world).await;
    for n in 0..12 {
        h.supporter(&Person::new(n + 1, "Ann", &format!("Lee{n}"), &format!("ann{n}@example.org"))).await;
    }
    let report = h.sync().await;
    assert!(report.rows.unprocessed > 0, "{report:?}");
    assert!(report.rows.balance());
    h.org.admin().configure(|settings| settings.bulk.fail_after_rows = None);
    h.sync().await;
    assert_eq!(h.contacts().len(), 12);
    assert!(h.sync().await.wrote_nothing());
}

#[tokio::test]
async fn locked_rows_are_tried_again_in_the_same_cycle() {
    let mut world = World::default();
    world.org.bulk.lock_rate = 0.5;
    let h = Harness::start_in(world).await;
    for n in 0..40 {
        h.supporter(&Person::new(n + 1, "Ann", &format!("Lee{n}"), &format!("ann{n}@example.org"))).await;
    }
    let report = h.sync().await;
    assert!(report.rows.failed > 0, "{report:?}");
    assert_eq!(h.contacts().len(), 40, "{report:?}");
    assert_eq!(h.cases(), Vec::<&str>::new());
}

#[tokio::test]
async fn results_in_any_order_with_sorted_columns_and_mangled_numbers_are_joined_by_key() {
    let mut world = World::default();
    world.org.bulk.reorder = true;
    world.org.bulk.sort_columns = true;
    world.org.bulk.reformat_numbers = true;
    let h = Harness::start_in(world).await;
    for n in 0..50 {
        let mut person = Person::new(n + 1, "Ann", &format!("Lee{n}"), &format!("ann{n}@example.org"));
        person.phone = Some(format!("91226003{n:02}"));
        h.supporter(&person).await;
    }
    h.sync().await;
    for contact in h.contacts() {
        let key: i64 = contact["EN_Supporter_Id__c"].as_str().unwrap().parse().unwrap();
        assert_eq!(contact["LastName"], format!("Lee{}", key - 1));
        assert_eq!(h.link(key).as_deref(), contact["Id"].as_str());
    }
    assert!(h.sync().await.wrote_nothing());
}

#[tokio::test]
async fn a_rule_that_refuses_everybody_opens_the_circuit_instead_of_blocking_everybody() {
    let h = Harness::start().await;
    for n in 0..150 {
        h.supporter(&Person::new(n + 1, "Ann", &format!("Lee{n}"), &format!("ann..{n}@example.org"))).await;
    }
    let report = h.sync().await;
    assert!(report.notes.iter().any(|note| note.contains("INVALID_EMAIL_ADDRESS")), "{report:?}");
    assert!(h.cases().iter().all(|kind| *kind == "systemic"), "{:?}", h.cases());
    assert_eq!(h.block(1), None);
    assert_eq!(report.still_dirty, 150);
}

#[tokio::test]
async fn the_systemic_case_is_one_and_goes_when_the_cause_is_gone() {
    let h = Harness::start().await;
    for n in 0..150 {
        h.supporter(&Person::new(n + 1, "Ann", &format!("Lee{n}"), &format!("ann..{n}@example.org"))).await;
    }
    h.sync().await;
    assert_eq!(h.cases(), ["systemic"]);
    for n in 0..150 {
        h.edit_supporter(n + 1, "email", Some(&format!("ann{n}@example.org"))).await;
    }
    let report = h.sync().await;
    assert_eq!(report.outcome("contact_created"), 150, "{report:?}");
    assert_eq!(h.cases(), Vec::<&str>::new());
}

#[tokio::test]
async fn no_job_holds_more_rows_than_allowed_and_nobody_is_left_over() {
    let mut world = World::default();
    world.settings.job_rows = 5;
    world.settings.batch = 4;
    let h = Harness::start_in(world).await;
    for n in 0..23 {
        h.supporter(&Person::new(n + 1, "Ann", &format!("Lee{n}"), &format!("ann{n}@example.org"))).await;
    }
    let report = h.sync().await;
    assert_eq!(report.outcome("contact_created"), 23, "{report:?}");
    let jobs = h.org.admin().jobs().into_iter().filter(|job| job.kind == "V2Ingest");
    let rows: Vec<usize> = jobs.map(|job| job.processed).collect();
    assert!(rows.iter().all(|rows| *rows <= 5) && rows.iter().sum::<usize>() == 23, "{rows:?}");
}

#[tokio::test]
async fn a_block_is_over_when_it_is_no_longer_clear_who_the_person_is() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann..lee@example.org")).await;
    h.sync().await;
    assert_eq!(h.cases(), ["blocked"]);
    // WHEN the address is corrected to one that two Contacts carry
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.edit_supporter(1, "email", Some("ann@example.org")).await;
    h.org.admin().clock().advance(Duration::from_secs(120));
    h.sync().await;
    // THEN that is the question now, and nothing else is
    assert_eq!((h.cases(), h.block(1)), (vec!["ambiguous_contacts"], None));
}
