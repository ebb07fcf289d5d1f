//! Two supporter databases feed one org: each keeps to its own people, whatever ids, addresses and names they share.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use plan::Twin;
use serde_json::json;
use service::request::Mode;
use service::verify::{Scope, verify};

fn later(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(120));
}

fn of_account(own: &str) -> World {
    World { account: Some(own.to_owned()), ..World::default() }
}

fn another_s(first: &str, last: &str, email: &str, key: &str) -> Contact {
    Contact::new(first, last, email)
        .with("EN_Account_Id__c", "78")
        .with("EN_Supporter_Id__c", key)
        .with("MailingCity", "York")
}

#[tokio::test]
async fn a_contact_of_another_database_is_nobody_s_by_id_or_by_address_and_name() {
    // GIVEN a Contact of account 78 that carries our supporter's id, one that has our supporter's name and address, and one whose Id
    // stands in a row of ours
    let h = Harness::start_in(of_account("77")).await;
    let keyed = h.contact(&another_s("Mary", "Brown", "mary@example.org", "1"));
    let named = h.contact(&another_s("Ann", "Lee", "ann@example.org", "9"));
    let stored = h.contact(&another_s("Zoe", "Marsh", "zoe@example.org", "10"));
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org").in_city("Perth")).await;
    h.supporter(&Person::new(3, "Zoe", "Marsh", "zoe@example.org").linked_to(&stored)).await;
    later(&h);
    // WHEN both directions run, and then the Contacts are touched
    let report = h.sync().await;
    assert_eq!(report.outcome("skipped:other_account"), 3, "{report:?}");
    for contact in [&keyed, &named, &stored] {
        h.edit_contact(contact, &json!({"Title": "Volunteer"}));
    }
    later(&h);
    let report = h.run(Mode::Pull).await;
    // THEN neither is linked, and neither side is overwritten
    assert_eq!(report.outcome("skipped:other_account"), 3, "{report:?}");
    assert_eq!((h.link(1), h.link(3)), (None, None), "{report:?}");
    assert_ne!(h.link(2).as_ref(), Some(&named));
    for (contact, key) in [(&keyed, "1"), (&named, "9"), (&stored, "10")] {
        let of = |field: &str| h.contact_field(contact, field);
        assert_eq!((of("EN_Account_Id__c"), of("EN_Supporter_Id__c")), ("78".to_owned(), key.to_owned()));
        assert_eq!(of("MailingCity"), "York");
    }
    for id in [1, 2] {
        assert_eq!(h.supporter_cell(id, "city").await.as_deref(), Some("Perth"));
    }
    assert_eq!(h.supporter_cell(1, "last_name").await.as_deref(), Some("Doe"));
    assert_eq!(h.cases(), ["two_supporters_one_contact"; 2]);
}

#[tokio::test]
async fn nobody_is_made_of_another_database_s_contact() {
    let mut world = of_account("77");
    world.settings.create_supporters = true;
    let h = Harness::start_in(world).await;
    h.contact(&another_s("Ann", "Lee", "ann@example.org", "9"));
    h.contact(&Contact::new("Bo", "Nunn", "bo@example.org"));
    later(&h);
    let report = h.sync().await;
    assert_eq!(report.outcome("skipped:other_account"), 1, "{report:?}");
    assert_eq!(h.supporters().await, 1, "the one that is nobody's");
}

#[tokio::test]
async fn an_audit_leaves_another_database_s_contacts_to_it() {
    let h = Harness::start_in(of_account("77")).await;
    h.sync().await;
    h.contact(&another_s("Ann", "Lee", "ann@example.org", "9"));
    later(&h);
    h.sync().await;
    let mut found = Vec::new();
    let scope = Scope { only: None, undated_are_read: true };
    let report = verify(&h.sides, &scope, &mut |finding| found.push(finding.clone())).await;
    report.expect("both sides can be read").expect("no cycle is at work");
    assert!(found.is_empty(), "{found:?}");
}

#[tokio::test]
async fn what_was_asked_about_a_contact_is_over_when_another_database_has_it() {
    let h = Harness::start_in(of_account("77")).await;
    let id = h.contact(&Contact::new("Bob", "Okonkwo", "house@example.org"));
    h.supporter(&Person::new(1, "Zoe", "Marsh", "house@example.org")).await;
    later(&h);
    h.run(Mode::Pull).await;
    assert_eq!(h.cases(), ["names_disagree"]);
    h.edit_contact(&id, &json!({"EN_Account_Id__c": "78", "EN_Supporter_Id__c": "9"}));
    later(&h);
    h.sync().await;
    assert_eq!(h.cases(), Vec::<&str>::new());
}

