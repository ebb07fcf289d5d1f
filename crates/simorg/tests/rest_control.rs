//! The control port.

mod support;

use reqwest::Method;
use serde_json::{Value, json};
use support::{Caller, plain, split};

async fn control(org: &Caller, method: Method, path: &str, body: Value) -> (u16, Value) {
    let url = format!("{}{path}", org.org.control_url());
    split(org.http.request(method, url).json(&body).send().await.expect("an answer")).await
}

#[tokio::test]
async fn an_org_is_seeded_watched_and_disturbed_over_the_control_port() {
    let org = Caller::start(plain()).await;
    let (_, about) = control(&org, Method::GET, "/", json!({})).await;
    assert_eq!((&about["url"], &about["org_id"]), (&json!(org.org.url()), &json!(org.org.org_id())));

    let seed = json!({"object": "Contact", "rows": [{"LastName": "A"}, {"LastName": "B"}]});
    let (status, seeded) = control(&org, Method::POST, "/seed", seed).await;
    assert_eq!(status, 200, "{seeded}");
    let ids = [seeded["ids"][0].clone(), seeded["ids"][1].clone()];
    control(&org, Method::POST, "/edit", json!({"object": "Contact", "id": ids[0], "row": {"Title": "Dr"}}))
        .await;
    control(&org, Method::POST, "/merge", json!({"object": "Contact", "id": ids[0], "losers": [ids[1]]}))
        .await;
    let (_, live) = control(&org, Method::GET, "/records/Contact", json!({})).await;
    assert_eq!((live.as_array().map(Vec::len), &live[0]["Title"]), (Some(1), &json!("Dr")));
    let (_, all) = control(&org, Method::GET, "/records/Contact?deleted=true", json!({})).await;
    assert_eq!(all[1]["MasterRecordId"], ids[0]);

    let fault = json!({"op": "limits", "fault": {"html": {"status": 503}}});
    assert_eq!(control(&org, Method::POST, "/fault", fault).await.0, 200);
    assert_eq!(org.get("/limits").await.0, 503);
    assert_eq!(org.get("/limits").await.0, 200);
    let (_, calls) = control(&org, Method::GET, "/calls", json!({})).await;
    assert_eq!((&calls["total"], &calls["by_op"]["limits"]), (&json!(3), &json!(2)));

    let (_, clock) =
        control(&org, Method::POST, "/clock", json!({"hold": "2026-10-05T12:00:00Z", "advance_s": 60})).await;
    assert_eq!(clock["now"], "2026-10-05T12:01:00.000Z");
    control(&org, Method::DELETE, "/sessions", json!({})).await;
    assert_eq!(org.get("/limits").await.0, 401);
}

#[tokio::test]
async fn settings_are_patched_member_by_member_and_unknown_names_are_refused() {
    let org = Caller::start(plain()).await;
    let patch = json!({"limits": {"daily_api": 7}});
    let (status, settings) = control(&org, Method::PATCH, "/settings", patch).await;
    assert_eq!((status, &settings["limits"]["daily_api"]), (200, &json!(7)));
    assert_eq!(settings["limits"]["daily_bulk_batches"], 15_000);
    let (status, error) = control(&org, Method::PATCH, "/settings", json!({"limitz": {}})).await;
    assert_eq!(status, 400);
    assert!(error["error"].as_str().is_some_and(|text| text.contains("limitz")), "{error}");
    assert_eq!(org.org.settings().limits.daily_api, 7);
}

#[tokio::test]
async fn what_cannot_be_done_is_told_without_harm() {
    let org = Caller::start(plain()).await;
    for (path, body) in [
        ("/seed", json!({"object": "Nothing", "rows": []})),
        ("/seed", json!({"object": "Contact", "rows": [{"Nope": 1}]})),
        ("/seed", json!({"object": "Contact", "rows": [{}]})),
        ("/edit", json!({"object": "Contact", "id": "x", "row": {}})),
        ("/create", json!({"object": "Contact", "user": "nobody@example.org", "row": {"LastName": "A"}})),
        ("/undelete", json!({"object": "Contact", "id": "0035f0000000001AAA"})),
        ("/clock", json!({"hold": "soon"})),
    ] {
        let (status, error) = control(&org, Method::POST, path, body).await;
        assert_eq!(status, 400, "{path}");
        assert!(error["error"].is_string());
    }
    assert!(org.org.all_records("Contact").is_empty());
}
