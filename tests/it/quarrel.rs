//! An automation on each side puts its own value back, whatever arrives: after a few rounds the field is held for a person, and nothing
//! of it is written any more.

use std::time::Duration;

use e2e::{Harness, Person};
use model::{CaseKind, Choice, Ruling, Side, Stamp, Standing, Subject, SupporterId};
use serde_json::json;
use state::Changes;

const ROUNDS: usize = 12;

fn later(h: &Harness) {
    h.org.admin().clock().advance(Duration::from_secs(600));
}

async fn person() -> (Harness, String) {
    let h = Harness::start().await;
    h.supporter(&Person::new(1, "Jo", "Doe", "jo@example.org").in_city("Perth")).await;
    h.sync().await;
    let contact = h.link(1).expect("linked");
    later(&h);
    (h, contact)
}

/// Only the supporter's automation answers what was pulled, or the Flow what was pushed: one side at a time, as they do.
async fn answer(h: &Harness, contact: &str, round: usize) {
    if round.is_multiple_of(2) {
        h.edit_contact(contact, &json!({"MailingCity": "PERTH"}));
    } else {
        h.edit_supporter(1, "city", Some("Perth")).await;
    }
}

#[tokio::test]
async fn a_field_that_both_sides_put_back_is_held_after_a_few_rounds() {
    let (h, contact) = person().await;
    // WHEN whatever is written on a side is written over there
    let (mut written, mut told) = (Vec::new(), 0);
    for round in 0..ROUNDS {
        answer(&h, &contact, round).await;
        later(&h);
        let report = h.sync().await;
        written.push(!report.wrote_nothing());
        told += report
            .notes
            .iter()
            .filter(|note| note.contains("MailingCity of supporter 1 goes back and"))
            .count();
        later(&h);
    }
    // THEN that ends soon, for good, is a case, and is told once
    let rounds = written.iter().filter(|wrote| **wrote).count();
    assert_eq!(rounds, 3, "{written:?}");
    assert!(written[..rounds].iter().all(|wrote| *wrote), "{written:?}");
    assert_eq!((h.cases(), told), (vec!["conflict_held"], 1));
    assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some("Perth"));
    assert_eq!(h.contact_field(&contact, "MailingCity"), "PERTH");
    // AND everything else of the person goes on
    h.edit_contact(&contact, &json!({"HomePhone": "0401 555 010"}));
    later(&h);
    h.sync().await;
    assert_eq!(h.supporter_cell(1, "phone").await.as_deref(), Some("0401 555 010"));
    assert_eq!(h.cases(), ["conflict_held"]);
}

#[tokio::test]
async fn what_a_person_decides_is_written_and_agreement_ends_it() {
    let (h, contact) = person().await;
    for round in 0..ROUNDS {
        answer(&h, &contact, round).await;
        later(&h);
        h.sync().await;
    }
    // WHEN somebody decides for the supporter's value, and the Flow is gone
    let choice = Choice::Take(vec![("MailingCity".to_owned(), Side::Supporter)]);
    let ruling = Ruling { choice, by: "administrator".to_owned(), why: None, at: Stamp::from_seconds(0) };
    let subject = Subject::Supporter(SupporterId::parse("1").expect("an id"));
    let mut changes = Changes::new();
    let standing = Standing { ruling: Some(ruling), ..Standing::default() };
    changes.rule_case(CaseKind::ConflictHeld, &subject, standing);
    let _ = h.sides.state.commit(changes).await.expect("durable");
    later(&h);
    h.sync().await;
    // THEN it is so, and the next edits of either side go over as ever
    assert_eq!((h.contact_field(&contact, "MailingCity").as_str(), h.cases()), ("Perth", Vec::new()));
    for city in ["Hobart", "Cairns", "Darwin"] {
        later(&h);
        h.edit_contact(&contact, &json!({"MailingCity": city}));
        later(&h);
        h.sync().await;
        assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some(city));
    }
    assert_eq!(h.cases(), [""; 0]);
}

#[tokio::test]
async fn people_who_correct_each_other_are_not_taken_for_automations() {
    let (h, contact) = person().await;
    for city in ["Hobart", "Cairns", "Darwin", "Broome", "Albany"] {
        h.edit_contact(&contact, &json!({"MailingCity": city}));
        later(&h);
        h.sync().await;
        assert_eq!(h.supporter_cell(1, "city").await.as_deref(), Some(city));
        let back = format!("{city} East");
        h.edit_supporter(1, "city", Some(&back)).await;
        later(&h);
        h.sync().await;
        assert_eq!(h.contact_field(&contact, "MailingCity"), back);
    }
    assert_eq!(h.cases(), [""; 0]);
}
