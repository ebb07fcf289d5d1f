//! What many events cost.

use actions::deliver::deliver;
use serde_json::json;

use crate::support::{World, preset};

/// The reference systems document two calls for each identify.
const OTHERS: u64 = 2_000;

#[tokio::test]
async fn a_thousand_identifies_cost_twelve_calls_and_each_has_its_own_outcome() {
    let mut world = World::new().await;
    // GIVEN a thousand people, half of them known
    let known: Vec<_> = (0..500)
        .map(|n| json!({"LastName": format!("Known{n}"), "Company": "Acme", "Email": format!("p{}@x.example", 2 * n)}))
        .collect();
    world.seed("Lead", &known);
    let events: Vec<_> = (0..1_000)
        .map(|n| {
            let traits =
                json!({"email": format!("p{n}@x.example"), "lastName": format!("Person{n}"), "phone": n});
            world.event(1, json!({"type": "identify", "traits": traits}))
        })
        .collect();
    // WHEN they are delivered, sign-in and describes included
    let cx = world.delivery(&preset("segment-classic")[..1]).await;
    let delivered = deliver(&cx, &events).await.unwrap().outcomes;
    // THEN
    let calls = world.client.usage().total();
    println!(
        "1,000 identifies for 1,000 people, half of them known: {calls} calls; the others document {OTHERS}"
    );
    assert!(calls <= 12, "{calls} calls: {:?}", world.client.usage().by_call);
    for (n, outcomes) in delivered.iter().enumerate() {
        let wanted = if n % 2 == 0 { "updated" } else { "created" };
        assert_eq!((outcomes.len(), outcomes[0].answer.code()), (1, wanted), "{n}");
    }
    let leads = world.records("Lead");
    assert_eq!(leads.len(), 1_000);
    for lead in &leads {
        let email = lead["Email"].as_str().unwrap().to_owned();
        let number = email.trim_start_matches('p').split('@').next().unwrap();
        let found = (lead["LastName"].clone(), lead["Phone"].clone());
        assert_eq!(found, (json!(format!("Person{number}")), json!(number)));
    }
}
