//! Why a verb could not do what was asked: for each kind an exit code, a code with a page, and advice.

use std::io;

use plan::Fatal;

use crate::code::{self, Code};
use crate::config::{ConfigError, SecretError};
use crate::exit::Exit;
use crate::job::Done;

/// What ends a verb early.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The configuration.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The configuration does not fit what is there.
    #[error("{problem}")]
    Setup {
        /// Which kind.
        code: &'static Code,
        /// What is wrong.
        problem: String,
        /// What to do.
        advice: String,
    },
    /// The org.
    #[error(transparent)]
    Salesforce(#[from] salesforce::Error),
    /// The supporter database.
    #[error(transparent)]
    Supporters(#[from] supporters::Error),
    /// The state.
    #[error(transparent)]
    State(#[from] state::Error),
    /// The state could not be opened.
    #[error("the state directory {dir} cannot be used")]
    StateDirectory {
        /// Where.
        dir: String,
        /// Why.
        #[source]
        source: state::Error,
    },
    /// The queue of events.
    #[error(transparent)]
    Events(#[from] events::QueueError),
    /// The service's control socket.
    #[error(transparent)]
    Control(#[from] service::control::Error),
    /// A cycle that could not go on.
    #[error("{}", cycle_text(.0))]
    Cycle(Done),
    /// Another cycle is at work.
    #[error("{0}")]
    AlreadyRunning(String),
    /// Another process holds the state, and it is no service.
    #[error("another process uses the state directory {0}")]
    StateInUse(String),
    /// A service is there already.
    #[error("a service is already running on the state directory {0}")]
    ServiceRunning(String),
    /// The service takes no more work.
    #[error(transparent)]
    NotRun(#[from] service::NotRun),
    /// Nobody fits what was asked for.
    #[error("{0}")]
    UnknownPerson(String),
    /// The command line cannot be carried out as it stands.
    #[error("{problem}")]
    Arguments {
        /// What is wrong.
        problem: String,
        /// What to do.
        advice: &'static str,
    },
    /// Output could not be written.
    #[error("{what} could not be written")]
    Output {
        /// Which output.
        what: String,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// A task of ours ended in a way it never should.
    #[error("{0}")]
    Unexpected(&'static str),
}

impl Failure {
    /// For `map_err` on standard output.
    pub fn stdout(source: io::Error) -> Self {
        Self::Output { what: "standard output".to_owned(), source }
    }

    /// What was asked for needs supporters, and there are none.
    #[must_use]
    pub fn no_supporters() -> Self {
        Self::Setup {
            code: &code::supporters::NONE,
            problem: "this needs a supporter database, and supporters.kind is \"none\"".to_owned(),
            advice: "set supporters.kind to \"sqlite\" or \"postgres\" and name the table; events alone need neither that nor this command"
                .to_owned(),
        }
    }

    /// No event is kept that is called so. Repeats what was asked for, which is the caller's own.
    #[must_use]
    pub fn no_event(asked: &str) -> Self {
        Self::Setup {
            code: &code::events::NO_EVENT,
            problem: format!("no event that is kept has the messageId or the place {asked:?}"),
            advice: code::events::NO_EVENT.remedy.to_owned(),
        }
    }

    /// The code whose page explains it.
    #[must_use]
    pub fn code(&self) -> &'static Code {
        match self {
            Self::Config(error) => of_config(error),
            Self::Setup { code, .. } => code,
            Self::Salesforce(error) => of_salesforce(error.kind()).0,
            Self::Supporters(error) => of_supporters(error).0,
            Self::State(error) | Self::StateDirectory { source: error, .. } => of_state(error).0,
            Self::Events(error) => of_events(error),
            Self::Control(_) => &code::run::SERVICE,
            Self::Cycle(done) => of_cycle(done).map_or(&code::run::UNEXPECTED, |fatal| of_fatal(fatal).0),
            Self::AlreadyRunning(_) => &code::run::CYCLE_RUNNING,
            Self::StateInUse(_) | Self::ServiceRunning(_) => &code::state::IN_USE,
            Self::NotRun(_) => &code::run::STOPPING,
            Self::UnknownPerson(_) => &code::run::UNKNOWN_PERSON,
            Self::Arguments { .. } => &code::configuration::ARGUMENTS,
            Self::Output { .. } => &code::run::OUTPUT,
            Self::Unexpected(_) => &code::run::UNEXPECTED,
        }
    }

    /// How the program ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Config(_) | Self::Setup { .. } | Self::UnknownPerson(_) | Self::Arguments { .. } => {
                Exit::Usage
            }
            Self::Salesforce(error) => of_salesforce(error.kind()).1,
            Self::Supporters(error) => of_supporters(error).1,
            Self::State(error) | Self::StateDirectory { source: error, .. } => of_state(error).1,
            Self::Cycle(done) => of_cycle(done).map_or(Exit::Unexpected, |fatal| of_fatal(fatal).1),
            Self::AlreadyRunning(_) | Self::StateInUse(_) | Self::ServiceRunning(_) | Self::NotRun(_) => {
                Exit::AlreadyRunning
            }
            Self::Events(events::QueueError::Log(segments::Error::InUse(_))) => Exit::AlreadyRunning,
            Self::Events(events::QueueError::NoEvent(_)) => Exit::Usage,
            Self::Events(_) | Self::Control(_) | Self::Output { .. } | Self::Unexpected(_) => {
                Exit::Unexpected
            }
        }
    }

    /// What to do, in one sentence.
    #[must_use]
    pub fn advice(&self) -> String {
        match self {
            Self::Config(error) => error.advice().to_owned(),
            Self::Setup { advice, .. } => advice.clone(),
            Self::Arguments { advice, .. } => (*advice).to_owned(),
            // The client's own words do not know what our keys are called.
            Self::Salesforce(error) if error.kind() == salesforce::ErrorKind::Configuration => {
                self.code().remedy.to_owned()
            }
            Self::Salesforce(error) => error.advice().unwrap_or(self.code().remedy).to_owned(),
            Self::Supporters(error) => {
                supporters_advice(error).unwrap_or_else(|| self.code().remedy.to_owned())
            }
            Self::Cycle(done) => cycle_advice(done).unwrap_or_else(|| self.code().remedy.to_owned()),
            Self::ServiceRunning(_) => {
                "nothing, or stop it first; other commands are carried out by it".to_owned()
            }
            Self::StateDirectory {
                source: state::Error::Fatal(state::Fatal::Io { kind: io::ErrorKind::PermissionDenied, .. }),
                ..
            } => AS_THE_SERVICE.to_owned(),
            Self::Control(error) => control_advice(error).to_owned(),
            // The state's own words name its parts, the code's name our commands.
            Self::State(_)
            | Self::StateDirectory { .. }
            | Self::Events(_)
            | Self::AlreadyRunning(_)
            | Self::StateInUse(_)
            | Self::NotRun(_)
            | Self::UnknownPerson(_)
            | Self::Output { .. }
            | Self::Unexpected(_) => self.code().remedy.to_owned(),
        }
    }

    /// What is shown: the failure, its causes, what to do, where to read on.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = format!("error[{}]: {self}", self.code());
        let mut cause = std::error::Error::source(self);
        while let Some(error) = cause {
            text.push_str(&format!("\n  because: {error}"));
            cause = error.source();
        }
        text.push_str(&format!("\n  what to do: {}", self.advice()));
        text.push_str(&format!("\n  more: highwater explain {}", self.code()));
        text
    }
}

const AS_THE_SERVICE: &str =
    "run it as the user that runs highwater, who owns the state directory: `sudo -u USER highwater …`";

/// What to do when the running service cannot be asked: it depends on why.
const fn control_advice(error: &service::control::Error) -> &'static str {
    use service::control::Error;
    match error {
        Error::OtherUser => AS_THE_SERVICE,
        Error::Version { .. } | Error::Protocol(_) => {
            "restart the service, so that it and this program are one version"
        }
        Error::Gone => "run it again; when a service was stopped or ended, its log says why",
        Error::Silent => "look into the service's log, and restart it when it does not go on",
        Error::Refused(_) => "run it again in a moment, or stop what else is asked of the service",
        Error::Unsafe(_) => {
            "something other than the service made `control/` in the state directory: remove it while the service is stopped"
        }
        Error::Taken => "nothing, or stop the other service first",
        Error::PathTooLong => "choose a shorter state.dir",
        Error::Io { .. } => "see whether the service runs, and as this user; then run it again",
    }
}

fn of_events(error: &events::QueueError) -> &'static Code {
    use events::QueueError;
    match error {
        QueueError::Log(segments::Error::InUse(_)) => &code::events::IN_USE,
        QueueError::Log(segments::Error::Damaged { .. }) | QueueError::Unknown(_) => &code::events::DAMAGED,
        QueueError::Log(
            segments::Error::Io { .. }
            | segments::Error::Full
            | segments::Error::TooLarge { .. }
            | segments::Error::Stopped,
        )
        | QueueError::TooManyWaiting(_) => &code::events::NOT_KEPT,
        QueueError::NoEvent(_) => &code::events::NO_EVENT,
    }
}

