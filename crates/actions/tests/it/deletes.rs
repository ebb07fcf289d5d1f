//! Deleting: what it costs, what each record answers, and what is known of a call whose answer was lost.

use std::time::Duration;

use actions::outcome::Answer;
use serde_json::{Value, json};
use simorg::{Fault, Op};
use state::NoteKind;

use crate::support::{World, actions, all, one};

const FORGET: &str = "[[actions]]\nobject = 'Contact'\noperation = 'delete'\nallow_delete = 'yes_delete_records'\n\
                      on = { types = ['track'] }\nmatch = { all = [{ field = 'Email', path = 'properties.email' }] }";

fn forget(person: usize) -> Value {
    json!({"type": "track", "event": "Forget me", "properties": {"email": format!("p{person}@x.example")}})
}

fn people(count: usize) -> Vec<Value> {
    (0..count)
        .map(|n| json!({"LastName": format!("Person{n}"), "Email": format!("p{n}@x.example")}))
        .collect()
}

#[tokio::test]
async fn five_hundred_deletions_are_three_calls_and_each_record_has_its_own_answer() {
    let mut world = World::new().await;
    let ids = world.seed("Contact", &people(500));
    let cx = world.delivery(&actions(FORGET)).await;
    // GIVEN one that cannot be deleted now, and one event about nobody
    world.org.lock(&ids[250], Duration::from_secs(600)).unwrap();
    let events: Vec<_> = (0..=500).map(|person| world.event(1, forget(person))).collect();
    world.org.reset_calls();
    // WHEN
    let answers = all(&cx, &events).await;
    // THEN
    for (person, answer) in answers.iter().enumerate() {
        let wanted = match person {
            250 => "waiting",
            500 => "not_found",
            _ => "deleted",
        };
        assert_eq!(answer, wanted, "{person}");
    }
    assert_eq!(world.org.calls().of(Op::CollectionDelete), 3, "two hundred a call");
    assert_eq!(world.org.calls().of(Op::Delete), 0);
    assert_eq!(world.only("Contact")["LastName"], "Person250");
    world.org.release_locks();
    assert_eq!(all(&cx, &events[250..251]).await, ["deleted"]);
    assert!(world.records("Contact").is_empty());
}

#[tokio::test]
async fn a_deletion_whose_answer_is_lost_is_known_after_a_restart() {
    let mut world = World::new().await;
    let mut cx = world.delivery(&actions(FORGET)).await;
    world.seed("Contact", &people(2));
    let event = world.event(1, forget(0));
    // GIVEN the org did it each time and never said so
    for _ in 0..20 {
        world.org.fault(Op::CollectionDelete, Fault::DoThenDropReply);
    }
    assert_eq!(one(&cx, &event).await.answer, Answer::Waiting);
    world.org.clear_faults();
    assert_eq!(world.records("Contact").len(), 1);
    // WHEN it is tried again by a new process, which finds nobody by the address
    world.restart(&mut cx);
    // THEN it was this event that deleted, and nothing is left of the attempt
    assert_eq!(one(&cx, &event).await.answer, Answer::Deleted);
    assert!(cx.state.notes(NoteKind::Sending, None, 9).unwrap().is_empty());
    assert_eq!(world.only("Contact")["LastName"], "Person1");
}

#[tokio::test]
async fn an_id_that_never_was_is_not_found_and_one_that_was_deleted_by_somebody_is_deleted() {
    let mut world = World::new().await;
    let text = FORGET.replace("match = ", "external_id = 'names'\nmatch = ");
    let cx = world.delivery(&actions(&text)).await;
    let id = world.seed("Contact", &people(1)).remove(0);
    let named = |id: &str| {
        let external = json!([{"type": "Salesforce-Contact", "id": id}]);
        json!({"type": "track", "event": "Forget me", "context": {"externalId": external}, "properties": {}})
    };
    let user = world.org.person();
    world.org.delete_as(&user, "Contact", &id).unwrap();
    assert_eq!(one(&cx, &world.event(1, named(&id))).await.answer, Answer::Deleted);
    assert_eq!(one(&cx, &world.event(1, named("003000000000ABC"))).await.answer, Answer::NotFound);
}
