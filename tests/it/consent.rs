//! Consent only tightens by itself.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World};
use model::field_map::plain_rule;
use model::{Direction, FieldRule, Policy};
use plan::{Exclude, Settings};
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

/// Two records of one person that never met, on these answers. The Contact is one of the board's.
async fn strangers(
    mut world: World,
    supporter: &str,
    contact: bool,
    first_link: Policy,
) -> (Harness, String) {
    world.first_link.push(("Email_Opt_In__c".to_owned(), first_link));
    let h = Harness::start_in(world).await;
    let mut fields = Contact::new("Jo", "Doe", "jo@example.org").with("LeadSource", "Board").to_json();
    fields.insert("Email_Opt_In__c".into(), json!(contact));
    let id = h.org.admin().seed("Contact", vec![fields]).expect("the Contact is seeded").remove(0);
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth").opted(supporter)).await;
    h.org.admin().clock().advance(Duration::from_secs(120));
    (h, id)
}

async fn consents(h: &Harness, id: &str) -> (String, String) {
    (h.supporter_cell(1, "opt_in").await.unwrap_or_default(), h.contact_field(id, "Email_Opt_In__c"))
}

/// Who won, as the log of overwritten values has it.
fn logged(h: &Harness) -> Vec<(String, Policy)> {
    let page = h.sides.state.conflicts_page(None, 10).expect("readable");
    page.into_iter().map(|(_, conflict)| (conflict.field, conflict.policy)).collect()
}

fn only_pushed(settings: &mut Settings) {
    settings.pull = false;
}

fn only_pulled(settings: &mut Settings) {
    settings.push = false;
}

fn board_is_not_pulled(settings: &mut Settings) {
    settings.exclude = vec![Exclude { field: "LeadSource".into(), values: vec!["Board".into()] }];
    settings.exclude_pulls_only = true;
}

/// A change of the settings, and whether the way that is left leads to Salesforce.
type Narrowing = (fn(&mut Settings), bool);

/// The three that let a field that travels both ways travel one.
const NARROWED: [Narrowing; 3] = [(only_pushed, true), (board_is_not_pulled, true), (only_pulled, false)];

fn narrowed_by(setting: fn(&mut Settings)) -> World {
    let mut world = World::default();
    setting(&mut world.settings);
    world
}

#[tokio::test]
async fn a_direction_that_is_switched_off_lets_no_yes_go_over_a_no() {
    for (setting, pushes) in NARROWED {
        // GIVEN a yes on the side that may be carried over, and a no on the other
        let (supporter, contact) = if pushes { ("Y", false) } else { ("N", true) };
        let (h, id) = strangers(narrowed_by(setting), supporter, contact, Policy::MostRestrictive).await;
        let report = h.sync().await;
        // THEN they are linked, and both are left as they are
        assert_eq!(h.link(1).as_deref(), Some(id.as_str()), "{report:?}");
        assert_eq!(consents(&h, &id).await, (supporter.to_owned(), contact.to_string()), "{report:?}");
        assert_eq!((logged(&h), h.cases()), (Vec::new(), Vec::new()));
        // AND still are after the supporter's next edit, which arrives where it may
        h.edit_supporter(1, "city", Some("Hobart")).await;
        h.sync().await;
        assert_eq!(consents(&h, &id).await, (supporter.to_owned(), contact.to_string()));
        assert_eq!(h.contact_field(&id, "MailingCity") == "Hobart", pushes);
    }
}

#[tokio::test]
async fn a_no_travels_as_far_as_the_settings_let_it_and_a_later_yes_after_it() {
    for (setting, pushes) in NARROWED {
        let (supporter, contact) = if pushes { ("N", true) } else { ("Y", false) };
        // Whatever is to be right at a first meeting: the no is not held back by it.
        for first_link in [Policy::MostRestrictive, Policy::Salesforce, Policy::Supporter] {
            let (h, id) = strangers(narrowed_by(setting), supporter, contact, first_link).await;
            let report = h.sync().await;
            assert_eq!(
                consents(&h, &id).await,
                ("N".to_owned(), "false".to_owned()),
                "{first_link:?} {report:?}"
            );
            // WHEN both agreed, and one side says yes since
            if pushes {
                h.edit_supporter(1, "opt_in", Some("Y")).await;
            } else {
                h.edit_contact(&id, &json!({"Email_Opt_In__c": true}));
                h.org.admin().clock().advance(Duration::from_secs(120));
            }
            h.sync().await;
            assert_eq!(consents(&h, &id).await, ("Y".to_owned(), "true".to_owned()), "{first_link:?}");
        }
    }
}

