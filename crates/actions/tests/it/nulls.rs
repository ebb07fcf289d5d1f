//! What `nulls = "clear"` comes to, write by write.

use actions::action::Only;
use actions::evaluate::{Verdict, evaluate};
use serde_json::{Value, json};

use crate::support::{World, actions};

const LEAD: &str = "[[actions]]\nobject = 'Lead'\noperation = 'upsert'\nnulls = 'clear'\nunfit = 'refuse'\non = { types = ['identify'] }\n\
    match = { all = [{ field = 'Email', path = 'traits.email' }] }\n\
    field = [{ name = 'LastName', path = 'traits.name' }, { name = 'FirstName', path = 'traits.full', part = 'given' },\n\
    { name = 'Company', path = 'traits.company' }, { name = 'Company', value = 'n/a', only = 'create' },\n\
    { name = 'Industry', path = 'traits.industry' }, { name = 'Industry', value = 'Other', only = 'update' },\n\
    { name = 'Phone', path = 'traits.phone' }, { name = 'City', path = 'traits.city', only = 'create' },\n\
    { name = 'Title', template = '{traits.title} of {traits.company}' },\n\
    { name = 'OwnerId', path = 'traits.owner', lookup = { object = 'User', field = 'Username' } },\n\
    { name = 'DoNotCall', path = 'traits.quiet' }]";

#[tokio::test]
async fn an_empty_value_clears_what_is_there_and_gives_way_to_whatever_has_one() {
    let mut world = World::new().await;
    let cx = world.delivery(&actions(LEAD)).await;
    let traits = json!({"email": "a@x.example", "name": "Silva", "full": "", "company": null, "industry": " ", "phone": null,
        "city": null, "title": "", "owner": "", "quiet": null});
    let event = world.event(1, json!({"type": "identify", "traits": traits}));
    let Verdict::Wanted(wanted) = evaluate(&cx.actions[0], &event) else { panic!("it is wanted") };
    let values: Vec<(&str, &Value, Only)> =
        wanted[0].values.iter().map(|one| (one.field.as_str(), &one.value, one.only)).collect();
    // What is cleared stands before what is filled, so that a value goes over it.
    let cleared: Vec<&str> =
        values.iter().take_while(|(_, value, _)| value.is_null()).map(|(field, _, _)| *field).collect();
    assert_eq!(cleared, ["OwnerId", "Title", "Phone", "Industry", "Company", "FirstName"]);
    assert!(values[..6].iter().all(|(_, _, only)| *only == Only::Update), "{values:?}");
    let filled = [
        ("LastName", &json!("Silva"), Only::Always),
        ("Company", &json!("n/a"), Only::Create),
        ("Industry", &json!("Other"), Only::Update),
        // What it was looked for by, so that it is found again.
        ("Email", &json!("a@x.example"), Only::Create),
    ];
    assert_eq!(values[6..], filled);
    assert!(wanted[0].references.is_empty());
    let notes: Vec<String> = wanted[0].notes.iter().map(ToString::to_string).collect();
    assert_eq!(notes, ["DoNotCall: left out, it takes true or false"]);
    // What is absent is not touched.
    let event =
        world.event(2, json!({"type": "identify", "traits": {"email": "a@x.example", "name": "Silva"}}));
    let Verdict::Wanted(wanted) = evaluate(&cx.actions[0], &event) else { panic!("it is wanted") };
    assert!(wanted[0].values.iter().all(|one| !one.value.is_null()));
}
