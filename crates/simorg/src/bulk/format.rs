//! Delimiter and line ending of a job, and its states.

use serde::Serialize;

/// `columnDelimiter` of a job (Bulk guide v66).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Delimiter {
    Comma,
    Tab,
    Pipe,
    Semicolon,
    Caret,
    Backquote,
}

impl Delimiter {
    const ALL: [(Self, &'static str, char); 6] = [
        (Self::Comma, "COMMA", ','),
        (Self::Tab, "TAB", '\t'),
        (Self::Pipe, "PIPE", '|'),
        (Self::Semicolon, "SEMICOLON", ';'),
        (Self::Caret, "CARET", '^'),
        (Self::Backquote, "BACKQUOTE", '`'),
    ];

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name, _)| *name == text).map(|(delimiter, _, _)| *delimiter)
    }

    pub(crate) fn name(self) -> &'static str {
        Self::ALL.iter().find(|(delimiter, _, _)| *delimiter == self).map_or("COMMA", |(_, name, _)| name)
    }

    pub(crate) fn character(self) -> char {
        Self::ALL.iter().find(|(delimiter, _, _)| *delimiter == self).map_or(',', |(_, _, c)| *c)
    }
}

/// `lineEnding` of a job (Bulk guide v66).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum LineEnding {
    Lf,
    CrLf,
}

impl LineEnding {
    pub(crate) fn parse(text: &str) -> Option<Self> {
        match text {
            "LF" => Some(Self::Lf),
            "CRLF" => Some(Self::CrLf),
            _ => None,
        }
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Lf => "LF",
            Self::CrLf => "CRLF",
        }
    }

    pub(crate) fn text(self) -> &'static str {
        match self {
            Self::Lf => "\n",
            Self::CrLf => "\r\n",
        }
    }
}

/// State of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub enum JobState {
    /// Accepts data.
    Open,
    /// Closed by the client, waiting.
    UploadComplete,
    /// Being processed.
    InProgress,
    /// Processed; rows may have failed one by one.
    JobComplete,
    /// Stopped by an error of the whole job.
    Failed,
    /// Stopped by the client.
    Aborted,
}

impl JobState {
    /// The spelling on the wire.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::UploadComplete => "UploadComplete",
            Self::InProgress => "InProgress",
            Self::JobComplete => "JobComplete",
            Self::Failed => "Failed",
            Self::Aborted => "Aborted",
        }
    }

    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_terminal(self) -> bool {
        match self {
            Self::JobComplete | Self::Failed | Self::Aborted => true,
            Self::Open | Self::UploadComplete | Self::InProgress => false,
        }
    }
}
