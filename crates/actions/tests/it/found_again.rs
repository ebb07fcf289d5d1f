//! What an upsert made is found by the next event; and of several places for a value the first that says something counts.

use actions::outcome::Answer;
use serde_json::{Value, json};

use crate::support::{World, actions, fields, one, preset};

fn identify(user: &str, traits: Value) -> Value {
    json!({"type": "identify", "userId": user, "traits": traits})
}

#[tokio::test]
async fn an_address_that_is_the_user_id_makes_one_lead_that_has_it() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("customerio")).await;
    let traits = json!({"last_name": "Ash", "company": "C"});
    let made = one(&cx, &world.event(1, identify("ash@x.example", traits.clone()))).await;
    let again = one(&cx, &world.event(2, identify("Ash@x.example", traits.clone()))).await;
    assert_eq!((made.answer, again.answer), (Answer::Created, Answer::Updated));
    assert_eq!(world.only("Lead")["Email"], "ash@x.example");
    // A userId that is no address tells nothing, and is not looked for.
    let refused = one(&cx, &world.event(3, identify("12345", traits.clone()))).await;
    assert_eq!((refused.answer, refused.reason.as_str()), (Answer::Invalid, "no value for any matcher"));
    let empty = json!({"email": "", "last_name": "Ash"});
    assert_eq!(one(&cx, &world.event(4, identify("ash@x.example", empty))).await.answer, Answer::Updated);
    assert_eq!(world.records("Lead").len(), 1);
}

#[tokio::test]
async fn whatever_an_upsert_looks_for_is_in_the_record_it_makes() {
    let mut world = World::new().await;
    for (matchers, operation) in [
        ("all = [{ field = 'Person_Key__c', path = 'userId' }]", "upsert"),
        (
            "any = [{ field = 'Person_Key__c', path = 'userId' }, { field = 'Email', path = 'traits.email' }]",
            "upsert",
        ),
        ("all = [{ field = 'Person_Key__c', path = 'userId' }]", "update"),
    ] {
        let cx = world
            .delivery(&actions(&format!(
                "[[actions]]\nobject = 'Contact'\noperation = '{operation}'\non = {{ types = ['identify'] }}\nmatch = {{ {matchers} }}\n\
                 nulls = 'clear'\nfield = [{{ name = 'LastName', path = 'traits.last' }}, {{ name = 'Person_Key__c', path = 'traits.key' }}]"
            )))
            .await;
        for second in 1..3 {
            // The rule for the same field would clear it; the record is found by it all the same.
            let event = world.event(second, identify("k-1", json!({"last": "Ash", "key": null})));
            let found = one(&cx, &event).await;
            let wanted = if operation == "update" {
                Answer::NotFound
            } else {
                [Answer::Created, Answer::Updated][second as usize - 1]
            };
            assert_eq!(found.answer, wanted, "{matchers}");
            if second == 1 && operation == "upsert" {
                assert_eq!(world.only("Contact")["Person_Key__c"], "k-1", "{matchers}");
            }
        }
        for contact in world.records("Contact") {
            let id = contact["Id"].as_str().unwrap();
            world.org.delete_as(&world.org.person(), "Contact", id).unwrap();
        }
    }
}

#[tokio::test]
async fn a_record_that_is_there_keeps_its_own_spelling_of_what_it_was_found_by() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("customerio")).await;
    world.seed("Lead", &[json!({"LastName": "Ash", "Company": "C", "Email": "ash@x.example"})]);
    let event = world.event(1, identify("ASH@X.example", json!({"first_name": "Jo"})));
    assert_eq!(one(&cx, &event).await.answer, Answer::Updated);
    assert_eq!(
        fields(&world.only("Lead"), &["Email", "FirstName"]),
        ["ash@x.example", "Jo"].map(Value::from)
    );
}

#[tokio::test]
async fn what_is_empty_in_one_place_is_taken_from_the_next_and_clears_where_all_are() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("segment-actions")).await;
    let traits = json!({"email": "a@x.example", "first_name": "", "firstName": "Jo", "last_name": null, "company": {"name": ""}});
    let mut event = identify("u", traits);
    event["properties"] = json!({"last_name": "Ash", "company": "Acme"});
    assert_eq!(one(&cx, &world.event(1, event)).await.answer, Answer::Created);
    let names = ["FirstName", "LastName", "Company"];
    assert_eq!(fields(&world.only("Lead"), &names), ["Jo", "Ash", "Acme"].map(Value::from));
    let clear = actions("[[actions]]\npreset = 'segment-actions'\nobject = 'Lead'\nnulls = 'clear'");
    let cx = world.delivery(&clear).await;
    let event =
        world.event(2, identify("u", json!({"email": "a@x.example", "first_name": null, "firstName": ""})));
    assert_eq!(one(&cx, &event).await.answer, Answer::Updated);
    assert_eq!(fields(&world.only("Lead"), &["FirstName", "LastName"]), [Value::Null, json!("Ash")]);
}

#[tokio::test]
async fn a_null_in_one_rule_hides_no_value_of_the_next_rule_and_clears_without_one() {
    let mut world = World::new().await;
    let clear = "[[actions]]\npreset = 'segment-classic'\nobject = 'Lead'\nnulls = 'clear'";
    let cx = world.delivery(&actions(clear)).await;
    let traits = |more: Value| {
        let mut traits = json!({"email": "a@x.example"});
        traits.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        identify("u", traits)
    };
    // A placeholder is for a new Lead, and a full name for whatever its parts do not say.
    let nameless = world.event(1, traits(json!({"lastName": null, "company": ""})));
    assert_eq!(one(&cx, &nameless).await.answer, Answer::Created);
    assert_eq!(fields(&world.only("Lead"), &["LastName", "Company"]), ["n/a", "n/a"].map(Value::from));
    let named = world.event(2, traits(json!({"firstName": null, "lastName": "", "name": "Jo Ash"})));
    assert_eq!(one(&cx, &named).await.answer, Answer::Updated);
    assert_eq!(fields(&world.only("Lead"), &["FirstName", "LastName"]), ["Jo", "Ash"].map(Value::from));
    let cleared = world.event(3, traits(json!({"firstName": null})));
    assert_eq!(one(&cx, &cleared).await.answer, Answer::Updated);
    assert_eq!(fields(&world.only("Lead"), &["FirstName", "LastName"]), [Value::Null, json!("Ash")]);
}
