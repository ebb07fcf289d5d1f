//! Asked who a refused row is, the org's duplicate rules name records; a link comes of it only where names and address agree.

use e2e::{Contact, Harness, Person, World, alerting};
use model::{Case, CaseKind, Choice, ContactId, Ruling, Stamp, Standing, Subject, SupporterId};
use plan::Twin;
use salesforce::{Fields, WouldBe};
use serde_json::json;
use simorg::duplicate::{
    DuplicateAction, DuplicateRule, DuplicateSettings, MatchItem, MatchMethod, MatchingRule, RuleUse,
};
use state::Changes;

/// The org's rules speak first, and are asked.
fn asking(twin: Twin) -> World {
    let mut world = World { own_duplicate_rules: true, ..World::default() };
    world.settings.match_before_create = false;
    world.settings.twin = twin;
    world
}

fn reasons(h: &Harness, id: i64) -> Vec<String> {
    let id = SupporterId::parse(&id.to_string()).expect("a number is an id");
    let cases = h.sides.state.cases_of(&Subject::Supporter(id)).expect("readable");
    cases.into_iter().flat_map(|case| case.reasons).collect()
}

/// A rule on one field of one object, which blocks.
fn rule_on(object: &str, field: &str) -> DuplicateSettings {
    let mut settings = DuplicateSettings::name_and_email(DuplicateAction::Block, "Somebody is there already");
    settings.matching_rules[0].object = object.to_owned();
    settings.matching_rules[0].items = vec![MatchItem::new(field, MatchMethod::Exact)];
    settings.matching_rules[0].equation = String::new();
    settings
}

#[tokio::test]
async fn asking_saves_nothing_whatever_the_org_answers() {
    for rules in [DuplicateSettings::none(), alerting("Use one of these records?")] {
        let mut world = World { own_duplicate_rules: true, ..World::default() };
        let finds = !rules.rules.is_empty();
        world.org.duplicates = rules;
        let h = Harness::start_in(world).await;
        h.contact(&Contact::new("Raya", "Tester", "raya@example.org"));
        let fields: Fields = json!({"FirstName": "Raya", "LastName": "Tester", "Email": "raya@example.org"})
            .as_object()
            .expect("an object was written")
            .clone();
        let answer = h.sides.org.ask_duplicates("Contact", &fields).await.unwrap();
        match answer {
            WouldBe::New => assert!(!finds),
            WouldBe::Refused(refusal) => {
                let found = refusal.duplicate.expect("the records are named");
                assert!(
                    finds && found.matches.len() == 1 && found.matches[0].entity == "Contact",
                    "{found:?}"
                );
            }
        }
        assert_eq!(h.contacts().len(), 1, "asked about, and not created");
    }
}

#[tokio::test]
async fn whoever_the_rule_names_and_nothing_speaks_against_is_linked() {
    for twin in [Twin::Org, Twin::Both] {
        let mut world = asking(twin);
        world.org.duplicates = alerting("Bitte einen dieser Datensätze verwenden");
        let h = Harness::start_in(world).await;
        let id = h.contact(&Contact::new("Robert", "Stillman", "bob@example.org"));
        h.supporter(&Person::new(1, "Bob", "Stillman", "bob@example.org").in_city("Perth")).await;
        let report = h.sync().await;
        assert_eq!(h.link(1).as_deref(), Some(id.as_str()), "{twin:?}: {report:?}");
        let by = if twin == Twin::Org { "duplicate_rule" } else { "email_and_name" };
        assert_eq!(report.links.get(by), Some(&1), "{report:?}");
        assert_eq!(h.contact_field(&id, "MailingCity"), "Perth");
        assert_eq!(h.contacts().len(), 1);
        assert!(h.sync().await.wrote_nothing());
    }
}

#[tokio::test]
async fn a_phone_rule_ends_in_a_case_that_names_it_and_in_no_wrong_link() {
    for twin in [Twin::Org, Twin::Both] {
        let mut world = asking(twin);
        world.org.duplicates = rule_on("Contact", "HomePhone");
        let h = Harness::start_in(world).await;
        // Another person, and one of the same name at another address: neither is guessed.
        h.contact(&Contact::new("Walter", "Other", "walter@example.org").with("HomePhone", "0401 555 010"));
        h.contact(&Contact::new("Jo", "Doe", "jo.senior@example.org").with("HomePhone", "0401 555 011"));
        for (id, first, last, phone) in [(1, "Ann", "Lee", "0401 555 010"), (2, "Jo", "Doe", "0401 555 011")]
        {
            let address = format!("{}@example.org", first.to_lowercase());
            let person = Person { phone: Some(phone.to_owned()), ..Person::new(id, first, last, &address) };
            h.supporter(&person).await;
        }
        let report = h.sync().await;
        assert_eq!((h.link(1), h.link(2)), (None, None), "{report:?}");
        assert_eq!(h.cases(), ["duplicate_unresolved", "duplicate_unresolved"], "{report:?}");
        let rule = h.org.admin().settings().duplicates.rules[0].name.clone();
        for id in [1, 2] {
            assert!(reasons(&h, id).contains(&format!("rule:{rule}")), "{:?}", reasons(&h, id));
            assert!(reasons(&h, id).contains(&"names_or_address_differ".to_owned()), "{:?}", reasons(&h, id));
            let subject = Subject::Supporter(SupporterId::parse(&id.to_string()).unwrap());
            let advice = h.sides.state.cases_of(&subject).unwrap()[0].advice().into_owned();
            assert!(advice.contains(&rule) && advice.contains("except the integration user"), "{advice}");
        }
        assert_eq!(h.contacts().len(), 2);
        assert!(h.sync().await.wrote_nothing());
    }
}

