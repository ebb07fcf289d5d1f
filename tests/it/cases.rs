//! What administrators decide about cases is carried out by the next cycle, exactly, and remembered.

use e2e::{Contact, Harness, Person, World};
use model::{CaseKind, Choice, ContactId, Policy, Ruling, Side, Stamp, Standing, Subject, SupporterId};
use serde_json::json;
use simorg::{Fault, Op};
use state::Changes;

fn supporter(id: i64) -> SupporterId {
    SupporterId::parse(&id.to_string()).expect("a number is an id")
}

/// What `highwater cases resolve` leaves in the state.
async fn decide(h: &Harness, kind: CaseKind, about: i64, choice: Choice) {
    let ruling = Ruling { choice, by: "administrator".to_owned(), why: None, at: Stamp::from_seconds(0) };
    let standing = Standing { ruling: Some(ruling), ..Standing::default() };
    let subject = Subject::Supporter(supporter(about));
    assert!(
        h.sides.state.case_of(kind, &subject).expect("readable").is_some(),
        "no such case: {:?}",
        h.cases()
    );
    let mut changes = Changes::new();
    changes.rule_case(kind, &subject, standing);
    let _ = h.sides.state.commit(changes).await.expect("durable");
}

fn contact(id: &str) -> ContactId {
    ContactId::parse(id).expect("the org's ids are ids")
}

#[tokio::test]
async fn linked_by_an_administrator_they_are_one_person_and_in_step() {
    let h = Harness::start().await;
    let john = h.contact(&Contact::new("John", "Miller", "millers@example.org"));
    h.supporter(&Person::new(1, "Mary", "Smith", "millers@example.org").in_city("Perth")).await;
    h.sync().await;
    assert_eq!((h.link(1), h.cases()), (None, vec!["names_disagree"]));
    let choice = Choice::Link { supporter: supporter(1), contact: contact(&john) };
    decide(&h, CaseKind::NamesDisagree, 1, choice).await;
    let report = h.sync().await;
    assert_eq!(h.link(1).as_deref(), Some(john.as_str()), "{report:?}");
    assert_eq!(report.links["administrator"], 1);
    assert_eq!(h.contact_field(&john, "MailingCity"), "Perth");
    assert_eq!(h.cases(), Vec::<&str>::new());
    assert!(h.sync().await.wrote_nothing());
}

#[tokio::test]
async fn different_people_are_never_matched_again_and_each_has_a_contact() {
    let h = Harness::start().await;
    let ann = h.contact(&Contact::new("Ann", "Lee", "lee@example.org"));
    let other = h.contact(&Contact::new("Ann", "Lee", "lee@example.org"));
    h.supporter(&Person::new(1, "Ann", "Lee", "lee@example.org")).await;
    h.sync().await;
    assert_eq!(h.cases(), ["ambiguous_contacts"]);
    decide(&h, CaseKind::AmbiguousContacts, 1, Choice::Separate).await;
    let report = h.sync().await;
    let third = h.link(1).unwrap_or_else(|| panic!("a Contact of her own: {report:?}"));
    assert!(third != ann && third != other);
    assert_eq!(h.contacts().len(), 3);
    // AND touching either of the two does not bring the question back
    h.edit_contact(&ann, &json!({"Title": "Volunteer"}));
    h.edit_contact(&other, &json!({"MailingCity": "Albany"}));
    h.sync().await;
    assert_eq!(h.link(1), Some(third));
    assert_eq!(h.cases(), Vec::<&str>::new());
}

#[tokio::test]
async fn a_contact_taken_from_another_supporter_leaves_that_one_to_be_looked_at_anew() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.sync().await;
    let ann = h.link(1).unwrap();
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    h.sync().await;
    assert_eq!(h.cases(), ["two_supporters_one_contact"]);
    let choice = Choice::Link { supporter: supporter(2), contact: contact(&ann) };
    decide(&h, CaseKind::TwoSupportersOneContact, 2, choice).await;
    let report = h.sync().await;
    assert_eq!(h.link(2).as_deref(), Some(ann.as_str()), "{report:?}");
    assert_eq!(h.link(1), None);
    assert_eq!(h.contacts().len(), 1, "nobody is created for the one who lost it");
    assert_eq!(h.cases(), ["two_supporters_one_contact"], "now the other one is asked about");
}

#[tokio::test]
async fn of_two_supporters_of_one_contact_the_linked_one_is_not_set_apart_from_it() {
    // GIVEN a case that names both, as an external id leads to it that somebody else's Contact carries
    let h = Harness::start().await;
    for id in [1, 2] {
        h.supporter(&Person::new(id, "Ann", &format!("Lee{id}"), &format!("ann{id}@example.org"))).await;
    }
    h.sync().await;
    let ann = contact(&h.link(1).unwrap());
    let mut changes = state::Changes::new();
    changes.open_case(model::Case {
        kind: CaseKind::TwoSupportersOneContact,
        subject: model::Subject::Supporter(supporter(2)),
        supporters: vec![supporter(2), supporter(1)],
        contacts: vec![ann],
        reasons: vec!["external_id".to_owned()],
        records: Vec::new(),
        opened_at: model::Stamp::EPOCH,
        seen_at: model::Stamp::EPOCH,
        standing: model::Standing::default(),
    });
    let _ = h.sides.state.commit(changes).await.unwrap();
    decide(&h, CaseKind::TwoSupportersOneContact, 2, Choice::Separate).await;
    h.sync().await;
    let apart = |id| h.sides.state.apart_of([&supporter(id)]).unwrap().len();
    assert_eq!((apart(1), apart(2)), (0, 1));
}

