//! A supporter's change reaches Salesforce, a Contact's change comes back, and then there is silence.

use e2e::{Contact, Harness, Person, World};
use serde_json::json;
use service::request::Mode;
use simorg::{Fault, Op};

#[tokio::test]
async fn a_new_supporter_becomes_a_contact_and_its_id_comes_back() {
    // GIVEN a supporter nobody knows in Salesforce
    let h = Harness::start().await;
    h.supporter(&Person::new(1042, "Jo", "Doe", "jo@example.org").in_city("Perth").opted("Y")).await;
    // WHEN a cycle runs
    let report = h.sync().await;
    // THEN there is one Contact with their values, linked both ways
    assert_eq!(report.outcome("contact_created"), 1, "{report:?}");
    let contacts = h.contacts();
    assert_eq!(contacts.len(), 1);
    assert_eq!(contacts[0]["LastName"], "Doe");
    assert_eq!(contacts[0]["MailingCity"], "Perth");
    assert_eq!(contacts[0]["Email_Opt_In__c"], true);
    assert_eq!(contacts[0]["EN_Supporter_Id__c"], "1042");
    let id = contacts[0]["Id"].as_str().unwrap();
    assert_eq!(h.supporter_cell(1042, "sf_contact_id").await.as_deref(), Some(id));
    assert_eq!(h.link(1042).as_deref(), Some(id));
    // AND the next cycle writes nothing
    let again = h.sync().await;
    assert!(again.wrote_nothing(), "{again:?}");
}

#[tokio::test]
async fn changes_travel_both_ways_and_only_what_changed_is_sent() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.sync().await;
    let id = h.link(1).unwrap();
    // GIVEN the city changed here and the first name changed there
    h.edit_supporter(1, "city", Some("Hobart")).await;
    h.edit_contact(&id, &json!({"FirstName": "Joanna"}));
    h.org.admin().clock().advance(std::time::Duration::from_secs(120));
    // WHEN a cycle runs
    let report = h.sync().await;
    // THEN each side has the other's change, and nothing was a conflict
    assert_eq!(h.contact_field(&id, "MailingCity"), "Hobart", "{report:?}");
    assert_eq!(h.supporter_cell(1, "first_name").await.as_deref(), Some("Joanna"));
    assert_eq!(report.overwrites, 0);
    assert!(h.sync().await.wrote_nothing());
}

#[tokio::test]
async fn an_existing_contact_is_found_by_address_and_name_and_never_doubled() {
    let h = Harness::start().await;
    let id = h.contact(&Contact::new("Bob", "Stillman", "bob@example.org"));
    h.supporter(&Person::new(7, "Robert", "Stillman", "bob@example.org")).await;
    let report = h.sync().await;
    assert_eq!(h.link(7).as_deref(), Some(id.as_str()), "{report:?}");
    assert_eq!(h.contacts().len(), 1);
    assert_eq!(report.links.get("email_and_name"), Some(&1), "{report:?}");
}

#[tokio::test]
async fn a_directory_of_contacts_that_lost_some_on_the_way_is_not_matched_against() {
    let mut world = World::default();
    world.settings.directory_from = 1;
    let h = Harness::start_in(world).await;
    for id in 1..=3 {
        let email = format!("p{id}@example.org");
        h.contact(&Contact::new("Jo", "Doe", &email));
        h.supporter(&Person::new(id, "Jo", "Doe", &email)).await;
    }
    // GIVEN a query of all Contacts of which one arrives, with no word of more
    h.org.admin().fault(Op::QueryJobResults, Fault::Strip { lines: 2 });
    assert!(h.try_run(Mode::Push).await.is_err(), "the two others would be taken for strangers");
    assert_eq!(h.contacts().len(), 3);
    // THEN the next cycle asks again, and finds everybody
    h.run(Mode::Push).await;
    assert_eq!(h.contacts().len(), 3);
    assert!((1..=3).all(|id| h.link(id).is_some()));
}
