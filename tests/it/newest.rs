//! Policy `newest`: the record modified last is right, as far as both say when that was.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use model::{Clock, Policy};
use serde_json::json;

const FIELD: &str = "MailingCity";

/// The row's stamp is set to this text, or to none.
async fn stamp(h: &Harness, text: Option<&str>) {
    let set = sqlx::query("UPDATE supporters SET modified = ? WHERE id = 1").bind(text);
    set.execute(&h.pool).await.expect("stamped");
}

fn in_an_hour() -> String {
    Clock::system().now().plus(Duration::from_secs(3_600)).to_seconds_text()
}

#[tokio::test]
async fn a_row_without_a_usable_stamp_says_nothing_about_when_and_a_person_decides() {
    for unusable in
        [None, Some(""), Some("yesterday"), Some("1970-01-01T00:00:00Z"), Some("2999-01-01T00:00:00Z")]
    {
        // GIVEN a linked person who is edited on both sides
        let h = Harness::start_in(World::default().with_policy(FIELD, Policy::Newest)).await;
        h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org").in_city("Perth")).await;
        h.sync().await;
        let ann = h.link(1).expect("linked");
        h.edit_contact(&ann, &json!({FIELD: "Rome"}));
        h.org.admin().clock().advance(Duration::from_secs(120));
        h.edit_supporter(1, "city", Some("Oslo")).await;
        stamp(&h, unusable).await;
        // THEN neither is overwritten
        let report = h.sync().await;
        assert_eq!(h.cases(), ["conflict_held"], "{unusable:?}: {report:?}");
        assert_eq!(h.contact_field(&ann, FIELD), "Rome");
        assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Oslo"));
        // UNTIL the row says when
        stamp(&h, Some(&in_an_hour())).await;
        let report = h.resync(1).await;
        assert_eq!((h.contact_field(&ann, FIELD), h.cases()), ("Oslo".to_owned(), vec![]), "{report:?}");
    }
}

#[tokio::test]
async fn at_a_first_meeting_a_row_without_a_stamp_does_not_lose_either() {
    let mut world = World::default();
    let mut rule = model::field_map::plain_rule("Department", "opt_in_at", model::FieldType::Text);
    rule.first_link = Policy::Newest;
    world.rules.push(rule);
    let h = Harness::start_in(world).await;
    let contact = Contact::new("Ann", "Lee", "ann@example.org").with("Department", "Choir");
    let contact = h.contact(&contact);
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.edit_supporter(1, "opt_in_at", Some("Theatre")).await;
    stamp(&h, None).await;
    let report = h.sync().await;
    assert_eq!(h.link(1), Some(contact.clone()), "{report:?}");
    assert!(h.cases().contains(&"conflict_held"), "{:?}", h.cases());
    assert_eq!(h.contact_field(&contact, "Department"), "Choir");
    assert_eq!(h.supporter_cell(1, "opt_in_at").await.as_deref(), Some("Theatre"));
}
