//! A service that is told to stop, killed, or started twice.

use simorg::{Fault, Op};

use crate::stage::{Stage, err, json};

#[tokio::test(flavor = "multi_thread")]
async fn a_service_in_the_middle_of_a_slow_call_still_ends() {
    // GIVEN a service whose cycle waits for an answer that trickles for minutes
    let stage = Stage::set().await;
    // Nothing but the cycle asks a query: the one about field history comes before the socket is open.
    stage.reconfigure("[state]", "[sync]\nfield_history = \"off\"\n\n[state]");
    let slow = [Op::GetUpdated, Op::Query, Op::QueryAll, Op::QueryJobInfo, Op::IngestInfo];
    for op in slow {
        stage.org.fault(op, Fault::Slow { millis_per_kib: 300_000 });
    }
    let served = stage.serve_with(&["--now"]).await;
    while slow.iter().all(|op| stage.org.calls().of(*op) == 0) {
        tokio::time::sleep(std::time::Duration::from_millis(20)).await;
    }
    // WHEN it is told to stop THEN it ends, and the next run settles what was in flight
    assert!(served.stop().await.is_some(), "it did not end");
    stage.org.clear_faults();
    let next = stage.run("backfill --format json").await;
    assert_eq!(next.status.code(), Some(0), "{}", err(&next));
    assert_eq!(stage.org.records("Contact").len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_was_killed_leaves_nothing_in_the_way() {
    let stage = Stage::set().await;
    let served = stage.serve().await;
    drop(served);
    assert!(stage.path("simulated-state/control/socket").exists(), "a kill leaves the socket behind");
    let next = stage.run("backfill --format json").await;
    assert_eq!(next.status.code(), Some(0), "{}", err(&next));
    // THEN a new service takes its place
    let served = stage.serve().await;
    assert_eq!(json(&stage.run("status --format json").await)["service"]["running"], true);
    assert_eq!(served.stop().await, Some(0));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_service_is_told_about_the_first() {
    let stage = Stage::set().await;
    let served = stage.serve().await;
    let said = stage.refuses("serve", 4, "HW0501").await;
    assert!(said.contains("service"), "{said}");
    assert_eq!(served.stop().await, Some(0));
}
