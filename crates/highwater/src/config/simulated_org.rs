//! `[simulated_org]`: an org that lives in a file of this folder, as `highwater demo` makes it.

use std::path::PathBuf;

use serde::Deserialize;

/// A simulated org in place of the one at `salesforce.login_url`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SimulatedOrg {
    /// The file that holds it. Started with every command, saved when the command ends.
    pub file: PathBuf,
}
