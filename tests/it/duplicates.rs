//! What a duplicate rule refuses ends in a link, a case or a block, with its reason: never in a second Contact.

use std::time::Duration;

use e2e::{Contact, Harness, Person, World, alerting};
use serde_json::json;

/// Nothing is looked up before the upsert, so that the org's own rules speak first.
fn unmatched(mut world: World) -> World {
    world.settings.match_before_create = false;
    world
}

#[tokio::test]
async fn a_refused_row_is_linked_to_the_contact_that_was_there_and_pushed_again_in_the_same_cycle() {
    // GIVEN a Contact, an alerting rule, and a supporter who is that Contact under a short name
    let h = Harness::start_in(unmatched(World::with_duplicate_rule())).await;
    let id = h.contact(&Contact::new("Robert", "Stillman", "bob@example.org"));
    h.supporter(&Person::new(1, "Bob", "Stillman", "bob@example.org").in_city("Perth")).await;
    // WHEN one cycle runs
    let report = h.sync().await;
    // THEN the refusal became a link and the Contact has what the supporter had to add
    assert_eq!(report.duplicates_refused, 1, "{report:?}");
    assert_eq!(report.duplicates_linked, 1);
    assert_eq!(h.link(1).as_deref(), Some(id.as_str()));
    assert_eq!(h.contact_field(&id, "MailingCity"), "Perth");
    assert_eq!(h.contact_field(&id, "EN_Supporter_Id__c"), "1");
    assert_eq!(h.supporter_cell(1, "sf_contact_id").await.as_deref(), Some(id.as_str()));
    assert_eq!(h.contacts().len(), 1);
    assert!(h.sync().await.wrote_nothing());
}

#[tokio::test]
async fn every_alert_text_of_the_guide_ends_in_a_link_when_the_person_is_clear() {
    for text in ["Use one of these records?", "Duplicate Alert", "You're creating a duplicate record"] {
        let mut world = unmatched(World::with_duplicate_rule());
        world.org.duplicates = alerting(text);
        let h = Harness::start_in(world).await;
        let id = h.contact(&Contact::new("Raya", "Tester", "raya@example.org"));
        h.supporter(&Person::new(1, "Raya", "Tester", "raya@example.org")).await;
        let report = h.sync().await;
        assert_eq!(h.link(1).as_deref(), Some(id.as_str()), "{text}: {report:?}");
    }
}

#[tokio::test]
async fn the_unique_address_rule_ends_in_a_link_or_in_a_case_that_says_why() {
    let mut world = unmatched(World::default());
    world.org.validation.unique_email = true;
    let h = Harness::start_in(world).await;
    let id = h.contact(&Contact::new("Jim", "Tester", "jim@example.org"));
    h.supporter(&Person::new(1, "James", "Tester", "jim@example.org")).await;
    h.contact(&Contact::new("Walter", "Other", "shared@example.org"));
    h.supporter(&Person::new(2, "Ann", "Lee", "shared@example.org")).await;
    let report = h.sync().await;
    assert_eq!(h.link(1).as_deref(), Some(id.as_str()), "{report:?}");
    assert_eq!(h.link(2), None);
    assert!(h.cases().contains(&"names_disagree"), "{:?}", h.cases());
    assert_eq!(h.contacts().len(), 2);
}

#[tokio::test]
async fn a_household_refused_by_an_account_rule_is_no_contact_duplicate() {
    // GIVEN NPSP's households, and an Account rule that alerts on the household's name
    let mut world = unmatched(World { own_duplicate_rules: true, ..World::default() });
    world.org.npsp.households = true;
    world.org.duplicates = household_rule();
    let h = Harness::start_in(world).await;
    h.contact(&Contact::new("Ann", "Doe", "ann@example.org"));
    let admin = h.org.admin();
    let account = serde_json::json!({"Name": "Doe Household"});
    admin.seed("Account", vec![account.as_object().unwrap().clone()]).unwrap();
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org")).await;
    let report = h.sync().await;
    assert_eq!(report.duplicates_refused, 1, "{report:?}");
    assert_eq!(h.cases(), ["duplicate_of_other_object"], "{report:?}");
    // AND it is not sent again and again
    assert!(h.sync().await.wrote_nothing());
}

fn household_rule() -> simorg::duplicate::DuplicateSettings {
    use simorg::duplicate::{
        DuplicateAction, DuplicateRule, DuplicateSettings, MatchItem, MatchMethod, MatchingRule, RuleUse,
    };
    let rule = MatchingRule {
        name: "Household_Match".into(),
        object: "Account".into(),
        items: vec![MatchItem::new("Name", MatchMethod::Exact)],
        equation: String::new(),
    };
    let duplicate = DuplicateRule {
        name: "Household_Rule".into(),
        object: "Account".into(),
        uses: vec![RuleUse { matching_rule: rule.name.clone(), field_mapping: Vec::new() }],
        on_create: DuplicateAction::Alert,
        on_edit: DuplicateAction::Report,
        alert_text: "Use one of these records?".into(),
        excluded_users: Vec::new(),
    };
    DuplicateSettings { matching_rules: vec![rule], rules: vec![duplicate], ..DuplicateSettings::none() }
}

#[tokio::test]
async fn several_contacts_that_fit_alike_are_a_case_and_nobody_is_guessed() {
    let h = Harness::start().await;
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    let report = h.sync().await;
    assert_eq!(h.link(1), None, "{report:?}");
    assert!(h.cases().contains(&"ambiguous_contacts"), "{:?}", h.cases());
    assert_eq!(h.contacts().len(), 2);
    // AND the case stays one case
    let open = h.cases().len();
    h.sync().await;
    assert_eq!(h.cases().len(), open);
}

