//! From `[state]` to the open state.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use model::{Clock, OrgId};
use state::{Fatal, OpenOptions, State};

use crate::config::Config;
use crate::failure::Failure;

/// Opens the state, on a thread that may block. A state of another org is refused.
///
/// # Errors
/// When the directory cannot be used, is in use, or holds a state that must not be used.
pub async fn open(config: &Config, clock: &Clock) -> Result<State, Failure> {
    let options = options(config, clock);
    let dir = config.state_dir();
    let opened = tokio::task::spawn_blocking(move || State::open(dir, options)).await;
    let opened = opened.map_err(|_| Failure::Unexpected("opening the state ended in a defect"))?;
    opened.map_err(|problem| named(config, problem))
}

/// Looks at the state from outside: beside a service, and without making one.
///
/// # Errors
/// As [`open`], as far as it can be told without the lock.
pub fn look(config: &Config, clock: &Clock) -> Result<(), Failure> {
    State::look(config.state_dir(), &options(config, clock)).map_err(|problem| named(config, problem))
}

fn options(config: &Config, clock: &Clock) -> OpenOptions {
    OpenOptions {
        org: config.salesforce.expected_org_id.as_deref().and_then(|id| OrgId::parse(id).ok()),
        supporter_account: config.supporters.account_id.clone(),
        clock: clock.clone(),
        history: Duration::from_secs(config.state.history_days.get() * 86_400),
        ..OpenOptions::default()
    }
}

/// A refusal names the directory itself.
fn named(config: &Config, problem: state::Error) -> Failure {
    if matches!(problem, state::Error::Fatal(_)) {
        return Failure::StateDirectory { dir: config.state_dir().display().to_string(), source: problem };
    }
    problem.into()
}

/// Whether a state was ever made there. Asking must not make one.
///
/// # Errors
/// When this user may not look: whether there is one is not known then.
pub fn exists(dir: &Path) -> Result<bool, Failure> {
    match dir.join("lock").try_exists() {
        Err(problem) if problem.kind() == ErrorKind::PermissionDenied => Err(Failure::StateDirectory {
            dir: dir.display().to_string(),
            source: Fatal::io("looking at the state directory", &problem).into(),
        }),
        found => Ok(found.unwrap_or(false)),
    }
}
