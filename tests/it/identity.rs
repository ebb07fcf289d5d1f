//! A person is never guessed: not from the other side, not in the next cycle, and not because somebody touched a record.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use plan::Exclude;
use serde_json::json;
use service::request::Mode;
use simorg::{Fault, Op};

fn later(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(120));
}

/// The recycle bin keeps what was deleted for fifteen days.
fn empty_the_bin(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(16 * 24 * 3600));
    h.org.admin().empty_recycle_bin();
}

#[tokio::test]
async fn touching_one_of_two_contacts_that_fit_alike_decides_nothing() {
    let h = Harness::start().await;
    let first = h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    later(&h);
    h.sync().await;
    assert_eq!(h.cases(), ["ambiguous_contacts"]);
    h.edit_contact(&first, &json!({"Title": "Volunteer"}));
    later(&h);
    let report = h.sync().await;
    assert_eq!(h.link(1), None, "{report:?}");
    assert_eq!(h.cases(), ["ambiguous_contacts"]);
}

#[tokio::test]
async fn every_contact_behind_one_address_stays_named_whichever_was_touched() {
    // GIVEN two Contacts and a supporter on one address, all of other names
    let h = Harness::start().await;
    let first = h.contact(&Contact::new("Ann", "Lee", "house@example.org"));
    let second = h.contact(&Contact::new("Bob", "Okonkwo", "house@example.org"));
    h.supporter(&Person::new(1, "Zoe", "Marsh", "house@example.org")).await;
    h.sync().await;
    // WHEN the Contacts are touched one after the other
    for contact in [&first, &second] {
        later(&h);
        h.edit_contact(contact, &json!({"Title": "Volunteer"}));
        later(&h);
        h.sync().await;
        // THEN the case still names both
        let case = h.sides.state.cases_page(None, 10).unwrap().pop().unwrap();
        let mut named: Vec<String> = case.contacts.iter().map(ToString::to_string).collect();
        named.sort();
        assert_eq!(named, [first.clone(), second.clone()]);
    }
}

#[tokio::test]
async fn a_case_changes_with_its_person_and_the_old_question_is_over() {
    let h = Harness::start().await;
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.sync().await;
    assert_eq!(h.cases(), ["ambiguous_contacts"]);
    // WHEN the supporter turns out to be somebody else on the same address
    h.edit_supporter(1, "first_name", Some("Robert")).await;
    h.edit_supporter(1, "last_name", Some("Okonkwo")).await;
    h.sync().await;
    assert_eq!(h.cases(), ["names_disagree"]);
    // AND an address of his own leaves nothing to ask
    h.edit_supporter(1, "email", Some("robert@example.org")).await;
    h.sync().await;
    assert_eq!(h.cases(), Vec::<&str>::new());
    assert_eq!(h.contacts().len(), 3);
}

#[tokio::test]
async fn touching_one_of_two_supporters_that_fit_alike_decides_nothing() {
    let h = Harness::start().await;
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    later(&h);
    h.sync().await;
    h.edit_supporter(1, "city", Some("Perth")).await;
    let report = h.sync().await;
    assert_eq!((h.link(1), h.link(2)), (None, None), "{report:?}");
    assert_eq!(h.contacts().len(), 1);
}

#[tokio::test]
async fn a_second_supporter_of_a_linked_person_is_a_case_and_no_second_contact() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.sync().await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    let report = h.sync().await;
    assert_eq!(h.contacts().len(), 1, "{report:?}");
    assert_eq!((h.link(2), h.cases()), (None, vec!["two_supporters_one_contact"]));
}

#[tokio::test]
async fn an_excluded_contact_is_left_alone_and_its_person_is_not_created_again() {
    let mut world = World::default();
    world.settings.exclude = vec![Exclude { field: "LeadSource".into(), values: vec!["Board".into()] }];
    let h = Harness::start_in(world).await;
    let id = h.contact(&Contact::new("Ann", "Lee", "ann@example.org").with("LeadSource", "Board"));
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org").in_city("Perth")).await;
    let report = h.sync().await;
    assert_eq!(report.outcome("skipped:excluded"), 1, "{report:?}");
    assert_eq!(h.contacts().len(), 1);
    assert_eq!(h.contact_field(&id, "MailingCity"), "");
}

