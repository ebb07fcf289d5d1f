//! `check --rebuild`: the state is lost, damaged or old, and is made anew from both sides without a write to either.

use std::fs;
use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;

use crate::stage::{SECRET, Stage, err, json, out};

const STATE: &str = "simulated-state";

async fn loaded() -> Stage {
    let stage = Stage::set().await;
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
    stage
}

async fn linked(stage: &Stage) -> Value {
    json(&stage.run("status --format json").await)["people"]["linked"].clone()
}

/// Rebuilds, and makes sure that it ended well and wrote to neither side.
async fn rebuild(stage: &Stage) -> (Value, String) {
    let before = stage.both_sides().await;
    let rebuilt = stage.run("check --rebuild --format json").await;
    assert_eq!(rebuilt.status.code(), Some(0), "{}{}", out(&rebuilt), err(&rebuilt));
    assert_eq!(before, stage.both_sides().await, "a side was written: {}", out(&rebuilt));
    (json(&rebuilt), err(&rebuilt))
}

async fn silent(stage: &Stage) {
    let before = stage.both_sides().await;
    let next = json(&stage.run("sync --format json").await);
    assert_eq!((&next["rows"]["sent"], &next["supporter_writes"]), (&0.into(), &0.into()), "{next}");
    assert_eq!(before, stage.both_sides().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_gone_is_made_anew_and_the_next_cycle_writes_nothing() {
    let stage = loaded().await;
    fs::remove_dir_all(stage.path(STATE)).unwrap();
    let (report, _) = rebuild(&stage).await;
    assert_eq!(
        (&report["linked"], &report["links"]["stored_contact_id"]),
        (&2.into(), &2.into()),
        "{report}"
    );
    silent(&stage).await;
    // AND what each side carries of the other is enough by itself
    fs::remove_dir_all(stage.path(STATE)).unwrap();
    stage.sql("UPDATE supporters SET contact_id = NULL").await;
    let (report, _) = rebuild(&stage).await;
    assert_eq!(report["linked"], 2, "{report}");
    assert_eq!(stage.org.all_records("Contact").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_differs_or_is_new_waits_for_the_next_cycle_and_is_nobody_twice() {
    // GIVEN a lost state, an edit on each side since, and somebody new
    let stage = loaded().await;
    fs::remove_dir_all(stage.path(STATE)).unwrap();
    let at = "2026-01-05T00:00:00Z";
    stage
        .sql(&format!("UPDATE supporters SET phone = '555-9', modified_at = '{at}' WHERE supporter_id = 2"))
        .await;
    stage
        .sql(&format!(
            "INSERT INTO supporters VALUES (4, 'New', 'Nia', 'nia@example.org', NULL, NULL, '{at}')"
        ))
        .await;
    // WHEN it is rebuilt, and once more
    for round in 0..2 {
        let (report, _) = rebuild(&stage).await;
        assert_eq!((&report["linked"], &report["still_dirty"]), (&2.into(), &2.into()), "{round}: {report}");
    }
    let told = out(&stage.run("check --rebuild").await);
    assert!(told.contains("2 people are linked, 2 of them were before; neither side was written"), "{told}");
    assert!(told.contains("2 differ, or are on one side only: `highwater plan`"), "{told}");
    // THEN the next cycle decides, and after it there is silence
    let next = json(&stage.run("sync --format json").await);
    assert_eq!(next["outcomes"]["contact_created"], 1, "{next}");
    assert_eq!(stage.org.all_records("Contact").len(), 3);
    assert_eq!(linked(&stage).await, 3);
    stage.org.clock().advance(Duration::from_secs(120));
    silent(&stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_state_is_set_aside_and_never_deleted() {
    let stage = loaded().await;
    let file = stage.path(STATE).join("db/db");
    let whole = fs::read(&file).unwrap();
    fs::write(&file, &whole[..whole.len() / 3]).unwrap();
    stage.refuses("sync", 7, "HW0503").await;
    let (report, said) = rebuild(&stage).await;
    assert_eq!(report["linked"], 2, "{report}");
    assert!(said.contains("simulated-state.aside-1"), "{said}");
    let kept = |name: &str| stage.path("simulated-state.aside-1").join(name).exists();
    assert!(kept("db/db") && kept("manifest.json") && kept("digest.key"));
    silent(&stage).await;
    // AND the next one does not take its place, nor is a good state moved
    fs::write(stage.path(STATE).join("manifest.json"), "{").unwrap();
    let (_, said) = rebuild(&stage).await;
    assert!(said.contains("simulated-state.aside-2"), "{said}");
    let (report, said) = rebuild(&stage).await;
    assert!(report["linked"] == 2 && !said.contains("aside"), "{said}");
}

#[tokio::test(flavor = "multi_thread")]
async fn broken_off_at_any_moment_it_is_repeated_and_nobody_is_there_twice() {
    let stage = loaded().await;
    let before = stage.both_sides().await;
    fs::remove_dir_all(stage.path(STATE)).unwrap();
    for pause in [5, 40, 80, 120, 160, 200, 300] {
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("highwater"))
            .args(["check", "--rebuild"])
            .current_dir(stage.path("."))
            .env("HIGHWATER_SF_SECRET", SECRET)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        tokio::time::sleep(Duration::from_millis(pause)).await;
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(before, stage.both_sides().await, "killed after {pause} ms");
    }
    let (report, _) = rebuild(&stage).await;
    assert_eq!(report["linked"], 2, "{report}");
    silent(&stage).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_state_in_use_is_left_alone() {
    let stage = loaded().await;
    let served = stage.serve().await;
    stage.refuses("check --rebuild", 4, "HW0501").await;
    assert_eq!(served.stop().await, Some(0));
    assert!(!stage.path("simulated-state.aside-1").exists());
}