const fn of_config(error: &ConfigError) -> &'static Code {
    match error {
        ConfigError::Missing { .. } | ConfigError::Unreadable { .. } => &code::configuration::NO_FILE,
        ConfigError::Syntax { .. } => &code::configuration::NOT_TOML,
        ConfigError::UnknownKey { .. } => &code::configuration::UNKNOWN_KEY,
        ConfigError::Value { .. } | ConfigError::UnknownProfile { .. } => &code::configuration::WRONG_VALUE,
        ConfigError::LiteralSecret { .. } => &code::configuration::LITERAL_SECRET,
        ConfigError::Secret(
            SecretError::Unnamed(_)
            | SecretError::Ambiguous(_)
            | SecretError::NotSet { .. }
            | SecretError::Empty { .. }
            | SecretError::Missing { .. }
            | SecretError::Unreadable { .. }
            | SecretError::Exposed { .. }
            | SecretError::Command { .. }
            | SecretError::Unusable(_),
        ) => &code::configuration::SECRET_NOT_HAD,
        ConfigError::Environment { .. } => &code::configuration::ENVIRONMENT,
    }
}

/// What stopped a cycle.
fn of_cycle(done: &Done) -> Option<&Fatal> {
    done.as_ref().as_ref().err()
}

fn cycle_text(done: &Done) -> String {
    of_cycle(done).map_or_else(|| "the cycle could not go on".to_owned(), ToString::to_string)
}

