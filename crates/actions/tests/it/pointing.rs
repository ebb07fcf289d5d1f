//! References to records that the same batch makes.

use actions::deliver::{Delivery, deliver};
use actions::incoming::Incoming;
use actions::outcome::Outcome;
use serde_json::{Value, json};

use crate::support::{World, actions, all, one};

fn sign_up(none: &str) -> String {
    let lookup = format!("lookup = {{ object = 'Account', field = 'AccountNumber', none = '{none}' }}");
    format!(
        "[[actions]]\npreset = 'segment-classic'\nobject = 'Account'\n\
         field = [{{ name = 'ParentId', path = 'traits.parent', {lookup} }}]\n\
         [[actions]]\nname = 'signups'\nobject = 'Contact'\noperation = 'upsert'\n\
         on = {{ types = ['track'], events = ['Signed Up'] }}\n\
         match = {{ any = [{{ field = 'Email', path = 'properties.email' }}] }}\n\
         field = [{{ name = 'LastName', path = 'properties.last' }}, {{ name = 'Email', path = 'properties.email' }},\n\
         {{ name = 'Phone', path = 'properties.phone' }},\n\
         {{ name = 'AccountId', path = 'properties.company_number', {lookup} }}]"
    )
}

fn company(number: &str, name: &str, parent: &str) -> Value {
    json!({"type": "group", "groupId": number, "traits": {"name": name, "parent": parent}})
}

fn person(company: &str) -> Value {
    json!({"type": "track", "event": "Signed Up",
        "properties": {"email": "a@x.example", "last": "Ash", "company_number": company}})
}

async fn outcomes(cx: &Delivery, batch: &[Incoming]) -> Vec<Outcome> {
    let delivered = deliver(cx, batch).await.unwrap().outcomes;
    delivered.into_iter().map(|mut outcomes| outcomes.remove(0)).collect()
}

fn account(world: &World, number: &str) -> Value {
    let accounts = world.records("Account");
    accounts.into_iter().find(|one| one["AccountNumber"] == number).unwrap_or_default()
}

#[tokio::test]
async fn a_record_points_at_one_that_its_own_batch_makes_in_either_order() {
    for none in ["leave_out", "refuse"] {
        for seconds in [(1, 2), (2, 1)] {
            let mut world = World::new().await;
            let cx = world.delivery(&actions(&sign_up(none))).await;
            let batch =
                [world.event(seconds.0, company("813", "Acme", "")), world.event(seconds.1, person("813"))];
            let found = outcomes(&cx, &batch).await;
            let said: Vec<_> = found.iter().map(|one| (one.answer.code(), one.notes.len())).collect();
            assert_eq!(said, [("created", 0); 2], "{none}, {seconds:?}: {found:?}");
            assert_eq!(world.only("Contact")["AccountId"], account(&world, "813")["Id"]);
        }
    }
}

#[tokio::test]
async fn where_the_record_cannot_be_made_it_is_as_if_nothing_had_been_asked_for() {
    for (none, wanted) in [("leave_out", "created"), ("refuse", "not_found")] {
        let mut world = World::new().await;
        let cx = world.delivery(&actions(&sign_up(none))).await;
        // GIVEN a company without the name that an Account needs
        let nameless = json!({"type": "group", "groupId": "813", "traits": {}});
        let batch = [world.event(1, nameless), world.event(2, person("813"))];
        let found = outcomes(&cx, &batch).await;
        assert_eq!([found[0].answer.code(), found[1].answer.code()], ["invalid", wanted]);
        assert_eq!(found[1].notes, ["AccountId: left out, 0 records to point at"]);
    }
}

#[tokio::test]
async fn records_that_point_at_each_other_end_as_before_and_a_chain_is_made_from_its_end() {
    let mut world = World::new().await;
    let cx = world.delivery(&actions(&sign_up("leave_out"))).await;
    let circle = [world.event(1, company("1", "One", "2")), world.event(2, company("2", "Two", "1"))];
    let calls = world.client.usage().total();
    assert_eq!(all(&cx, &circle).await, ["created"; 2]);
    assert_eq!(world.client.usage().total() - calls, 5, "a round for nothing, and one with a call");
    let itself = world.event(3, company("3", "Itself", "3"));
    assert_eq!(one(&cx, &itself).await.answer.code(), "created");
    assert_eq!(world.client.usage().total() - calls, 8, "nobody waits for themselves");
    assert!(world.records("Account").iter().all(|one| one["ParentId"].is_null()));
    let chain = [
        world.event(4, person("13")),
        world.event(5, company("13", "Child", "12")),
        world.event(6, company("12", "Mother", "11")),
        world.event(7, company("11", "Grandmother", "")),
    ];
    assert_eq!(all(&cx, &chain).await, ["created"; 4]);
    for (child, parent) in [("13", "12"), ("12", "11")] {
        assert_eq!(account(&world, child)["ParentId"], account(&world, parent)["Id"]);
    }
    assert_eq!(world.only("Contact")["AccountId"], account(&world, "13")["Id"]);
}

#[tokio::test]
async fn what_is_behind_an_event_that_waits_waits_with_it() {
    let mut world = World::new().await;
    let cx = world.delivery(&actions(&sign_up("leave_out"))).await;
    // GIVEN a later event for the same Contact that could not make it
    let phone =
        json!({"type": "track", "event": "Signed Up", "properties": {"email": "a@x.example", "phone": "7"}});
    let batch =
        [world.event(1, person("813")), world.event(2, phone), world.event(3, company("813", "Acme", ""))];
    assert_eq!(all(&cx, &batch).await, ["created", "updated", "created"]);
    let contact = world.only("Contact");
    assert_eq!((&contact["Phone"], &contact["AccountId"]), (&json!("7"), &account(&world, "813")["Id"]));
    // One that is there already makes nobody wait.
    let calls = world.client.usage().total();
    let after = world.event(4, person("813"));
    assert_eq!(one(&cx, &after).await.answer.code(), "updated");
    assert_eq!(world.client.usage().total() - calls, 3, "two queries, one call");
}
