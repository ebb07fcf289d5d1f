//! A record deleted on one side: the other is kept, and told of it as the administrator chose.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use plan::OnDelete;
use serde_json::json;
use simorg::schema::{CustomField, FieldType};

const GONE: &str = "Supporter_Gone__c";

/// Two linked people in a world that handles deletions so.
async fn linked(on: OnDelete) -> (Harness, String, String) {
    let mut world = World::default();
    world.org.custom_fields.push(CustomField::new("Contact", GONE, FieldType::Boolean));
    (world.settings.contact_deleted, world.settings.supporter_deleted) = (on, on);
    world.settings.deleted_flags.field = Some(GONE.to_owned());
    let h = Harness::start_in(world).await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.supporter(&Person::new(2, "Jo", "Doe", "jo@example.org")).await;
    h.sync().await;
    let (ann, jo) = (h.link(1).expect("linked"), h.link(2).expect("linked"));
    (h, ann, jo)
}

/// A person deletes the first one's Contact, and the second supporter goes.
async fn delete(h: &Harness, ann: &str, jo: &str) -> plan::CycleReport {
    let admin = h.org.admin();
    admin.delete_as(&admin.person(), "Contact", ann).expect("a person may delete");
    h.delete_supporter(2).await;
    h.edit_contact(jo, &json!({"MailingCity": "Perth"}));
    admin.clock().advance(Duration::from_secs(120));
    h.sync().await
}

#[tokio::test]
async fn by_default_a_person_decides_about_what_is_left() {
    let (h, ann, jo) = linked(OnDelete::Case).await;
    delete(&h, &ann, &jo).await;
    let mut cases = h.cases();
    cases.sort_unstable();
    assert_eq!(cases, ["contact_deleted", "supporter_deleted"]);
    assert_eq!(
        (h.supporter_cell(1, "contact_gone").await, h.contact_field(&jo, GONE)),
        (None, "false".into())
    );
}

#[tokio::test]
async fn a_flag_says_on_each_side_that_the_other_record_is_gone_until_it_is_back() {
    let (h, ann, jo) = linked(OnDelete::Flag).await;
    let report = delete(&h, &ann, &jo).await;
    assert_eq!(h.cases(), [""; 0], "{report:?}");
    assert_eq!(report.outcome("skipped:contact_deleted"), 1, "{report:?}");
    assert_eq!(report.outcome("skipped:supporter_deleted"), 1, "{report:?}");
    assert_eq!(h.supporter_cell(1, "contact_gone").await.as_deref(), Some("yes"));
    assert_eq!(h.contact_field(&jo, GONE), "true");
    // AND nobody is made again, and it is said once
    h.edit_supporter(1, "city", Some("York")).await;
    h.org.admin().clock().advance(Duration::from_secs(120));
    assert!(h.sync().await.wrote_nothing());
    assert_eq!(h.contacts().len(), 1);
    // WHEN both are back
    h.org.admin().undelete_as(&h.org.admin().person(), "Contact", &ann).expect("a person may undelete");
    h.supporter(&Person::new(2, "Jo", "Doe", "jo@example.org").linked_to(&jo)).await;
    h.org.admin().clock().advance(Duration::from_secs(120));
    let report = h.sync().await;
    assert_eq!((h.link(1), h.link(2)), (Some(ann), Some(jo.clone())), "{report:?}");
    assert_eq!(h.supporter_cell(1, "contact_gone").await, None);
    assert_eq!(h.contact_field(&jo, GONE), "false");
}

/// Both records that are left say so.
async fn flagged() -> (Harness, String, String) {
    let (h, ann, jo) = linked(OnDelete::Flag).await;
    delete(&h, &ann, &jo).await;
    assert_eq!(h.supporter_cell(1, "contact_gone").await.as_deref(), Some("yes"));
    assert_eq!(h.contact_field(&jo, GONE), "true");
    (h, ann, jo)
}

#[tokio::test]
async fn a_contact_says_no_longer_that_its_supporter_is_gone_when_the_person_is_another_supporter() {
    let (h, _, jo) = flagged().await;
    h.supporter(&Person::new(3, "Jo", "Doe", "jo@example.org")).await;
    h.org.admin().clock().advance(Duration::from_secs(120));
    let report = h.sync().await;
    assert_eq!(h.link(3), Some(jo.clone()), "{report:?}");
    assert_eq!(h.contact_field(&jo, GONE), "false");
}

