//! The log on standard error: one event a line, control characters shown and never obeyed.

use std::io::{self, Write};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;

use crate::config::{LogFormat, LogLevel};

/// Our own crates; everybody else is heard from `warn` up.
const OURS: [&str; 18] = [
    "actions",
    "drill",
    "events",
    "highwater",
    "listen",
    "matching",
    "model",
    "plan",
    "pull",
    "push",
    "report",
    "salesforce",
    "segments",
    "service",
    "setup",
    "simorg",
    "state",
    "supporters",
];

/// Starts the log. Called once; a second call changes nothing.
pub fn start(level: LogLevel, format: LogFormat) {
    let mut filter = "warn".to_owned();
    if level == LogLevel::Error {
        filter = "error".to_owned();
    }
    for name in OURS {
        filter.push_str(&format!(",{name}={}", level.word()));
    }
    let events = tracing_subscriber::fmt()
        .with_env_filter(EnvFilter::new(filter))
        .with_ansi(false)
        .with_writer(OneLine);
    // A log that is there already stays.
    let _ = match format {
        LogFormat::Text => events.with_target(false).try_init(),
        LogFormat::Json => events.json().flatten_event(true).try_init(),
    };
}

/// How much is logged: the configuration's word, or by the kind of verb, changed by -v and -q.
#[must_use]
pub const fn level(configured: Option<LogLevel>, service: bool, verbose: u8, quiet: bool) -> LogLevel {
    match (quiet, verbose, configured, service) {
        (true, ..) => LogLevel::Error,
        (false, 0, Some(level), _) => level,
        (false, 0, None, true) => LogLevel::Info,
        (false, 0, None, false) => LogLevel::Warn,
        (false, 1, ..) => LogLevel::Debug,
        (false, ..) => LogLevel::Trace,
    }
}

/// Writes each event as one line.
#[derive(Clone, Copy)]
struct OneLine;

impl<'a> MakeWriter<'a> for OneLine {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        Self
    }
}

impl Write for OneLine {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        // A log that cannot be written must not stop a cycle.
        let _ = io::stderr().lock().write_all(line(event).as_bytes());
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An event's text with its own line end only.
fn line(event: &[u8]) -> String {
    let text = String::from_utf8_lossy(event);
    let shown = crate::output::printable(text.trim_end_matches('\n'));
    shown.into_owned() + "\n"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_crate_of_ours_is_heard() {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
        let mut crates: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap())
            .filter(|entry| entry.path().join("Cargo.toml").exists())
            .map(|entry| entry.file_name().into_string().unwrap())
            .collect();
        crates.sort();
        assert_eq!(crates, OURS);
    }

    #[test]
    fn one_event_is_one_line() {
        let event = b"INFO supporter a\nERROR \x1b[31mall is lost\r\n";
        assert_eq!(line(event), "INFO supporter a\\nERROR \\u{1b}[31mall is lost\\r\n");
    }

    #[test]
    fn quiet_wins_and_a_verb_says_less_than_the_service() {
        assert_eq!(level(None, true, 0, false), LogLevel::Info);
        assert_eq!(level(None, false, 0, false), LogLevel::Warn);
        assert_eq!(level(Some(LogLevel::Debug), false, 0, false), LogLevel::Debug);
        assert_eq!(level(Some(LogLevel::Error), true, 2, false), LogLevel::Trace);
        assert_eq!(level(Some(LogLevel::Trace), true, 0, true), LogLevel::Error);
    }
}
