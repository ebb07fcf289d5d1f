//! A person's story is told whole and in order, and holds nothing of what their records hold.

use e2e::{Contact, Harness, Person, World};
use model::{Happened, JobStep, Subject, SupporterId};
use serde_json::json;
use service::request::Mode;
use state::Told;

fn story(h: &Harness, id: i64) -> Vec<Told> {
    let id = SupporterId::parse(&id.to_string()).expect("a number is an id");
    h.sides.state.story(&[Subject::Supporter(id)]).expect("readable")
}

fn words(told: &[Told]) -> Vec<&'static str> {
    told.iter().map(|told| report::story::word(&told.what)).collect()
}

#[tokio::test]
async fn a_new_person_was_found_sent_in_a_job_and_linked() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.supporter(&Person::new(2, "Al", "Roe", "al@example.org")).await;
    h.sync().await;
    let told = story(&h, 1);
    let jobs = |told: &[Told]| {
        told.iter()
            .filter_map(|told| if let Happened::Job { step, .. } = told.what { Some(step) } else { None })
            .collect::<Vec<_>>()
    };
    let steps: Vec<&str> = words(&told).into_iter().filter(|word| *word != "job").collect();
    assert_eq!(steps, ["found", "sent", "linked"], "{told:?}");
    assert_eq!(jobs(&told), [JobStep::Created, JobStep::Closed, JobStep::Stored, JobStep::Ended], "{told:?}");
    let sentences: Vec<String> = told.iter().map(|told| report::story::sentence(&told.what)).collect();
    assert!(sentences[0].contains("the supporter changed"), "{sentences:?}");
    assert!(sentences.iter().any(|text| text.contains("it was created from the supporter")), "{sentences:?}");
    // AND a cycle in which nothing happens to them adds nothing
    let before = told.len();
    h.sync().await;
    h.sync().await;
    let after = story(&h, 1);
    assert!(words(&after[before..]).iter().all(|word| *word == "found"), "{:?}", &after[before..]);
}

#[tokio::test]
async fn every_rule_that_decided_a_field_is_named() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.sync().await;
    let jo = h.link(1).unwrap();
    let before = story(&h, 1).len();
    h.edit_supporter(1, "last_name", Some("Miller")).await;
    h.edit_supporter(1, "city", Some("Bunbury")).await;
    h.edit_contact(&jo, &json!({"HomePhone": "0401 555 010", "MailingCity": "Albany"}));
    h.sync().await;
    let told = story(&h, 1);
    let decided = told[before..].iter().find(|told| matches!(told.what, Happened::Decided { .. })).unwrap();
    let text = report::story::sentence(&decided.what);
    assert!(text.contains("LastName: to the Contact, only the supporter changed"), "{text}");
    assert!(text.contains("HomePhone: to the supporter, only the Contact changed"), "{text}");
    assert!(text.contains("MailingCity: to the supporter, both differ, and Salesforce is right"), "{text}");
    assert!(words(&told[before..]).contains(&"conflict"), "{told:?}");
    assert!(words(&told[before..]).contains(&"saved"), "{told:?}");
}

#[tokio::test]
async fn an_error_a_block_a_case_and_what_was_decided_are_all_there() {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo..doe@example.org")).await;
    h.sync().await;
    let told = story(&h, 1);
    for word in ["found", "blocked", "case_opened"] {
        assert!(words(&told).contains(&word), "{word} is missing: {told:?}");
    }
    h.edit_supporter(1, "email", Some("jo@example.org")).await;
    h.sync().await;
    let told = story(&h, 1);
    for word in ["block_lifted", "case_closed", "linked"] {
        assert!(words(&told).contains(&word), "{word} is missing: {told:?}");
    }
}

#[tokio::test]
async fn nothing_a_record_holds_is_in_a_story() {
    let h = Harness::start_in(World { on_disk: true, ..World::default() }).await;
    h.contact(&Contact::new("Walter", "Geheimrat", "canary@example.org").with("HomePhone", "0401999888"));
    let mut person = Person::new(1, "Mary", "Unterschrift", "canary@example.org").in_city("Kanariental");
    person.street = Some("Vogelweg 7".to_owned());
    h.supporter(&person).await;
    h.supporter(&Person::new(2, "Jo", "Doe", "not an address")).await;
    h.sync().await;
    h.edit_supporter(1, "email", Some("mary.canary@example.org")).await;
    h.sync().await;
    h.run(Mode::Backfill).await;
    let mut told = String::new();
    for id in [1, 2] {
        for one in story(&h, id) {
            told.push_str(&report::story::sentence(&one.what));
            told.push_str(&serde_json::to_string(&one).expect("a story is JSON"));
        }
    }
    assert!(told.contains("names_disagree"), "{told}");
    for held in ["Geheimrat", "Walter", "canary", "0401999888", "Unterschrift", "Kanariental", "Vogelweg"] {
        assert!(!told.contains(held), "{held} is in the story: {told}");
    }
}
