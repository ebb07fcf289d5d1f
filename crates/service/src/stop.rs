//! The orderly end: the first signal asks for it, the second takes no for an answer.

use std::future::Future;
use std::io;
use std::time::Duration;

use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio_util::sync::CancellationToken;

/// How long the current step may take to come to its end after the first signal.
pub const GRACE: Duration = Duration::from_secs(10);

/// How the service ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The work came to its end by itself or because it was told to: everything is settled or journaled.
    Orderly,
    /// The current step took longer than [`GRACE`]; the process should exit now. The next start settles what was in flight.
    GraceOver,
    /// A second signal came: the process should exit now.
    SecondSignal,
}

/// The signals that ask a process to end: SIGTERM and SIGINT.
pub struct StopSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl StopSignals {
    /// Begins to listen. From here on the signals no longer end the process by themselves.
    ///
    /// # Errors
    /// When the system refuses the handlers.
    pub fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) {
        tokio::select! {
            _ = self.terminate.recv() => {}
            _ = self.interrupt.recv() => {}
        }
    }
}

/// Drives `work` to its end. The first signal cancels `stop`; then `work` has `grace` to return, and a second signal cuts
/// that short. `signals` gives a future per signal, in a program `|| signals.next()` of [`StopSignals`].
pub async fn until_stopped(
    work: impl Future<Output = ()>,
    mut signals: impl AsyncFnMut(),
    stop: &CancellationToken,
    grace: Duration,
) -> Ended {
    tokio::pin!(work);
    tokio::select! {
        () = &mut work => return Ended::Orderly,
        () = signals() => tracing::info!("told to stop: the current step may take {} more seconds", grace.as_secs()),
        () = stop.cancelled() => {}
    }
    stop.cancel();
    tokio::select! {
        biased;
        () = &mut work => Ended::Orderly,
        () = signals() => Ended::SecondSignal,
        () = tokio::time::sleep(grace) => Ended::GraceOver,
    }
}
