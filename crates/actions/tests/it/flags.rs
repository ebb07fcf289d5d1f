//! `integrations.Salesforce`: what an action asks for beside the way in.

use actions::deliver::deliver;
use serde_json::{Value, json};

use crate::support::{World, actions};

fn identify(integrations: &Value) -> Value {
    json!({"type": "identify", "userId": "u", "integrations": integrations,
        "traits": {"email": "a@x.example", "lastName": "Ash", "company": "C"}})
}

const PRESET: &str = "[[actions]]\nname = 'mine'\npreset = 'PRESET'\nobject = 'Account'\n[[actions]]\npreset = 'PRESET'\nobject = 'Lead'\nFLAG";

#[tokio::test]
async fn the_presets_write_what_asks_for_salesforce_and_say_of_the_rest_that_it_did_not() {
    let mut world = World::new().await;
    let (yes, no, nothing) =
        (json!({"Salesforce": true}), json!({"Salesforce": false}), json!({"All": true}));
    let present = json!({"Salesforce (Actions)": true, "Salesforce V2": true});
    for preset in ["segment-classic", "rudderstack"] {
        for (flag, wanted) in [
            ("", ["written", "unasked", "unasked", "written"]),
            ("flag = 'optional'", ["written", "unasked", "written", "written"]),
            ("flag = 'ignored'", ["written", "written", "written", "written"]),
        ] {
            let text = PRESET.replace("PRESET", preset).replace("FLAG", flag);
            let cx = world.delivery(&actions(&text)).await;
            let found = [&yes, &no, &nothing, &present].map(|says| world.event(1, identify(says)));
            let outcomes = deliver(&cx, &found).await.unwrap().outcomes;
            let words = outcomes.iter().map(|all| match (all.len(), all[0].reason.as_str()) {
                (1, "integrations does not ask for Salesforce") => "unasked",
                (1, "") => "written",
                (_, other) => panic!("{preset}: {all:?}: {other}"),
            });
            assert_eq!(words.collect::<Vec<_>>(), wanted, "{preset} {flag}");
        }
    }
    assert_eq!(world.records("Lead").len(), 1);
}

#[tokio::test]
async fn what_does_not_ask_for_salesforce_is_no_case_whatever_it_refers_to() {
    let mut world = World::new().await;
    let cx = world.delivery(&actions("[[actions]]\npreset = 'rudderstack'")).await;
    let mut event = identify(&json!({"All": false}));
    event["context"] = json!({"externalId": [{"type": "Salesforce-Opportunity", "id": "1"}]});
    let event = world.event(1, event);
    let outcomes = deliver(&cx, &[event]).await.unwrap().outcomes.remove(0);
    let said: Vec<_> = outcomes.iter().map(|one| (one.answer.code(), one.reason.as_str())).collect();
    assert_eq!(said, [("ignored", "integrations does not ask for Salesforce")]);
}