#[tokio::test]
async fn a_row_says_no_longer_that_its_contact_is_gone_when_it_is_made_anew() {
    let (h, ann, _) = flagged().await;
    h.resync(1).await;
    assert!(h.link(1).is_some_and(|made| made != ann));
    assert_eq!(h.supporter_cell(1, "contact_gone").await, None);
}

#[tokio::test]
async fn a_row_says_no_longer_that_its_contact_is_gone_when_another_is_linked_by_hand() {
    let (h, ..) = flagged().await;
    let other = h.contact(&Contact::new("Ann", "Leigh", "leigh@example.org"));
    let mut changes = state::Changes::new();
    let supporter = model::SupporterId::parse("1").expect("a number is an id");
    changes.remove_link(&supporter).put_link(model::Link {
        supporter: supporter.clone(),
        contact: model::ContactId::parse(&other).expect("the org's ids are ids"),
        made_at: model::Stamp::from_seconds(0),
        cycle: model::CycleId(1),
        evidence: model::Evidence::Administrator,
        life: model::LinkLife::Live,
    });
    let _ = h.sides.state.commit(changes).await.expect("durable");
    h.resync(1).await;
    assert_eq!((h.link(1), h.supporter_cell(1, "contact_gone").await), (Some(other), None));
}

#[tokio::test]
async fn of_two_who_are_linked_neither_goes_on_saying_that_the_other_is_gone() {
    let (h, ann, _) = linked(OnDelete::Flag).await;
    h.edit_supporter(1, "contact_gone", Some("Y")).await;
    h.edit_contact(&ann, &json!({GONE: true}));
    h.org.admin().clock().advance(Duration::from_secs(120));
    let report = h.sync().await;
    assert_eq!(h.supporter_cell(1, "contact_gone").await, None, "{report:?}");
    assert_eq!(h.contact_field(&ann, GONE), "false");
    h.org.admin().clock().advance(Duration::from_secs(120));
    assert!(h.sync().await.wrote_nothing());
}

#[tokio::test]
async fn where_nothing_is_chosen_the_link_ends_and_nothing_else() {
    let (h, ann, jo) = linked(OnDelete::Nothing).await;
    let report = delete(&h, &ann, &jo).await;
    assert_eq!(h.cases(), [""; 0], "{report:?}");
    assert_eq!(report.outcome("skipped:contact_deleted"), 1, "{report:?}");
    assert!(report.wrote_nothing(), "{report:?}");
    assert_eq!(
        (h.supporter_cell(1, "contact_gone").await, h.contact_field(&jo, GONE)),
        (None, "false".into())
    );
}

#[tokio::test]
async fn a_flag_that_cannot_be_set_becomes_a_case() {
    let (h, ann, jo) = linked(OnDelete::Flag).await;
    // GIVEN a Contact that goes together with its supporter, so that nothing is left to be flagged
    h.org.admin().delete_as(&h.org.admin().person(), "Contact", &jo).expect("a person may delete");
    h.delete_supporter(2).await;
    h.org.admin().clock().advance(Duration::from_secs(120));
    let report = h.sync().await;
    assert_eq!(h.cases(), ["supporter_deleted"], "{report:?}");
    assert!(report.notes.iter().any(|note| note.contains("could not be written")), "{report:?}");
    assert_eq!(h.link(1), Some(ann), "the other one is not concerned");
}

#[tokio::test]
async fn a_case_about_a_supporter_who_was_never_linked_ends_when_the_row_is_removed() {
    // GIVEN two supporters who may each be either of two Contacts
    let h = Harness::start().await;
    for id in [1, 2] {
        let (last, address) = (format!("Lee{id}"), format!("ann{id}@example.org"));
        h.contact(&Contact::new("Ann", &last, &address));
        h.contact(&Contact::new("Ann", &last, &address));
        h.supporter(&Person::new(id, "Ann", &last, &address)).await;
    }
    h.sync().await;
    assert_eq!(h.cases(), ["ambiguous_contacts", "ambiguous_contacts"]);
    // WHEN one row is removed, which leaves no stamp behind
    h.delete_supporter(1).await;
    h.org.admin().clock().advance(Duration::from_secs(8 * 24 * 3_600));
    let report = h.sync().await;
    // THEN its case is over by the weekly look, and the other's is not
    assert_eq!(h.cases(), ["ambiguous_contacts"], "{report:?}");
    assert_eq!(report.outcome("skipped:gone"), 1, "{report:?}");
}