#[tokio::test]
async fn a_held_field_goes_the_way_that_was_decided() {
    for (side, city) in [(Side::Salesforce, "Albany"), (Side::Supporter, "Bunbury")] {
        let h = Harness::start_in(World::default().with_policy("MailingCity", Policy::Hold)).await;
        h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org").in_city("Perth")).await;
        h.sync().await;
        let ann = h.link(1).unwrap();
        h.edit_supporter(1, "city", Some("Bunbury")).await;
        h.edit_contact(&ann, &json!({"MailingCity": "Albany"}));
        h.sync().await;
        assert_eq!(h.cases(), ["conflict_held"]);
        decide(&h, CaseKind::ConflictHeld, 1, Choice::Take(vec![("MailingCity".to_owned(), side)])).await;
        h.sync().await;
        assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some(city), "{side:?}");
        assert_eq!(h.contact_field(&ann, "MailingCity"), city, "{side:?}");
        assert_eq!(h.cases(), Vec::<&str>::new());
        assert!(h.sync().await.wrote_nothing());
    }
}

#[tokio::test]
async fn a_decision_about_values_that_are_gone_is_not_carried_out() {
    let h = Harness::start_in(World::default().with_policy("MailingCity", Policy::Hold)).await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org").in_city("Perth")).await;
    h.sync().await;
    let ann = h.link(1).unwrap();
    h.edit_supporter(1, "city", Some("Bunbury")).await;
    h.edit_contact(&ann, &json!({"MailingCity": "Albany"}));
    h.sync().await;
    let choice = Choice::Take(vec![("MailingCity".to_owned(), Side::Salesforce)]);
    decide(&h, CaseKind::ConflictHeld, 1, choice).await;
    // WHEN the supporter changes once more before the cycle
    h.edit_supporter(1, "city", Some("Broome")).await;
    let report = h.sync().await;
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Broome"), "{report:?}");
    assert!(report.notes.iter().any(|note| note.contains("changed after the decision")), "{report:?}");
    assert_eq!(h.cases(), ["conflict_held"], "it is asked again, on what they hold now");
}

#[tokio::test]
async fn a_deleted_contact_is_made_anew_or_stays_deleted_as_decided() {
    for create in [true, false] {
        let h = Harness::start().await;
        h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
        h.sync().await;
        let ann = h.link(1).unwrap();
        let admin = h.org.admin();
        admin.delete_as(&admin.person(), "Contact", &ann).unwrap();
        h.sync().await;
        assert_eq!(h.cases(), ["contact_deleted"]);
        let choice = if create { Choice::CreateAnew } else { Choice::Leave };
        decide(&h, CaseKind::ContactDeleted, 1, choice).await;
        let report = h.sync().await;
        assert_eq!(h.contacts().len(), usize::from(create), "{report:?}");
        assert_eq!(h.cases(), Vec::<&str>::new(), "{report:?}");
        // AND an edit does not change what was decided
        h.edit_supporter(1, "city", Some("Perth")).await;
        let report = h.sync().await;
        assert_eq!(h.contacts().len(), usize::from(create), "{report:?}");
        assert_eq!(h.cases(), Vec::<&str>::new(), "{report:?}");
    }
}

#[tokio::test]
async fn a_blocked_record_is_tried_again_when_that_is_decided() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo..doe@example.org")).await;
    h.sync().await;
    assert_eq!(h.block(1).as_deref(), Some("INVALID_EMAIL_ADDRESS"));
    assert!(h.sync().await.rows.sent == 0);
    decide(&h, CaseKind::Blocked, 1, Choice::Retry).await;
    let report = h.sync().await;
    assert_eq!(report.rows.sent, 1, "{report:?}");
    assert_eq!(h.cases(), ["blocked"], "the org still refuses it");
}

#[tokio::test]
async fn an_ignored_case_comes_back_when_it_is_about_something_else() {
    let h = Harness::start().await;
    h.contact(&Contact::new("John", "Miller", "millers@example.org"));
    h.supporter(&Person::new(1, "Mary", "Smith", "millers@example.org").in_city("Perth")).await;
    h.sync().await;
    let subject = Subject::Supporter(supporter(1));
    let mut changes = Changes::new();
    let ignored = Standing { ignored: true, ..Standing::default() };
    changes.rule_case(CaseKind::NamesDisagree, &subject, ignored);
    let _ = h.sides.state.commit(changes).await.unwrap();
    let ignored = |h: &Harness| {
        h.sides.state.case_of(CaseKind::NamesDisagree, &subject).unwrap().map(|case| case.standing.ignored)
    };
    h.resync(1).await;
    assert_eq!(ignored(&h), Some(true), "seen again as it was");
    h.edit_supporter(1, "city", Some("Albany")).await;
    h.sync().await;
    assert_eq!(ignored(&h), Some(false));
}

