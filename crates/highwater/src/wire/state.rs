//! From `[state]` to the open state.

use std::path::Path;
use std::time::Duration;

use model::{Clock, OrgId};
use state::{OpenOptions, State};

use crate::config::Config;
use crate::failure::Failure;

/// Opens the state, on a thread that may block. A state of another org is refused.
///
/// # Errors
/// When the directory cannot be used, is in use, or holds a state that must not be used.
pub async fn open(config: &Config, clock: &Clock) -> Result<State, Failure> {
    let options = OpenOptions {
        org: config.salesforce.expected_org_id.as_deref().and_then(|id| OrgId::parse(id).ok()),
        supporter_account: config.supporters.account_id.clone(),
        clock: clock.clone(),
        history: Duration::from_secs(config.state.history_days.get() * 86_400),
        ..OpenOptions::default()
    };
    let dir = config.state_dir();
    let shown = dir.display().to_string();
    let opened = tokio::task::spawn_blocking(move || State::open(dir, options)).await;
    match opened.map_err(|_| Failure::Unexpected("opening the state ended in a defect"))? {
        Ok(state) => Ok(state),
        // A refusal names the directory itself.
        Err(source @ state::Error::Fatal(_)) => Err(Failure::StateDirectory { dir: shown, source }),
        Err(refused) => Err(refused.into()),
    }
}

/// Whether a state was ever made there. Asking must not make one.
#[must_use]
pub fn exists(dir: &Path) -> bool {
    dir.join("lock").exists()
}
