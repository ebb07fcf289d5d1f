//! A database that gives out the number of a removed row again: whoever stands there then is not written over the Contact of the
//! one who stood there before.

use std::time::Duration;

use e2e::{Harness, Person, World};
use model::{CaseKind, Choice, ContactId, Ruling, Stamp, Standing, Subject, SupporterId};
use serde_json::json;
use state::Changes;

const KIND: CaseKind = CaseKind::IdAndEmailDisagree;

fn supporter() -> SupporterId {
    SupporterId::parse("2").expect("a number is an id")
}

fn later(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(120));
}

/// Two linked people, and the Contact of the second.
async fn two(world: World) -> (Harness, String) {
    let h = Harness::start_in(world).await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org").in_city("York")).await;
    h.sync().await;
    let ann = h.link(2).expect("linked");
    later(&h);
    (h, ann)
}

/// Row 2 is removed, seen to be gone or not, and given to somebody else.
async fn replace(h: &Harness, is_seen: bool, next: &Person) {
    h.delete_supporter(2).await;
    if is_seen {
        // Looking at the person finds that the row is gone.
        h.edit_contact(&h.link(2).expect("linked"), &json!({"HomePhone": "0401 555 010"}));
        later(h);
        h.sync().await;
        assert_eq!(h.cases(), ["supporter_deleted"]);
        later(h);
    }
    h.supporter(next).await;
    later(h);
}

fn stranger() -> Person {
    Person::new(2, "Ravi", "Patel", "ravi@example.org").in_city("Perth")
}

async fn is_ann(h: &Harness, contact: &str) {
    let fields = ["FirstName", "LastName", "Email", "MailingCity"].map(|name| h.contact_field(contact, name));
    assert_eq!(fields, ["Ann", "Lee", "ann@example.org", "York"]);
}

async fn decide(h: &Harness, choice: Choice) {
    let ruling = Ruling { choice, by: "administrator".to_owned(), why: None, at: Stamp::from_seconds(0) };
    let standing = Standing { ruling: Some(ruling), ..Standing::default() };
    let mut changes = Changes::new();
    changes.rule_case(KIND, &Subject::Supporter(supporter()), standing);
    let _ = h.sides.state.commit(changes).await.expect("durable");
}

#[tokio::test]
async fn no_field_of_whoever_gets_the_number_next_travels() {
    for is_seen in [false, true] {
        let (h, ann) = two(World::default()).await;
        replace(&h, is_seen, &stranger()).await;
        let report = h.sync().await;
        assert!(h.cases().contains(&KIND.code()), "{is_seen} {:?}: {report:?}", h.cases());
        // THEN it stays one question, whichever side is touched
        later(&h);
        h.edit_supporter(2, "phone", Some("0401 555 011")).await;
        h.edit_contact(&ann, &json!({"HomePhone": "0401 555 012"}));
        later(&h);
        h.sync().await;
        is_ann(&h, &ann).await;
        assert_eq!(h.contact_field(&ann, "HomePhone"), "0401 555 012");
        assert_eq!(h.supporter_cell(2, "first_name").await.as_deref(), Some("Ravi"));
        assert_eq!(h.supporter_cell(2, "phone").await.as_deref(), Some("0401 555 011"));
        assert_eq!(h.supporter_cell(2, "sf_contact_id").await, None);
        assert_eq!(h.contacts().len(), 2);
    }
}

#[tokio::test]
async fn a_partner_on_the_same_address_is_another_person_too() {
    for is_seen in [false, true] {
        let (h, ann) = two(World::default()).await;
        replace(&h, is_seen, &Person::new(2, "Bob", "Lee", "ann@example.org").in_city("Perth")).await;
        h.sync().await;
        is_ann(&h, &ann).await;
        assert!(h.cases().contains(&KIND.code()), "{is_seen} {:?}", h.cases());
    }
}

