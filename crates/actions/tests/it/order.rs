//! Newer and older, once and twice, together and alone.

use actions::deliver::deliver;
use actions::incoming::Incoming;
use actions::outcome::Answer;
use serde_json::{Value, json};

use crate::support::{World, actions, all, fields, one, preset};

fn identify(traits: Value) -> Value {
    json!({"type": "identify", "traits": traits})
}

#[tokio::test]
async fn an_older_event_never_overwrites_a_newer_one_however_late_it_comes() {
    let mut world = World::new().await;
    let mut cx = world.delivery(&preset("segment-classic")).await;
    let newer = world.event(10, identify(json!({"email": "a@x.example", "lastName": "Ash", "phone": "new"})));
    assert_eq!(one(&cx, &newer).await.answer, Answer::Created);
    // GIVEN the process was restarted meanwhile
    world.restart(&mut cx);
    // WHEN an older event comes with a field the newer one had and one it had not
    let older = world.event(5, identify(json!({"email": "a@x.example", "phone": "old", "title": "Dr"})));
    let outcome = one(&cx, &older).await;
    // THEN only the latter is written
    assert!(
        outcome.notes.contains(&"Phone: left out, a newer event had set it".to_owned()),
        "{:?}",
        outcome.notes
    );
    assert_eq!(fields(&world.only("Lead"), &["Phone", "Title"]), ["new", "Dr"].map(Value::from));
    let nothing = world.event(4, identify(json!({"email": "a@x.example", "phone": "old"})));
    assert_eq!(one(&cx, &nothing).await.answer, Answer::Superseded);
}

#[tokio::test]
async fn what_no_event_said_gives_way_to_an_older_event_that_does() {
    let mut world = World::new().await;
    let mut cx = world.delivery(&preset("segment-classic")).await;
    // GIVEN a Lead of an event without a name
    let nameless = world.event(10, identify(json!({"email": "a@x.example", "phone": "new"})));
    assert_eq!(one(&cx, &nameless).await.answer, Answer::Created);
    assert_eq!(fields(&world.only("Lead"), &["LastName", "Company"]), ["n/a", "n/a"].map(Value::from));
    world.restart(&mut cx);
    // WHEN the one from before comes late THEN its name and company are written, and its older phone is not
    let traits = json!({"email": "a@x.example", "lastName": "Ash", "company": "Acme", "phone": "old"});
    let older = world.event(0, identify(traits));
    let outcome = one(&cx, &older).await;
    assert_eq!(outcome.answer, Answer::Updated);
    let left_out = ["Email", "Phone"].map(|field| format!("{field}: left out, a newer event had set it"));
    assert_eq!(outcome.notes, left_out);
    let wanted = ["Ash", "Acme", "new"].map(Value::from);
    assert_eq!(fields(&world.only("Lead"), &["LastName", "Company", "Phone"]), wanted);
    // AND what an event said once stays against an older one
    let oldest = world.event(0, identify(json!({"email": "a@x.example", "lastName": "Ashe"})));
    assert_eq!(one(&cx, &oldest).await.answer, Answer::Updated);
    let before =
        Incoming { at: older.at.minus(std::time::Duration::from_secs(1)), id: "m0".into(), ..oldest };
    assert_eq!(one(&cx, &before).await.answer, Answer::Superseded);
}

#[tokio::test]
async fn events_for_one_record_are_one_write_in_the_order_of_their_time() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("segment-classic")).await;
    let batch = [
        world.event(9, identify(json!({"email": "a@x.example", "lastName": "Ash", "phone": "9"}))),
        world.event(
            8,
            identify(json!({"email": "A@x.example", "lastName": "Old", "phone": "8", "title": "Dr"})),
        ),
        world.event(7, identify(json!({"email": "b@x.example", "lastName": "Elm"}))),
    ];
    let before = world.client.usage().total();
    assert_eq!(all(&cx, &batch).await, ["updated", "created", "created"]);
    assert_eq!(world.client.usage().total() - before, 2, "one query, one call");
    let leads = world.records("Lead");
    let ash = leads.iter().find(|lead| lead["Email"] != "b@x.example").unwrap();
    assert_eq!(fields(ash, &["LastName", "Phone", "Title"]), ["Ash", "9", "Dr"].map(Value::from));
    assert_eq!(leads.len(), 2);
}

