//! A Contact's change reaches the right supporter, and only what may travel does.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use model::Policy;
use model::field_map::plain_rule;
use plan::Exclude;
use serde_json::json;
use service::request::Mode;

fn later(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(120));
}

#[tokio::test]
async fn a_new_address_on_a_linked_contact_becomes_the_supporters_address() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    h.sync().await;
    let id = h.link(1).unwrap();
    h.edit_contact(&id, &json!({"Email": "new@example.org"}));
    later(&h);
    h.sync().await;
    assert_eq!(h.supporter_cell(1, "email").await.as_deref(), Some("new@example.org"));
    assert_eq!(h.supporters().await, 1);
    assert!(h.sync().await.wrote_nothing());
}

#[tokio::test]
async fn when_both_sides_changed_the_policy_decides_and_the_loser_is_logged() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.sync().await;
    let id = h.link(1).unwrap();
    h.edit_contact(&id, &json!({"MailingCity": "Hobart"}));
    h.edit_supporter(1, "city", Some("Darwin")).await;
    later(&h);
    let report = h.sync().await;
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Hobart"));
    assert_eq!(report.overwrites, 1);
    let log = h.sides.state.conflicts_page(None, 10).unwrap();
    assert_eq!(log.len(), 1);
    assert_eq!((log[0].1.field.as_str(), log[0].1.supporter_value.as_str()), ("MailingCity", "Darwin"));
}

#[tokio::test]
async fn a_held_conflict_is_a_case_and_nothing_is_written_until_both_agree() {
    let mut world = World::default();
    let mut rule = plain_rule("Title", "address_2", model::FieldType::Text);
    rule.policy = Policy::Hold;
    rule.columns = vec!["title".into()];
    world.rules = vec![];
    let h = Harness::start_in(world).await;
    let mut sides = h.sides.clone();
    let mut rules = sides.map.rules().to_vec();
    for rule in &mut rules {
        rule.policy = Policy::Hold;
    }
    sides.map = std::sync::Arc::new(model::FieldMap::new(rules, sides.map.technical().clone()).unwrap());
    let h = Harness { sides, ..h };
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.sync().await;
    let id = h.link(1).unwrap();
    h.edit_contact(&id, &json!({"MailingCity": "Hobart"}));
    h.edit_supporter(1, "city", Some("Darwin")).await;
    later(&h);
    h.sync().await;
    assert_eq!(h.cases(), ["conflict_held"]);
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Darwin"));
    assert_eq!(h.contact_field(&id, "MailingCity"), "Hobart");
    h.edit_supporter(1, "city", Some("Hobart")).await;
    h.sync().await;
    assert_eq!(h.cases(), Vec::<&str>::new());
}

#[tokio::test]
async fn strangers_become_supporters_only_where_that_is_switched_on() {
    let off = Harness::start().await;
    off.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    later(&off);
    let report = off.sync().await;
    assert_eq!(report.outcome("skipped:no_supporter"), 1, "{report:?}");
    assert_eq!(off.supporters().await, 0);

    let mut world = World::default();
    world.settings.create_supporters = true;
    let on = Harness::start_in(world).await;
    let id = on.contact(&Contact::new("Ann", "Lee", "ann@example.org").with("MailingCity", "Perth"));
    on.contact(&Contact::new("Nobody", "Reachable", ""));
    later(&on);
    let report = on.sync().await;
    assert_eq!(on.supporters().await, 1, "{report:?}");
    assert_eq!(report.outcome("skipped:no_email"), 1);
    assert_eq!(on.supporter_cell(1, "last_name").await.as_deref(), Some("Lee"));
    assert_eq!(on.supporter_cell(1, "sf_contact_id").await.as_deref(), Some(id.as_str()));
    // The Contact has the new supporter's id in the same cycle, and then there is silence.
    assert_eq!(on.contact_field(&id, "EN_Supporter_Id__c"), "1");
    later(&on);
    let quiet = on.sync().await;
    assert!(quiet.wrote_nothing(), "{quiet:?}");
}