#[tokio::test]
async fn of_two_excluded_contacts_of_one_person_no_third_is_created() {
    let mut world = World::default();
    world.settings.exclude = vec![Exclude { field: "LeadSource".into(), values: vec!["Board".into()] }];
    let h = Harness::start_in(world).await;
    for _ in 0..2 {
        h.contact(&Contact::new("Jo", "Doe", "jo@example.org").with("LeadSource", "Board"));
    }
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    let report = h.sync().await;
    assert_eq!(report.outcome("skipped:excluded"), 1, "{report:?}");
    assert_eq!((h.contacts().len(), h.link(1)), (2, None));
    // AND a partner behind the same address is somebody else
    h.supporter(&Person::new(2, "Walter", "Okonkwo", "jo@example.org")).await;
    h.sync().await;
    assert_eq!(h.contacts().len(), 3);
}

#[tokio::test]
async fn of_two_contacts_of_other_supporters_no_third_is_created_and_a_person_looks() {
    let h = Harness::start().await;
    let mut ids = Vec::new();
    for key in ["11", "12"] {
        ids.push(h.contact(&Contact::new("Jo", "Doe", "jo@example.org").with("EN_Supporter_Id__c", key)));
    }
    for id in [11, 12] {
        h.supporter(&Person::new(id, "Jo", "Doe", "jo@example.org")).await;
    }
    h.sync().await;
    assert_eq!((h.link(11).as_ref(), h.link(12).as_ref()), (Some(&ids[0]), Some(&ids[1])));
    h.supporter(&Person::new(13, "Jo", "Doe", "jo@example.org")).await;
    let report = h.sync().await;
    assert_eq!((h.contacts().len(), h.link(13)), (2, None), "{report:?}");
    assert_eq!(h.cases(), ["two_supporters_one_contact"]);
    let case = h.sides.state.cases_page(None, 1).unwrap().remove(0);
    let named: Vec<String> = case.contacts.iter().map(ToString::to_string).collect();
    assert_eq!(named, ids);
}

#[tokio::test]
async fn a_person_erased_in_salesforce_is_not_made_again_by_an_edit() {
    for noticed_before_the_bin_was_emptied in [true, false] {
        let h = Harness::start().await;
        h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
        h.sync().await;
        let admin = h.org.admin();
        admin.delete_as(&admin.person(), "Contact", &h.link(1).unwrap()).unwrap();
        later(&h);
        if noticed_before_the_bin_was_emptied {
            h.sync().await;
        }
        empty_the_bin(&h);
        h.edit_supporter(1, "city", Some("Perth")).await;
        later(&h);
        let report = h.sync().await;
        assert!(h.contacts().is_empty(), "{report:?}");
        assert_eq!(h.cases(), ["contact_deleted"], "{report:?}");
        // AND on request
        h.resync(1).await;
        assert_eq!(h.contacts().len(), 1);
        assert_eq!(h.cases(), Vec::<&str>::new());
    }
}

#[tokio::test]
async fn what_was_agreed_with_a_lost_contact_says_nothing_about_the_next_one() {
    // GIVEN a linked person whose Contact vanished, and another Contact of theirs that holds less
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.sync().await;
    let admin = h.org.admin();
    admin.delete_as(&admin.person(), "Contact", &h.link(1).unwrap()).unwrap();
    empty_the_bin(&h);
    let other = h.contact(&Contact::new("Jo", "Doe", "jo@example.org"));
    h.edit_supporter(1, "phone", Some("0401 555 010")).await;
    later(&h);
    let report = h.sync().await;
    // THEN the empty field is filled; it does not empty the supporter's
    assert_eq!(h.link(1).as_deref(), Some(other.as_str()), "{report:?}");
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Perth"), "{report:?}");
    assert_eq!(h.contact_field(&other, "MailingCity"), "Perth");
}

