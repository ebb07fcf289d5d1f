//! Two processes on one state: one works, the other says so, whoever was first and however slow; and a process that is told to
//! stop at any moment leaves nothing half done.

use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use simorg::{JobState, Progress};

use crate::stage::{SECRET, Stage, err, json};

fn number(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

fn start(stage: &Stage, verb: &str) -> Child {
    Command::new(assert_cmd::cargo::cargo_bin("highwater"))
        .arg(verb)
        .current_dir(stage.path("."))
        .env("HIGHWATER_SF_SECRET", SECRET)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

fn signal(child: &Child, name: &str) {
    let id = child.id().to_string();
    assert!(Command::new("kill").args([name, &id]).status().unwrap().success(), "{name} was not sent");
}

async fn ended(child: Child) -> Output {
    tokio::task::spawn_blocking(move || child.wait_with_output().unwrap()).await.unwrap()
}

/// Adds a supporter and edits another, so that every round has something to do.
async fn edits(stage: &Stage, round: u64) {
    // The org's standard duplicate rule looks at names and phones: nobody here is anybody's double.
    let (id, phone) = (1_000 + round, 6_000_000 + round * 7_919);
    stage
        .sql(&format!(
            "INSERT INTO supporters VALUES ({id}, 'Moss{round}', 'Pat', 'pat{round}@example.org', '{phone}', NULL, \
             strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-3 seconds')); \
             UPDATE supporters SET phone = '555-{round}', modified_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-3 seconds') \
             WHERE supporter_id = 1"
        ))
        .await;
}

/// A cycle, another one that finds nothing to do, and as many Contacts as there are people.
async fn all_is_well(stage: &Stage, people: u64) {
    let last = stage.run("sync").await;
    assert_eq!(last.status.code(), Some(0), "{}", err(&last));
    let quiet = json(&stage.run("sync --format json").await);
    assert_eq!(
        (quiet["rows"]["sent"].as_u64(), quiet["supporter_writes"].as_u64()),
        (Some(0), Some(0)),
        "{quiet}"
    );
    assert_eq!(stage.org.all_records("Contact").len() as u64, people, "lost or doubled");
}

#[tokio::test(flavor = "multi_thread")]
async fn of_a_pair_started_together_one_works_and_nothing_is_doubled() {
    let stage = Stage::set().await;
    let pairs = number("HIGHWATER_PAIRS", 8);
    for round in 0..pairs {
        edits(&stage, round).await;
        let pair = [start(&stage, "sync"), start(&stage, "sync")];
        let mut codes = Vec::new();
        for child in pair {
            let output = ended(child).await;
            codes.push((output.status.code(), err(&output)));
        }
        let worked = codes.iter().filter(|(code, _)| *code == Some(0)).count();
        assert!(worked >= 1, "pair {round}: {codes:?}");
        assert!(codes.iter().all(|(code, _)| matches!(code, Some(0 | 4))), "pair {round}: {codes:?}");
    }
    all_is_well(&stage, 2 + pairs).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_that_is_suspended_keeps_its_state_and_goes_on() {
    let stage = Stage::set().await;
    stage.reconfigure("[state]", "[sync]\ndirect_calls = 0\n\n[state]");
    // GIVEN a process that is suspended while its job runs
    stage.org.progress(Progress::Stepped);
    let first = start(&stage, "push");
    stage
        .until("the job is closed", || {
            stage.org.jobs().iter().any(|job| job.state == JobState::UploadComplete)
        })
        .await;
    signal(&first, "-STOP");
    // WHEN another one comes THEN it does nothing
    let second = ended(start(&stage, "sync")).await;
    assert_eq!(second.status.code(), Some(4), "{}", err(&second));
    while stage.org.step_jobs() > 0 {}
    stage.org.progress(Progress::Auto);
    // AND the first ends its work
    signal(&first, "-CONT");
    let first = ended(first).await;
    assert_eq!(first.status.code(), Some(0), "{}", err(&first));
    all_is_well(&stage, 2).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn told_to_stop_at_any_moment_it_ends_in_good_order() {
    let stage = Stage::set().await;
    let signals = number("HIGHWATER_SIGNALS", 12);
    for round in 0..signals {
        edits(&stage, round).await;
        let child = start(&stage, "sync");
        // Wherever it is then: what is asserted holds at every moment.
        tokio::time::sleep(Duration::from_millis(round * 37 % 700)).await;
        let _ = Command::new("kill").args(["-TERM", &child.id().to_string()]).status();
        let output = ended(child).await;
        // Before the program has begun to listen, the signal ends it as it ends anything.
        let code = output.status.code();
        assert!(matches!(code, Some(0) | None), "signal {round}: {code:?} {}", err(&output));
        assert!(!err(&output).contains("panicked"), "signal {round}: {}", err(&output));
    }
    all_is_well(&stage, 2 + signals).await;
}
