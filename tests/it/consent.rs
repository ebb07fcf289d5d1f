//! Consent only tightens by itself.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use model::Policy;
use serde_json::json;

async fn met(supporter: &str, contact: bool) -> (Harness, String) {
    let h = Harness::start().await;
    let mut fields = Contact::new("Jo", "Doe", "jo@example.org").to_json();
    fields.insert("Email_Opt_In__c".into(), json!(contact));
    let id = h.org.admin().seed("Contact", vec![fields]).expect("the Contact is seeded").remove(0);
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").opted(supporter)).await;
    h.sync().await;
    (h, id)
}

#[tokio::test]
async fn the_no_wins_on_first_meeting_whichever_side_holds_it() {
    let (h, id) = met("Y", false).await;
    assert_eq!(h.supporter_cell(1, "opt_in").await.as_deref(), Some("N"));
    assert_eq!(h.contact_field(&id, "Email_Opt_In__c"), "false");
    let (h, id) = met("N", true).await;
    assert_eq!(h.contact_field(&id, "Email_Opt_In__c"), "false");
    assert_eq!(h.supporter_cell(1, "opt_in").await.as_deref(), Some("N"));
}

#[tokio::test]
async fn an_opt_out_on_either_side_reaches_the_other() {
    let (h, id) = met("Y", true).await;
    h.edit_contact(&id, &json!({"Email_Opt_In__c": false}));
    h.org.admin().clock().advance(Duration::from_secs(120));
    h.sync().await;
    assert_eq!(h.supporter_cell(1, "opt_in").await.as_deref(), Some("N"));

    let (h, id) = met("Y", true).await;
    h.edit_supporter(1, "opt_in", Some("N")).await;
    h.sync().await;
    assert_eq!(h.contact_field(&id, "Email_Opt_In__c"), "false");
}

#[tokio::test]
async fn an_opt_in_given_after_both_agreed_on_no_is_the_newer_word() {
    let (h, id) = met("N", false).await;
    h.edit_supporter(1, "opt_in", Some("Y")).await;
    h.sync().await;
    assert_eq!(h.contact_field(&id, "Email_Opt_In__c"), "true");
}

#[tokio::test]
async fn an_empty_column_is_no_consent() {
    let (h, id) = met("", true).await;
    assert_eq!(h.contact_field(&id, "Email_Opt_In__c"), "false");
}

#[tokio::test]
async fn a_yes_that_only_the_person_confirms_is_never_written_for_them() {
    for policy in [Policy::MostRestrictive, Policy::Salesforce, Policy::Newest] {
        let mut world = World::default().with_policy("Email_Opt_In__c", policy);
        world.confirmed = vec!["Email_Opt_In__c".to_owned()];
        world.settings.create_supporters = true;
        let h = Harness::start_in(world).await;
        h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").opted("N")).await;
        h.sync().await;
        let id = h.link(1).unwrap();
        h.edit_contact(&id, &json!({"Email_Opt_In__c": true}));
        let mut new = Contact::new("Al", "Roe", "al@example.org").to_json();
        new.insert("Email_Opt_In__c".into(), json!(true));
        h.org.admin().seed("Contact", vec![new]).expect("the Contact is seeded");
        h.org.admin().clock().advance(Duration::from_secs(120));
        let report = h.sync().await;
        assert_eq!(h.supporter_cell(1, "opt_in").await.as_deref(), Some("N"), "{policy:?}: {report:?}");
        assert_eq!(report.outcome("supporter_created"), 1, "{report:?}");
        assert_ne!(
            h.supporter_cell(2, "opt_in").await.as_deref(),
            Some("Y"),
            "{policy:?}: nobody is opted in"
        );
        // AND the person's own yes travels, and so does a no from the other side
        h.edit_supporter(1, "opt_in", Some("Y")).await;
        h.sync().await;
        h.edit_contact(&id, &json!({"Email_Opt_In__c": false}));
        h.org.admin().clock().advance(Duration::from_secs(120));
        h.sync().await;
        assert_eq!(h.supporter_cell(1, "opt_in").await.as_deref(), Some("N"), "{policy:?}");
    }
}
