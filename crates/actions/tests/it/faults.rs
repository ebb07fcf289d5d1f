//! Answers that never come, allowances that run out, and processes that end in between.

use actions::outcome::Answer;
use serde_json::json;
use simorg::{Fault, Op};
use state::NoteKind;

use crate::support::{World, actions, all, one, preset};

const CASE: &str = "[[actions]]\nobject = 'Case'\noperation = 'create'\non = { types = ['track'] }\n\
                    field = [{ name = 'Subject', path = 'properties.subject' }, { name = 'Event_Key__c', path = 'messageId' }]";

fn help() -> serde_json::Value {
    json!({"type": "track", "event": "Help", "properties": {"subject": "Roof"}})
}

#[tokio::test]
async fn a_create_whose_answer_is_lost_is_looked_up_and_not_repeated() {
    for keyed in [true, false] {
        let mut world = World::new().await;
        let key = ", { name = 'Event_Key__c', path = 'messageId' }";
        let text = if keyed { CASE.to_owned() } else { CASE.replace(key, "") };
        let mut cx = world.delivery(&actions(&text)).await;
        // GIVEN one such Case of an earlier event, and a create that worked without telling
        let first = world.event(1, help());
        assert_eq!(one(&cx, &first).await.answer, Answer::Created);
        let second = world.event(1, help());
        world.org.fault(Op::CollectionCreate, Fault::DoThenDropReply);
        assert_eq!(one(&cx, &second).await.answer, Answer::Waiting);
        assert_eq!(world.records("Case").len(), 2);
        // WHEN it is tried again after a restart
        world.restart(&mut cx);
        let outcome = one(&cx, &second).await;
        // THEN it is found, and nothing is left of the attempt
        assert_eq!((outcome.answer, world.records("Case").len()), (Answer::Created, 2), "keyed {keyed}");
        assert!(cx.state.notes(NoteKind::Sending, None, 9).unwrap().is_empty());
    }
}

#[tokio::test]
async fn an_upsert_whose_answer_is_lost_makes_no_second_record() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("segment-classic")).await;
    let traits = json!({"email": "a@x.example", "lastName": "Ash"});
    let event = world.event(1, json!({"type": "identify", "traits": traits}));
    world.org.fault(Op::CollectionCreate, Fault::DoThenDropReply);
    assert_eq!(one(&cx, &event).await.answer, Answer::Waiting);
    assert_eq!(one(&cx, &event).await.answer, Answer::Updated);
    assert_eq!(world.records("Lead").len(), 1);
}

#[tokio::test]
async fn an_event_delivered_again_after_its_outcome_was_kept_does_nothing_twice() {
    let mut world = World::new().await;
    let mut cx = world.delivery(&actions(CASE)).await;
    let event = world.event(1, help());
    assert_eq!(one(&cx, &event).await.answer, Answer::Created);
    world.restart(&mut cx);
    let before = world.client.usage().total();
    assert_eq!(one(&cx, &event).await.answer, Answer::Created);
    assert_eq!((world.client.usage().total(), world.records("Case").len()), (before, 1));
}

#[tokio::test]
async fn when_the_allowance_runs_low_events_wait() {
    let mut settings = crate::support::settings();
    settings.limits.daily_api = 100;
    let mut world = World::of(settings).await;
    let mut cx = world.delivery(&preset("segment-classic")).await;
    cx.api_share = 0.01;
    let traits = json!({"email": "a@x.example", "lastName": "Ash"});
    let event = world.event(1, json!({"type": "identify", "traits": traits}));
    assert_eq!(all(&cx, std::slice::from_ref(&event)).await, ["waiting"]);
    cx.api_share = 0.9;
    assert_eq!(all(&cx, &[event]).await, ["created"]);
}

#[tokio::test]
async fn a_locked_record_waits_and_a_duplicate_is_for_a_person() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("segment-classic")).await;
    let row = json!({"LastName": "Ash", "Company": "Acme", "Email": "a@x.example", "Person_Key__c": "K"});
    let id = world.seed("Lead", &[row]).remove(0);
    world.org.lock(&id, std::time::Duration::from_secs(600)).unwrap();
    let event = world.event(1, json!({"type": "identify", "traits": {"email": "a@x.example", "phone": "1"}}));
    let outcome = one(&cx, &event).await;
    assert_eq!((outcome.answer, outcome.reason.as_str()), (Answer::Waiting, "UNABLE_TO_LOCK_ROW"));
    world.org.release_locks();
    assert_eq!(one(&cx, &event).await.answer, Answer::Updated);
    let taken =
        json!({"type": "identify", "traits": {"email": "b@x.example", "lastName": "Elm", "Person_Key": "K"}});
    let outcome = one(&cx, &world.event(2, taken)).await;
    assert_eq!((outcome.answer, outcome.answer.status()), (Answer::Duplicate, 409));
}

#[tokio::test]
async fn a_create_that_no_query_could_find_again_is_never_repeated() {
    let mut world = World::new().await;
    let text = CASE
        .replace("name = 'Subject'", "name = 'Description'")
        .replace(", { name = 'Event_Key__c', path = 'messageId' }", "");
    let cx = world.delivery(&actions(&text)).await;
    let event = world.event(1, help());
    world.org.fault(Op::CollectionCreate, Fault::DoThenDropReply);
    assert_eq!(one(&cx, &event).await.answer, Answer::Waiting);
    let outcome = one(&cx, &event).await;
    assert_eq!((outcome.answer, world.records("Case").len()), (Answer::Invalid, 1));
    assert_eq!(outcome.reason, "no query can tell which record is meant");
}

#[tokio::test]
async fn a_query_the_org_refuses_is_a_try_and_one_it_never_saw_is_none() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("segment-classic")).await;
    let event =
        world.event(1, json!({"type": "identify", "traits": {"email": "a@x.example", "lastName": "Ash"}}));
    // A field of the query disappears between the check and the delivery.
    world.org.configure(|settings| settings.hidden_fields.push("Lead.Email".into()));
    let outcome = one(&cx, &event).await;
    assert_eq!(outcome.answer, Answer::Waiting);
    assert!(outcome.reason.contains("INVALID_FIELD"), "{}", outcome.reason);
}
