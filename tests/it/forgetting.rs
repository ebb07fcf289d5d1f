//! Somebody was forgotten: whatever happens on either side, nothing brings them back, and nobody else waits.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use model::SupporterId;
use serde_json::json;
use service::request::Mode;

#[tokio::test]
async fn s16_nobody_who_was_forgotten_is_brought_back() {
    // GIVEN two linked people, in a world where Contacts become supporters
    let mut world = World { on_disk: true, ..World::default() };
    world.settings.create_supporters = true;
    let h = Harness::start_in(world).await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org").in_city("Perth")).await;
    h.sync().await;
    let (jo, ann) = (h.link(1).unwrap(), h.link(2).unwrap());
    // WHEN the first is forgotten, and both go on being edited on both sides
    let forgotten = h.sides.state.forget(&SupporterId::parse("1").unwrap()).await.unwrap();
    assert_eq!(forgotten.contact.map(|contact| contact.to_string()), Some(jo.clone()));
    h.edit_supporter(1, "city", Some("Hobart")).await;
    h.edit_supporter(2, "city", Some("Hobart")).await;
    h.edit_contact(&jo, &json!({"HomePhone": "0401 555 010"}));
    h.edit_contact(&ann, &json!({"HomePhone": "0401 555 011"}));
    h.org.admin().clock().advance(Duration::from_secs(120));
    let report = h.sync().await;
    // THEN the one is left alone and the other is not
    assert!(report.outcome("skipped:forgotten") > 0, "{report:?}");
    assert_eq!(h.link(1), None);
    assert_eq!(h.contact_field(&jo, "MailingCity"), "Perth");
    assert_eq!(h.supporter_cell(1, "phone").await, None);
    assert_eq!(h.contact_field(&ann, "MailingCity"), "Hobart");
    assert_eq!(h.supporter_cell(2, "phone").await.as_deref(), Some("0401 555 011"));
    // THEN neither a first load nor a row of theirs that is gone makes a link, a Contact or a supporter
    h.run(Mode::Backfill).await;
    h.delete_supporter(1).await;
    h.edit_contact(&jo, &json!({"HomePhone": "0401 555 012"}));
    h.contact(&Contact::new("Kim", "New", "kim@example.org"));
    h.org.admin().clock().advance(Duration::from_secs(120));
    h.run(Mode::Backfill).await;
    assert_eq!((h.link(1), h.supporters().await), (None, 2), "the second person and the new one");
    assert_eq!(h.contacts().len(), 3);
    assert!(h.sides.state.verify().unwrap().findings.is_empty());
}