#[tokio::test]
async fn a_contact_whose_case_is_over_without_it_is_asked_about_again() {
    let mut world = World::default();
    world.settings.create_supporters = true;
    let h = Harness::start_in(world).await;
    // GIVEN a Contact that waits in a case with the only supporter on its address
    let bob = h.contact(&Contact::new("Bob", "Stone", "home@example.org"));
    h.supporter(&Person::new(1, "Ann", "Lee", "home@example.org")).await;
    h.sync().await;
    assert_eq!((h.link(1), h.cases()), (None, vec!["names_disagree"]));
    // WHEN she goes her own way
    h.edit_supporter(1, "email", Some("ann@example.org")).await;
    h.org.admin().clock().advance(std::time::Duration::from_secs(3_600));
    h.sync().await;
    h.sync().await;
    // THEN he is somebody, too
    assert!(h.link(1).is_some_and(|contact| contact != bob));
    assert_eq!(h.cases(), Vec::<&str>::new());
    assert_eq!(h.supporters().await, 2, "nobody asked about him again");
}

#[tokio::test]
async fn a_contact_set_apart_on_a_taken_address_is_nobody_and_does_not_wait() {
    // GIVEN a couple on one address, and supporters made of Contacts that are nobody's
    let mut world = World::default();
    world.settings.create_supporters = true;
    let h = Harness::start_in(world).await;
    h.supporter(&Person::new(1, "Mary", "Smith", "millers@example.org")).await;
    h.sync().await;
    let john = h.contact(&Contact::new("John", "Miller", "millers@example.org"));
    h.org.admin().clock().advance(std::time::Duration::from_secs(120));
    h.sync().await;
    assert_eq!(h.cases(), ["names_disagree"]);
    // WHEN they are said to be two people
    let case = h.sides.state.cases_page(None, 10).unwrap().pop().unwrap();
    let ruling = Ruling {
        choice: Choice::Separate,
        by: "administrator".to_owned(),
        why: None,
        at: Stamp::from_seconds(0),
    };
    let mut changes = Changes::new();
    changes.rule_case(case.kind, &case.subject, Standing { ruling: Some(ruling), ..Standing::default() });
    let _ = h.sides.state.commit(changes).await.unwrap();
    // THEN nobody is made of him, as the address is taken, and nobody waits for that
    let report = h.sync().await;
    assert_eq!(report.outcome("skipped:no_supporter"), 1, "{report:?}");
    for _ in 0..2 {
        assert!(h.sync().await.wrote_nothing());
        assert_eq!((h.sides.state.dirty_count().unwrap(), h.cases()), (0, Vec::new()));
    }
    assert_eq!((h.supporters().await, h.contacts().len()), (1, 2), "{john}");
}

#[tokio::test]
async fn whoever_is_to_be_tried_again_is_marked_by_the_commit_that_ends_the_case() {
    // GIVEN a retry that was decided, and another decision behind it that cannot be carried out
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo..doe@example.org")).await;
    let keyed = Contact::new("Ann", "Lee", "lee@example.org").with("EN_Supporter_Id__c", "2");
    h.contact(&keyed);
    let other = h.contact(&Contact::new("Ann", "Lee", "lee@example.org"));
    h.supporter(&Person::new(3, "Ann", "Lee", "lee@example.org")).await;
    h.supporter(&Person::new(4, "Ann", "Lee", "lee@example.org")).await;
    h.sync().await;
    decide(&h, CaseKind::Blocked, 1, Choice::Retry).await;
    let mut asked = h.sides.state.cases_page(None, 10).unwrap().into_iter();
    let asked = asked.rfind(|case| case.kind != CaseKind::Blocked).expect("somebody is asked about");
    let link = Choice::Link { supporter: asked.supporters[0].clone(), contact: contact(&other) };
    let ruling =
        Ruling { choice: link, by: "administrator".to_owned(), why: None, at: Stamp::from_seconds(0) };
    let mut changes = Changes::new();
    changes.rule_case(asked.kind, &asked.subject, Standing { ruling: Some(ruling), ..Standing::default() });
    let _ = h.sides.state.commit(changes).await.unwrap();
    // WHEN the org fails between the two
    let down = |status| Fault::Refuse { status, body: String::new(), times: 1_000 };
    h.org.admin().fault(Op::CollectionRead, down(503));
    assert!(h.try_run(service::request::Mode::Sync).await.is_err());
    // THEN the first is not forgotten: lifted, without a case, and marked
    let jo = Subject::Supporter(supporter(1));
    let lifted = h.block(1).is_none();
    assert!(!lifted || h.sides.state.is_dirty(&jo).unwrap(), "nobody would find them");
    assert!(lifted, "the first decision was carried out before the org failed");
}