fn cycle_advice(done: &Done) -> Option<String> {
    match of_cycle(done)? {
        Fatal::Salesforce(error) => error.advice().map(str::to_owned),
        Fatal::Supporters(error) => supporters_advice(error),
        Fatal::Setup { advice, .. } => Some(advice.clone()),
        Fatal::State(_) | Fatal::Spool { .. } => None,
    }
}

/// The adapter's advice, with a column called as our configuration calls it.
fn supporters_advice(error: &supporters::Error) -> Option<String> {
    let supporters::Error::MissingColumn { column, role, .. } = error else { return error.advice() };
    Some(match *role {
        "id" => "set supporters.id_column to one of the names above".to_owned(),
        "modified" => "set supporters.modified_column to one of the names above".to_owned(),
        "email" => "set supporters.email_column to one of the names above".to_owned(),
        "contact_id" => format!(
            "set supporters.contact_id_column to one of the names above, or add a text column {column:?}"
        ),
        _ => format!("correct the key of [supporters], or the [[field]], that names {column:?}"),
    })
}

/// The code and exit of each way a cycle stops.
fn of_fatal(fatal: &Fatal) -> (&'static Code, Exit) {
    match fatal {
        Fatal::Salesforce(error) => of_salesforce(error.kind()),
        Fatal::Supporters(error) => of_supporters(error),
        Fatal::State(error) => of_state(error),
        Fatal::Spool { .. } => (&code::org::LOCAL_FILE, Exit::State),
        Fatal::Setup { .. } => (&code::configuration::CONTRADICTION, Exit::Usage),
    }
}

/// The code and exit of each way a call to the org fails.
#[must_use]
pub const fn of_salesforce(kind: salesforce::ErrorKind) -> (&'static Code, Exit) {
    use salesforce::ErrorKind;
    match kind {
        ErrorKind::Configuration => (&code::org::CLIENT_SETTINGS, Exit::Usage),
        ErrorKind::Unreachable => (&code::org::UNREACHABLE, Exit::Unreachable),
        ErrorKind::Tls => (&code::org::CERTIFICATE, Exit::Unreachable),
        ErrorKind::NotAuthorised => (&code::org::CREDENTIALS, Exit::NotAuthorised),
        ErrorKind::Forbidden => (&code::org::FORBIDDEN, Exit::NotAuthorised),
        ErrorKind::RequestLimit => (&code::org::ALLOWANCE, Exit::Unreachable),
        ErrorKind::ShareUsed => (&code::org::SHARE_USED, Exit::Unreachable),
        ErrorKind::Busy => (&code::org::BUSY, Exit::Unreachable),
        ErrorKind::Rejected => (&code::org::REFUSED, Exit::Usage),
        ErrorKind::NotFound | ErrorKind::Conflict => (&code::org::REFUSED, Exit::Unexpected),
        ErrorKind::VersionRetired => (&code::org::VERSION_RETIRED, Exit::Usage),
        ErrorKind::OutcomeUnknown => (&code::org::OUTCOME_UNKNOWN, Exit::Unreachable),
        ErrorKind::Contract | ErrorKind::Incomplete | ErrorKind::TooSlow => {
            (&code::org::ANSWER, Exit::Unreachable)
        }
        ErrorKind::TooLarge => (&code::org::ANSWER, Exit::Unexpected),
        ErrorKind::Redirect | ErrorKind::UntrustedAddress => (&code::org::ADDRESS, Exit::Usage),
        ErrorKind::WrongOrg => (&code::org::WRONG_ORG, Exit::Usage),
        ErrorKind::Deadline => (&code::org::JOB, Exit::Unreachable),
        ErrorKind::JobFailed => (&code::org::JOB, Exit::Unexpected),
        ErrorKind::LocalFile => (&code::org::LOCAL_FILE, Exit::State),
        ErrorKind::TokenNotKept => (&code::org::TOKEN_NOT_KEPT, Exit::NotAuthorised),
    }
}

