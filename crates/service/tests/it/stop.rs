//! The orderly end.

use std::future::pending;
use std::time::Duration;

use service::stop::GRACE;
use service::{Ended, until_stopped};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep};
use tokio_util::sync::CancellationToken;

/// Sends so many signals, a second apart, and then none.
fn signals(count: u32) -> mpsc::Receiver<()> {
    let (send, receive) = mpsc::channel(8);
    tokio::spawn(async move {
        for _ in 0..count {
            sleep(Duration::from_secs(1)).await;
            send.send(()).await.unwrap();
        }
        pending::<()>().await;
    });
    receive
}

async fn end(count: u32, work: impl Future<Output = ()>, stop: &CancellationToken) -> (Ended, u64) {
    let mut signals = signals(count);
    let began = Instant::now();
    let ended = until_stopped(
        work,
        async || {
            signals.recv().await;
        },
        stop,
        GRACE,
    )
    .await;
    (ended, began.elapsed().as_secs())
}

#[tokio::test(start_paused = true)]
async fn work_that_ends_by_itself_is_an_orderly_end() {
    let stop = CancellationToken::new();
    assert_eq!(end(0, sleep(Duration::from_secs(5)), &stop).await, (Ended::Orderly, 5));
}

#[tokio::test(start_paused = true)]
async fn the_first_signal_lets_the_current_step_end() {
    let stop = CancellationToken::new();
    let work = async {
        stop.cancelled().await;
        sleep(Duration::from_secs(9)).await;
    };
    assert_eq!(end(1, work, &stop).await, (Ended::Orderly, 10));
}

#[tokio::test(start_paused = true)]
async fn a_step_that_does_not_end_is_not_waited_for_longer_than_the_grace() {
    let stop = CancellationToken::new();
    assert_eq!(end(1, pending(), &stop).await, (Ended::GraceOver, 11));
    assert!(stop.is_cancelled());
}

#[tokio::test(start_paused = true)]
async fn a_second_signal_ends_it_now() {
    let stop = CancellationToken::new();
    assert_eq!(end(2, pending(), &stop).await, (Ended::SecondSignal, 2));
}

#[tokio::test(start_paused = true)]
async fn a_stop_from_within_has_the_same_grace() {
    let stop = CancellationToken::new();
    stop.cancel();
    assert_eq!(end(0, pending(), &stop).await, (Ended::GraceOver, 10));
}

#[tokio::test]
async fn a_real_signal_is_heard() {
    // GIVEN a process that listens
    let mut heard = service::StopSignals::listen().unwrap();
    // WHEN it is told to terminate, as systemd does
    let told = tokio::process::Command::new("kill")
        .args(["-TERM", &std::process::id().to_string()])
        .status()
        .await
        .unwrap();
    assert!(told.success());
    // THEN the signal arrives instead of ending the process
    heard.next().await;
}