#[tokio::test]
async fn a_deletion_and_what_comes_after_it_happen_in_their_order() {
    let mut world = World::new().await;
    let matcher = "match = { all = [{ field = 'Email', path = 'traits.email' }] }";
    let text = format!(
        "[[actions]]\nname = 'keep'\nobject = 'Contact'\noperation = 'upsert'\non = {{ types = ['identify'] }}\n{matcher}\n\
         field = [{{ name = 'LastName', path = 'traits.last' }}, {{ name = 'Email', path = 'traits.email' }}]\n\
         [[actions]]\nname = 'forget'\nobject = 'Contact'\noperation = 'delete'\nallow_delete = 'yes_delete_records'\n\
         on = {{ types = ['track'], events = ['Forget'] }}\n{matcher}"
    );
    let cx = world.delivery(&actions(&text)).await;
    let old = world.seed("Contact", &[json!({"LastName": "Ash", "Email": "a@x.example"})]).remove(0);
    let batch = [
        world.event(1, identify(json!({"email": "a@x.example", "last": "First"}))),
        world.event(2, json!({"type": "track", "event": "Forget", "traits": {"email": "a@x.example"}})),
        world.event(3, identify(json!({"email": "a@x.example", "last": "Second"}))),
    ];
    assert_eq!(all(&cx, &batch).await, ["updated", "deleted", "created"]);
    let contact = world.only("Contact");
    assert_eq!(contact["LastName"], "Second");
    assert_ne!(contact["Id"], json!(old));
}

#[tokio::test]
async fn what_is_absent_is_left_alone_and_null_clears_only_where_that_is_wanted() {
    let mut world = World::new().await;
    let lead =
        json!({"LastName": "Fir", "Company": "Acme", "Email": "f@x.example", "Phone": "1", "Title": "Dr"});
    world.seed("Lead", &[lead]);
    let careful = world.delivery(&preset("segment-classic")).await;
    let event = world.event(1, identify(json!({"email": "f@x.example", "phone": null, "firstName": ""})));
    assert_eq!(one(&careful, &event).await.answer, Answer::Updated);
    let clear = actions("[[actions]]\npreset = 'segment-classic'\nnulls = 'clear'\nobject = 'Lead'");
    let clearing = world.delivery(&clear).await;
    assert_eq!(fields(&world.only("Lead"), &["Phone", "Title"]), ["1", "Dr"].map(Value::from));
    let event = world.event(2, identify(json!({"email": "f@x.example", "phone": null})));
    one(&clearing, &event).await;
    let wanted = [json!(null), json!("Dr"), json!("Fir")];
    assert_eq!(fields(&world.only("Lead"), &["Phone", "Title", "LastName"]), wanted);
}

#[tokio::test]
async fn one_bad_event_does_not_harm_those_it_travels_with() {
    let mut world = World::new().await;
    let cx = world.delivery(&preset("segment-classic")).await;
    let batch = [
        world.event(1, identify(json!({"email": "a@x.example", "lastName": "Ash"}))),
        world.event(
            2,
            identify(json!({"email": "a@x.example", "employees": "many", "website": "x".repeat(300)})),
        ),
        world.event(3, identify(json!({"email": "not an address", "lastName": "Elm"}))),
        world.event(4, identify(json!({"lastName": "Nobody"}))),
        world.event(5, json!({"type": "page", "name": "Home"})),
    ];
    let delivered = deliver(&cx, &batch).await.unwrap().outcomes;
    let words: Vec<&str> = delivered.iter().map(|outcomes| outcomes[0].answer.code()).collect();
    assert_eq!(words, ["created", "updated", "refused", "invalid", "ignored"]);
    let notes = &delivered[1][0].notes;
    assert!(
        notes.contains(&"NumberOfEmployees: left out, it takes a whole number of its size".to_owned()),
        "{notes:?}"
    );
    assert!(notes.contains(&"Website: trimmed from 300 to 255 characters".to_owned()), "{notes:?}");
    assert_eq!(delivered[2][0].reason, "INVALID_EMAIL_ADDRESS [Email]");
}

#[tokio::test]
async fn events_refused_together_are_tried_alone() {
    let mut world = World::new().await;
    world.seed("Lead", &[json!({"LastName": "Fir", "Company": "Acme", "Email": "f@x.example"})]);
    let text = "[[actions]]\npreset = 'segment-classic'\nobject = 'Lead'\nfield = [{ name = 'OwnerId', path = 'traits.owner' }]";
    let cx = world.delivery(&actions(text)).await;
    let batch = [
        world.event(1, identify(json!({"email": "f@x.example", "phone": "1"}))),
        world
            .event(2, identify(json!({"email": "f@x.example", "owner": "005000000000000AAA", "phone": "2"}))),
        world.event(3, identify(json!({"email": "f@x.example", "phone": "3"}))),
    ];
    assert_eq!(all(&cx, &batch).await, ["updated", "refused", "updated"]);
    assert_eq!(world.only("Lead")["Phone"], "3");
}