#[tokio::test]
async fn a_row_that_was_never_saved_says_nothing_about_a_contact_found_later() {
    // GIVEN a new person whose job came to nothing
    let mut h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.org.admin().fault(Op::IngestUpload, Fault::Refuse { status: 400, body: "[]".into(), times: 9 });
    assert!(h.try_run(Mode::Sync).await.is_err());
    h.org.admin().clear_faults();
    // WHEN somebody enters them by hand meanwhile, with less
    let id = h.contact(&Contact::new("Jo", "Doe", "jo@example.org"));
    h.restart().await;
    later(&h);
    let report = h.sync().await;
    // THEN the two meet for the first time
    assert_eq!(h.link(1).as_deref(), Some(id.as_str()), "{report:?}");
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Perth"), "{report:?}");
    assert_eq!(h.contact_field(&id, "MailingCity"), "Perth");
}

#[tokio::test]
async fn an_update_refused_as_a_duplicate_is_a_case_and_is_not_sent_again_and_again() {
    // GIVEN a rule that also speaks when records are edited, and a linked person who takes on somebody's name and address
    let mut world = World::with_duplicate_rule();
    world.org.duplicates.rules[0].on_edit = simorg::duplicate::DuplicateAction::Block;
    let h = Harness::start_in(world).await;
    let ann = h.contact(&Contact::new("Jo", "Doe", "shared@example.org"));
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    h.sync().await;
    let own = h.link(1).unwrap();
    h.edit_supporter(1, "email", Some("shared@example.org")).await;
    let report = h.sync().await;
    assert_eq!(report.rows.failed, 1, "{report:?}");
    assert_eq!(h.link(1), Some(own.clone()));
    assert_eq!(h.cases(), ["duplicate_unresolved"]);
    let case = h.sides.state.cases_page(None, 1).unwrap().remove(0);
    let mut both = [ann, own];
    both.sort_unstable();
    let named: Vec<String> = case.contacts.iter().map(ToString::to_string).collect();
    assert_eq!(named, both, "whoever stands in the way is named");
    let quiet = h.sync().await;
    assert!(quiet.wrote_nothing(), "{quiet:?}");
    assert_eq!(quiet.still_dirty, 0);
}

#[tokio::test]
async fn a_full_load_passes_nobody_over_whom_an_earlier_cycle_saw() {
    let mut h = Harness::start().await;
    h.sync().await;
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    later(&h);
    assert_eq!(h.sync().await.outcome("skipped:no_supporter"), 1);
    let mut settings = (*h.sides.settings).clone();
    settings.create_supporters = true;
    h.sides.settings = std::sync::Arc::new(settings);
    let report = h.run(Mode::Backfill).await;
    assert_eq!(report.outcome("supporter_created"), 1, "{report:?}");
    assert_eq!(h.supporters().await, 1);
}

#[tokio::test]
async fn a_row_that_was_removed_without_a_trace_is_noticed_within_a_week() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.supporter(&Person::new(2, "Bob", "Okonkwo", "bob@example.org")).await;
    h.sync().await;
    // What was just written comes back once.
    later(&h);
    h.sync().await;
    h.delete_supporter(1).await;
    later(&h);
    h.sync().await;
    assert_eq!(h.cases(), Vec::<&str>::new(), "nothing tells of it");
    h.org.admin().clock().advance(Duration::from_secs(7 * 24 * 3600));
    h.sync().await;
    assert_eq!(h.cases(), ["supporter_deleted"]);
    // AND not before another week is over
    later(&h);
    let report = h.sync().await;
    assert!(report.wrote_nothing(), "{report:?}");
    assert_eq!(report.outcome("skipped:tombstone"), 0, "{report:?}");
}

#[tokio::test]
async fn a_contact_that_the_recycle_bin_forgot_is_noticed_after_an_absence() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.sync().await;
    let id = h.link(1).unwrap();
    later(&h);
    h.sync().await;
    let admin = h.org.admin();
    admin.delete_as(&admin.person(), "Contact", &id).unwrap();
    empty_the_bin(&h);
    h.sync().await;
    assert_eq!(h.cases(), ["contact_deleted"]);
    assert_eq!(h.contacts().len(), 0, "nobody is made anew without an administrator's word");
}