#[tokio::test]
async fn told_apart_the_two_have_a_contact_each() {
    for is_seen in [false, true] {
        let (h, ann) = two(World::default()).await;
        replace(&h, is_seen, &stranger()).await;
        h.sync().await;
        decide(&h, Choice::Separate).await;
        later(&h);
        let report = h.sync().await;
        let ravi = h.link(2).expect("linked");
        assert_ne!(ravi, ann, "{report:?}");
        assert_eq!(h.contact_field(&ravi, "LastName"), "Patel");
        assert_eq!(h.supporter_cell(2, "sf_contact_id").await, Some(ravi));
        is_ann(&h, &ann).await;
        assert_ne!(h.contact_field(&ann, "EN_Supporter_Id__c"), "2");
        assert!(!h.cases().contains(&KIND.code()), "{:?}", h.cases());
        later(&h);
        assert!(h.sync().await.wrote_nothing());
    }
}

#[tokio::test]
async fn said_to_be_the_same_person_the_row_travels() {
    for is_seen in [false, true] {
        let (h, ann) = two(World::default()).await;
        replace(&h, is_seen, &stranger()).await;
        h.sync().await;
        let contact = ContactId::parse(&ann).expect("the org's ids are ids");
        decide(&h, Choice::Link { supporter: supporter(), contact }).await;
        later(&h);
        let report = h.sync().await;
        assert_eq!(h.link(2).as_deref(), Some(ann.as_str()), "{report:?}");
        assert_eq!(h.supporter_cell(2, "sf_contact_id").await.as_deref(), Some(ann.as_str()));
        // Once the supporter was deleted it is a first meeting, where Salesforce is right by default.
        let last_name = if is_seen { "Lee" } else { "Patel" };
        assert_eq!(h.contact_field(&ann, "LastName"), last_name, "{is_seen} {report:?}");
        assert_eq!(h.supporter_cell(2, "last_name").await.as_deref(), Some(last_name));
        assert!(!h.cases().contains(&KIND.code()), "{:?}", h.cases());
    }
}

#[tokio::test]
async fn a_row_that_comes_back_is_known_by_its_contact_id_or_by_name_and_address() {
    let (h, ann) = two(World::default()).await;
    replace(&h, true, &Person::new(2, "Annie", "Leigh", "annie@example.org").linked_to(&ann)).await;
    h.sync().await;
    assert_eq!(h.contact_field(&ann, "LastName"), "Leigh");
    assert_eq!(h.link(2), Some(ann));
    let (h, ann) = two(World::default()).await;
    replace(&h, true, &Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    h.sync().await;
    assert_eq!((h.link(2), h.cases()), (Some(ann.clone()), vec![]));
    assert_eq!(h.supporter_cell(2, "sf_contact_id").await, Some(ann.clone()));
    // AND what the new row leaves empty clears nothing, as at a first meeting
    is_ann(&h, &ann).await;
}

#[tokio::test]
async fn without_a_contact_id_column_a_number_given_out_again_after_a_deletion_is_asked_about() {
    let (h, ann) = two(World { no_contact_id: true, ..World::default() }).await;
    replace(&h, true, &stranger()).await;
    h.sync().await;
    is_ann(&h, &ann).await;
    assert!(h.cases().contains(&KIND.code()), "{:?}", h.cases());
}

#[tokio::test]
async fn a_contact_id_that_is_still_on_its_way_is_no_stranger() {
    let (h, ann) = two(World::default()).await;
    // The link is there and the row did not get its Id: the write was refused, say.
    h.edit_supporter(2, "sf_contact_id", None).await;
    h.edit_supporter(2, "city", Some("Perth")).await;
    h.edit_supporter(2, "last_name", Some("Roe")).await;
    h.sync().await;
    assert_eq!((h.contact_field(&ann, "MailingCity"), h.cases()), ("Perth".to_owned(), vec![]));
    assert_eq!(h.supporter_cell(2, "sf_contact_id").await, Some(ann));
}