/// The code and exit of each way the supporter database fails.
#[must_use]
pub const fn of_supporters(error: &supporters::Error) -> (&'static Code, Exit) {
    use supporters::Error;
    match error {
        Error::Unreachable { .. } | Error::Lost { .. } => (&code::supporters::UNREACHABLE, Exit::Unreachable),
        Error::TimedOut { .. } => (&code::supporters::TIMED_OUT, Exit::Unreachable),
        Error::Login { .. } => (&code::supporters::LOGIN, Exit::NotAuthorised),
        Error::Certificate { .. } => (&code::supporters::CERTIFICATE, Exit::Unreachable),
        Error::Unverified { .. } => (&code::supporters::UNVERIFIED, Exit::Usage),
        Error::Address { .. } => (&code::supporters::ADDRESS, Exit::Usage),
        Error::MissingTable { .. } => (&code::supporters::TABLE_MISSING, Exit::Usage),
        Error::MissingColumn { .. } => (&code::supporters::COLUMN_MISSING, Exit::Usage),
        Error::Unsuitable { .. } => (&code::supporters::UNSUITABLE, Exit::Usage),
        Error::Busy { .. } => (&code::supporters::LOCKED, Exit::Unreachable),
        Error::ReadOnly { .. } => (&code::supporters::READ_ONLY, Exit::Usage),
        Error::Database { .. } => (&code::supporters::FAILED, Exit::Unreachable),
    }
}

/// The code and exit of each way the state fails.
const fn of_state(error: &state::Error) -> (&'static Code, Exit) {
    use state::{Fatal, Refusal};
    match error {
        state::Error::Fatal(fatal) => match fatal {
            Fatal::Io { .. } | Fatal::Backend { .. } | Fatal::TooLarge { .. } | Fatal::Stopped => {
                (&code::state::WRITE_FAILED, Exit::State)
            }
            Fatal::Corrupt { .. } | Fatal::Damaged { .. } | Fatal::Panicked { .. } => {
                (&code::state::DAMAGED, Exit::State)
            }
            Fatal::Fenced => (&code::state::TAKEN_OVER, Exit::State),
        },
        state::Error::Refused(refusal) => match refusal {
            Refusal::Symlink(_) | Refusal::NotAStateDirectory(_) => (&code::state::DIRECTORY, Exit::Usage),
            Refusal::InUse(_) => (&code::state::IN_USE, Exit::AlreadyRunning),
            Refusal::LittleSpace { .. } => (&code::state::LITTLE_SPACE, Exit::State),
            Refusal::Newer { .. } | Refusal::TooOld { .. } => (&code::state::FORMAT, Exit::State),
            Refusal::RolledBack { .. } => (&code::state::ROLLED_BACK, Exit::State),
            Refusal::Manifest | Refusal::DigestKey | Refusal::Export(_) => {
                (&code::state::DAMAGED, Exit::State)
            }
            Refusal::OtherOrg { .. } | Refusal::OtherSupporterAccount => {
                (&code::state::OTHER_ORG, Exit::Usage)
            }
        },
        state::Error::LinkTaken { .. } | state::Error::LinkOfApart { .. } | state::Error::InFlight { .. } => {
            (&code::run::UNEXPECTED, Exit::Unexpected)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_is_another_user_is_told_so_and_nobody_else_is() {
        use service::control::Error;
        for (error, says) in [
            (Error::OtherUser, "sudo -u"),
            (Error::Version { theirs: 1 }, "one version"),
            (Error::Gone, "run it again"),
            (Error::Silent, "log"),
            (Error::Unsafe("x"), "`control/`"),
        ] {
            let advice = Failure::Control(error).advice();
            assert!(advice.contains(says), "{advice}");
        }
        let of = |kind: io::ErrorKind| Failure::StateDirectory {
            dir: "/srv/state".to_owned(),
            source: state::Fatal::io("looking", &kind.into()).into(),
        };
        let denied = of(io::ErrorKind::PermissionDenied);
        assert_eq!(denied.code(), &code::state::WRITE_FAILED);
        assert!(denied.advice().contains("sudo -u"), "{}", denied.advice());
        assert!(!of(io::ErrorKind::StorageFull).advice().contains("sudo"), "a full disk is nobody's");
    }
}
