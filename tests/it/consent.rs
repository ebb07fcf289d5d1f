//! Consent only tightens by itself.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use model::field_map::plain_rule;
use model::{FieldRule, Policy};
use serde_json::json;
use simorg::schema::{CustomField, FieldType};

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

/// A world where both sides say when a consent was given, met on these answers and dates.
async fn dated(supporter: (&str, &str), contact: (bool, &str)) -> (Harness, String) {
    const DATE: &str = "Opt_In_Given__c";
    let mut world = World::default();
    world.org.custom_fields.push(CustomField::new("Contact", DATE, FieldType::DateTime));
    world.rules.push(plain_rule(DATE, "opt_in_at", model::FieldType::DateTime));
    world.dated.push(("Email_Opt_In__c".to_owned(), DATE.to_owned()));
    let h = Harness::start_in(world).await;
    let mut fields = Contact::new("Jo", "Doe", "jo@example.org").to_json();
    fields.insert("Email_Opt_In__c".into(), json!(contact.0));
    fields.insert(DATE.into(), json!(contact.1));
    let id = h.org.admin().seed("Contact", vec![fields]).expect("the Contact is seeded").remove(0);
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").opted(supporter.0)).await;
    h.edit_supporter(1, "opt_in_at", Some(supporter.1)).await;
    h.sync().await;
    (h, id)
}

#[tokio::test]
async fn a_yes_dated_after_the_other_sides_no_wins_and_takes_its_date_along() {
    let (early, late) = ("2026-01-05T10:00:00.000Z", "2026-03-07T11:00:00.000Z");
    // The two answers with their dates, and the answer and the date that both hold afterwards.
    for (supporter, contact, kept, at) in [
        (("Y", late), (false, early), "true", late),
        (("N", early), (true, late), "true", late),
        (("Y", early), (false, late), "false", late),
        (("N", late), (true, early), "false", late),
        // At the same time, and within the tolerance of it: the no.
        (("Y", late), (false, late), "false", late),
        (("Y", "2026-03-07T11:01:00.000Z"), (false, late), "false", late),
    ] {
        let (h, id) = dated(supporter, contact).await;
        let column = if kept == "true" { "Y" } else { "N" };
        assert_eq!(h.contact_field(&id, "Email_Opt_In__c"), kept, "{supporter:?} {contact:?}");
        assert_eq!(h.supporter_cell(1, "opt_in").await.as_deref(), Some(column), "{supporter:?} {contact:?}");
        let dates =
            [h.contact_field(&id, "Opt_In_Given__c"), h.supporter_cell(1, "opt_in_at").await.unwrap()];
        let same = |text: &String| model::Stamp::parse(text).unwrap() == model::Stamp::parse(at).unwrap();
        assert!(dates.iter().all(same), "{supporter:?} {contact:?}: {dates:?}");
        // AND they are in step
        assert!(h.sync().await.wrote_nothing());
    }
}

#[tokio::test]
async fn a_consent_that_nobody_but_a_person_decides_is_a_case_of_its_own() {
    let mut world = World::default();
    let rule = plain_rule("DoNotCall", "opt_in_at", model::FieldType::Boolean);
    world.rules.push(FieldRule { first_link: Policy::Hold, ..rule });
    let h = Harness::start_in(world).await;
    let mut fields = Contact::new("Jo", "Doe", "jo@example.org").to_json();
    fields.insert("DoNotCall".into(), json!(true));
    let id = h.org.admin().seed("Contact", vec![fields]).expect("the Contact is seeded").remove(0);
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    h.edit_supporter(1, "opt_in_at", Some("false")).await;
    let report = h.sync().await;
    assert_eq!(h.cases(), ["consent_conflict"], "{report:?}");
    assert_eq!(h.contact_field(&id, "DoNotCall"), "true");
    // WHEN it is the same on both sides THEN nothing is left to decide
    h.edit_supporter(1, "opt_in_at", Some("true")).await;
    h.sync().await;
    assert_eq!(h.cases(), [""; 0]);
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