#[tokio::test]
async fn excluded_contacts_and_those_of_another_account_are_left_alone() {
    let mut world = World { account: Some("77".into()), ..World::default() };
    world.settings.create_supporters = true;
    world.settings.only_own_account = true;
    world.settings.exclude = vec![Exclude { field: "LeadSource".into(), values: vec!["Board".into()] }];
    let h = Harness::start_in(world).await;
    let ours = |name: &str| {
        Contact::new("Ann", name, &format!("{}@example.org", name.to_lowercase()))
            .with("EN_Account_Id__c", "77")
    };
    h.contact(&ours("Lee"));
    h.contact(&ours("Bord").with("LeadSource", "Board"));
    h.contact(&Contact::new("Ann", "Else", "else@example.org").with("EN_Account_Id__c", "78"));
    h.contact(&Contact::new("Ann", "Nunn", "nunn@example.org"));
    later(&h);
    let report = h.sync().await;
    assert_eq!(h.supporters().await, 1, "{report:?}");
    assert_eq!(report.outcome("skipped:excluded"), 1);
    assert_eq!(report.outcome("skipped:other_account"), 2);
    // AND somebody of ours whose Contact was made by hand is linked, and the Contact is ours from then on
    h.supporter(&Person::new(9, "Ann", "Nunn", "nunn@example.org")).await;
    let report = h.sync().await;
    assert!(h.link(9).is_some(), "{report:?} {:?}", h.cases());
    assert_eq!(h.contact_field(&h.link(9).unwrap(), "EN_Account_Id__c"), "77");
}

#[tokio::test]
async fn contacts_that_are_excluded_from_the_pull_alone_still_receive() {
    let mut world = World::default();
    world.settings.exclude = vec![Exclude { field: "LeadSource".into(), values: vec!["Board".into()] }];
    (world.settings.exclude_pulls_only, world.settings.create_supporters) = (true, true);
    let h = Harness::start_in(world).await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    let id = h.contact(&Contact::new("Jo", "Doe", "jo@example.org").with("LeadSource", "Board"));
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org").with("LeadSource", "Board"));
    later(&h);
    // THEN whoever is a supporter is linked and receives, and nobody becomes one
    let report = h.sync().await;
    assert_eq!(h.link(1).as_ref(), Some(&id), "{report:?}");
    assert_eq!((h.contact_field(&id, "MailingCity"), h.supporters().await), ("Perth".to_owned(), 1));
    assert_eq!(report.outcome("skipped:excluded"), 1);
    // AND what is edited there stays there, until the supporter changes
    h.edit_contact(&id, &json!({"MailingCity": "Hobart", "FirstName": "Joanna"}));
    later(&h);
    h.sync().await;
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Perth"));
    h.edit_supporter(1, "city", Some("Cairns")).await;
    h.sync().await;
    assert_eq!(
        (h.contact_field(&id, "MailingCity"), h.contact_field(&id, "FirstName")),
        ("Cairns".into(), "Joanna".into())
    );
    assert_eq!(h.supporter_cell(1, "first_name").await.as_deref(), Some("Jo"));
    // WHEN the mark goes THEN the edit comes over
    h.edit_contact(&id, &json!({"LeadSource": null}));
    later(&h);
    h.sync().await;
    assert_eq!(h.supporter_cell(1, "first_name").await.as_deref(), Some("Joanna"));
}

#[tokio::test]
async fn an_edit_between_read_and_write_is_not_overwritten() {
    // GIVEN a supporter whose row refuses our write because it changed under us: here, by a trigger that plays the person
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.sync().await;
    let id = h.link(1).unwrap();
    h.edit_contact(&id, &json!({"MailingCity": "Hobart", "FirstName": "Joanna"}));
    later(&h);
    sqlx::query("UPDATE supporters SET first_name = 'Josephine' WHERE id = 1")
        .execute(&h.pool)
        .await
        .unwrap();
    let report = h.sync().await;
    // THEN the unstamped edit is noticed by its value: both sides changed, and the loser is logged
    assert_eq!(report.overwrites, 1, "{report:?}");
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Hobart"));
}

