//! The demo as a person runs it, and every other command in its folder afterwards.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on fails")]

use std::path::Path;

use assert_cmd::Command;
use serde_json::Value;

fn highwater(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::cargo_bin("highwater").unwrap();
    for (name, _) in std::env::vars_os().filter(|(name, _)| name.to_string_lossy().starts_with("HIGHWATER_"))
    {
        command.env_remove(name);
    }
    command.current_dir(folder).args(arguments);
    command
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    let mut command = highwater(folder, arguments);
    let output = command.args(["--format", "json"]).assert().success().get_output().stdout.clone();
    serde_json::from_slice(&output).unwrap()
}

#[test]
fn the_demo_passes_and_its_folder_stays_usable() {
    // GIVEN a demo, told in words
    let parent = tempfile::tempdir().unwrap();
    let told = highwater(parent.path(), &["demo", "here", "--rows", "200", "--seed", "3", "--no-progress"])
        .assert()
        .success()
        .get_output()
        .stdout
        .clone();
    let told = String::from_utf8(told).unwrap();
    for words in ["1. ", "precision 1.0000", "An hour passes", "rows sent 0 = 0 saved", "demo passed. "] {
        assert!(told.contains(words), "{words} is not told:\n{told}");
    }
    // WHEN the commands are used in its folder THEN each does its work
    let folder = parent.path().join("here");
    highwater(&folder, &["check"]).assert().success();
    let status = json(&folder, &["status"]);
    assert!(status["people"]["linked"].as_u64().unwrap() > 150, "{status}");
    assert_eq!(status["people"]["waiting"], 0);
    for verb in ["sync", "push", "pull", "sync"] {
        let report = json(&folder, &[verb]);
        assert_eq!(
            (&report["rows"]["sent"], &report["supporter_writes"]),
            (&0.into(), &0.into()),
            "{report}"
        );
    }
    let person = json(&folder, &["resync", "1042"]);
    assert_eq!(person["after"]["supporter"], "1042");
    assert_eq!(json(&folder, &["report", "merges"]).as_array().unwrap().len(), cases(&status));
    // AND a second demo does not overwrite the first by accident
    highwater(parent.path(), &["demo", "here"]).assert().code(2);
}

fn cases(status: &Value) -> usize {
    let counts = status["cases"].as_object().unwrap().values();
    usize::try_from(counts.filter_map(Value::as_u64).sum::<u64>()).unwrap()
}

#[test]
fn a_lost_state_is_rebuilt_from_what_both_sides_carry_and_creates_no_contact() {
    // GIVEN a demo's folder whose state is lost
    let parent = tempfile::tempdir().unwrap();
    highwater(parent.path(), &["demo", "here", "--rows", "150", "--quiet"]).assert().success();
    let folder = parent.path().join("here");
    let linked = json(&folder, &["status"])["people"]["linked"].as_u64().unwrap();
    std::fs::remove_dir_all(folder.join("highwater-state")).unwrap();
    // WHEN the first load runs again; the person with the long name still does not get through
    let mut backfill = highwater(&folder, &["backfill", "--format", "json"]);
    let report: Value = serde_json::from_slice(&backfill.assert().code(3).get_output().stdout).unwrap();
    // THEN nearly all links come from the Ids that the supporters carry, no Contact is made, and then there is silence
    assert!(report["links"]["stored_contact_id"].as_u64().unwrap() + 5 > linked, "{linked}: {report}");
    assert_eq!(report["outcomes"].get("contact_created"), None, "{report}");
    let sync = json(&folder, &["sync"]);
    assert_eq!((&sync["rows"]["sent"], &sync["supporter_writes"]), (&0.into(), &0.into()), "{sync}");
}
