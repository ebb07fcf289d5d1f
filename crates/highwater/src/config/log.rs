//! `[log]`: what is written to standard error.

use serde::Deserialize;

/// The log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Log {
    /// The least weight that is written; `info` for the service and `warn` for other commands where it is not given.
    pub level: Option<LogLevel>,
    /// How a line is written.
    pub format: LogFormat,
}

/// How much is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogLevel {
    /// What ended a cycle.
    Error,
    /// And what an operator should look at.
    Warn,
    /// And each cycle with its numbers.
    Info,
    /// And each call.
    Debug,
    /// Everything.
    Trace,
}

impl LogLevel {
    /// The word, as a filter spells it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Error => "error",
            Self::Warn => "warn",
            Self::Info => "info",
            Self::Debug => "debug",
            Self::Trace => "trace",
        }
    }
}

/// How a line is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Json,
}