#[tokio::test]
async fn a_database_that_refuses_everybody_sets_nobody_aside_and_is_told_of_once() {
    // GIVEN 150 people whose Contacts moved, one more who moved here, and a trigger that lets no city be changed
    let mut world = World::default();
    world.settings.batch = 120;
    let h = Harness::start_in(world).await;
    for id in 1..=151 {
        let person = Person::new(id, "Ann", &format!("Lee{id}"), &format!("ann{id}@example.org"));
        h.supporter(&person.in_city("Perth")).await;
    }
    h.sync().await;
    for id in 1..=150 {
        h.edit_contact(&h.link(id).unwrap(), &json!({"MailingCity": "Hobart"}));
    }
    let run = async |sql: &'static str| sqlx::query(sql).execute(&h.pool).await.unwrap();
    run("CREATE TRIGGER closed BEFORE UPDATE OF city ON supporters BEGIN SELECT RAISE(ABORT, 'closed'); END")
        .await;
    later(&h);
    h.edit_supporter(151, "phone", Some("0401 555 010")).await;
    // WHEN THEN nobody is set aside, the first lot is the last that was tried, and the other direction goes on
    let report = h.sync().await;
    assert!(report.notes.iter().any(|note| note.contains("supporter database refused")), "{report:?}");
    assert_eq!((h.cases(), h.block(1), h.block(150)), (vec!["systemic"], None, None));
    assert_eq!((report.outcome("deferred:transient"), report.still_dirty), (150, 150), "{report:?}");
    assert_eq!(h.contact_field(&h.link(151).unwrap(), "HomePhone"), "0401 555 010");
    // AND a job of Salesforce that goes through says nothing about the database
    h.edit_supporter(151, "phone", Some("0401 555 011")).await;
    h.run(Mode::Push).await;
    assert_eq!(h.cases(), ["systemic"]);
    // AND once the cause is gone everybody is written, and the case with it
    run("DROP TRIGGER closed").await;
    let report = h.sync().await;
    assert_eq!(report.outcome("supporter_updated"), 150, "{report:?}");
    assert_eq!((h.supporter_cell(150, "city").await.as_deref(), h.cases()), (Some("Hobart"), vec![]));
}

#[tokio::test]
async fn with_the_flows_on_our_own_push_is_not_stamped_and_a_persons_edit_is() {
    let mut world = World { push_marker: true, ..World::default() };
    world.org.flows.stamp = true;
    world.org.flows.reset = true;
    let h = Harness::start_in(world).await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.sync().await;
    let id = h.link(1).unwrap();
    assert_eq!(h.contact_field(&id, "EN_Last_Modified_Date__c"), "");
    assert_eq!(h.contact_field(&id, "EN_Push__c"), "false");
    later(&h);
    assert!(h.sync().await.wrote_nothing());
    h.edit_contact(&id, &json!({"MailingCity": "Hobart"}));
    assert_ne!(h.contact_field(&id, "EN_Last_Modified_Date__c"), "");
    later(&h);
    h.sync().await;
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Hobart"));
}

#[tokio::test]
async fn a_first_pull_asks_for_everybody_at_once() {
    // GIVEN 300 people who are on both sides and do not know of each other yet
    let mut world = World::default();
    (world.settings.batch, world.settings.directory_from) = (20, 20);
    let h = Harness::start_in(world).await;
    for id in 1..=300 {
        let email = format!("person{id}@example.org");
        h.supporter(&Person::new(id, "Jo", "Doe", &email)).await;
        h.contact(&Contact::new("Jo", "Doe", &email));
    }
    later(&h);
    // WHEN they are pulled in 15 batches
    let report = h.run(Mode::Pull).await;
    // THEN no batch asks for its own
    assert_eq!(report.links.get("email_and_name"), Some(&300), "{report:?}");
    assert!(report.api_calls < 15, "{} calls", report.api_calls);
}
