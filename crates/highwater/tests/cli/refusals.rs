//! Configurations that cannot be used: refused early, in full sentences, without a secret on any stream.

use predicates::prelude::*;
use predicates::str::contains;

use crate::stage::highwater;

const MINIMAL: &str = include_str!("../../../../config/examples/minimal.toml");

/// Nobody listens at its address.
const SIMULATED: &str = "[salesforce]\nlogin_url = \"http://127.0.0.1:1\"\nclient_id = \"x\"\nclient_secret_env = \"HIGHWATER_SF_SECRET\"\n\
                         allow_plain_http = \"yes_for_simulated_org\"\nretry_seconds = 1\n[supporters]\nkind = \"sqlite\"\npath = \"none.db\"\ntable = \"people\"\n\
                         [[field]]\ncontact = \"LastName\"\ncolumn = \"a\"\n[[field]]\ncontact = \"Email\"\ncolumn = \"b\"\n";

fn refused(text: &str, code: i32, words: &str) {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("highwater.toml"), text).unwrap();
    for verb in ["check", "sync", "status", "serve"] {
        highwater(folder.path())
            .arg(verb)
            .assert()
            .code(code)
            .stdout("")
            .stderr(contains(words).and(contains("what to do:")).and(contains("canary").not()));
    }
    assert!(!folder.path().join("highwater-state").exists(), "a refused configuration made a state");
}

#[test]
fn no_file_and_no_toml() {
    let folder = tempfile::tempdir().unwrap();
    highwater(folder.path()).arg("check").assert().code(2).stderr(contains("error[HW0101]"));
    highwater(folder.path())
        .args(["check", "-c", "/no/such.toml"])
        .assert()
        .code(2)
        .stderr(contains("/no/such.toml"));
    refused("login_url = \"canary", 2, "error[HW0102]: highwater.toml:1:");
}

#[test]
fn an_unknown_key_and_a_wrong_value() {
    refused(
        &format!("{MINIMAL}\n[sync]\npsh = true\n"),
        2,
        "unknown key \"psh\" in [sync]; did you mean \"push\"?",
    );
    refused(
        &format!("{MINIMAL}\n[sync]\npush = \"canary\"\n"),
        2,
        "sync.push: invalid type: string, expected a boolean",
    );
    let version = MINIMAL.replace("client_id", "api_version = \"12.0\"\nclient_id");
    refused(&version, 2, "highwater.toml:5:1: salesforce.api_version");
    refused(&format!("{MINIMAL}\n[schedule]\ntime_zone = \"Mars\"\n"), 2, "schedule.time_zone");
}

#[test]
fn a_literal_secret_is_never_repeated() {
    let literal =
        MINIMAL.replace("client_secret_env = \"HIGHWATER_SF_SECRET\"", "client_secret = \"canary\"");
    refused(&literal, 2, "error[HW0105]: highwater.toml:6:1: salesforce.client_secret is a secret");
    let pasted = MINIMAL.replace("\"HIGHWATER_SF_SECRET\"", "\"canary/x=\"");
    refused(&pasted, 2, "error[HW0105]");
}

#[test]
fn a_secret_that_cannot_be_had_is_named_by_its_variable() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("highwater.toml"), MINIMAL).unwrap();
    let check = highwater(folder.path()).env_remove("HIGHWATER_SF_SECRET").arg("check").assert().code(5);
    check.stdout(contains("HIGHWATER_SF_SECRET").and(contains("HW0106")));
    highwater(folder.path())
        .env_remove("HIGHWATER_SF_SECRET")
        .arg("sync")
        .assert()
        .code(2)
        .stderr(contains("error[HW0106]").and(contains("is not set")));
    // THEN one that is empty is not called missing
    highwater(folder.path())
        .env("HIGHWATER_SF_SECRET", "")
        .arg("sync")
        .assert()
        .code(2)
        .stderr(contains("error[HW0106]").and(contains("is set and empty")));
    // THEN nor is a file that is not there called unreadable
    let in_file =
        MINIMAL.replace("client_secret_env = \"HIGHWATER_SF_SECRET\"", "client_secret_file = \"gone\"");
    std::fs::write(folder.path().join("highwater.toml"), in_file).unwrap();
    highwater(folder.path())
        .arg("sync")
        .assert()
        .code(2)
        .stderr(contains("is not there").and(contains("correct the path")));
}

#[test]
fn what_is_advised_is_something_that_is_there() {
    let folder = tempfile::tempdir().unwrap();
    for text in ["login_url = \"x", "[sync]\npsh = true\n", "[sync]\noverlap_seconds = -1\n"] {
        std::fs::write(folder.path().join("highwater.toml"), text).unwrap();
        highwater(folder.path())
            .arg("check")
            .assert()
            .code(2)
            .stderr(contains("highwater init --print-defaults").and(contains("docs/").not()));
    }
    // THEN an org that cannot be reached is not called by a name from the program's text
    std::fs::write(folder.path().join("highwater.toml"), SIMULATED).unwrap();
    highwater(folder.path())
        .arg("sync")
        .assert()
        .code(5)
        .stderr(contains("because: there was no connection").and(contains("NotSent").not()));
}

#[test]
fn looking_at_a_state_that_was_never_made_makes_none() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("highwater.toml"), MINIMAL).unwrap();
    for line in [vec!["status"], vec!["errors"], vec!["watermark"], vec!["report", "merges"]] {
        highwater(folder.path()).args(line).assert().code(2).stderr(contains("there is no state"));
    }
    assert!(!folder.path().join("highwater-state").exists());
}

#[test]
fn a_wrong_environment_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("highwater.toml"), MINIMAL).unwrap();
    highwater(folder.path())
        .env("HIGHWATER_LOG", "loud")
        .arg("check")
        .assert()
        .code(2)
        .stderr(contains("HW0107"));
}
