//! Help that teaches.

use predicates::prelude::*;
use predicates::str::contains;

use crate::stage::highwater;

#[test]
fn help_lists_every_verb_examples_and_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let mut all = contains("Examples:").and(contains("Exit codes: 0 done")).boxed();
    for verb in [
        "demo",
        "init",
        "check",
        "plan",
        "sync",
        "push",
        "pull",
        "backfill",
        "resync",
        "report",
        "status",
        "errors",
        "serve",
        "watermark",
        "simorg",
        "explain",
        "completions",
    ] {
        all = all.and(contains(format!("\n  {verb}"))).boxed();
    }
    highwater(folder.path()).arg("--help").assert().success().stdout(all);
}

#[test]
fn a_verb_alone_shows_help_and_a_wrong_one_ends_with_usage() {
    let folder = tempfile::tempdir().unwrap();
    highwater(folder.path()).assert().code(2).stderr(contains("Usage: highwater"));
    highwater(folder.path()).arg("snyc").assert().code(2).stderr(contains("sync"));
    highwater(folder.path()).args(["resync"]).assert().code(2).stderr(contains("<SUPPORTER|--contact <ID>"));
    highwater(folder.path()).args(["resync", "--contact", "001"]).assert().code(2);
    highwater(folder.path()).args(["resync", "1", "--email", "a@example.org"]).assert().code(2);
    highwater(folder.path())
        .args(["status", "--format", "xml"])
        .assert()
        .code(2)
        .stderr(contains("table, json, csv"));
}

#[test]
fn completions_and_defaults_need_no_configuration() {
    let folder = tempfile::tempdir().unwrap();
    highwater(folder.path())
        .args(["completions", "bash"])
        .assert()
        .success()
        .stdout(contains("_highwater()"));
    let shipped = include_str!("../../../../config/highwater.toml");
    highwater(folder.path()).args(["init", "--print-defaults"]).assert().success().stdout(shipped);
}

#[test]
fn a_code_is_explained_and_an_unknown_one_refused() {
    let folder = tempfile::tempdir().unwrap();
    let page = include_str!("../../../../docs/reference/checks/HW0301.md");
    highwater(folder.path()).args(["explain", "hw301"]).assert().success().stdout(page);
    highwater(folder.path())
        .args(["explain", "HW9999"])
        .assert()
        .code(2)
        .stderr(contains("there is no code"));
    highwater(folder.path())
        .args(["explain", "--format", "csv"])
        .assert()
        .success()
        .stdout(contains("HW0203,"));
}
