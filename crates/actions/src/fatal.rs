//! What ends a delivery: everything else is an outcome of one event.

use salesforce::ErrorKind;
use salesforce::soql::InvalidName;

/// The org, the disk or the state fails. What was settled before is durable.
#[derive(Debug, thiserror::Error)]
pub enum Fatal {
    /// The org.
    #[error("the org: {0}")]
    Salesforce(#[from] salesforce::Error),
    /// The state.
    #[error("the state: {0}")]
    State(#[from] state::Error),
    /// Where the events come from.
    #[error("the queue of events: {0}")]
    Queue(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file of a job.
    #[error("the file of a job: {0}")]
    Spool(std::io::ErrorKind),
    /// A name that the org itself gave is none.
    #[error("a field name the org shows is none")]
    Name(#[from] InvalidName),
}

impl Fatal {
    /// Whether it passes by itself, so that the events only have to wait.
    #[must_use]
    pub fn passes(&self) -> bool {
        match self {
            Self::Salesforce(error) => passes(error),
            // Room may be made; the events wait in a log of their own.
            Self::Spool(_) => true,
            Self::State(_) | Self::Queue(_) | Self::Name(_) => false,
        }
    }
}

impl Fatal {
    /// Whether the org understood what was asked and refused it: asking the same for ever helps nobody.
    #[must_use]
    pub fn is_an_answer(&self) -> bool {
        let Self::Salesforce(error) = self else { return false };
        matches!(
            error.kind(),
            ErrorKind::Forbidden
                | ErrorKind::NotFound
                | ErrorKind::Conflict
                | ErrorKind::Rejected
                | ErrorKind::TooLarge
                | ErrorKind::JobFailed
        )
    }
}

/// Whether a failed call may simply be made again later.
#[must_use]
pub(crate) fn passes(error: &salesforce::Error) -> bool {
    match error.kind() {
        ErrorKind::Unreachable
        | ErrorKind::RequestLimit
        | ErrorKind::ShareUsed
        | ErrorKind::Busy
        | ErrorKind::OutcomeUnknown
        | ErrorKind::Contract
        | ErrorKind::Incomplete
        | ErrorKind::TooSlow
        | ErrorKind::Deadline
        | ErrorKind::JobFailed
        // About what was asked, not about us: these events wait, and are given up when it stays so.
        | ErrorKind::Forbidden
        | ErrorKind::NotFound
        | ErrorKind::Conflict
        | ErrorKind::Rejected
        | ErrorKind::TooLarge => true,
        ErrorKind::Configuration
        | ErrorKind::Tls
        | ErrorKind::NotAuthorised
        | ErrorKind::VersionRetired
        | ErrorKind::Redirect
        | ErrorKind::UntrustedAddress
        | ErrorKind::WrongOrg
        | ErrorKind::LocalFile
        | ErrorKind::TokenNotKept => false,
    }
}