#[tokio::test]
async fn a_stranger_on_the_address_is_asked_about_before_a_second_contact_is_made() {
    let h = Harness::start().await;
    let john = h.contact(&Contact::new("John", "Miller", "millers@example.org"));
    h.supporter(&Person::new(1, "Mary", "Miller", "millers@example.org")).await;
    let report = h.sync().await;
    assert_eq!(h.link(1), None, "{report:?}");
    assert!(h.cases().contains(&"names_disagree"), "{:?}", h.cases());
    assert_eq!(h.contacts().len(), 1);
    assert_eq!(h.contact_field(&john, "FirstName"), "John");
    assert_eq!(h.supporter_cell(1, "first_name").await.as_deref(), Some("Mary"));
}

#[tokio::test]
async fn a_couple_who_are_both_supporters_become_two_contacts_and_nobody_is_renamed() {
    let h = Harness::start().await;
    let john = h.contact(&Contact::new("John", "Miller", "millers@example.org"));
    h.supporter(&Person::new(1, "Mary", "Miller", "millers@example.org")).await;
    h.supporter(&Person::new(2, "John", "Miller", "millers@example.org")).await;
    h.sync().await;
    assert_eq!(h.link(2), Some(john));
    let mary = h.link(1).expect("Mary has a Contact of her own");
    assert_eq!(h.contact_field(&mary, "FirstName"), "Mary");
    assert_eq!(h.contacts().len(), 2);
}

#[tokio::test]
async fn where_it_is_switched_on_a_shared_address_makes_a_second_contact_at_once() {
    let mut world = World::default();
    world.settings.shared_address = plan::SharedAddress::Create;
    let h = Harness::start_in(world).await;
    let john = h.contact(&Contact::new("John", "Miller", "millers@example.org"));
    h.supporter(&Person::new(1, "Mary", "Miller", "millers@example.org")).await;
    h.sync().await;
    assert_eq!(h.contact_field(&john, "FirstName"), "John");
    assert_ne!(h.link(1), Some(john));
    assert_eq!(h.supporter_cell(1, "first_name").await.as_deref(), Some("Mary"));
}

#[tokio::test]
async fn two_supporters_for_one_contact_are_a_case_for_both() {
    let h = Harness::start().await;
    h.contact(&Contact::new("Ann", "Lee", "ann@example.org"));
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    h.supporter(&Person::new(2, "Ann", "Lee", "ann@example.org")).await;
    let report = h.sync().await;
    assert_eq!((h.link(1), h.link(2)), (None, None), "{report:?}");
    assert_eq!(h.cases(), ["supporter_merge_needed", "supporter_merge_needed"]);
    assert_eq!(h.contacts().len(), 1);
}

#[tokio::test]
async fn a_block_rule_that_leads_to_nobody_is_a_case_and_is_not_sent_again() {
    let mut world = unmatched(World { own_duplicate_rules: true, ..World::default() });
    world.org.duplicates = phone_rule();
    let h = Harness::start_in(world).await;
    h.contact(&Contact::new("Walter", "Other", "walter@example.org").with("HomePhone", "0401 555 010"));
    let mut ann = Person::new(1, "Ann", "Lee", "ann@example.org");
    ann.phone = Some("0401 555 010".into());
    h.supporter(&ann).await;
    let report = h.sync().await;
    assert_eq!(h.cases(), ["duplicate_unresolved"], "{report:?}");
    assert!(h.sync().await.wrote_nothing());
}

#[tokio::test]
async fn a_refused_duplicate_that_is_found_and_cannot_be_written_is_one_case_and_not_two() {
    // GIVEN somebody whom a rule refuses for the sake of a Contact that nobody finds
    let mut world = unmatched(World { own_duplicate_rules: true, ..World::default() });
    world.org.duplicates = phone_rule();
    let h = Harness::start_in(world).await;
    let id = h.contact(&Contact::new("Ann", "Lee", "old@example.org").with("HomePhone", "0401 555 010"));
    let mut ann = Person::new(1, "Ann", "Lee", "ann@example.org");
    ann.phone = Some("0401 555 010".into());
    h.supporter(&ann).await;
    let report = h.sync().await;
    assert_eq!(h.cases(), ["duplicate_unresolved"], "{report:?}");
    // WHEN the Contact can be found, and the supporter holds what it has no room for
    h.edit_contact(&id, &json!({"EN_Supporter_Id__c": "1"}));
    h.edit_supporter(1, "city", Some(&"x".repeat(60))).await;
    h.org.admin().clock().advance(Duration::from_secs(120));
    let report = h.sync().await;
    // THEN it is the value that is asked about, and not any more who that is
    assert_eq!((h.link(1), h.cases()), (None, vec!["blocked"]), "{report:?}");
    // AND when it fits nothing is left to ask
    h.edit_supporter(1, "city", Some("Perth")).await;
    let report = h.sync().await;
    assert_eq!((h.link(1), h.cases()), (Some(id), Vec::new()), "{report:?}");
}

fn phone_rule() -> simorg::duplicate::DuplicateSettings {
    use simorg::duplicate::{DuplicateAction, DuplicateSettings, MatchItem, MatchMethod};
    let mut settings = DuplicateSettings::name_and_email(DuplicateAction::Block, "Somebody has that number");
    settings.matching_rules[0].items = vec![MatchItem::new("HomePhone", MatchMethod::Exact)];
    settings
}
