//! `context.externalId`: ids in any form, any spelling of the system, and what is said of what no action takes.

use actions::deliver::deliver;
use actions::outcome::{Answer, Outcome};
use serde_json::{Value, json};

use crate::support::{World, actions, one, preset};

fn event(entries: Value, context: &[(&str, Value)]) -> Value {
    let mut event = json!({"type": "identify", "userId": "u", "context": {"externalId": entries},
        "traits": {"FirstName": "Jo", "LastName": "Ash", "email": "jo@x.example"}});
    for (key, value) in context {
        event["context"][*key] = value.clone();
    }
    event
}

#[tokio::test]
async fn an_id_that_is_a_number_names_one_record_and_any_other_kind_names_none() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("rudderstack")).await;
    let entry =
        |id: Value| json!([{"type": "Salesforce-Contact", "id": id, "identifierType": "Person_Key__c"}]);
    assert_eq!(one(&cx, &world.event(1, event(entry(json!(4711)), &[]))).await.answer, Answer::Created);
    assert_eq!(one(&cx, &world.event(2, event(entry(json!("4711")), &[]))).await.answer, Answer::Updated);
    assert_eq!(one(&cx, &world.event(3, event(entry(json!(4711)), &[]))).await.answer, Answer::Updated);
    assert_eq!(world.only("Contact")["Person_Key__c"], "4711");
    for wrong in [json!(true), json!(["4711"]), json!({"id": 4711}), json!(""), json!(null)] {
        let refused = one(&cx, &world.event(4, event(entry(wrong.clone()), &[]))).await;
        assert_eq!(refused.answer, Answer::Invalid, "{wrong}");
    }
    let by_list = json!([{"type": "Salesforce-Contact", "id": "4711", "identifierType": ["Person_Key__c"]}]);
    let refused = one(&cx, &world.event(5, event(by_list, &[]))).await;
    assert_eq!((refused.answer, refused.reason.as_str()), (Answer::Invalid, "identifierType is no text"));
    assert_eq!(world.records("Contact").len(), 1);
}

#[tokio::test]
async fn reverse_etl_writes_its_object_and_is_never_a_lead_for_want_of_a_reference() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("rudderstack")).await;
    let mapped = [("mappedToDestination", json!("true"))];
    let entry = json!([{"type": "SALESFORCE-Contact", "id": "E1", "identifierType": "Person_Key__c"}]);
    assert_eq!(one(&cx, &world.event(1, event(entry.clone(), &mapped))).await.answer, Answer::Created);
    assert_eq!(one(&cx, &world.event(2, event(entry, &mapped))).await.answer, Answer::Updated);
    let contact = world.only("Contact");
    assert_eq!((&contact["Person_Key__c"], &contact["LastName"]), (&json!("E1"), &json!("Ash")));
    for entries in [
        json!([]),
        json!(null),
        json!([{"type": "mailchimp-Contact", "id": "E1", "identifierType": "Email"}]),
        json!([{"type": "SALESFORCE-Contact", "identifierType": "Person_Key__c"}]),
        json!([{"type": "SALESFORCE-Contact"}]),
        json!([{"type": "SALESFORCE_OAUTH-Contact", "id": "E1"}]),
    ] {
        let refused = one(&cx, &world.event(3, event(entries.clone(), &mapped))).await;
        assert_eq!((refused.answer, refused.reason.is_empty()), (Answer::Invalid, false), "{entries}");
    }
    assert_eq!((world.records("Contact").len(), world.records("Lead").len()), (1, 0));
}

async fn outcomes(world: &mut World, text: &str, body: Value) -> Vec<Outcome> {
    let cx = world.delivery(&actions(text)).await;
    let event = world.event(1, body);
    deliver(&cx, &[event]).await.unwrap().outcomes.remove(0)
}

fn said(outcomes: &[Outcome]) -> Vec<(&str, &str, &str)> {
    outcomes.iter().map(|one| (one.action.as_str(), one.answer.code(), one.reason.as_str())).collect()
}

const RUDDERSTACK: &str = "[[actions]]\npreset = 'rudderstack'\n";

#[tokio::test]
async fn an_event_for_nobody_says_why_and_what_it_refers_to_in_vain_is_for_a_person() {
    let mut world = World::new().await;
    let opportunity = json!([{"type": "Salesforce-Opportunity", "id": "006RM0000068xVCYAY"}]);
    let page = json!({"type": "page", "name": "Home", "context": {"externalId": opportunity}});
    let found = outcomes(&mut world, RUDDERSTACK, page).await;
    assert_eq!(said(&found), [("", "ignored", "no action for page")]);
    let found = outcomes(&mut world, RUDDERSTACK, event(opportunity.clone(), &[])).await;
    assert_eq!(said(&found), [("", "invalid", "no action for Opportunity")]);
    assert_eq!(found[0].object, "Opportunity");
    // What is beside it is written, and what is no name is not repeated.
    let both = json!([{"type": "Salesforce-Contact"}, {"type": "Salesforce-jo@x.example", "id": "1"}]);
    let found = outcomes(&mut world, RUDDERSTACK, event(both, &[])).await;
    let wanted = [
        ("", "invalid", "no action for the object of an external id"),
        ("rudderstack-contact", "created", ""),
    ];
    assert_eq!(said(&found), wanted);
    // An action that never looks there has taken the call.
    let classic = "[[actions]]\npreset = 'segment-classic'\n";
    let found = outcomes(&mut world, classic, event(opportunity.clone(), &[])).await;
    assert_eq!(said(&found), [("segment-classic-lead", "created", "")]);
    let groups = "[[actions]]\npreset = 'segment-classic'\nobject = 'Account'";
    let found = outcomes(&mut world, groups, event(opportunity, &[])).await;
    assert_eq!(said(&found), [("", "invalid", "no action for Opportunity")]);
    let found = outcomes(&mut world, groups, event(json!(null), &[])).await;
    assert_eq!(said(&found), [("", "ignored", "no action for identify")]);
    // Whoever has an action for the object and a condition that leaves the event out has decided.
    let some = "[[actions]]\nobject = 'Opportunity'\noperation = 'update'\nexternal_id = 'names'\nrest = 'as_named'\n\
        on = { types = ['identify'], when = [{ path = 'traits.plan', is = ['pro'] }] }";
    let entries = json!([{"type": "Salesforce-Opportunity", "id": "006RM0000068xVCYAY"}]);
    let found = outcomes(&mut world, some, event(entries, &[])).await;
    assert_eq!(said(&found), [("", "ignored", "no action for identify")]);
}

#[tokio::test]
async fn what_was_done_under_other_actions_is_not_called_ignored_beside_it() {
    let mut world = World::new().await;
    let event = world.event(1, event(json!(null), &[]));
    let leads = world.delivery(&actions("[[actions]]\npreset = 'segment-classic'\n")).await;
    assert_eq!(one(&leads, &event).await.answer, Answer::Created);
    let accounts =
        world.delivery(&actions("[[actions]]\npreset = 'segment-classic'\nobject = 'Account'")).await;
    assert_eq!(one(&accounts, &event).await.answer, Answer::Created);
}
