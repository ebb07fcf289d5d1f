//! `block list`, `block lift`, `journal list` and `audit list`: what is set aside, having it tried again, what is in flight, and who did
//! what.

use serde_json::{Value, json as value};

use crate::stage::{Stage, err, json, out};

/// Two people whose last names are too long, beside the two who are in step.
async fn town() -> Stage {
    let stage = Stage::set().await;
    for id in [4, 5] {
        let last = "N".repeat(81);
        stage
            .sql(&format!(
                "INSERT INTO supporters VALUES ({id}, '{last}', 'Lena', 'p{id}@example.org', NULL, NULL, '2026-01-02T00:00:00Z')"
            ))
            .await;
    }
    assert_eq!(stage.run("sync").await.status.code(), Some(3));
    stage
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_is_lifted_by_name_by_code_and_of_everybody_and_not_before_it_is_said_so() {
    let stage = town().await;
    // THEN the list is that of `errors`
    let listed = json(&stage.run("block list --format json").await);
    assert_eq!(listed, json(&stage.run("errors --format json").await));
    assert_eq!(listed["total"], 2, "{listed}");
    assert_eq!(json(&stage.run("block list --code OTHER --format json").await)["total"], 0);
    // WHEN a code is named THEN it is only counted
    let counted = stage.run("block lift --code string_too_long --why longer").await;
    assert_eq!(counted.status.code(), Some(0), "{}", err(&counted));
    assert!(
        out(&counted).contains("nothing was lifted yet") && out(&counted).contains("--yes"),
        "{}",
        out(&counted)
    );
    assert_eq!(json(&stage.run("errors --format json").await)["total"], 2);
    // WHEN one is named THEN they are lifted and wait
    let lifted = json(&stage.run("block lift 4 --why longer --format json").await);
    assert_eq!(lifted, value!({"lifted": true, "total": 1, "by_code": {"STRING_TOO_LONG": 1}}));
    let status = json(&stage.run("status --format json").await);
    assert_eq!(status["people"], value!({"linked": 2, "waiting": 1, "blocked": 1}));
    // AND their story says who did it and why they were set aside
    let story = out(&stage.run("why 4").await);
    assert!(story.contains("lifted what had set them aside") && story.contains("STRING_TOO_LONG"), "{story}");
    // AND so does the audit trail, with the reason
    let trail = json(&stage.run("audit list --format json").await);
    let last = trail[0]["what"].as_str().unwrap();
    assert!(last.starts_with("lifted") && last.ends_with("longer"), "{trail}");
    assert!(!trail[0]["who"].as_str().unwrap().is_empty(), "{trail}");
    // WHEN all are lifted AND nothing was put right THEN the next cycle sets them aside again
    assert_eq!(stage.run("block lift --all --why again --yes").await.status.code(), Some(0));
    assert_eq!(json(&stage.run("errors --format json").await)["total"], 0);
    assert_eq!(stage.run("sync").await.status.code(), Some(3));
    assert_eq!(json(&stage.run("errors --format json").await)["total"], 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_not_set_aside_is_named_with_the_next_step() {
    let stage = town().await;
    let said = stage.refuses("block lift 4 1 --why wrong", 2, "HW0607").await;
    assert!(said.contains("supporter 1 is not set aside") && said.contains("highwater block list"), "{said}");
    assert_eq!(json(&stage.run("errors --format json").await)["total"], 2, "nobody is lifted then");
    let said = stage.refuses("block lift --contact 0035g00000AAAAz --why wrong", 2, "HW0605").await;
    assert!(said.contains("no supporter is linked"), "{said}");
    assert_eq!(stage.run("block lift 4").await.status.code(), Some(2), "a reason is needed");
    assert_eq!(stage.run("block lift --why nobody").await.status.code(), Some(2), "somebody is needed");
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_service_both_verbs_are_carried_out_by_it() {
    let stage = town().await;
    let served = stage.serve().await;
    assert_eq!(json(&stage.run("block list --format json").await)["total"], 2);
    let lifted = stage.run("block lift 4 5 --why longer --format csv").await;
    assert_eq!(lifted.status.code(), Some(0), "{}", err(&lifted));
    assert!(out(&lifted).starts_with("supporter,code,set aside since"), "{}", out(&lifted));
    let listed = stage.run("journal list --format json").await;
    assert_eq!((listed.status.code(), json(&listed)), (Some(0), Value::Array(Vec::new())));
    assert_eq!(served.stop().await, Some(0));
    let said = out(&stage.run("journal list").await);
    assert!(said.contains("nothing is in flight"), "{said}");
    // THEN what the service did for somebody stands in the trail, newest first, and no more than was asked for
    let trail = out(&stage.run("audit list --last 1 --format csv").await);
    assert_eq!(trail.lines().count(), 2, "{trail}");
    let said = out(&stage.run("audit list").await);
    assert!(said.contains("longer"), "{said}");
    assert_eq!(stage.run("audit list --last 0").await.status.code(), Some(2));
}
