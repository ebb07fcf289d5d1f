//! Exit codes: a promise to whoever calls highwater from a script.

use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Exit {
    /// Done, or stopped in good order.
    Done = 0,
    /// A defect, or something nobody foresaw.
    Unexpected = 1,
    /// Arguments or configuration cannot be used; nothing was written.
    Usage = 2,
    /// The work is done, and some records did not get through.
    SomeFailed = 3,
    /// A cycle is running already on this state.
    AlreadyRunning = 4,
    /// Org or supporter database could not be reached.
    Unreachable = 5,
    /// Credentials refused, or a permission is missing.
    NotAuthorised = 6,
    /// The state is damaged, rolled back, or cannot be written.
    State = 7,
}

impl Exit {
    /// Every code, in order.
    pub const ALL: [Self; 8] = [
        Self::Done,
        Self::Unexpected,
        Self::Usage,
        Self::SomeFailed,
        Self::AlreadyRunning,
        Self::Unreachable,
        Self::NotAuthorised,
        Self::State,
    ];

    /// The number.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The exit with this number; a number that is none of ours is unexpected.
    #[must_use]
    pub fn from_number(number: i32) -> Self {
        let known = Self::ALL.into_iter().find(|exit| i32::from(exit.number()) == number);
        known.unwrap_or(Self::Unexpected)
    }

    /// A few words, for --help.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            Self::Done => "done",
            Self::Unexpected => "unexpected",
            Self::Usage => "usage or configuration",
            Self::SomeFailed => "some records failed",
            Self::AlreadyRunning => "a cycle is already running",
            Self::Unreachable => "org or database unreachable",
            Self::NotAuthorised => "not authorised",
            Self::State => "state damaged or rolled back",
        }
    }

    /// What it tells a script, and what the script may do.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Done => {
                "Everything that was asked for is done, or highwater was told to stop and did so in good order."
            }
            Self::Unexpected => {
                "Something nobody foresaw. Everything committed so far stands; the next run goes on from there. Please \
                 report it with the log."
            }
            Self::Usage => {
                "The arguments, the configuration, or the two sides as they are do not fit together. Nothing was \
                 written. Running again without a change ends the same way."
            }
            Self::SomeFailed => {
                "The cycle came to its end and some records did not get through. They are kept and tried again; \
                 `highwater errors` names them."
            }
            Self::AlreadyRunning => {
                "Another cycle is at work on this state. Try again later; nothing was done."
            }
            Self::Unreachable => {
                "The org or the supporter database could not be reached, or had no room for us now. Nothing is lost; \
                 the next run goes on from there."
            }
            Self::NotAuthorised => {
                "The org refused the credentials or the integration user lacks a permission. An administrator has to \
                 act; do not retry in a loop, or the user may be locked."
            }
            Self::State => {
                "The state directory is damaged, older than it should be, or cannot be written. highwater never starts \
                 afresh by itself; the message says what to do."
            }
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.number())
    }
}

/// The list for the end of --help.
pub const HELP: &str = "Exit codes: 0 done · 1 unexpected · 2 usage or configuration · 3 some records failed · 4 a cycle \
is already running · 5 org or database unreachable · 6 not authorised · 7 state damaged or rolled back";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_lists_every_code() {
        for exit in Exit::ALL {
            assert!(HELP.contains(&format!("{} {}", exit.number(), exit.words())), "{exit:?}");
            assert_eq!(Exit::from_number(exit.number().into()), exit);
        }
        assert_eq!(Exit::from_number(99), Exit::Unexpected);
    }
}