#[tokio::test]
async fn two_databases_on_one_org_come_to_rest() {
    // GIVEN the same person in both, and one id that means somebody else in each
    let a = Harness::start_in(of_account("77")).await;
    let b = a.beside(of_account("78")).await;
    a.supporter(&Person::new(7, "Ann", "Lee", "ann@example.org").in_city("Perth")).await;
    a.supporter(&Person::new(1042, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    b.supporter(&Person::new(9, "Ann", "Lee", "ann@example.org").in_city("York")).await;
    b.supporter(&Person::new(1042, "Mary", "Brown", "mary@example.org").in_city("York")).await;
    for _ in 0..3 {
        for database in [&b, &a] {
            later(&a);
            database.sync().await;
        }
    }
    // WHEN nothing happens any more THEN nothing is written any more
    for database in [&b, &a] {
        later(&a);
        let report = database.sync().await;
        assert!(report.wrote_nothing(), "{report:?}");
    }
    // AND each has its own Ann Lee, and whoever came first has the id
    let (ours, theirs) = (a.link(7).expect("linked"), b.link(9).expect("linked"));
    assert_ne!(ours, theirs);
    assert_eq!(
        (a.contact_field(&ours, "MailingCity"), a.contact_field(&theirs, "MailingCity")),
        ("Perth".into(), "York".into())
    );
    assert_eq!((a.link(1042), a.cases()), (None, vec!["two_supporters_one_contact"]));
    assert_eq!(a.contact_field(&b.link(1042).expect("linked"), "LastName"), "Brown");
    assert_eq!(a.supporter_cell(1042, "last_name").await.as_deref(), Some("Doe"));
}

#[tokio::test]
async fn a_duplicate_rule_that_names_another_database_s_contact_is_no_answer() {
    for twin in [Twin::Ours, Twin::Org, Twin::Both] {
        let mut world = World { account: Some("77".to_owned()), ..World::with_duplicate_rule() };
        world.settings.twin = twin;
        let h = Harness::start_in(world).await;
        let id = h.contact(&another_s("Ann", "Lee", "ann@example.org", "9"));
        h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org").in_city("Perth")).await;
        let report = h.run(Mode::Push).await;
        assert_eq!((h.link(1), h.cases()), (None, vec!["duplicate_unresolved"]), "{twin:?} {report:?}");
        assert_eq!(h.contact_field(&id, "EN_Account_Id__c"), "78");
        let case = h.sides.state.cases_page(None, 1).unwrap().remove(0);
        assert_eq!(
            case.reasons.contains(&"other_account".to_owned()),
            twin != Twin::Ours,
            "{:?}",
            case.reasons
        );
    }
}

#[tokio::test]
async fn a_contact_merged_into_another_database_s_is_a_case() {
    // GIVEN a linked person whose Contact somebody merges into one of account 78, that carries an id which we have, too
    let h = Harness::start_in(of_account("77")).await;
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org").in_city("Perth")).await;
    h.sync().await;
    let ours = h.link(1).expect("linked");
    let theirs = h.contact(&another_s("Ann", "Lee", "ann@example.org", "2"));
    h.supporter(&Person { email: None, ..Person::new(2, "Bob", "Okonkwo", "") }).await;
    let admin = h.org.admin();
    admin.merge_as(&admin.person(), "Contact", &theirs, &[&ours]).unwrap();
    later(&h);
    let report = h.run(Mode::Pull).await;
    // THEN the link stays where it was, and a person decides
    assert_eq!(report.outcome("case:merged_into_linked"), 1, "{report:?}");
    assert_eq!(h.contact_field(&theirs, "EN_Supporter_Id__c"), "2");
    let cases = h.sides.state.cases_page(None, 10).unwrap();
    let case = cases.iter().find(|case| case.kind == model::CaseKind::MergedIntoLinked).expect("a case");
    assert_eq!((case.supporters.len(), case.contacts.len()), (1, 2));
    assert!(case.reasons.contains(&"other_account".to_owned()), "{:?}", case.reasons);
}
