//! Why a report ended early.

use std::io;

/// The report is not complete.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The state could not be read.
    #[error(transparent)]
    State(#[from] state::Error),
    /// What is written to refused: a full disk, a closed pipe.
    #[error("writing the report failed")]
    Write(#[from] io::Error),
    /// There is no such report in this format.
    #[error("there is no such report as {0}")]
    Format(crate::Format),
}

impl Error {
    /// Whether the reader closed the other end, as `| head` does: no failure to speak of.
    #[must_use]
    pub fn is_closed_pipe(&self) -> bool {
        matches!(self, Self::Write(why) if why.kind() == io::ErrorKind::BrokenPipe)
    }
}

impl From<csv::Error> for Error {
    fn from(why: csv::Error) -> Self {
        // csv's own conversion hides the kind of the error below.
        let text = why.to_string();
        if let csv::ErrorKind::Io(why) = why.into_kind() {
            Self::Write(why)
        } else {
            Self::Write(io::Error::other(text))
        }
    }
}

impl From<serde_json::Error> for Error {
    fn from(why: serde_json::Error) -> Self {
        Self::Write(why.into())
    }
}

impl From<rust_xlsxwriter::XlsxError> for Error {
    fn from(why: rust_xlsxwriter::XlsxError) -> Self {
        if let rust_xlsxwriter::XlsxError::IoError(why) = why {
            Self::Write(why)
        } else {
            Self::Write(io::Error::other(why))
        }
    }
}
