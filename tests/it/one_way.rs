//! One direction switched off, and one direction at a time.

use std::sync::Arc;
use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use serde_json::json;
use service::request::Mode;

fn later(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(120));
}

/// A linked person, edited on both sides in different fields.
async fn edited_on_both_sides(h: &Harness) -> String {
    let contact = Contact::new("Jo", "Doe", "jo@example.org").with("EN_Supporter_Id__c", "1");
    let id = h.contact(&contact.with("MailingCity", "Perth"));
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth").linked_to(&id)).await;
    later(h);
    h.sync().await;
    assert_eq!(h.link(1).as_deref(), Some(id.as_str()));
    h.edit_contact(&id, &json!({"MailingCity": "Hobart"}));
    h.edit_supporter(1, "phone", Some("0401 555 010")).await;
    later(h);
    id
}

fn switch(h: &mut Harness, push: bool, pull: bool) {
    let mut settings = (*h.sides.settings).clone();
    (settings.push, settings.pull) = (push, pull);
    h.sides.settings = Arc::new(settings);
}

fn jobs(h: &Harness) -> usize {
    h.org.admin().jobs().iter().filter(|job| job.kind == "V2Ingest").count()
}

#[tokio::test]
async fn with_pull_off_supporters_changes_arrive_and_nobody_waits_for_the_other_direction() {
    let mut h = Harness::start().await;
    let id = edited_on_both_sides(&h).await;
    switch(&mut h, true, false);
    let report = h.sync().await;
    assert_eq!(h.contact_field(&id, "HomePhone"), "0401 555 010", "{report:?}");
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Perth"));
    assert_eq!(report.still_dirty, 0, "{report:?}");
    assert!(h.sync().await.wrote_nothing());
    // AND switched on again, it brings what was left
    switch(&mut h, true, true);
    h.sync().await;
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Hobart"));
}

#[tokio::test]
async fn with_push_off_contacts_changes_arrive_and_salesforce_is_never_written() {
    let mut h = Harness::start().await;
    let id = edited_on_both_sides(&h).await;
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    h.supporter(&Person::new(3, "New", "Here", "new@example.org")).await;
    let before = jobs(&h);
    later(&h);
    switch(&mut h, false, true);
    let report = h.sync().await;
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Hobart"), "{report:?}");
    assert_eq!(h.contact_field(&id, "HomePhone"), "");
    // Linked, although the Contact cannot be told so.
    assert!(h.link(2).is_some(), "{report:?}");
    assert_eq!(h.link(3), None);
    assert_eq!(report.still_dirty, 0, "{report:?}");
    assert!(h.sync().await.wrote_nothing());
    assert_eq!(jobs(&h), before);
    // AND switched on again, what had waited is sent
    switch(&mut h, true, true);
    h.sync().await;
    assert_eq!(h.contact_field(&id, "HomePhone"), "0401 555 010");
}

#[tokio::test]
async fn a_push_delivers_its_part_of_a_person_and_the_next_pull_the_other() {
    let h = Harness::start().await;
    let id = edited_on_both_sides(&h).await;
    // The pull window has marked the person before.
    let mut changes = state::Changes::new();
    let who = model::Subject::Supporter(model::SupporterId::parse("1").unwrap());
    changes.mark_dirty(who, model::DirtyReason::ContactChanged, None);
    let _ = h.sides.state.commit(changes).await.unwrap();
    let report = h.run(Mode::Push).await;
    assert_eq!(h.contact_field(&id, "HomePhone"), "0401 555 010", "{report:?}");
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Perth"));
    assert_eq!(report.still_dirty, 1, "what the Contact changed is not forgotten: {report:?}");
    h.run(Mode::Pull).await;
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Hobart"));
    assert!(h.sync().await.wrote_nothing());
    assert_eq!(h.sides.state.conflicts_page(None, 10).unwrap().len(), 0);
}

#[tokio::test]
async fn a_dry_run_of_one_direction_plans_that_direction_only() {
    let mut h = Harness::start().await;
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    later(&h);
    switch(&mut h, false, true);
    let plans = h.plans(Mode::Sync).await;
    assert!(plans.is_empty(), "{plans:?}");
    let mut world = World::default();
    world.settings.create_supporters = true;
    let h = Harness::start_in(world).await;
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    later(&h);
    assert!(h.plans(Mode::Push).await.is_empty());
    assert_eq!(h.plans(Mode::Pull).await.len(), 1);
    assert_eq!(h.sides.state.dirty_count().unwrap(), 0);
}

/// Supporters that are read through a view, and a Contact Id column that nothing can be written into.
async fn through_a_view(direct: bool) -> Harness {
    let mut world = World { through_view: true, direct, ..World::default() };
    world.settings.pull = false;
    Harness::start_in(world).await
}

#[tokio::test]
async fn a_view_that_takes_no_contact_id_is_pushed_from_all_the_same() {
    for direct in [false, true] {
        let h = through_a_view(direct).await;
        // GIVEN one who is created, and one who is found
        h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
        h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org").in_city("Perth")).await;
        let ann = h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
        later(&h);
        let report = h.sync().await;
        let jo = h.link(1).unwrap_or_default();
        assert_eq!(h.link(2).as_deref(), Some(ann.as_str()), "{report:?}");
        assert_eq!((report.supporter_writes, report.still_dirty), (0, 0), "{report:?}");
        assert_eq!(h.sides.state.journal().unwrap().len(), 0, "{report:?}");
        // WHEN both are edited THEN both edits arrive
        for (id, contact) in [(1, &jo), (2, &ann)] {
            h.edit_supporter(id, "city", Some("Hobart")).await;
            let report = h.sync().await;
            assert_eq!(h.contact_field(contact, "MailingCity"), "Hobart", "{direct} {id}: {report:?}");
        }
        assert_eq!(h.contacts().len(), 2);
        assert_eq!(h.supporter_cell(1, "sf_contact_id").await, None);
        // AND an audit misses no Id that cannot be written
        let scope = service::verify::Scope::default();
        let audit = service::verify::verify(&h.sides, &scope, &mut |_| {}).await.unwrap().unwrap();
        assert_eq!(audit.outcomes.get("in_step"), Some(&2), "{audit:?}");
    }
}

#[tokio::test]
async fn an_id_that_a_view_shows_still_tells_whose_a_contact_is() {
    let h = through_a_view(false).await;
    let id = h.contact(&Contact::new("Joanna", "Roe", "joanna@example.org"));
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").linked_to(&id)).await;
    later(&h);
    let report = h.sync().await;
    assert_eq!(h.contacts().len(), 1, "{report:?}");
}