#[tokio::test]
async fn where_the_map_says_that_a_side_is_right_its_yes_travels_and_the_no_is_in_the_log() {
    for (setting, pushes) in NARROWED {
        let (supporter, contact) = if pushes { ("Y", false) } else { ("N", true) };
        let right = if pushes { Policy::Supporter } else { Policy::Salesforce };
        let (h, id) = strangers(narrowed_by(setting), supporter, contact, right).await;
        let report = h.sync().await;
        assert_eq!(consents(&h, &id).await, ("Y".to_owned(), "true".to_owned()), "{report:?}");
        assert_eq!(logged(&h), [("Email_Opt_In__c".to_owned(), right)]);
    }
}

#[tokio::test]
async fn a_no_that_a_one_way_field_overwrites_at_a_first_meeting_is_in_the_log() {
    for (direction, supporter, contact, right) in
        [(Direction::Push, "Y", false, Policy::Supporter), (Direction::Pull, "N", true, Policy::Salesforce)]
    {
        let mut world = World::default();
        world.directions.push(("Email_Opt_In__c".to_owned(), direction));
        let (h, id) = strangers(world, supporter, contact, Policy::MostRestrictive).await;
        let report = h.sync().await;
        assert_eq!(consents(&h, &id).await, ("Y".to_owned(), "true".to_owned()), "{report:?}");
        assert_eq!(logged(&h), [("Email_Opt_In__c".to_owned(), right)]);
        assert_eq!(report.overwrites, 1, "{report:?}");
    }
}

#[tokio::test]
async fn an_opt_out_that_is_not_pulled_outlives_the_state() {
    let (mut h, id) = strangers(narrowed_by(board_is_not_pulled), "Y", true, Policy::MostRestrictive).await;
    h.sync().await;
    // GIVEN a no in Salesforce that stays there
    h.edit_contact(&id, &json!({"Email_Opt_In__c": false}));
    h.org.admin().clock().advance(Duration::from_secs(120));
    h.sync().await;
    assert_eq!(consents(&h, &id).await, ("Y".to_owned(), "false".to_owned()));
    // WHEN the state is lost, and a cycle begins with an empty one
    h.sides.state = state::State::in_memory(1).expect("a state");
    std::fs::create_dir_all(h.sides.state.spool_dir()).expect("a spool");
    let report = h.sync().await;
    // THEN the two are linked anew, and the no stands
    assert_eq!(h.link(1).as_deref(), Some(id.as_str()), "{report:?}");
    assert_eq!(consents(&h, &id).await, ("Y".to_owned(), "false".to_owned()));
}

/// A linked person on whose no both agree, and a Contact of a yes that theirs is then merged into.
async fn merged_into_a_yes(world: World) -> (Harness, String) {
    let h = Harness::start_in(world).await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").opted("N")).await;
    h.sync().await;
    let old = h.link(1).expect("linked");
    let mut fields = Contact::new("Joanna", "Doe", "joanna@example.org").to_json();
    fields.insert("Email_Opt_In__c".into(), json!(true));
    let admin = h.org.admin();
    let survivor = admin.seed("Contact", vec![fields]).expect("the Contact is seeded").remove(0);
    admin.merge_as(&admin.person(), "Contact", &survivor, &[old.as_str()]).expect("merged");
    admin.clock().advance(Duration::from_secs(120));
    (h, survivor)
}

#[tokio::test]
async fn a_no_outlives_the_merge_of_its_contact_into_one_that_says_yes() {
    let (h, survivor) = merged_into_a_yes(World::default()).await;
    let report = h.sync().await;
    assert_eq!(h.link(1).as_deref(), Some(survivor.as_str()), "{report:?}");
    assert_eq!(consents(&h, &survivor).await, ("N".to_owned(), "false".to_owned()), "{report:?}");
    // AND other fields are taken from the survivor as before
    assert_eq!(h.supporter_cell(1, "first_name").await.as_deref(), Some("Joanna"));
    assert_eq!(logged(&h), [("Email_Opt_In__c".to_owned(), Policy::MostRestrictive)]);
    assert!(h.sync().await.wrote_nothing());
}

#[tokio::test]
async fn a_no_outlives_a_merge_that_salesforce_did_not_let_us_answer_at_once() {
    // GIVEN a link that has moved already, while the row that was to carry the no was never sent
    let (mut h, survivor) = merged_into_a_yes(World::default()).await;
    let settings = Settings::clone(&h.sides.settings);
    only_pulled_once(&mut h, &settings);
    let report = h.sync().await;
    assert_eq!(h.link(1).as_deref(), Some(survivor.as_str()), "{report:?}");
    assert_eq!(consents(&h, &survivor).await, ("N".to_owned(), "true".to_owned()), "{report:?}");
    // WHEN it is asked again who of the two changed
    h.sides.settings = std::sync::Arc::new(settings);
    let report = h.sync().await;
    // THEN it is still nobody's newer word
    assert_eq!(consents(&h, &survivor).await, ("N".to_owned(), "false".to_owned()), "{report:?}");
}

fn only_pulled_once(h: &mut Harness, settings: &Settings) {
    let mut settings = settings.clone();
    only_pulled(&mut settings);
    h.sides.settings = std::sync::Arc::new(settings);
}
