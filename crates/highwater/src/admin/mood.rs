//! Whether all is well.

use service::admin::Health;

use crate::desk::{Desk, Worker};

/// How well.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Mood {
    Well,
    Asks,
    Bad,
}

impl Mood {
    pub(super) const fn class(self) -> &'static str {
        match self {
            Self::Well => "good",
            Self::Asks => "warn",
            Self::Bad => "bad",
        }
    }

    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::Well => "All is well. Nothing waits for you.",
            Self::Asks => "The service works. Something waits for a person.",
            Self::Bad => "The service cannot do its work.",
        }
    }
}

/// For whoever watches from outside: whether the service does its work, not whether somebody has cases to decide.
pub(super) fn health(desk: &Desk) -> Health {
    let ill = |line: &str| Health { well: false, line: line.to_owned() };
    match &desk.worker {
        Worker::Own { .. } => ill("starting"),
        Worker::Starting { waiting, .. } => {
            ill(&format!("waits until it can begin, tries: {}", waiting.tries))
        }
        Worker::Events { stop, .. } if stop.is_cancelled() => ill("stopping"),
        Worker::Events { .. } => Health { well: true, line: "ok".to_owned() },
        Worker::Service { handle, .. } => {
            let status = handle.status();
            if status.stopping {
                return ill("stopping");
            }
            match status.last.map(|last| last.outcome.is_err()) {
                Some(true) => ill("the last run could not go on"),
                Some(false) | None => Health { well: true, line: "ok".to_owned() },
            }
        }
    }
}
