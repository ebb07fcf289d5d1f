//! Contacts behind an address that is taken, and Contacts that took over a link, where supporters are created.

use e2e::{Contact, Harness, Person, World};
use plan::Settings;

async fn creating() -> Harness {
    // One person at a time: what holds within a batch must hold from one batch to the next.
    let settings = Settings { create_supporters: true, batch: 1, ..Settings::default() };
    Harness::start_in(World { settings, ..World::default() }).await
}

/// A linked supporter, and its Contact.
async fn linked(h: &Harness) -> String {
    h.supporter(&Person::new(1, "Jo", "Doe", "does@example.org")).await;
    h.sync().await;
    h.link(1).expect("linked")
}

fn advance(h: &Harness) {
    h.org.admin().clock().advance(std::time::Duration::from_secs(120));
}

#[tokio::test]
async fn a_partner_behind_a_linked_supporters_address_is_a_case_and_nobody_waits_for_ever() {
    // GIVEN a linked supporter, and a partner entered in Salesforce under the same address
    let h = creating().await;
    linked(&h).await;
    h.contact(&Contact::new("Ngaire", "Doe", "does@example.org"));
    advance(&h);
    // WHEN a cycle runs
    let report = h.sync().await;
    // THEN a person is asked, nobody is created or renamed, and nobody is left waiting
    assert_eq!(h.cases(), ["names_disagree"], "{report:?}");
    assert_eq!((h.supporters().await, report.still_dirty), (1, 0), "{report:?}");
    assert_eq!(h.supporter_cell(1, "first_name").await.as_deref(), Some("Jo"));
    assert!(h.sync().await.wrote_nothing());
}

#[tokio::test]
async fn a_second_contact_of_a_linked_supporter_is_a_case_for_merging() {
    let h = creating().await;
    linked(&h).await;
    h.contact(&Contact::new("Jo", "Doe", "does@example.org"));
    advance(&h);
    let report = h.sync().await;
    assert_eq!(h.cases(), ["ambiguous_contacts"], "{report:?}");
    assert_eq!((h.supporters().await, report.still_dirty), (1, 0), "{report:?}");
}

#[tokio::test]
async fn a_new_contact_that_a_linked_one_was_merged_into_becomes_no_second_supporter() {
    // GIVEN a linked Contact merged into a new one of another address
    let h = creating().await;
    let old = linked(&h).await;
    let survivor = h.contact(&Contact::new("Jo", "Doe", "jo.new@example.org"));
    let admin = h.org.admin();
    admin.merge_as(&admin.person(), "Contact", &survivor, &[old.as_str()]).unwrap();
    advance(&h);
    // WHEN a cycle runs
    let report = h.sync().await;
    // THEN the link followed, and that is all
    assert_eq!(h.link(1).as_deref(), Some(survivor.as_str()), "{report:?}");
    assert_eq!((h.supporters().await, report.outcome("deferred:")), (1, 0), "{report:?}");
    assert!(h.cases().is_empty(), "{:?}", h.cases());
}
