//! Tables and Contacts that are not as everybody else's: no Contact Id column, ids of another form, unusual keys.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use service::request::Mode;

fn later(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(120));
}

/// Somebody whose id is a text.
async fn named(h: &Harness, id: &str, last: &str) {
    sqlx::query("INSERT INTO supporters (id, email, first_name, last_name, modified) VALUES (?, ?, 'Ann', ?, '2026-01-01T00:00:00Z')")
        .bind(id)
        .bind(format!("{last}@example.org"))
        .bind(last)
        .execute(&h.pool)
        .await
        .expect("an id of its own");
}

#[tokio::test]
async fn without_a_contact_id_column_people_are_linked_created_and_pulled_all_the_same() {
    let mut world = World { no_contact_id: true, ..World::default() };
    world.settings.create_supporters = true;
    let h = Harness::start_in(world).await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    later(&h);
    let report = h.sync().await;
    assert_eq!((h.contacts().len(), h.supporters().await), (2, 2), "{report:?}");
    assert!(h.link(1).is_some() && h.link(2).is_some());
    assert_eq!(h.supporter_cell(1, "sf_contact_id").await, None);
    later(&h);
    let quiet = h.sync().await;
    assert!(quiet.wrote_nothing(), "{quiet:?}");
}

#[tokio::test]
async fn an_id_of_fifteen_characters_or_with_spaces_is_understood_and_left_as_it_was_typed() {
    let h = Harness::start().await;
    let short = h.contact(&Contact::new("Jo", "Doe", "jo@example.org").with("EN_Supporter_Id__c", "1"));
    let spaced = h.contact(&Contact::new("Ann", "Lee", "ann@example.org").with("EN_Supporter_Id__c", "2"));
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").linked_to(&short[..15])).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org").linked_to(&format!("  {spaced} "))).await;
    later(&h);
    let report = h.sync().await;
    assert_eq!((h.link(1), h.link(2)), (Some(short.clone()), Some(spaced)), "{report:?}");
    assert!(report.wrote_nothing(), "{report:?}");
    assert_eq!(h.supporter_cell(1, "sf_contact_id").await.as_deref(), Some(&short[..15]));
}

#[tokio::test]
async fn ids_with_spaces_letters_of_any_script_quotes_and_commas_come_back_to_their_own_people() {
    let h = Harness::start_in(World { text_ids: true, ..World::default() }).await;
    let ids = ["a b", "süß-東京", "o'brien", "1,2", "say \"hi\"", "100%_\\"];
    for (n, id) in ids.iter().enumerate() {
        named(&h, id, &format!("Lee{n}")).await;
    }
    let report = h.run(Mode::Backfill).await;
    assert_eq!(report.outcome("contact_created"), ids.len() as u64, "{report:?}");
    for contact in h.contacts() {
        let key = contact["EN_Supporter_Id__c"].as_str().unwrap();
        let n = ids.iter().position(|id| *id == key).expect("one of ours");
        assert_eq!(contact["LastName"], format!("Lee{n}"));
        let link = h.sides.state.link_of(&model::SupporterId::parse(key).unwrap()).unwrap().unwrap();
        assert_eq!(contact["Id"], link.contact.as_str());
    }
    assert!(h.run(Mode::Backfill).await.wrote_nothing());
}

#[tokio::test]
async fn ids_that_differ_in_case_alone_never_share_a_contact() {
    let h = Harness::start_in(World { text_ids: true, ..World::default() }).await;
    for (id, name) in [("abc", "Lee"), ("ABC", "Poe")] {
        named(&h, id, name).await;
    }
    h.run(Mode::Backfill).await;
    h.run(Mode::Backfill).await;
    let contacts = h.contacts();
    assert_eq!(contacts.len(), 1, "the org takes the two keys for one");
    let key = contacts[0]["EN_Supporter_Id__c"].as_str().unwrap();
    assert_eq!(contacts[0]["LastName"], if key == "abc" { "Lee" } else { "Poe" });
    assert_eq!(h.cases(), ["two_supporters_one_contact"]);
}

#[tokio::test]
async fn a_linked_contact_without_our_account_id_is_ours_and_receives_it_once() {
    let mut world = World { account: Some("77".into()), ..World::default() };
    world.settings.only_own_account = true;
    let h = Harness::start_in(world).await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    h.sync().await;
    let id = h.link(1).unwrap();
    assert_eq!(h.contact_field(&id, "EN_Account_Id__c"), "77");
    h.edit_contact(&id, &serde_json::json!({"EN_Account_Id__c": null, "MailingCity": "Hobart"}));
    later(&h);
    let report = h.sync().await;
    assert_eq!(h.contact_field(&id, "EN_Account_Id__c"), "77", "{report:?}");
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Hobart"));
    later(&h);
    assert!(h.sync().await.wrote_nothing());
}

#[tokio::test]
async fn a_second_address_field_finds_the_person() {
    let mut world = World::default();
    world.settings.email_fields = vec!["Department".into()];
    let h = Harness::start_in(world).await;
    let work = Contact::new("Ann", "Lee", "home@example.org").with("Department", "work@example.org");
    let id = h.contact(&work);
    h.supporter(&Person::new(1, "Ann", "Lee", "work@example.org")).await;
    let report = h.sync().await;
    assert_eq!(h.link(1).as_deref(), Some(id.as_str()), "{report:?}");
    assert_eq!(h.contacts().len(), 1);
}

#[tokio::test]
async fn an_id_that_reads_as_an_order_keeps_nobody_else_out_of_the_job() {
    let h = Harness::start_in(World { text_ids: true, ..World::default() }).await;
    for (n, id) in ["1", "#N/A", "3"].iter().enumerate() {
        named(&h, id, &format!("Lee{n}")).await;
    }
    let report = h.run(Mode::Backfill).await;
    assert_eq!(report.outcome("contact_created"), 2, "{report:?}");
    assert_eq!(report.outcome("blocked:NOT_STORABLE"), 1, "{report:?}");
    assert_eq!(h.cases(), ["blocked"]);
    assert!(h.run(Mode::Backfill).await.wrote_nothing());
}
