//! A service that is started before the network, the org or the database is there: it waits, says so, and begins by itself.

use simorg::{Fault, Op, Org, Settings};

use crate::stage::{Stage, err, json};

/// A port of this machine on which nothing listens.
fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A folder whose org is not there yet.
async fn too_early() -> (Stage, u16) {
    let stage = Stage::set().await;
    let port = free_port();
    stage.reconfigure(stage.org.url(), &format!("http://127.0.0.1:{port}"));
    stage.reconfigure("retry_seconds = 2", "retry_seconds = 0");
    (stage, port)
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_begins_as_soon_as_the_org_is_there() {
    let (stage, port) = too_early().await;
    let served = stage.start_service(&["--now"]);
    stage.until_said("not begun yet, trying again in 2 s").await;
    // THEN meanwhile it says what it waits for
    let status = json(&stage.run("status --format json").await);
    assert_eq!(status["service"]["running"], true);
    let because = status["service"]["starting"]["because"].as_str().unwrap_or_default();
    assert!(because.contains("HW0201"), "{status}");
    let asked = stage.run("sync").await;
    assert_eq!(asked.status.code(), Some(5), "{}", err(&asked));
    // WHEN the org comes
    let org = Org::start(Settings { port, ..Settings::default() }).await.unwrap();
    stage.until_said("serving on").await;
    // THEN the cycle that was due runs
    stage.until("two Contacts are there", || org.records("Contact").len() == 2).await;
    assert_eq!(served.stop().await, Some(0));
    let log = stage.read("serve.log");
    assert!(log.contains("error[HW0201]") && !log.contains(" ERROR "), "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_waits_ends_when_it_is_told_to() {
    let (stage, _) = too_early().await;
    let served = stage.start_service(&[]);
    stage.until_said("not begun yet").await;
    assert_eq!(served.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_waits_for_its_database_too() {
    let stage = Stage::set().await;
    stage.reconfigure("\"supporters.db\"", "\"later/supporters.db\"");
    let served = stage.start_service(&[]);
    stage.until_said("not begun yet").await;
    std::fs::create_dir(stage.path("later")).unwrap();
    std::fs::copy(stage.path("supporters.db"), stage.path("later/supporters.db")).unwrap();
    stage.until_said("serving on").await;
    assert_eq!(served.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_does_not_pass_by_itself_ends_the_wait_with_one_message() {
    let (stage, port) = too_early().await;
    let served = stage.start_service(&[]);
    stage.until_said("not begun yet").await;
    // WHEN the org comes and does not let us in
    let settings = Settings { port, ..Settings::default() };
    let org = Org::start(settings).await.unwrap();
    org.configure(|settings| settings.auth.client_secret = "another".to_owned());
    assert_eq!(served.ended().await, Some(6));
    let log = stage.read("serve.log");
    assert_eq!(log.matches("error[HW0203]").count(), 1, "{log}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_goes_on_through_an_outage_between_its_cycles() {
    // GIVEN a service that has begun
    let stage = Stage::set().await;
    let served = stage.start_service(&[]);
    stage.until_said("serving on").await;
    // WHEN a cycle meets an org that is down
    for _ in 0..50 {
        stage.org.fault(Op::GetUpdated, Fault::Html { status: 503 });
        stage.org.fault(Op::Query, Fault::Html { status: 503 });
    }
    assert_eq!(stage.run("sync").await.status.code(), Some(5));
    // THEN the service stays, and the next cycle does the work
    stage.org.clear_faults();
    assert_eq!(stage.run("sync").await.status.code(), Some(0));
    assert_eq!(stage.org.records("Contact").len(), 2);
    assert_eq!(served.stop().await, Some(0));
}
