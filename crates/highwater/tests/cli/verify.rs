//! `verify` as an administrator meets it: what it prints where, how it ends, and the same beside a running service.

use serde_json::json as value;

use crate::stage::{Stage, err, json, out};

/// Two people in step, and one without a last name.
async fn town() -> Stage {
    let stage = Stage::set().await;
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    // What was just written comes back in the next window; an hour later nothing does.
    stage.org.clock().advance(std::time::Duration::from_secs(3_600));
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    stage
}

/// Somebody edits a row and stamps nothing.
async fn edit_unseen(stage: &Stage) {
    stage.sql("UPDATE supporters SET phone = '555-0199' WHERE supporter_id = 1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_agree_and_a_missed_edit_ends_with_three_and_the_next_step() {
    let stage = town().await;
    let both = stage.both_sides().await;
    let agree = stage.run("verify").await;
    assert_eq!(agree.status.code(), Some(0), "{}{}", out(&agree), err(&agree));
    assert!(err(&agree).contains("both sides and the state agree"), "{}", err(&agree));
    assert!(err(&agree).contains("nothing was written"), "{}", err(&agree));
    assert_eq!(err(&agree).lines().count(), 1, "a pipe stays quiet: {}", err(&agree));
    // WHEN somebody edits a row and stamps nothing
    edit_unseen(&stage).await;
    let found = stage.run("verify --format json").await;
    assert_eq!(found.status.code(), Some(3), "{}{}", out(&found), err(&found));
    let told = json(&found);
    assert_eq!(
        (&told["people"], &told["found"], &told["known"]),
        (&3.into(), &1.into(), &0.into()),
        "{told}"
    );
    let finding = &told["findings"][0];
    assert_eq!((&finding["kind"], &finding["supporter"]), (&"drift".into(), &"1".into()), "{told}");
    assert_eq!(finding["details"], value!(["Phone"]), "{told}");
    // THEN names and values are in none of its forms
    for format in ["table", "csv", "json"] {
        let text = out(&stage.run(&format!("verify --format {format}")).await);
        assert!(text.contains("drift") && text.contains("highwater resync 1"), "{text}");
        assert!(!text.contains("Smith") && !text.contains("0199") && !text.contains('@'), "{text}");
    }
    // AND the advice helps, after which everybody agrees
    assert_eq!(stage.both_sides().await.0, both.0, "the org is as it was");
    assert_eq!(stage.run("resync 1").await.status.code(), Some(0));
    assert_eq!(stage.run("verify").await.status.code(), Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_known_ends_with_zero_unless_it_is_strict() {
    let stage = town().await;
    stage
        .sql("UPDATE supporters SET phone = '555-0199', modified_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now') WHERE supporter_id = 1")
        .await;
    let known = stage.run("verify").await;
    assert_eq!(known.status.code(), Some(0), "{}{}", out(&known), err(&known));
    assert!(out(&known).contains("changed_since"), "{}", out(&known));
    assert!(err(&known).contains("nothing was missed"), "{}", err(&known));
    assert_eq!(stage.run("verify --strict").await.status.code(), Some(3));
    // THEN they are listed when they are asked for, and nobody else
    let listed = out(&stage.run("verify --kind changed_since --format csv").await);
    assert!(listed.lines().count() == 2 && listed.contains("changed_since,1,"), "{listed}");
    assert_eq!(stage.run("verify --kind nonsense").await.status.code(), Some(2));
    // AND one may be named
    let one = json(&stage.run("verify --supporter 2 --format json").await);
    assert_eq!((&one["people"], &one["agree"]), (&1.into(), &1.into()), "{one}");
    stage.refuses("verify --supporter 99999", 2, "HW0605").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_limit_lists_fewer_and_counts_all() {
    let stage = town().await;
    stage.sql("UPDATE supporters SET phone = '555-0199'").await;
    let told = json(&stage.run("verify --limit 1 --format json").await);
    assert_eq!((told["findings"].as_array().unwrap().len(), &told["found"]), (1, &2.into()), "{told}");
    let said = out(&stage.run("verify --limit 1").await);
    assert!(said.contains("1 of 2 are listed; --limit lists more"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn beside_a_service_it_is_carried_out_by_it() {
    let stage = town().await;
    let served = stage.serve().await;
    edit_unseen(&stage).await;
    let found = stage.run("verify --format json").await;
    assert_eq!(found.status.code(), Some(3), "{}{}", out(&found), err(&found));
    assert_eq!(json(&found)["findings"][0]["kind"], "drift");
    assert!(err(&found).contains("nothing was written"), "{}", err(&found));
    assert_eq!(served.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn before_the_first_cycle_there_is_nothing_to_hold_anybody_against() {
    let stage = Stage::set().await;
    let said = stage.refuses("verify", 2, "HW0111").await;
    assert!(said.contains("there is no state"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_log_of_a_service_calls_a_look_by_its_name() {
    let stage = town().await;
    let served = stage.start_service(&[]);
    stage.until_said("serving on").await;
    for (look, called) in
        [("verify", "a comparison of both sides ended: 3 selected"), ("plan", "a preview ended: ")]
    {
        assert_eq!(stage.run(look).await.status.code(), Some(0), "{look}");
        stage.until_said(called).await;
    }
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    stage.until_said("INFO cycle ").await;
    assert_eq!(served.stop().await, Some(0));
}
