//! What is wrong with a configuration. Names keys, lines and choices; never a value next to them.

use std::path::PathBuf;

use super::{Place, SecretError};

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// There is no such file.
    #[error("there is no configuration file {}", path.display())]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file is there and cannot be read.
    #[error("the configuration file {} cannot be read", path.display())]
    Unreadable {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// No TOML.
    #[error("{place}: {problem}")]
    Syntax {
        /// Where.
        place: Place,
        /// What the parser expected.
        problem: String,
    },
    /// A key that highwater does not know.
    #[error("{place}: unknown key {key:?}{}{}", table_text(table), suggestion_text(suggestion.as_deref()))]
    UnknownKey {
        /// Where.
        place: Place,
        /// The key.
        key: String,
        /// The table it stands in; empty for the top.
        table: String,
        /// The known key that is spelled most like it.
        suggestion: Option<String>,
    },
    /// A value of the wrong kind, out of its range, or no choice.
    #[error("{place}: {key}: {problem}{}", suggestion_text(suggestion.as_deref()))]
    Value {
        /// Where.
        place: Place,
        /// The key's path.
        key: String,
        /// What is wrong with it.
        problem: String,
        /// The choice that is spelled most like it.
        suggestion: Option<String>,
    },
    /// A profile that the file does not have.
    #[error("{file}: there is no profile {name:?}; {}{}", profiles_text(known), suggestion_text(suggestion.as_deref()))]
    UnknownProfile {
        /// The file.
        file: String,
        /// What was asked for.
        name: String,
        /// Those that are there.
        known: Vec<String>,
        /// The one that is spelled most like it.
        suggestion: Option<String>,
    },
    /// A secret written into the file.
    #[error("{place}: {key} is a secret and does not belong in this file")]
    LiteralSecret {
        /// Where.
        place: Place,
        /// The key's path.
        key: String,
    },
    /// A secret that is named and cannot be had.
    #[error(transparent)]
    Secret(#[from] SecretError),
    /// An environment variable with a value that makes no sense.
    #[error("the environment variable {name} {problem}")]
    Environment {
        /// Which.
        name: &'static str,
        /// What is wrong with it.
        problem: String,
    },
}

impl ConfigError {
    /// What to do, in one sentence.
    #[must_use]
    pub fn advice(&self) -> &'static str {
        match self {
            Self::Missing { .. } => {
                "write one with `highwater init`, or name it with --config or HIGHWATER_CONFIG"
            }
            Self::Unreadable { .. } => "let the user that runs highwater read it",
            Self::Syntax { .. } => "correct the line; `highwater init --print-defaults` shows every key",
            Self::UnknownKey { .. } | Self::Value { .. } => {
                "`highwater init --print-defaults` shows every key with its values"
            }
            Self::UnknownProfile { .. } => {
                "correct --profile or HIGHWATER_PROFILE, or add the profile to the file"
            }
            Self::LiteralSecret { .. } => {
                "take the line out, renew the secret, and name where it is kept with the same key ending in _env, _file \
                 or _command"
            }
            Self::Secret(problem) => problem.advice(),
            Self::Environment { .. } => "correct or unset it",
        }
    }
}

fn table_text(table: &str) -> String {
    if table.is_empty() { " at the top of the file".to_owned() } else { format!(" in [{table}]") }
}

fn profiles_text(known: &[String]) -> String {
    match known {
        [] => "the file has none".to_owned(),
        known => format!("the file has {}", known.join(", ")),
    }
}

fn suggestion_text(suggestion: Option<&str>) -> String {
    suggestion.map_or_else(String::new, |known| format!("; did you mean {known:?}?"))
}