#[tokio::test]
async fn a_rule_that_finds_leads_is_recognised_as_one() {
    let mut world = asking(Twin::Both);
    world.org.duplicates = leads_rule();
    let h = Harness::start_in(world).await;
    let lead = json!({"FirstName": "Ann", "LastName": "Lee", "Company": "Lee", "Email": "ann@example.org"});
    h.org.admin().seed("Lead", vec![lead.as_object().expect("an object was written").clone()]).unwrap();
    h.supporter(&Person::new(1, "Ann", "Lee", "ann@example.org")).await;
    let report = h.sync().await;
    assert_eq!(h.cases(), ["duplicate_of_other_object"], "{report:?}");
    assert!(reasons(&h, 1).contains(&"object:Lead".to_owned()), "{:?}", reasons(&h, 1));
    assert!(reasons(&h, 1).contains(&"rule:Contacts_And_Leads".to_owned()), "{:?}", reasons(&h, 1));
    assert!(h.contacts().is_empty());
}

#[tokio::test]
async fn whom_an_administrator_told_apart_no_rule_of_the_org_links_again() {
    for twin in [Twin::Ours, Twin::Org, Twin::Both] {
        // GIVEN a link that an administrator ended: a father and a son of one name
        let mut world = World { own_duplicate_rules: true, ..World::default() };
        world.org.duplicates = alerting("Use one of these records?");
        world.settings.twin = twin;
        let h = Harness::start_in(world).await;
        let father = h.contact(&Contact::new("John", "Smith", "smiths@example.org"));
        h.supporter(&Person::new(1, "John", "Smith", "smiths@example.org")).await;
        h.sync().await;
        assert_eq!(h.link(1).as_ref(), Some(&father));
        let (son, apart) = (SupporterId::parse("1").unwrap(), ContactId::parse(&father).unwrap());
        end_link(&h, &son, apart).await;
        // WHEN the org refuses the son as a duplicate of his father
        let report = h.sync().await;
        // THEN that is for an administrator, and stays so
        assert_eq!((h.link(1), h.cases()), (None, vec!["duplicate_unresolved"]), "{twin:?}: {report:?}");
        assert_eq!(
            reasons(&h, 1).contains(&"set_apart".to_owned()),
            twin != Twin::Ours,
            "{:?}",
            reasons(&h, 1)
        );
        assert_eq!(h.contact_field(&father, "EN_Supporter_Id__c"), "");
        let pairs = h.sides.state.apart_of([&son]).unwrap();
        assert!(pairs.contains(&(son, apart)));
        assert!(h.sync().await.wrote_nothing());
        // AND a Contact of his own is his, which the rule names beside his father's
        h.contact(&Contact::new("John", "Smith", "smiths@example.org"));
        h.resync(1).await;
        assert!(h.link(1).is_some_and(|linked| linked != father), "{:?}", reasons(&h, 1));
    }
}

/// As `highwater link end` leaves it.
async fn end_link(h: &Harness, supporter: &SupporterId, contact: ContactId) {
    let subject = Subject::Supporter(supporter.clone());
    let (kind, now) = (CaseKind::IdAndEmailDisagree, Stamp::from_seconds(0));
    let choice = Choice::Unlink { supporter: supporter.clone(), contact };
    let ruling = Ruling { choice, by: "administrator".to_owned(), why: None, at: now };
    let mut changes = Changes::new();
    changes.open_case(Case {
        kind,
        subject: subject.clone(),
        supporters: vec![supporter.clone()],
        contacts: vec![contact],
        reasons: Vec::new(),
        records: Vec::new(),
        opened_at: now,
        seen_at: now,
        standing: Standing::default(),
    });
    changes.rule_case(kind, &subject, Standing { ruling: Some(ruling), ..Standing::default() });
    let _ = h.sides.state.commit(changes).await.expect("durable");
}

/// A duplicate rule of Contacts whose matching rule looks at Leads.
fn leads_rule() -> DuplicateSettings {
    let matching = MatchingRule {
        name: "Leads_By_Address".into(),
        object: "Lead".into(),
        items: vec![MatchItem::new("Email", MatchMethod::Exact)],
        equation: String::new(),
    };
    let rule = DuplicateRule {
        name: "Contacts_And_Leads".into(),
        object: "Contact".into(),
        uses: vec![RuleUse {
            matching_rule: matching.name.clone(),
            field_mapping: vec![("Email".to_owned(), "Email".to_owned())],
        }],
        on_create: DuplicateAction::Alert,
        on_edit: DuplicateAction::Report,
        alert_text: "Use one of these records?".into(),
        excluded_users: Vec::new(),
    };
    DuplicateSettings { matching_rules: vec![matching], rules: vec![rule], ..DuplicateSettings::none() }
}
