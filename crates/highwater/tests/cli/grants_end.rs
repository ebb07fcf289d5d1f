//! A session that ends is replaced; a grant that ends stops everything, says so once, and touches no record.

use simorg::{Fault, Op, Progress};

use crate::stage::{Stage, err, json};

/// Two linked people, one of them with a change to push.
async fn linked() -> Stage {
    let stage = Stage::set().await;
    // Two rows would not need a job, and these stories are about jobs.
    stage.reconfigure("[state]", "[sync]\ndirect_calls = 0\n\n[state]");
    assert_eq!(stage.run("backfill").await.status.code(), Some(0));
    changed(&stage, "555-9999").await;
    stage
}

async fn changed(stage: &Stage, phone: &str) {
    stage
        .sql(&format!(
            "UPDATE supporters SET phone = '{phone}', modified_at = strftime('%Y-%m-%dT%H:%M:%SZ', 'now', '-5 seconds')"
        ))
        .await;
}

fn revoked() -> Fault {
    let body = r#"{"error":"invalid_grant","error_description":"expired access/refresh token"}"#;
    Fault::Refuse { status: 400, body: body.to_owned(), times: 50 }
}

/// How often the log tells a person about something.
fn told(log: &str) -> usize {
    log.matches("error[").count() + log.matches(" ERROR ").count()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revoked_grant_stops_the_service_with_one_message_and_touches_no_record() {
    // GIVEN a service that is at work
    let stage = linked().await;
    let served = stage.start_service(&[]);
    stage.until_said("serving on").await;
    let before = stage.both_sides().await;
    // WHEN an administrator revokes the grant and its sessions, and the next cycle begins
    stage.org.fault(Op::Token, revoked());
    stage.org.end_sessions();
    let asked = stage.org.calls().of(Op::Token);
    let cycle = stage.run("sync").await;
    // THEN the cycle does not run, and the service ends by itself
    assert_eq!(cycle.status.code(), Some(6), "{}", err(&cycle));
    assert_eq!(served.ended().await, Some(6));
    let log = stage.read("serve.log");
    assert_eq!(told(&log), 1, "{log}");
    assert!(log.contains("error[HW0203]") && log.contains("invalid_grant"), "{log}");
    assert!(log.contains("approve the app again"), "{log}");
    assert_eq!(stage.both_sides().await, before);
    assert_eq!(stage.org.calls().of(Op::Token), asked + 1, "a refused grant is offered once");
    // AND started again it ends at once, the same way
    let again = stage.run("serve").await;
    assert_eq!(again.status.code(), Some(6));
    assert_eq!(told(&err(&again)), 1, "{}", err(&again));
    assert_eq!(stage.both_sides().await, before);
    // THEN nothing is lost: the grant comes back, and the change is delivered
    stage.org.clear_faults();
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    assert_eq!(stage.org.records("Contact")[0]["Phone"], "555-9999");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_scheduled_cycle_of_a_revoked_grant_stops_the_service_too() {
    let stage = linked().await;
    let before = stage.both_sides().await;
    // GIVEN a grant that ends right after the service has begun
    let ended = r#"[{"errorCode":"INVALID_SESSION_ID","message":"Session expired or invalid"}]"#;
    stage.org.fault(Op::GetUpdated, Fault::Refuse { status: 401, body: ended.to_owned(), times: 50 });
    let served = stage.start_service(&["--now"]);
    assert_eq!(served.ended().await, Some(6));
    assert_eq!(told(&stage.read("serve.log")), 1, "{}", stage.read("serve.log"));
    assert_eq!(stage.both_sides().await, before);
}

#[tokio::test(flavor = "multi_thread")]
async fn every_refusal_of_a_sign_in_has_its_own_advice_and_one_exit_code() {
    let stage = linked().await;
    for (code, text, advice) in [
        ("invalid_grant", "authentication failure", "check client id, secret or key"),
        ("invalid_grant", "expired access/refresh token", "approve the app again"),
        ("invalid_grant", "user hasn't approved this consumer", "pre-authorise the app"),
        ("invalid_grant", "user is locked", "unlock, unfreeze or activate"),
        ("inactive_user", "user is inactive", "unlock, unfreeze or activate"),
        ("inactive_org", "organization is inactive", "the org is locked or not active"),
        ("invalid_client", "invalid client credentials", "check the consumer secret"),
        ("invalid_client_id", "client identifier invalid", "check the consumer key"),
        ("invalid_app_access", "user is not admin approved", "permit the app"),
        ("OAUTH_APP_BLOCKED", "this app is blocked by admin", "unblock it"),
        ("unsupported_grant_type", "grant type not supported", "enable this way in"),
    ] {
        let body = format!(r#"{{"error":"{code}","error_description":"{text} canary"}}"#);
        stage.org.fault(Op::Token, Fault::Refuse { status: 400, body, times: 1 });
        let said = stage.refuses("sync", 6, "HW0203").await;
        assert!(said.contains(code) && said.contains(advice), "{said}");
        assert!(!said.contains("canary"), "{said}");
    }
    // What passes by itself is no refusal.
    for code in ["rate_limit_exceeded", "server_error", "unknown_error"] {
        let body = format!(r#"{{"error":"{code}","error_description":"retry your request"}}"#);
        stage.org.fault(Op::Token, Fault::Refuse { status: 400, body, times: 50 });
        stage.refuses("sync", 5, "HW0206").await;
        stage.org.clear_faults();
    }
}

/// A cycle whose job is at Salesforce and not done, and the process that waits for it.
async fn in_flight(stage: &Stage) -> tokio::task::JoinHandle<std::process::Output> {
    stage.org.progress(Progress::Stepped);
    let jobs = stage.org.jobs().len();
    let command = stage.command("sync --format json");
    let running = tokio::task::spawn_blocking(move || {
        let mut command = command;
        command.output().unwrap()
    });
    // Uploaded, closed, and asked about once.
    let polled = stage.org.calls().of(Op::IngestInfo);
    stage
        .until("a job is polled", || {
            stage.org.jobs().len() > jobs && stage.org.calls().of(Op::IngestInfo) > polled
        })
        .await;
    running
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_ends_in_the_middle_of_a_cycle_is_replaced_once() {
    let stage = linked().await;
    let logins = stage.org.calls().of(Op::Token);
    let running = in_flight(&stage).await;
    stage.org.end_sessions();
    stage.org.progress(Progress::Auto);
    let done = running.await.unwrap();
    assert_eq!(done.status.code(), Some(0), "{}", err(&done));
    assert_eq!(json(&done)["rows"]["succeeded"], 2);
    assert_eq!(stage.org.calls().of(Op::Token), logins + 2, "one for the command, one in its place");
    assert_eq!(stage.org.records("Contact").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_grant_that_ends_with_its_session_stops_the_cycle_and_keeps_the_journal() {
    let stage = linked().await;
    let before = stage.rows().await;
    let running = in_flight(&stage).await;
    stage.org.fault(Op::Token, revoked());
    stage.org.end_sessions();
    let stopped = running.await.unwrap();
    assert_eq!(stopped.status.code(), Some(6), "{}", err(&stopped));
    assert!(err(&stopped).contains("error[HW0203]"), "{}", err(&stopped));
    assert_eq!(stage.rows().await, before);
    let status = json(&stage.run("status --format json").await);
    assert_eq!(status["journal"].as_array().unwrap().len(), 1, "the job is kept: {status}");
    // THEN the next cycle collects that job and sends nothing twice
    stage.org.clear_faults();
    stage.org.progress(Progress::Auto);
    let jobs = stage.org.jobs().len();
    let next = stage.run("sync --format json").await;
    assert_eq!(next.status.code(), Some(0), "{}", err(&next));
    assert_eq!(
        stage.org.jobs().iter().filter(|job| job.operation != "query").count(),
        jobs,
        "{}",
        err(&next)
    );
    assert!(stage.org.records("Contact").iter().all(|contact| contact["Phone"] == "555-9999"));
    let status = json(&stage.run("status --format json").await);
    assert_eq!(status["journal"].as_array().unwrap().len(), 0);
}
