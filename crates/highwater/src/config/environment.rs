//! The few keys that the environment may set, for containers and service managers.

use std::path::PathBuf;

use super::{Config, ConfigError, LogLevel};

/// What the environment says. Read once, at the start.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Environment {
    /// `HIGHWATER_STATE_DIR`: overlays `state.dir`; relative to the working directory.
    pub state_dir: Option<PathBuf>,
    /// `HIGHWATER_LOG`: overlays `log.level`.
    pub log: Option<String>,
}

impl Environment {
    /// This process's environment. An empty variable counts as unset.
    #[must_use]
    pub fn of_process() -> Self {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty());
        Self {
            state_dir: set("HIGHWATER_STATE_DIR").map(PathBuf::from),
            log: set("HIGHWATER_LOG").map(|value| value.to_string_lossy().into_owned()),
        }
    }

    pub(super) fn overlay(&self, config: &mut Config) -> Result<(), ConfigError> {
        if let Some(dir) = &self.state_dir {
            config.state.dir = std::path::absolute(dir).map_err(|_| ConfigError::Environment {
                name: "HIGHWATER_STATE_DIR",
                problem: "names no directory".to_owned(),
            })?;
        }
        if let Some(word) = &self.log {
            config.log.level = Some(level(word)?);
        }
        Ok(())
    }
}

fn level(word: &str) -> Result<LogLevel, ConfigError> {
    match word.to_ascii_lowercase().as_str() {
        "error" => Ok(LogLevel::Error),
        "warn" => Ok(LogLevel::Warn),
        "info" => Ok(LogLevel::Info),
        "debug" => Ok(LogLevel::Debug),
        "trace" => Ok(LogLevel::Trace),
        _ => Err(ConfigError::Environment {
            name: "HIGHWATER_LOG",
            problem: "is none of error, warn, info, debug, trace".to_owned(),
        }),
    }
}
